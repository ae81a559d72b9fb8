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

func editedStep(b stepBody) (outbox.Entry, error) {
	e, _, err := stepEntry(OrderKey{ID: b.ID, Marketplace: b.Marketplace, MarketplaceID: b.MarketplaceID}, b.Update)
	return e, err
}
