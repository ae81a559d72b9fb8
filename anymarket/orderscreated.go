package anymarket

import (
	"context"
	"encoding/json"
	"iter"
	"sync"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// manyCreated is from how many on what is known of creations is read anew, so
// that it does not grow with all that was ever delivered.
const manyCreated = 10_000

// created finds the creation, stored here, that gives an order the caller's own
// code. The bodies that wait say so, and are read when it is first asked. Once a
// creation is delivered and nothing of its order waits, ANYMARKET can be asked.
type created struct {
	turn chan struct{} // held by who asks

	mu   sync.Mutex               // guards the fields below
	keys map[codeOfOrder]OrderKey // nil if they are not read; the zero key if there are several
	most int                      // keys before they are read anew
}

type codeOfOrder struct{ account, partnerID string }

func newCreated() *created { return &created{turn: make(chan struct{}, 1)} }

// note takes in what was stored, if it is about an order that has a code.
func (c *created) note(e outbox.Entry) {
	if e.Kind != kindCreate {
		return // a step has the code of what is noted already
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.noteLocked(e.Account, e.Key, e.Body)
}

func (c *created) noteLocked(account, lane string, body []byte) {
	if c.keys == nil {
		return
	}
	var order struct {
		PartnerID string `json:"partnerId"`
	}
	key, ok := keyOfLane(lane)
	if !ok || json.Unmarshal(body, &order) != nil || order.PartnerID == "" {
		return
	}
	code := codeOfOrder{account, order.PartnerID}
	if have, ok := c.keys[code]; ok && have != key {
		key = OrderKey{}
	}
	c.keys[code] = key
}

// find returns the key of the order with a code, if its creation is known; the
// zero key if there are several.
func (c *created) find(ctx context.Context, o *outbox.Outbox, account, partnerID string) (key OrderKey, known bool, err error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return OrderKey{}, false, ctx.Err()
	}
	if err := c.read(ctx, o); err != nil {
		return OrderKey{}, false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key, known = c.keys[codeOfOrder{account, partnerID}]
	return key, known, nil
}

// read reads what waits and the dead letters, unless that was done. What is
// stored meanwhile is noted.
func (c *created) read(ctx context.Context, o *outbox.Outbox) (err error) {
	c.mu.Lock()
	if c.keys != nil && len(c.keys) <= c.most {
		c.mu.Unlock()
		return nil
	}
	c.keys = map[codeOfOrder]OrderKey{}
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.most = max(manyCreated, 2*len(c.keys))
		if err != nil {
			c.keys = nil
		}
	}()
	for _, all := range []iter.Seq2[outbox.Record, error]{o.Waiting(), o.DeadLetters()} {
		for r, err := range all {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			if r.Kind == kindCreate || r.Kind == steps.byKey() || r.Kind == documents.byKey() {
				c.mu.Lock()
				c.noteLocked(r.Account, r.Key, r.Body)
				c.mu.Unlock()
			}
		}
	}
	return nil
}

// placed gives an entry its place among those of its order, and the host to what
// a creation is known by: what the sandbox has is not there in production.
func (c *core) placed(ctx context.Context, e outbox.Entry) (outbox.Entry, error) {
	e, err := c.behindCreation(ctx, e)
	switch e.Kind {
	case kindCreate, steps.byKey(), documents.byKey():
		e.Once = c.host + "/" + e.Key
	}
	return e, err
}

// behindCreation puts a step that names its order by the caller's code behind the
// creation that gives it, if that was stored here.
func (c *core) behindCreation(ctx context.Context, e outbox.Entry) (outbox.Entry, error) {
	kinds := steps
	switch e.Kind {
	case steps.byPartnerID():
	case documents.byPartnerID():
		kinds = documents
	default:
		return e, nil
	}
	// Steps that were stored before the creation wait in a lane of their own, and
	// are not to be overtaken.
	if c.Outbox.IsBusy(e.Kind, e.Account, e.Key) {
		return e, nil
	}
	key, known, err := c.created.find(ctx, c.Outbox, e.Account, e.Key)
	switch {
	case err != nil || !known:
		return e, err
	case key == OrderKey{}:
		return e, &api.FieldError{Field: "partnerId", Reason: "is that of several orders that were created here: name the order by marketPlace and marketPlaceId"}
	}
	body := map[string]json.RawMessage{}
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return e, err
	}
	for name, value := range map[string]string{"marketPlace": key.Marketplace, "marketPlaceId": key.MarketplaceID} {
		if body[name], err = json.Marshal(value); err != nil {
			return e, err
		}
	}
	account := e.Account
	e = kinds.entry(key)
	e.Account = account
	e.Body, err = json.Marshal(body)
	return e, err
}
