package anymarket

import (
	"github.com/shopspring/decimal"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// Decimal is an exact number with presence: its zero value is absent, not zero.
type Decimal = api.Decimal

// ID is a number that ANYMARKET gave a thing. Zero is none.
type ID = api.ID

// Qty is a whole number. Qty(0) is zero, not absent.
func Qty(n int64) Decimal { return api.Qty(n) }

// QtyDecimal is d, exactly.
func QtyDecimal(d decimal.Decimal) Decimal { return api.QtyDecimal(d) }

// ParseDecimal reads plain decimal text such as "99.90".
func ParseDecimal(text string) (Decimal, error) { return api.ParseDecimal(text) }
