package marketplace

import (
	"encoding/json"
	"testing"

	"github.com/anymarket-go/sdk/anymarket/internal/operation"
	"github.com/anymarket-go/sdk/internal/admin"
)

// Whatever a line says, it becomes an entry that can be sent, or is refused
// with a reason.
func FuzzOperation(f *testing.F) {
	for _, line := range []string{
		`{"op":"sale.notify","account":"a","sale":{"marketPlaceId":"S-1","status":"PAID","total":"10.00","items":[{"amount":1,"shippings":{"shippingtype":7}}],"metadata":{"x":[1]}}}`,
		`{"op":"sale.mark","marketPlaceId":"S-1","status":"SHIPPED","shipped":{"shippedDate":1722139200000,"number":"7"}}`,
		`{"op":"sale.mark","marketPlaceId":"S-1","transmission":{"success":false,"marketPlaceStatus":"x"}}`,
		`{"op":"sale.mark","op":null}`, `[[[`, "\xff",
	} {
		f.Add([]byte(line))
	}
	c := (&core{host: "h"}).client("main", false)
	f.Fuzz(func(t *testing.T, line []byte) {
		e, _, err := operation.Entry(line, c.operation)
		if err != nil {
			if a := operation.NotAccepted(err); a.Error == "" || a.Code != admin.CodeInvalid && a.Code != admin.CodeTooLarge {
				t.Fatalf("%q: %+v", line, a)
			}
			return
		}
		if e.Key == "" || e.Once != "h/"+e.Key || !json.Valid(e.Body) {
			t.Fatalf("%q: %+v", line, e)
		}
		if e.Kind == kindMark {
			if what, err := saidIn(e.Body); err != nil || what.missing() != "" {
				t.Fatalf("%q: %v", line, err)
			}
		}
	})
}
