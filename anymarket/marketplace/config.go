package marketplace

import (
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

// Where the API for marketplaces is.
//
// Source: the sandbox from ANYMARKET's document for marketplaces, which writes
// http; production is seen with one marketplace.
const (
	ProductionURL = "https://api.anymarket.com.br/marketplace/api"
	SandboxURL    = "https://sandbox-api.anymarket.com.br/marketplace/api"
)

// TokenSource returns the token of a seller. It is asked for every request, so
// that a rotated token is used at once, and now and then while the seller is
// suspended. It must be safe for concurrent use and return soon. Tokens are
// kept in memory only.
type TokenSource func(ctx context.Context, account string) (string, error)

// Config says what a client needs to know. Outbox, BaseURL, AppID and one of
// Token and Tokens are required; the zero value of everything else is a
// sensible default.
type Config struct {
	// Outbox is the path of the file that keeps what is accepted, made anew if
	// there is none. One process at a time may have it open. It is for one
	// marketplace in one of production and sandbox.
	Outbox string
	// BaseURL is where the API is, such as [ProductionURL]. The name of its host
	// is part of the key under which sales are remembered.
	BaseURL string
	// AppID is the id that ANYMARKET gave the marketplace.
	AppID string
	// Account is the name of the seller that the client from [Open] is for. It
	// is stored with entries and must not change. Defaults to "".
	Account string
	// Token is the token of all sellers; for a process that serves one.
	Token string
	// Tokens returns the token of a seller. Either it or Token is given.
	Tokens TokenSource

	// AllowHTTP permits http to other machines, which shows the token to the
	// network.
	AllowHTTP bool
	// Transport sends the requests. Defaults to one of the client's own.
	Transport http.RoundTripper
	// Timeout bounds a request. Defaults to 30 s.
	Timeout time.Duration

	// Windows are the announced maintenance windows. Defaults to none.
	Windows *maintenance.Calendar
	// StartRate and MaxRate bound the pace of a seller in calls a second. They
	// default to 1, or MaxRate if that is less, and to 10, which is ANYMARKET's
	// limit.
	StartRate, MaxRate float64
	// MinBackoff and MaxBackoff bound the pause after an attempt that failed
	// by the entry's own fault; default to 1 s and 5 min.
	MinBackoff, MaxBackoff time.Duration
	// CanaryInterval is the time between the cheap reads that test whether
	// ANYMARKET is back. Defaults to 30 s.
	CanaryInterval time.Duration
	// LateApply is how long after the client gave up a request may still take
	// effect; defaults to 5 min 30 s. LookupLag is how long an effect may stay
	// hidden from look-ups; defaults to 1 min. A sale of unknown outcome is sent
	// again only when both have passed; see package outbox.
	LateApply, LookupLag time.Duration
	// OnceRetention is how long the key of a settled sale is remembered;
	// defaults to 90 days.
	OnceRetention time.Duration
	// DrainTimeout is how long [Client.Close] waits for calls on the wire.
	// Defaults to 30 s.
	DrainTimeout time.Duration
	// Restored says that the file is a copy from earlier, see package outbox.
	Restored bool
	// Keys seal the bodies of what is accepted in the file, each of
	// [outbox.KeySize] random bytes: the first one seals, the others open what they
	// sealed. Without them bodies are stored as they are. See package outbox.
	Keys [][]byte

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

// check names what is wrong of what this client alone has, as [*api.FieldError]
// values joined.
func (c Config) check() error {
	var wrong engine.Refusals
	wrong.Add(c.BaseURL == "", "BaseURL", "is missing: ProductionURL or SandboxURL")
	wrong.Add(c.AppID == "", "AppID", "is missing: ANYMARKET gives it to the marketplace")
	return errors.Join(wrong...)
}

// settings are those that all clients have.
func (c Config) settings() engine.Config {
	return engine.Config{
		Outbox: c.Outbox, Token: c.Token, Tokens: accounts.Tokens(c.Tokens), BaseURL: c.BaseURL, AppID: c.AppID, AllowHTTP: c.AllowHTTP,
		Transport: c.Transport, Windows: c.Windows, StartRate: c.StartRate, MaxRate: c.MaxRate, Timeout: c.Timeout,
		MinBackoff: c.MinBackoff, MaxBackoff: c.MaxBackoff, CanaryInterval: c.CanaryInterval, LateApply: c.LateApply, LookupLag: c.LookupLag,
		OnceRetention: c.OnceRetention, DrainTimeout: c.DrainTimeout, Restored: c.Restored, Keys: c.Keys, Admin: c.Admin,
		Observer: c.Observer, ObserveRequest: c.ObserveRequest, Logger: c.Logger,
	}
}

// host is the name of the machine that is called.
func (c Config) host() string {
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return "" // refused when the client is made
	}
	return u.Hostname()
}
