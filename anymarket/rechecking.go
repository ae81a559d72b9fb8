package anymarket

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// recheck is a Recheck that runs.
type recheck struct {
	Recheck

	c        *Client
	bookmark string
	sums     Rechecked
	here     []*hereOrder
	byKey    map[OrderKey]*hereOrder // under each name that it has
}

// hereOrder is an order of this side.
type hereOrder struct {
	KnownOrder

	known  bool // by the caller
	pushed bool // says the history
	seen   bool // compared, or looked for
	there  ID   // ANYMARKET's, once it was seen
	// doubled: that several have its key was told.
	doubled bool
}

func (k *recheck) resume() error {
	kept, err := k.c.core.Outbox.Bookmark(k.bookmark)
	if err != nil {
		return err
	}
	var state recheckState
	if kept != nil && json.Unmarshal(kept, &state) == nil && state.From.Equal(k.From) && state.To.Equal(k.To) {
		k.sums = state.Sums
		return nil
	}
	k.sums.Until = k.From
	return nil
}

// gather collects the orders of this side.
func (k *recheck) gather(ctx context.Context) error {
	if k.Known != nil {
		for known, err := range k.Known {
			if err != nil {
				return fmt.Errorf("known orders: %w", err)
			}
			known.Key.Marketplace = strings.ToUpper(known.Key.Marketplace)
			if err := known.Key.validate(); err != nil {
				return fmt.Errorf("known order %s: %w", known.Key, err)
			}
			if known.CreatedAt.IsZero() {
				return fmt.Errorf("known order %s: %w", known.Key, &api.FieldError{Field: "createdAt", Reason: "is missing"})
			}
			k.add(&hereOrder{KnownOrder: known, known: true})
		}
	}
	for e, err := range k.c.core.Outbox.History() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || e.Type != outbox.EventDelivered || e.Entry.Kind != kindCreate || e.Entry.Account != k.c.account {
			continue // what cannot be read was told by whoever read it first
		}
		key, ok := keyOfLane(e.Entry.Key)
		if !ok {
			continue
		}
		if have := k.byKey[key]; have != nil {
			have.pushed = true
			continue
		}
		k.add(&hereOrder{KnownOrder: KnownOrder{Key: key, CreatedAt: e.Entry.AcceptedAt}, pushed: true})
	}
	return nil
}

func (k *recheck) add(h *hereOrder) {
	k.here = append(k.here, h)
	k.byKey[h.Key] = h
}

// run compares, slice by slice of time.
func (k *recheck) run(ctx context.Context) error {
	for from := k.sums.Until; from.Before(k.To); from = k.sums.Until {
		to := from.Add(recheckSlice)
		if to.After(k.To) {
			to = k.To
		}
		if err := k.slice(ctx, func(t time.Time) bool { return !t.Before(from) && (t.Before(to) || to.Equal(k.To) && t.Equal(to)) }, from, to); err != nil {
			return err
		}
		k.sums.Until = to
		kept, err := json.Marshal(recheckState{k.From, k.To, k.sums})
		if err != nil {
			return err
		}
		if err := k.c.core.Outbox.SetBookmark(ctx, k.bookmark, kept); err != nil {
			return err
		}
		if k.Progress != nil {
			k.Progress(k.sums)
		}
	}
	return k.c.core.Outbox.SetBookmark(ctx, k.bookmark, nil)
}

