package callback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// Feeds is where ANYMARKET puts what it gave up telling; [api.Feeds] is one.
type Feeds interface {
	Orders(ctx context.Context, limit int) ([]api.FeedEntry, error)
	Products(ctx context.Context, limit int) ([]api.FeedEntry, error)
	Transmissions(ctx context.Context, limit int) ([]api.FeedEntry, error)
	AckOrder(ctx context.Context, entry api.FeedEntry, status api.OrderStatus) error
	AckProduct(ctx context.Context, entry api.FeedEntry) error
	AckTransmission(ctx context.Context, entry api.FeedEntry) error
}

// SweeperConfig says what a sweeper needs to know. Receiver, Feeds, OI and Types
// are required.
type SweeperConfig struct {
	// Receiver is given what the feeds have.
	Receiver *Receiver
	// Feeds are those of the one account that is swept, and OI is that account's,
	// one of Config.Accounts of the receiver.
	Feeds Feeds
	OI    string
	// Types are those whose feeds are swept: TypeOrder, TypeProduct and
	// TypeTransmission, as far as callbacks are registered for them. The feed of a
	// type for which none is has all changes of thirty days.
	Types []Type
	// Acknowledge takes out of a feed what is on disk. Set it where nobody else
	// reads the feeds of the account: another reader, such as the order feed of
	// the client, would miss what was taken out. Without it each sweep hands all
	// that the feed has over again, and cannot see all of a feed of a hundred
	// entries or more.
	Acknowledge bool

	// Interval is how often Run sweeps by itself; defaults to 15 min.
	Interval time.Duration
	// MaxRate is the most calls a second; defaults to 1. Feeds that go through
	// the gate of a client have its pace besides.
	MaxRate float64

	// Logger defaults to none.
	Logger *slog.Logger
}

// Sweeper brings what ANYMARKET gave up telling, and so put into a feed, to a
// receiver. It is safe for concurrent use.
type Sweeper struct {
	config SweeperConfig
	limit  *rate.Limiter
	bell   bell
}

// NewSweeper returns a sweeper. It calls nobody yet. Errors are
// [*api.FieldError] values.
func NewSweeper(config SweeperConfig) (*Sweeper, error) {
	var errs []error
	refuse := func(bad bool, field, reason string) {
		if bad {
			errs = append(errs, &api.FieldError{Field: field, Reason: reason})
		}
	}
	refuse(config.Receiver == nil, "Receiver", "is missing")
	refuse(config.Feeds == nil, "Feeds", "is missing")
	if config.Receiver != nil {
		_, known := config.Receiver.account(config.OI)
		refuse(!known, "OI", "is none of Config.Accounts of the receiver")
	}
	refuse(len(config.Types) == 0, "Types", "is missing: name those that callbacks are registered for")
	for i, t := range config.Types {
		refuse(!t.hasFeed(), fmt.Sprintf("Types[%d]", i), fmt.Sprintf("has no feed: %q", t))
		refuse(slices.Contains(config.Types[:i], t), fmt.Sprintf("Types[%d]", i), "is there twice")
	}
	refuse(config.Interval < 0, "Interval", "is negative")
	refuse(!(config.MaxRate >= 0), "MaxRate", "is negative or no number")
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	orDefault(&config.Interval, 15*time.Minute)
	orDefault(&config.MaxRate, 1)
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	return &Sweeper{config: config, limit: rate.NewLimiter(rate.Limit(config.MaxRate), 1), bell: newBell()}, nil
}

func (t Type) hasFeed() bool { return t == TypeOrder || t == TypeProduct || t == TypeTransmission }

// Run sweeps at once, then every Interval and whenever [Sweeper.Wake] asks for it,
// until ctx ends, and returns nil then. After a sweep that failed, because
// ANYMARKET is not there for instance, it sweeps again a minute later. When the
// receiver is closed it returns [outbox.ErrClosed].
func (s *Sweeper) Run(ctx context.Context) error {
	const retry = time.Minute
	for ctx.Err() == nil {
		wait := s.config.Interval
		swept, errs := s.sweep(ctx)
		s.tell(ctx, swept)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // its end is that of the sweeper, and no error
		}
		for _, err := range errs {
			switch {
			case errors.Is(err, outbox.ErrClosed):
				return err
			case !isRefused(err):
				wait = min(retry, wait)
			}
			s.config.Logger.Warn("a feed could not be swept", errAttr(err))
		}
		s.bell.sleep(ctx, wait)
	}
	return nil
}

// Wake has [Sweeper.Run] sweep now: when a gate opened after a window, or when a
// guardian registered a callback again. It returns at once.
func (s *Sweeper) Wake() { s.bell.ring() }

// tell logs what a sweep found.
func (s *Sweeper) tell(ctx context.Context, swept Swept) {
	if swept.Stored > 0 {
		s.config.Logger.LogAttrs(ctx, slog.LevelInfo, "feeds swept", slog.Int("stored", swept.Stored), slog.Int("acknowledged", swept.Acknowledged))
	}
	for _, t := range swept.Incomplete {
		s.config.Logger.Warn("not all of a feed may have been seen: it has more than one reading shows, and they are not acknowledged", typeAttr(t))
	}
}
