package outbox

import (
	"context"
	"fmt"
	"time"
)

// Repush reopens a creation that was delivered, for when the other side
// acknowledged it and lost it. As after an attempt of unknown outcome it is looked
// up first, and sent again only if two look-ups that would have found it do not.
// It waits again under its old ID, before its steps. One that is not settled is
// left as it is, and marked a duplicate; one that this file does not know is
// accepted, and looked up all the same. The body has to be what it was, since it
// is not kept: other errors are those of [Outbox.Accept].
func (o *Outbox) Repush(ctx context.Context, e Entry) (Receipt, error) {
	ps := make([]prepared, 1)
	p := &ps[0]
	if err := o.prepare(&e, p); err != nil {
		return Receipt{}, err
	}
	switch {
	case p.k.Class != Once:
		return Receipt{}, fmt.Errorf("%w Kind: %s is no creation", ErrInvalid, p.k.Name)
	case p.k.Resolve == nil:
		return Receipt{}, fmt.Errorf("%w Kind: %s cannot be looked up", ErrInvalid, p.k.Name)
	}
	p.again = true
	if err := (&acceptance{o: o, ps: ps}).commit(ctx); err != nil {
		return Receipt{}, err
	}
	return p.receipt, nil
}

// reopen takes back the end of a creation's life.
func (o *Outbox) reopen(t *tx, p *prepared, now time.Time) {
	c := *p.reopened
	if c.cancelled {
		o.counters.cancelled--
	} else {
		o.counters.delivered--
	}
	o.counters.changed = true
	c.expiresAt, c.cancelled = 0, false // when it was delivered and as what stays known to its steps
	t.put(inOnce, p.onceKey, c.encode(p.onceKey))
	o.happen(t, p.seq, Event{Type: EventReopened}, nil, now)
}
