package gated

import (
	"context"
	"iter"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// A read that could not be made is tried again, since it harms nobody; but its
// caller waits, and an outage is longer than that.
const (
	attempts   = 3
	firstPause = time.Second // doubled each time
)

// Gate is the one that reads go through.
type Gate struct {
	Outbox        *outbox.Outbox
	Host, Account string
	// Wait makes reads wait at a closed gate, instead of failing at once.
	Wait bool
}

// Get makes a read. At a closed gate it returns an [*outbox.ClosedError] that
// says why and until when, or waits.
func Get[T any](ctx context.Context, g Gate, call func(context.Context) (T, error)) (T, error) {
	var (
		none T
		v    T
		err  error
	)
	pause := firstPause
	for attempt := 1; ; attempt++ {
		answer, closed := g.Outbox.Read(ctx, g.Host, g.Account, g.Wait, func(ctx context.Context) outbox.Answer {
			v, err = call(ctx)
			return verdict.OfRead(err)
		})
		switch {
		case closed != nil && err != nil:
			return none, err // what it failed with first tells more
		case closed != nil:
			return none, closed
		case err == nil:
			return v, nil
		case answer.Verdict != outbox.Unavailable, attempt == attempts:
			return none, err
		}
		if sleep(ctx, pause) != nil {
			return none, err
		}
		pause *= 2
	}
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// maxPages is where a list gives up.
const maxPages = 100_000

// List lists all rows from start on, each page through the gate. It advances by
// what came, as package api does. An error, an [*api.PageError], is the last
// that is given out.
func List[T any](ctx context.Context, g Gate, start api.Paging, key func(T) string, page func(context.Context, api.Paging) (api.Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		at, before := start, ""
		fail := func(err error) {
			var none T
			yield(none, &api.PageError{Offset: at.Offset, Err: err})
		}
		for range maxPages {
			p, err := Get(ctx, g, func(ctx context.Context) (api.Page[T], error) { return page(ctx, at) })
			if err != nil {
				fail(err)
				return
			}
			if len(p.Items) == 0 {
				return
			}
			ends := key(p.Items[0]) + " " + key(p.Items[len(p.Items)-1])
			if ends == before {
				fail(api.ErrPageRepeated)
				return
			}
			before = ends
			for _, item := range p.Items {
				if !yield(item, nil) {
					return
				}
			}
			if !p.Next {
				return
			}
			at.Offset += len(p.Items)
		}
		fail(api.ErrTooManyPages)
	}
}
