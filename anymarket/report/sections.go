package report

import (
	"encoding/json"
	"time"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/callback"
)

// Recheck is what a recheck of orders found, see [anymarket.OrderService.Recheck].
type Recheck struct {
	Account     string
	From, To    time.Time
	Sums        anymarket.Rechecked
	Differences []anymarket.Difference
}

// MarshalJSON leaves out the orders themselves, which have data of buyers.
func (r Recheck) MarshalJSON() ([]byte, error) {
	type difference struct {
		Kind   anymarket.DifferenceKind `json:"kind"`
		Action anymarket.Action         `json:"action"`
		Order  string                   `json:"order"`
		Pushed bool                     `json:"pushed"`
		Reason string                   `json:"reason"`
	}
	out := struct {
		Account     string              `json:"account"`
		From        time.Time           `json:"from"`
		To          time.Time           `json:"to"`
		Sums        anymarket.Rechecked `json:"sums"`
		Differences []difference        `json:"differences"`
	}{r.Account, r.From.UTC(), r.To.UTC(), r.Sums, []difference{}}
	for _, d := range r.Differences {
		out.Differences = append(out.Differences, difference{d.Kind, d.Action, d.Key.String(), d.Pushed, d.Reason})
	}
	return json.Marshal(out)
}

// Guarded is what a guardian found about an account's callbacks, see
// [callback.Guardian].
type Guarded struct {
	Account    string              `json:"account"`
	Comparison callback.Comparison `json:"comparison"`
}

// Reload is what became of a full load of stock, see
// [anymarket.StockService.Reload].
type Reload struct {
	Account string             `json:"account"`
	Name    string             `json:"name"`
	Sums    anymarket.Reloaded `json:"sums"`
}
