package marketplace

import (
	"context"
	"encoding/json"

	"github.com/anymarket-go/sdk/anymarket/internal/operation"
	"github.com/anymarket-go/sdk/outbox"
)

// Kinds and the family of sales are stored and never change.
const (
	kindNotify = "sale.notify"
	kindMark   = "sale.mark"
	familySale = "sale"
)

// Kinds are what a client stores, for a program that opens an outbox to look at
// it and to operate it. They deliver nothing.
func Kinds() []outbox.Kind {
	unsent := outbox.Result{Verdict: outbox.Unavailable, Reason: "the outbox was opened without delivering"}
	kinds := new(core).kinds()
	for i := range kinds {
		kinds[i].Deliver = func(context.Context, []outbox.Lease) outbox.Answer { return outbox.Answer{Result: unsent} }
		kinds[i].Resolve = func(context.Context, outbox.Lease) outbox.Resolution { return outbox.Resolution{Result: unsent} }
	}
	return kinds
}

// kinds have no host: it is in the keys of sales, so that an outbox can be opened
// without knowing for which host it is.
func (c *core) kinds() []outbox.Kind {
	return []outbox.Kind{
		{
			Name: kindNotify, Family: familySale, Class: outbox.Once, Fields: saleFields,
			Check: operation.Edited(c.notifyEntry), Deliver: c.notify, Resolve: c.resolveNotify,
		},
		{
			Name: kindMark, Family: familySale, Class: outbox.Step,
			Check: operation.Edited(c.editedMark), Deliver: c.deliverMark, Resolve: c.resolveMark,
		},
	}
}

// onceKey is the key of a sale of a seller.
func (c *core) onceKey(marketplaceID string) string { return c.host + "/" + marketplaceID }

// saleFields are the members of the sale, so that a conflict can name those
// that differ.
func saleFields(body []byte) (map[string][]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, err
	}
	fields := make(map[string][]byte, len(members))
	for name, value := range members {
		fields[name] = value
	}
	return fields, nil
}

// editedMark makes an entry of a mark that a person edited.
func (c *core) editedMark(b markBody) (outbox.Entry, error) {
	what, err := b.said()
	if err != nil {
		return outbox.Entry{}, err
	}
	return c.markEntry(b.MarketplaceID, b.Mark, what)
}
