package anymarket

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// checked makes a check of edited bodies of a kind from how an entry of it is
// made: the body has to be one that could have been accepted, under that key.
func checked[T any](entryOf func(T) (outbox.Entry, error)) func(key string, body []byte) error {
	return func(key string, body []byte) error {
		var v T
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(&v); err != nil {
			return &api.FieldError{Field: "body", Reason: "does not have the form of what is stored: " + verdict.Short(err.Error())}
		}
		if d.More() {
			return &api.FieldError{Field: "body", Reason: "has something behind its end"}
		}
		e, err := entryOf(v)
		if err != nil {
			return err
		}
		if e.Key != key {
			return &api.FieldError{Field: "body", Reason: fmt.Sprintf("is about %s, and the entry about %s: an edit cannot change that", e.Key, key)}
		}
		return nil
	}
}

func editedStock(i api.StockItem) (outbox.Entry, error) { return stockOf(i).entry() }

func editedPrice(b priceBody) (outbox.Entry, error) {
	e, _, err := Price(b).entry()
	return e, err
}

func editedOrder(o api.NewOrder) (outbox.Entry, error) {
	e, _, err := creationEntry(o)
	return e, err
}

func editedStep(b stepBody) (outbox.Entry, error) {
	e, _, err := stepEntry(OrderKey{ID: b.ID, Marketplace: b.Marketplace, MarketplaceID: b.MarketplaceID}, b.Update)
	return e, err
}
