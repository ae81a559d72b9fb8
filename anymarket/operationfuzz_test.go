package anymarket

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/anymarket-go/sdk/anymarket/internal/operation"
	"github.com/anymarket-go/sdk/internal/admin"
)

// Whatever a line says, it becomes an entry that can be sent, or is refused
// with a reason.
func FuzzOperation(f *testing.F) {
	for _, line := range []string{
		`{"op":"stock.set","partnerId":"SKU-1","quantity":"7","cost":1e-3,"additionalTime":"2","stockLocalId":3}`,
		`{"op":"price.set","ad":20,"price":"99.90","discountPrice":89.90}`,
		`{"op":"order.create","account":"a","order":{"marketPlace":"A","marketPlaceId":"1","items":[{"amount":1,"shippings":{"shippingtype":7}}],"metadata":{"x":[1]}}}`,
		`{"op":"order.status","id":7,"status":"INVOICED","invoice":{"number":1,"fiscalMetadata":{"a":[]}},"tracking":[],"metadata":{}}`,
		`{"op":"order.status","marketplace":"A","marketPlaceId":"1","status":"CONCLUDED","tracking":{"deliveredDate":1722139200000}}`,
		`{"op":"stock.set","op":null}`, `[[[`, "\xff",
	} {
		f.Add([]byte(line))
	}
	c := (&core{}).client("main", false)
	f.Fuzz(func(t *testing.T, line []byte) {
		e, warnings, err := operation.Entry(line, c.operation)
		if err != nil {
			if a := operation.NotAccepted(err); a.Error == "" || a.Code != admin.CodeInvalid && a.Code != admin.CodeTooLarge {
				t.Fatalf("%q: %+v", line, a)
			}
			return
		}
		if e.Key == "" || e.Kind == "" || !json.Valid(e.Body) {
			t.Fatalf("%q: %+v", line, e)
		}
		if e.Kind == kindCreate {
			if _, err := creationFields(e.Body); err != nil || e.Once == "" {
				t.Fatalf("%q: %v", line, err)
			}
		}
		for _, w := range warnings {
			if w == "" {
				t.Fatal(errors.New("an empty warning"))
			}
		}
	})
}
