package callback

import (
	"context"
	"errors"
	"fmt"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// Swept is what a sweep did.
type Swept struct {
	// Stored are the notifications that were put into the inbox.
	Stored int `json:"stored"`
	// Acknowledged are those of them that were taken out of their feed.
	Acknowledged int `json:"acknowledged"`
	// Incomplete are the feeds of which not all may have been seen, since they
	// have more entries than one reading shows and these were not acknowledged.
	Incomplete []Type `json:"incomplete,omitempty"`
}

// Sweep stores a notification for each resource that is in a feed, and then takes
// it out of the feed if SweeperConfig.Acknowledge says so. What an acknowledgement takes
// out, a change meanwhile included, is not missed: the resource is handed over
// after it. An acknowledgement of which no answer came may take effect minutes
// later and is not waited for.
//
// A feed that could not be swept keeps no other from it. Errors are those of the
// feeds, of [Receiver.Store], or of ctx; what is counted then was done, and another
// sweep goes on with the rest.
func (s *Sweeper) Sweep(ctx context.Context) (Swept, error) {
	swept, errs := s.sweep(ctx)
	return swept, errors.Join(errs...)
}

func (s *Sweeper) sweep(ctx context.Context) (swept Swept, errs []error) {
	for _, t := range s.config.Types {
		f := sweeping{Sweeper: s, Type: t, out: &swept}
		if err := f.all(ctx); err != nil {
			errs = append(errs, fmt.Errorf("sweep the feed of %s: %w", t, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return swept, errs
}

// mostRead is the most entries that one reading shows.
const mostRead = 100

// sweeping is the sweep of one feed.
type sweeping struct {
	*Sweeper
	Type

	out *Swept
}

// all reads the feed until there is nothing new in it.
func (f sweeping) all(ctx context.Context) error {
	seen := map[api.FeedEntry]bool{}
	for {
		entries, err := f.read(ctx)
		if err != nil {
			return err
		}
		again := len(entries) >= mostRead
		fresh := false
		taken := map[api.ID]bool{} // a feed has an entry for each status of an order
		for _, e := range entries {
			if seen[e] {
				continue
			}
			seen[e], fresh = true, true
			if taken[e.ID] {
				continue
			}
			taken[e.ID] = true
			refused, err := f.take(ctx, e)
			if err != nil {
				return err
			}
			again = again || refused
		}
		switch {
		case !again:
			return nil
		case !fresh:
			if len(entries) >= mostRead {
				f.out.Incomplete = append(f.out.Incomplete, f.Type)
			}
			return nil
		}
	}
}

// take stores an entry and acknowledges it. Refused says that the acknowledgement
// was, so that the entry may be in the feed with another token.
func (f sweeping) take(ctx context.Context, e api.FeedEntry) (refused bool, err error) {
	r, n := f.config.Receiver, Notification{OI: f.config.OI, Type: f.Type, ID: e.ID.String()}
	if !f.config.Acknowledge {
		return false, f.store(ctx, n)
	}
	if err := f.limit.Wait(ctx); err != nil {
		return false, err
	}
	// Whoever reads the resource before the acknowledgement may miss a change that
	// this takes out.
	account, _ := r.account(n.OI)
	release, err := r.holds.hold(ctx, resource{account, key(n.Type, n.ID)})
	if err != nil {
		return false, err
	}
	defer release()
	if err := f.store(ctx, n); err != nil {
		return false, err
	}
	switch err := f.ack(ctx, e); {
	case err == nil:
		f.out.Acknowledged++
		return false, nil
	case isRefused(err):
		return true, nil
	default:
		return false, fmt.Errorf("acknowledge: %w", err)
	}
}

func (f sweeping) store(ctx context.Context, n Notification) error {
	if err := f.config.Receiver.Store(ctx, n); err != nil {
		return err
	}
	f.out.Stored++
	return nil
}

func (f sweeping) read(ctx context.Context) ([]api.FeedEntry, error) {
	if err := f.limit.Wait(ctx); err != nil {
		return nil, err
	}
	switch f.Type {
	case TypeProduct:
		return f.config.Feeds.Products(ctx, mostRead)
	case TypeTransmission:
		return f.config.Feeds.Transmissions(ctx, mostRead)
	default:
		return f.config.Feeds.Orders(ctx, mostRead)
	}
}

func (f sweeping) ack(ctx context.Context, e api.FeedEntry) error {
	switch f.Type {
	case TypeProduct:
		return f.config.Feeds.AckProduct(ctx, e)
	case TypeTransmission:
		return f.config.Feeds.AckTransmission(ctx, e)
	default:
		return f.config.Feeds.AckOrder(ctx, e, "")
	}
}

// isRefused says whether ANYMARKET refused a call for good.
func isRefused(err error) bool { return verdict.OfRead(err).Verdict == outbox.Rejected }