// slice compares the orders of one slice of time. The orders there are read
// with some more at both ends, to find those that were made in it by the
// other side's account.
func (k *recheck) slice(ctx context.Context, within func(time.Time) bool, from, to time.Time) error {
	before := k.sums // an interrupted slice is done again
	var err error
	defer func() {
		if err != nil {
			k.sums = before
		}
	}()
	filter := api.OrderFilter{CreatedAfter: from.Add(-k.Overlap).UTC(), CreatedBefore: to.Add(k.Overlap).UTC()}
	seen := map[ID]bool{}
	for o, rowErr := range k.c.Orders.List(ctx, filter, api.Paging{}) {
		if err = rowErr; err != nil {
			return err
		}
		if seen[o.ID] {
			continue // rows that move may come twice
		}
		seen[o.ID] = true
		h := k.match(o)
		if h != nil {
			k.join(h, keyOf(o))
		}
		switch {
		case h == nil && within(o.CreatedAt.Time):
			err = k.onlyThere(ctx, o)
		case h != nil && h.there != 0 && h.there != o.ID && !h.doubled:
			h.doubled = true
			err = k.ambiguous(ctx, h, h.there, o.ID)
		case h != nil && !h.seen && within(h.CreatedAt):
			h.seen, h.there = true, o.ID
			err = k.compare(ctx, h, o)
		}
		if err != nil {
			return err
		}
	}
	for _, h := range k.here {
		if h.seen || !within(h.CreatedAt) {
			continue
		}
		h.seen = true
		if err = k.lookFor(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

// match is the order of this side that o is, nil if there is none.
func (k *recheck) match(o api.Order) *hereOrder {
	for _, key := range keysOf(o) {
		if h := k.byKey[key]; h != nil {
			return h
		}
	}
	return nil
}

// keysOf are all names of an order.
func keysOf(o api.Order) []OrderKey {
	keys := []OrderKey{{ID: o.ID}}
	if o.PartnerID != "" {
		keys = append(keys, OrderKey{PartnerID: o.PartnerID})
	}
	return append(keys, keyOf(o))
}

// join makes one of what the caller names in another way and the history by key.
func (k *recheck) join(h *hereOrder, key OrderKey) {
	if other := k.byKey[key]; other != nil && other != h {
		h.pushed = h.pushed || other.pushed
		other.seen = true
	}
}

func keyOf(o api.Order) OrderKey {
	if o.Marketplace == "" || o.MarketplaceID == "" {
		return OrderKey{ID: o.ID}
	}
	return OrderKey{Marketplace: strings.ToUpper(o.Marketplace), MarketplaceID: o.MarketplaceID}
}

// busy says whether something of the order waits to be sent.
func (k *recheck) busy(keys ...OrderKey) bool {
	for _, key := range keys {
		if k.c.core.Outbox.IsBusy(steps.of(key), k.c.account, key.String()) {
			return true
		}
	}
	return false
}

func (k *recheck) onlyThere(ctx context.Context, o api.Order) error {
	k.sums.OnlyThere++
	return k.Found(ctx, Difference{
		Kind: OnlyThere, Action: ActionImport, Key: keyOf(o), There: &o,
		Reason: "ANYMARKET has the order, with status " + string(o.Status) + ", and here it is not known",
	})
}

// lookFor asks for an order of this side that is not where it was expected.
func (k *recheck) lookFor(ctx context.Context, h *hereOrder) error {
	keys := []OrderKey{h.Key}
	if h.Key.PartnerID != "" {
		key, known, err := k.c.core.created.find(ctx, k.c.core.Outbox, k.c.account, h.Key.PartnerID)
		if err != nil {
			return fmt.Errorf("order %s: %w", h.Key, err)
		}
		if known && key != (OrderKey{}) {
			keys = append(keys, key)
		}
	}
	if k.busy(keys...) {
		k.sums.Waiting++
		return nil
	}
	var found []api.Order
	var err error
	if h.Key.ID != 0 {
		var o api.Order
		if o, err = k.c.Orders.Get(ctx, h.Key.ID); err == nil {
			found = []api.Order{o}
		} else if api.Classify(err).Status == http.StatusNotFound && verdict.OfRead(err).Verdict == outbox.Rejected {
			err = nil // ANYMARKET itself says so
		}
	} else {
		found, err = k.c.core.findOrders(ctx, k.c.account, h.Key, h.CreatedAt)
	}
	if err != nil {
		return fmt.Errorf("order %s: %w", h.Key, err)
	}
	d := Difference{Kind: OnlyHere, Action: ActionLook, Key: h.Key, Here: h.shown(), Pushed: h.pushed}
	switch len(found) {
	case 0:
		k.sums.OnlyHere++
		d.Reason = "ANYMARKET does not have the order, and it was not created from here"
		if h.pushed {
			d.Action, d.Reason = ActionRepush, "ANYMARKET does not have the order, although it acknowledged its creation"
		}
	case 1:
		return k.compare(ctx, h, found[0])
	default:
		ids := make([]ID, len(found))
		for i, o := range found {
			ids[i] = o.ID
		}
		return k.ambiguous(ctx, h, ids...)
	}
	return k.Found(ctx, d)
}

func (k *recheck) ambiguous(ctx context.Context, h *hereOrder, there ...ID) error {
	k.sums.Ambiguous++
	ids := make([]string, len(there))
	for i, id := range there {
		ids[i] = id.String()
	}
	return k.Found(ctx, Difference{
		Kind: Ambiguous, Action: ActionLook, Key: h.Key, Here: h.shown(), Pushed: h.pushed,
		Reason: "several orders of ANYMARKET have its key: " + strings.Join(ids, ", "),
	})
}

// compare looks at the two statuses of an order that both sides have.
func (k *recheck) compare(ctx context.Context, h *hereOrder, o api.Order) error {
	if k.busy(keysOf(o)...) {
		k.sums.Waiting++
		return nil
	}
	if h.Status == "" || h.Status == o.Status {
		k.sums.Same++
		return nil
	}
	d := Difference{Kind: StatusDiffers, Key: keyOf(o), There: &o, Here: h.shown(), Pushed: h.pushed}
	d.Action = statusAction(h.Status, o.Status)
	d.Reason = "ANYMARKET has the order as " + string(o.Status) + ", here it is " + string(h.Status)
	k.sums.StatusDiffers++
	return k.Found(ctx, d)
}

// statusAction is what brings two statuses together.
func statusAction(here, there api.OrderStatus) Action {
	switch {
	case there == api.StatusCancelled:
		return ActionImport // no step leads away from it
	case here == api.StatusCancelled:
		return ActionAdvance
	case rank(here) == 0 || rank(there) == 0:
		return ActionLook
	case rank(here) > rank(there):
		return ActionAdvance
	default:
		return ActionImport
	}
}

// shown is what the caller said, nil if he said nothing.
func (h *hereOrder) shown() *KnownOrder {
	if !h.known {
		return nil
	}
	return &h.KnownOrder
}
