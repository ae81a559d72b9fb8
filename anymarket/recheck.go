package anymarket

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// KnownOrder is an order as the caller knows it.
type KnownOrder struct {
	// Key names it.
	Key OrderKey
	// CreatedAt is when it was made, near enough: see Recheck.Overlap.
	CreatedAt time.Time
	// Status is the caller's; empty if only the order's being there counts.
	Status api.OrderStatus
}

// Recheck compares the orders of a range, for [OrderService.Recheck].
type Recheck struct {
	// From and To bound the creation of the orders.
	From, To time.Time
	// Overlap is by how much the two sides may differ about when an order was
	// made. Defaults to an hour.
	Overlap time.Duration
	// Known yields the orders of the range that the caller knows, in any order.
	// Those that the history says were delivered are compared in any case.
	Known iter.Seq2[KnownOrder, error]
	// Found is told of each difference, one at a time; of some again when an
	// interrupted recheck goes on. Its error ends the recheck.
	Found func(ctx context.Context, d Difference) error
	// Name tells rechecks of an account apart: how far one got is kept under
	// it, until it is through.
	Name string
	// Progress is told the sums now and then. It may be nil.
	Progress func(Rechecked)
}

// Difference is an order that is not the same on both sides.
type Difference struct {
	Kind DifferenceKind
	// Action is what would make both sides agree.
	Action Action
	// Key names the order: by the key in its marketplace if that is known.
	Key OrderKey
	// There is the order as ANYMARKET has it; nil if it does not.
	There *api.Order
	// Here is the order as the caller knows it; nil if he does not.
	Here *KnownOrder
	// Pushed says that the history has it as delivered.
	Pushed bool
	// Reason is one sentence.
	Reason string
}

// DifferenceKind says how the two sides differ.
type DifferenceKind string

// The kinds of differences.
const (
	OnlyThere     DifferenceKind = "only there"
	OnlyHere      DifferenceKind = "only here"
	StatusDiffers DifferenceKind = "status differs"
	Ambiguous     DifferenceKind = "ambiguous" // several orders there have its key
)

// Action is what can be done about a difference.
type Action string

// The actions.
const (
	ActionImport  Action = "import"  // take what ANYMARKET has: the order, or its status
	ActionRepush  Action = "repush"  // see OrderService.Repush
	ActionAdvance Action = "advance" // see OrderService.SetStatus
	ActionLook    Action = "look"    // a person has to decide
)

// Rechecked are the sums of a recheck, in orders, over all its runs.
type Rechecked struct {
	Same          int `json:"same"`
	OnlyThere     int `json:"only_there"`
	OnlyHere      int `json:"only_here"`
	StatusDiffers int `json:"status_differs"`
	Ambiguous     int `json:"ambiguous"`
	// Waiting have something that waits in the outbox and will be sent: they
	// are not compared yet.
	Waiting int `json:"waiting"`
	// Until is up to when orders were compared.
	Until time.Time `json:"until"`
}

const (
	recheckOverlap  = time.Hour
	recheckSlice    = 6 * time.Hour
	bookmarkRecheck = "recheck/"
)

// recheckState is what is kept of a recheck that is not through.
type recheckState struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Sums Rechecked `json:"sums"`
}

// Recheck compares ANYMARKET's orders of a range with those that the caller
// knows and those that the history has as delivered. It changes nothing. Its
// reads go through the gate, at which they wait. Interrupted, it goes on where
// it was when it is called again with the same Name and range.
//
// Errors are [*api.FieldError] for what is wrong with r, those of Known and
// Found, and of reading orders; [ErrRunning] if one of the same Name runs.
func (s OrderService) Recheck(ctx context.Context, r Recheck) (Rechecked, error) {
	switch {
	case r.From.IsZero() || !r.From.Before(r.To):
		return Rechecked{}, &api.FieldError{Field: "To", Reason: "is not after From"}
	case r.From.After(time.Now()):
		return Rechecked{}, &api.FieldError{Field: "From", Reason: "lies in the future"}
	case len(r.Name) > maxName:
		return Rechecked{}, &api.FieldError{Field: "Name", Reason: "is too long"}
	case r.Overlap < 0:
		return Rechecked{}, &api.FieldError{Field: "Overlap", Reason: "is negative"}
	case r.Found == nil:
		return Rechecked{}, &api.FieldError{Field: "Found", Reason: "is missing"}
	}
	if r.Overlap == 0 {
		r.Overlap = recheckOverlap
	}
	k := &recheck{Recheck: r, c: s.c.Waiting(), bookmark: bookmarkRecheck + s.c.account + "\x00" + r.Name, byKey: map[OrderKey]*hereOrder{}}
	end, err := s.c.core.begin(k.bookmark)
	if err != nil {
		return Rechecked{}, err
	}
	defer end()
	if err := k.resume(); err != nil {
		return Rechecked{}, err
	}
	if err := k.gather(ctx); err != nil {
		return k.sums, err
	}
	err = k.run(ctx)
	return k.sums, err
}

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
		marketplace, id, ok := strings.Cut(e.Entry.Once, "/")
		if !ok {
			continue
		}
		key := OrderKey{Marketplace: marketplace, MarketplaceID: id}
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
	if h := k.byKey[OrderKey{ID: o.ID}]; h != nil {
		return h
	}
	return k.byKey[keyOf(o)]
}

// join makes one of what the caller names by id and the history by key.
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
		kind := stepByKey
		if key.ID != 0 {
			kind = stepByID
		}
		if k.c.core.Outbox.IsBusy(kind, k.c.account, key.String()) {
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
	if k.busy(h.Key) {
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
		found, err = k.c.core.findOrders(ctx, k.c.account, h.Key.Marketplace, h.Key.MarketplaceID, h.CreatedAt)
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
	if k.busy(OrderKey{ID: o.ID}, keyOf(o)) {
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
