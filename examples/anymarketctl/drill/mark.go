package drill

import (
	"encoding/json"
	"fmt"
)

// marks are the members of a mark, of which one says what the status means.
type marks struct {
	Paid         map[string]any `json:"paid"`
	Invoiced     map[string]any `json:"invoiced"`
	Shipped      map[string]any `json:"shipped"`
	Delivered    map[string]any `json:"delivered"`
	Canceled     map[string]any `json:"canceled"`
	Transmission map[string]any `json:"transmission"`
}

// markMember is where the effect of a mark says which one it was.
const markMember = "mark"

// mark is what the request of a mark must show.
func (m marks) mark(status string) (map[string]any, error) {
	calls := map[string]struct {
		path string
		body map[string]any
	}{
		"PAID":      {"markAsPaid", m.Paid},
		"INVOICED":  {"markAsInvoiced", m.Invoiced},
		"SHIPPED":   {"markAsShipped", m.Shipped},
		"DELIVERED": {"markAsDelivered", m.Delivered},
		"CANCELED":  {"markAsCanceled", m.Canceled},
		"":          {"transmissionStatus", m.Transmission},
	}
	call, ok := calls[status]
	if !ok || status == "" && call.body == nil {
		return nil, fmt.Errorf("no mark of status %q", status)
	}
	want := map[string]any{markMember: call.path}
	for name, v := range call.body {
		if v != nil && v != "" { // else it says nothing and is not sent
			want[name] = v
		}
	}
	return want, nil
}

// sale is an operation on a sale, with what its request must show.
func (o *operation) sale(id string, content any) error {
	if id == "" {
		return fmt.Errorf("the id of the sale is missing")
	}
	t := target{familySale, o.account, id}
	o.lane, o.targets = t.name, []target{t}
	body, err := json.Marshal(content)
	if err != nil {
		return err
	}
	o.want, err = decode(body)
	return err
}
