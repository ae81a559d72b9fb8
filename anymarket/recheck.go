package anymarket

import (
	"context"
	"iter"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
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
