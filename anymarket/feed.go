package anymarket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// Feed says to whom the changed orders of an account are handed over, for
// [OrderService.Feed].
type Feed struct {
	// Handle is given an order that changed, as it is now, and returns nil when
	// that is safe with the caller. It is called for one order at a time, and
	// must return soon after its context ends. It must be fit to get the same
	// order again. It must not close the client. Its error is kept and shown to
	// people, so it must have no buyer data. Required.
	Handle func(ctx context.Context, order api.Order) error
	// Interval is the time between two looks at the feed when it has nothing
	// new. Defaults to 1 min.
	Interval time.Duration
	// MaxAttempts is after how many errors an order is set aside. Defaults to 8.
	MaxAttempts int
	// Failed is told what goes wrong, but not that the gate is closed. It must
	// return quickly. It may be nil.
	Failed func(err *FeedError)
}

// FeedError says that an order could not be handed over or acknowledged, or
// that the feed could not be read.
type FeedError struct {
	// Order is the one that it is about; zero if it is the feed itself.
	Order ID
	// Attempts is how many counted so far; zero unless the order could not be
	// handed over.
	Attempts int
	// SetAside is the dead letter that the order became, if it did.
	SetAside outbox.ID
	Err      error
}

// Error says what failed and, for an order that was set aside, what to do.
func (e *FeedError) Error() string {
	switch {
	case e.Order == 0:
		return "order feed: " + e.Err.Error()
	case e.SetAside != outbox.ID{}:
		return fmt.Sprintf("order %s of the feed, set aside after %d attempts, requeue %s to get it again: %s", e.Order, e.Attempts, e.SetAside, e.Err)
	default:
		return fmt.Sprintf("order %s of the feed: %s", e.Order, e.Err)
	}
}

// Unwrap returns the error that Handle, a request or the outbox returned.
func (e *FeedError) Unwrap() error { return e.Err }

const (
	feedInterval    = time.Minute
	feedMaxAttempts = 8
	feedMaxPause    = time.Hour // between two attempts at an order
)

// Feed hands each order that changes over to the caller until ctx ends, and
// returns nil then. It blocks; there is one at a time for an account.
//
// An order is handed over at least once for each change, across crashes too. It
// is fetched as it is now, and acknowledged with the token that was read only
// after Handle returned nil. Acknowledging takes out all that the feed has of
// the order, a change meanwhile included; so LookupLag later, when reads show
// all that was there, it is read once more and handed over again if it moved.
// That this is owed is in the outbox before the acknowledgement leaves.
//
// An order on which Handle errs stays in the feed and is tried again, after
// Interval and twice as long each time, up to an hour. An error counts if
// another order was handed over since, or if none else fails: a program that can
// take no order loses none. After MaxAttempts the order is a dead letter of the
// outbox and is then acknowledged, so that it cannot fill the feed. To requeue
// that hands the order, as it is then, over again. A later change that is taken
// discards it.
//
// Calls go through the gate; at a closed one it waits. Feed returns
// [outbox.ErrClosed] when the client is closed, which waits for it, [ErrRunning],
// an [*api.FieldError], or what is wrong with the file.
func (s OrderService) Feed(ctx context.Context, feed Feed) error {
	switch {
	case feed.Handle == nil:
		return &api.FieldError{Field: "Handle", Reason: "is missing"}
	case feed.Interval < 0:
		return &api.FieldError{Field: "Interval", Reason: "is negative"}
	case feed.MaxAttempts < 0:
		return &api.FieldError{Field: "MaxAttempts", Reason: "is negative"}
	}
	if feed.Interval == 0 {
		feed.Interval = feedInterval
	}
	if feed.MaxAttempts == 0 {
		feed.MaxAttempts = feedMaxAttempts
	}
	if feed.Failed == nil {
		feed.Failed = func(*FeedError) {}
	}
	core, account := s.c.core, s.c.account
	inner, end, err := core.feeds.begin(ctx, account)
	if err != nil {
		return err
	}
	defer end()
	// At a closed gate it waits by itself, since it has to notice that it was.
	f := &feeding{Feed: feed, c: core.client(account, false), marks: core.marksOf(account), failing: map[ID]*failure{}, setAside: map[ID]outbox.ID{}}
	if err := f.resume(); err != nil {
		return err
	}
	if err := f.run(inner); err != nil || ctx.Err() != nil {
		return err
	}
	return outbox.ErrClosed // the client ended it
}

// feeding is a Feed that runs. One goroutine owns it.
type feeding struct {
	Feed

	c     *Client
	marks *feedMarks
	// failing are the orders that were not handed over at their last attempt.
	failing map[ID]*failure
	// handed counts the orders that were handed over.
	handed int
	// setAside are the dead letters of orders that failed too often.
	setAside map[ID]outbox.ID
	// readsSince is when the feed could be read again after it could not;
	// zero while it cannot.
	readsSince time.Time
}

// run reads the feed again and again.
func (f *feeding) run(ctx context.Context) error {
	for {
		progress, err := f.pass(ctx)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // its end is that of the feed, and no error
		case errors.Is(err, outbox.ErrClosed):
			return err
		case err != nil:
			f.readsSince = time.Time{}
			f.fail(&FeedError{Err: err})
		case progress:
			continue
		}
		_ = pauseFor(ctx, f.pause()) // that ctx ended shows in the next pass
	}
}

// fail tells the caller, but for what the gate tells already.
func (f *feeding) fail(err *FeedError) {
	var closed *outbox.ClosedError
	if !errors.As(err, &closed) {
		f.Failed(err)
	}
}

// pause is how long there is nothing to do.
func (f *feeding) pause() time.Duration {
	pause := f.Interval
	if f.readsSince.IsZero() {
		return pause
	}
	for id, m := range f.marks.all() {
		due := f.dueAt(m)
		if x := f.failing[id]; x != nil && x.next.After(due) {
			due = x.next
		}
		pause = min(pause, time.Until(due))
	}
	return pause
}

// pass takes what the feed shows, and reads once more what is due. Progress
// says that the feed has less now, so that it may show others. Its error is the
// feed's or the outbox's, not an order's.
func (f *feeding) pass(ctx context.Context) (progress bool, err error) {
	entries, err := get(ctx, f.c, func(ctx context.Context, a *api.Client) ([]api.FeedEntry, error) {
		return a.Feeds().Orders(ctx, 0)
	})
	if err != nil {
		return false, err
	}
	if f.readsSince.IsZero() {
		f.readsSince = time.Now()
	}
	seen := map[ID]bool{} // the feed has an entry for each status of an order
	for _, e := range entries {
		if seen[e.ID] || !f.isDue(e.ID) || !f.marks.hasRoomFor(e.ID) {
			continue
		}
		seen[e.ID] = true
		acknowledged, err := f.take(ctx, e)
		if err != nil {
			return progress, err
		}
		progress = progress || acknowledged
	}
	return progress, f.readAgain(ctx)
}
