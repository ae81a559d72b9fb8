package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

const (
	// maxNumberText is the longest text read as a number: room for any amount
	// of money or goods, and far too little for a number that costs memory.
	maxNumberText = 64
	// maxExponent bounds how far the decimal point may stand from the digits,
	// in both directions, for the same reason.
	maxExponent = 40
)

// Decimal is an exact quantity or amount of money, with presence: its zero
// value is absent, which is not the number zero. It goes out as a JSON number
// in plain digits, is left out where a field has omitzero, and comes in from
// numbers as well as from text. No float is involved.
//
// Absent is what a forgotten field is: a request that needs the number is
// refused with a [FieldError], never sent as zero.
//
// Source: OpenAPI v2 document shows JSON numbers; official SDK holds them as
// BigDecimal.
type Decimal struct {
	d   decimal.Decimal
	set bool
	// odd says what is wrong with what stood where a number belongs.
	odd string
}

// Qty is a whole number, of pieces for instance. Qty(0) is zero, not absent.
func Qty(n int64) Decimal { return Decimal{d: decimal.NewFromInt(n), set: true} }

// QtyDecimal is d, exactly.
func QtyDecimal(d decimal.Decimal) Decimal { return Decimal{d: d, set: true} }

// ParseDecimal reads plain decimal text such as "12", "99.90" or "-0.5". A
// decimal comma, an exponent, NaN, infinity, a plus sign, spaces and text
// longer than 64 bytes are refused.
func ParseDecimal(text string) (Decimal, error) {
	if !plainNumber(text) {
		return Decimal{}, fmt.Errorf("not a plain decimal number such as 99.90: %s", quoteShort(text))
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return Decimal{}, fmt.Errorf("not a decimal number: %s", quoteShort(text))
	}
	return QtyDecimal(d), nil
}

// plainNumber says whether text is -?digits(.digits)?, and short.
func plainNumber(text string) bool {
	if len(text) > maxNumberText {
		return false
	}
	whole, fraction, point := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	return digitsOnly(whole) && (!point || digitsOnly(fraction))
}

// digitsOnly says whether s is one ASCII digit or more.
func digitsOnly(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// IsSet says whether there is a number.
func (n Decimal) IsSet() bool { return n.set }

// Decimal returns the number, zero if there is none: ask [Decimal.IsSet].
func (n Decimal) Decimal() decimal.Decimal { return n.d }

// Equal says whether both are absent or both are the same number; 1.50 is 1.5.
func (n Decimal) Equal(m Decimal) bool {
	return n.set == m.set && (!n.set || n.d.Equal(m.d))
}

// String returns plain digits, and nothing if there is no number.
func (n Decimal) String() string {
	if !n.set {
		return ""
	}
	if n.check() != "" {
		return "(number out of bounds)"
	}
	// StringFixed and not String: the package decimal has variables that let
	// String use exponents, and another package may have set them.
	return n.d.StringFixed(max(0, -n.d.Exponent()))
}

// check says why the number cannot be sent; empty if it can.
func (n Decimal) check() string {
	switch {
	case n.odd != "":
		return n.odd
	case n.set && (n.d.Exponent() > maxExponent || n.d.Exponent() < -maxExponent || n.d.Coefficient().BitLen() > 4*maxNumberText):
		return "is out of bounds: it has more digits than any quantity or price"
	default:
		return ""
	}
}

// MarshalJSON writes a JSON number in plain digits, null if there is none;
// requests refuse what is no number before it comes to that. A number with
// absurdly many digits is an error.
func (n Decimal) MarshalJSON() ([]byte, error) {
	if !n.set {
		return []byte("null"), nil
	}
	if why := n.check(); why != "" {
		return nil, fmt.Errorf("decimal: %s", why)
	}
	return []byte(n.String()), nil
}

// UnmarshalJSON reads a number, or text with a plain number in it. JSON numbers
// may have a small exponent, since Java writes some decimals so (0E-8); text
// may not. Null and empty text are absent. Anything else is absent as well,
// and a request with it is refused: one odd value must not make a whole answer
// unreadable. It never fails.
func (n *Decimal) UnmarshalJSON(data []byte) error {
	*n = Decimal{}
	text := string(bytes.TrimSpace(data))
	if text == "null" {
		return nil
	}
	var inner string
	if kind(data) == '"' && json.Unmarshal(data, &inner) == nil {
		if inner == "" {
			return nil
		}
		parsed, err := ParseDecimal(inner)
		if err != nil {
			parsed = Decimal{odd: oddNumber(inner)}
		}
		*n = parsed
		return nil
	}
	d, ok := number(text)
	if !ok {
		n.odd = oddNumber(text)
		return nil
	}
	*n = QtyDecimal(d)
	return nil
}

// oddNumber says what is wrong with what was not read as a number.
func oddNumber(text string) string {
	if c := kind([]byte(text)); (c == '-' || c >= '0' && c <= '9') && json.Valid([]byte(text)) {
		return "is out of bounds: " + quoteShort(text)
	}
	return "is not a number: " + quoteShort(text)
}

// number reads a JSON number whose exponent, if any, is small.
func number(text string) (decimal.Decimal, bool) {
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		var err error
		if exponent, err = strconv.Atoi(text[i+1:]); err != nil || exponent > maxExponent || exponent < -maxExponent {
			return decimal.Decimal{}, false
		}
		mantissa = text[:i]
	}
	if !plainNumber(mantissa) {
		return decimal.Decimal{}, false
	}
	d, err := decimal.NewFromString(mantissa)
	if err != nil {
		return decimal.Decimal{}, false
	}
	d = d.Shift(int32(exponent)) //nolint:gosec // bounded by maxExponent above
	return d, QtyDecimal(d).check() == ""
}

// checkAmount refuses what no amount can be: unreadable, or negative.
func checkAmount(field string, n Decimal) error {
	if why := n.check(); why != "" {
		return &FieldError{Field: field, Reason: why}
	}
	if n.set && n.d.IsNegative() {
		return &FieldError{Field: field, Reason: "is negative: " + n.String()}
	}
	return nil
}

// needAmount refuses an absent number too.
func needAmount(field string, n Decimal) error {
	if n.absent() {
		return &FieldError{Field: field, Reason: "is missing; zero has to be said"}
	}
	return checkAmount(field, n)
}

// absent says whether nothing stood there, not even something odd.
func (n Decimal) absent() bool { return !n.set && n.odd == "" }
