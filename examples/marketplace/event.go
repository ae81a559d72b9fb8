package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
)

// event is something that happened in the marketplace: a sale, or a change of
// one.
type event struct {
	Seller string               `json:"seller"`
	Sold   *marketplace.NewSale `json:"sold,omitempty"`

	// Sale is the marketplace's id of the sale that changed.
	Sale      string                 `json:"sale,omitempty"`
	Paid      *marketplace.Paid      `json:"paid,omitempty"`
	Shipped   *marketplace.Shipped   `json:"shipped,omitempty"`
	Delivered *marketplace.Delivered `json:"delivered,omitempty"`
	Canceled  *marketplace.Canceled  `json:"canceled,omitempty"`
}

// parse reads a line. A misspelled member is an error, not silence.
func parse(line string) (event, error) {
	d := json.NewDecoder(strings.NewReader(line))
	d.DisallowUnknownFields()
	var e event
	if err := d.Decode(&e); err != nil {
		return event{}, err
	}
	if e.Seller == "" {
		return event{}, &api.FieldError{Field: "seller", Reason: "is missing"}
	}
	return e, nil
}

// store puts the event on disk. From then on it is the client's to deliver.
func (e event) store(ctx context.Context, c *marketplace.Client) (marketplace.Receipt, error) {
	sales := c.For(e.Seller).Sales
	switch {
	case e.Sold != nil:
		return sales.Notify(ctx, *e.Sold)
	case e.Paid != nil:
		return sales.MarkPaid(ctx, e.Sale, *e.Paid)
	case e.Shipped != nil:
		return sales.MarkShipped(ctx, e.Sale, *e.Shipped)
	case e.Delivered != nil:
		return sales.MarkDelivered(ctx, e.Sale, *e.Delivered)
	case e.Canceled != nil:
		return sales.MarkCanceled(ctx, e.Sale, *e.Canceled)
	default:
		return marketplace.Receipt{}, errors.New("nothing happened: one of sold, paid, shipped, delivered, canceled is wanted")
	}
}
