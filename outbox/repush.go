package outbox

import (
	"context"
	"fmt"
)

// Repush accepts a creation once more although it was delivered, for when the
// other side acknowledged it and lost it. As after an attempt of unknown
// outcome it is looked up first, and sent again only if two look-ups that would
// have found it do not. The receipt is that of the new entry; of a creation
// under that key that is not settled, a duplicate's. The body has to be what it
// was, since it is not kept: other errors are those of [Outbox.Accept].
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
