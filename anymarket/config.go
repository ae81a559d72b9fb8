package anymarket

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/accounts"
	"github.com/anymarket-go/sdk/anymarket/internal/engine"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
	"github.com/anymarket-go/sdk/outbox"
)

// TokenSource returns the token of an account. It is asked for every request,
// so that a rotated token is used at once, and now and then while the account
// is suspended. It must be safe for concurrent use and return soon. Tokens are
// kept in memory only.
type TokenSource func(ctx context.Context, account string) (string, error)

// Config says what a client needs to know. Outbox and one of Token and Tokens
// are required; the zero value of everything else is a sensible default.
type Config struct {
	// Outbox is the path of the file that keeps what is accepted, made anew if
	// there is none. One process at a time may have it open.
	Outbox string
	// Account is the name of the account that the client from [Open] is for.
	// It is stored with entries and must not change. Defaults to "".
	Account string
	// Token is the token of all accounts; for a process that serves one.
	Token string
	// Tokens returns the token of an account. Either it or Token is given.
	Tokens TokenSource

	// BaseURL is where ANYMARKET is. Defaults to [api.DefaultBaseURL]. The name of
	// its host is part of the key under which orders are remembered.
	BaseURL string
	// AllowHTTP permits http to other machines, which shows the token to the
	// network.
	AllowHTTP bool
	// Transport sends the requests. Defaults to one of the client's own.
	Transport http.RoundTripper
	// Timeout bounds a request. Defaults to 30 s.
	Timeout time.Duration

	// Windows are the announced maintenance windows. Defaults to none.
	Windows *maintenance.Calendar
	// StartRate and MaxRate bound the pace of an account in calls a second.
	// They default to 1, or MaxRate if that is less, and to 10.
	StartRate, MaxRate float64
	// MinBackoff and MaxBackoff bound the pause after an attempt that failed
	// by the entry's own fault; default to 1 s and 5 min.
	MinBackoff, MaxBackoff time.Duration
	// CanaryInterval is the time between the cheap reads that test whether
	// ANYMARKET is back. Defaults to 30 s.
	CanaryInterval time.Duration
	// LateApply is how long after the client gave up a request may still take
	// effect; defaults to 5 min 30 s. LookupLag is how long an effect may stay
	// hidden from look-ups; defaults to 1 min. A creation of unknown outcome is
	// sent again only when both have passed; see package outbox.
	LateApply, LookupLag time.Duration
	// MaxBatch is the most stock values or prices of a call. Defaults to 50,
	// at most 150.
	MaxBatch int
	// DrainTimeout is how long [Client.Close] waits for calls on the wire.
	// Defaults to 30 s.
	DrainTimeout time.Duration
	// Restored says that the file is a copy from earlier, see package outbox.
	Restored bool
	// Keys seal the bodies of what is accepted in the file, each of
	// [outbox.KeySize] random bytes: the first one seals, the others open what they
	// sealed. Without them bodies are stored as they are. See package outbox.
	Keys [][]byte

	// Stale is how long a stock value may wait before RefreshStock is asked
	// for the one as of now. Defaults to 10 min.
	Stale time.Duration
	// RefreshStock returns the stock as of now of what waited longer than
	// Stale, in the order of items. Where its Quantity is absent the stored
	// value is sent; an error or a timeout keeps them all. It cannot change
	// which stock is meant. Without it stored values are sent.
	RefreshStock func(ctx context.Context, account string, items []Stock) ([]Stock, error)

	// Strict makes an error of what is a warning otherwise: what ANYMARKET may
	// refuse although it can be right.
	Strict bool

	// Admin opens a socket beside the outbox for the life of the client, through
	// which the same user, and nobody else, can look at the outbox and operate
	// it with anymarketctl, and hand operations over. It is off by default, and
	// an error on Windows. See also [Client.AdminHandler].
	Admin bool

	// Observer is told what happens, see package outbox. It must return
	// quickly.
	Observer func(outbox.Event)
	// ObserveRequest is told of every request after its end, see
	// [api.Config]. It must be safe for concurrent use.
	ObserveRequest func(ctx context.Context, o api.Observation)
	// Logger defaults to none.
	Logger *slog.Logger
}

const defaultMaxBatch = 50 // no larger number is documented

// filled returns a copy with the defaults of what this client alone has. All
// that is wrong is named in the error, as [*api.FieldError] values joined.
func (c Config) filled() (Config, error) {
	var wrong engine.Refusals
	wrong.Add(c.MaxBatch < 0, "MaxBatch", "is negative")
	if c.MaxBatch == 0 {
		c.MaxBatch = defaultMaxBatch
	}
	return c, errors.Join(wrong...)
}

// host is the name of the machine that is called.
func (c Config) host() string {
	u, err := url.Parse(cmp.Or(c.BaseURL, api.DefaultBaseURL))
	if err != nil {
		return "" // refused when the client is made
	}
	return u.Hostname()
}

// settings are those that all clients have.
func (c Config) settings() engine.Config {
	return engine.Config{
		Outbox: c.Outbox, Token: c.Token, Tokens: accounts.Tokens(c.Tokens), BaseURL: c.BaseURL, AllowHTTP: c.AllowHTTP,
		Transport: c.Transport, Windows: c.Windows, StartRate: c.StartRate, MaxRate: c.MaxRate, Timeout: c.Timeout,
		MinBackoff: c.MinBackoff, MaxBackoff: c.MaxBackoff, CanaryInterval: c.CanaryInterval, LateApply: c.LateApply, LookupLag: c.LookupLag,
		Stale: c.Stale, DrainTimeout: c.DrainTimeout, Restored: c.Restored, Keys: c.Keys, Admin: c.Admin,
		Observer: c.Observer, ObserveRequest: c.ObserveRequest, Logger: c.Logger,
	}
}
