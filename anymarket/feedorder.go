package anymarket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// failure is what is known of an order that could not be handed over.
type failure struct {
	attempts int // that count
	handed   int // of feeding, at the last one
	since    time.Time
	next     time.Time
	pause    time.Duration
}

// isDue says whether an order may be tried now.
func (f *feeding) isDue(id ID) bool {
	x := f.failing[id]
	return x == nil || !time.Now().Before(x.next)
}

// fingerprint tells the versions of an order apart.
func fingerprint(o api.Order) string {
	sum := sha256.Sum256(o.Raw)
	return hex.EncodeToString(sum[:8])
}

// errHandle marks what Handle returned.
type errHandle struct{ error }

func (e errHandle) Unwrap() error { return e.error }

// handOver fetches an order and hands it over, unless it was handed over as it
// is. It returns its fingerprint.
func (f *feeding) handOver(ctx context.Context, id ID) (string, error) {
	order, err := f.c.Orders.Get(ctx, id)
	if err != nil {
		return "", err
	}
	now := fingerprint(order)
	if f.marks.get(id) != now {
		if err := f.Handle(ctx, order); err != nil {
			return "", errHandle{err}
		}
	}
	f.handed++
	delete(f.failing, id)
	if entry, ok := f.setAside[id]; ok {
		err := f.c.core.Outbox.Discard(ctx, entry, "the order was handed over since")
		if err != nil && !errors.Is(err, outbox.ErrState) && !errors.Is(err, outbox.ErrNotFound) {
			return "", err
		}
		delete(f.setAside, id)
	}
	return now, nil
}

// take hands over the order of an entry and acknowledges it, or sets it aside
// and acknowledges it.
func (f *feeding) take(ctx context.Context, e api.FeedEntry) (acknowledged bool, err error) {
	handed, err := f.handOver(ctx, e.ID)
	if err != nil {
		if gone, err := f.failed(ctx, e.ID, err); !gone || err != nil {
			return false, err
		}
		if err := f.marks.drop(ctx, []ID{e.ID}); err != nil { // to requeue it reads it as it is then
			return false, err
		}
		return f.acknowledge(ctx, e)
	}
	// From here on it is known what the caller has: a change that the
	// acknowledgement takes out is not missed.
	if err := f.marks.set(ctx, e.ID, handed); err != nil {
		return false, err
	}
	return f.acknowledge(ctx, e)
}

// acknowledge takes an order out of the feed.
func (f *feeding) acknowledge(ctx context.Context, e api.FeedEntry) (bool, error) {
	_, err := get(ctx, f.c, func(ctx context.Context, a *api.Client) (struct{}, error) {
		return struct{}{}, a.Feeds().AckOrder(ctx, e, "")
	})
	refused := err != nil && verdict.OfRead(err).Verdict == outbox.Rejected
	switch {
	case err == nil || refused:
		// A refused one is not there any more, or comes again with another token.
		f.marks.delay(e.ID, 0)
	case f.ends(ctx, err):
		return false, err
	default:
		f.marks.delay(e.ID, f.c.core.Config.LateApply) // it may still take effect
	}
	if err != nil && api.Classify(err).Status != 404 {
		f.fail(&FeedError{Order: e.ID, Err: fmt.Errorf("acknowledge: %w", err)})
	}
	return err == nil, nil
}

// dueAt is when an order that was acknowledged is to be read again.
func (f *feeding) dueAt(m mark) time.Time {
	if m.fingerprint == "" {
		return m.at
	}
	if m.at.Before(f.readsSince) {
		m.at = f.readsSince // what stood still inside ANYMARKET goes on from here
	}
	return m.at.Add(f.c.core.Config.LookupLag)
}

// readAgain reads once more what was acknowledged long enough ago, and hands
// over what moved. It does the same for what was set aside and requeued.
func (f *feeding) readAgain(ctx context.Context) error {
	var done []ID
	for id, m := range f.marks.all() {
		if !f.isDue(id) || time.Now().Before(f.dueAt(m)) {
			continue
		}
		_, err := f.handOver(ctx, id)
		gone := err == nil
		if err != nil {
			if gone, err = f.failed(ctx, id, err); err != nil {
				return errors.Join(err, f.marks.drop(ctx, done))
			}
		}
		if gone {
			done = append(done, id)
		}
	}
	return f.marks.drop(ctx, done)
}

// ends says whether an error is a reason to stop, rather than an order's.
func (f *feeding) ends(ctx context.Context, err error) bool {
	var closed *outbox.ClosedError
	return ctx.Err() != nil || errors.Is(err, outbox.ErrClosed) || errors.Is(err, outbox.ErrUnknown) || errors.As(err, &closed)
}

// failed counts an attempt that failed. Gone says that the order was set aside.
// What is no order's fault is returned.
func (f *feeding) failed(ctx context.Context, id ID, err error) (gone bool, _ error) {
	if f.ends(ctx, err) {
		return false, err
	}
	now := time.Now()
	x := f.failing[id]
	if x == nil {
		x = &failure{since: now, handed: -1, pause: f.Interval}
		f.failing[id] = x
	}
	var handle errHandle
	switch alone := len(f.failing) == 1; {
	case x.handed != f.handed, alone && errors.As(err, &handle), alone && verdict.OfRead(err).Verdict == outbox.Rejected:
		x.attempts++
	}
	x.handed, x.next = f.handed, now.Add(x.pause)
	x.pause = min(2*x.pause, max(feedMaxPause, f.Interval))
	told := &FeedError{Order: id, Attempts: x.attempts, Err: err}
	// That an order is not found so soon after its creation proves nothing.
	if x.attempts >= f.MaxAttempts && now.Sub(x.since) >= f.c.core.Config.LookupLag {
		entry, err := f.marks.setAside(ctx, f.c, id, told.Err)
		if err != nil {
			return false, err
		}
		told.SetAside, f.setAside[id] = entry, entry
		delete(f.failing, id)
	}
	f.Failed(told)
	return told.SetAside != outbox.ID{}, nil
}

// resume finds the orders that were set aside before.
func (f *feeding) resume() error {
	for r, err := range f.c.core.Outbox.DeadLetters() {
		if err != nil {
			return err
		}
		var id ID
		if r.Kind == kindHandOver && r.Account == f.c.account && id.UnmarshalJSON([]byte(r.Key)) == nil && id != 0 {
			f.setAside[id] = r.ID
		}
	}
	return f.marks.load()
}
