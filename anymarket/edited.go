package anymarket

import (
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// What a person edited becomes an entry as what is accepted does.

func editedStock(i api.StockItem) (outbox.Entry, error) { return stockOf(i).entry() }

func editedPrice(b priceBody) (outbox.Entry, error) {
	e, _, err := Price(b).entry()
	return e, err
}

func editedOrder(o api.NewOrder) (outbox.Entry, error) {
	e, _, err := creationEntry(o)
	return e, err
}

func editedStep(kind string) func(stepBody) (outbox.Entry, error) {
	return func(b stepBody) (outbox.Entry, error) {
		e, _, err := stepEntry(b)
		return ofKind(kind, e, err)
	}
}

func editedXML(kind string) func(xmlBody) (outbox.Entry, error) {
	return func(b xmlBody) (outbox.Entry, error) {
		e, err := xmlEntry(b)
		return ofKind(kind, e, err)
	}
}

// ofKind refuses a step that names its order in another way: what is an id could
// be the code of another order.
func ofKind(kind string, e outbox.Entry, err error) (outbox.Entry, error) {
	if err == nil && e.Kind != kind {
		err = &api.FieldError{Field: "body", Reason: "names the order in another way: an edit cannot change that"}
	}
	return e, err
}
