package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/accounts"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
	"github.com/anymarket-go/sdk/outbox"
)

// Config are the settings of both clients, with the names and meanings that they
// have in their Configs.
type Config struct {
	Outbox         string
	Token          string
	Tokens         accounts.Tokens
	BaseURL, AppID string
	AllowHTTP      bool
	Transport      http.RoundTripper
	Windows        *maintenance.Calendar

	StartRate, MaxRate     float64
	Timeout                time.Duration
	MinBackoff, MaxBackoff time.Duration
	CanaryInterval         time.Duration
	LateApply, LookupLag   time.Duration
	OnceRetention          time.Duration
	Stale                  time.Duration
	DrainTimeout           time.Duration

	Restored, Admin bool
	Keys            [][]byte

	Observer       func(outbox.Event)
	ObserveRequest func(ctx context.Context, o api.Observation)
	Logger         *slog.Logger
}

const (
	defaultLateApply = 5*time.Minute + 30*time.Second
	defaultLookupLag = time.Minute
	defaultCanary    = 30 * time.Second
)

// Refusals collect what is wrong with a configuration.
type Refusals []error

// Add refuses a field if it is bad.
func (r *Refusals) Add(bad bool, field, reason string) {
	if bad {
		*r = append(*r, &api.FieldError{Field: field, Reason: reason})
	}
}

// Fill sets the defaults that the clients need to know. All that is wrong is
// named in the error, as [*api.FieldError] values joined.
func (c *Config) Fill() error {
	var wrong Refusals
	wrong.Add(c.Outbox == "", "Outbox", "is missing: it is the path of the file that keeps what is accepted")
	wrong.Add(c.Token == "" && c.Tokens == nil, "Token", "is missing, and so is Tokens")
	wrong.Add(c.Token != "" && c.Tokens != nil, "Token", "is given, and so is Tokens")
	wrong.Add(c.StartRate < 0, "StartRate", "is negative")
	wrong.Add(c.MaxRate < 0, "MaxRate", "is negative")
	for _, d := range []struct {
		field string
		d     time.Duration
	}{
		{"Timeout", c.Timeout},
		{"MinBackoff", c.MinBackoff},
		{"MaxBackoff", c.MaxBackoff},
		{"CanaryInterval", c.CanaryInterval},
		{"LateApply", c.LateApply},
		{"LookupLag", c.LookupLag},
		{"OnceRetention", c.OnceRetention},
		{"Stale", c.Stale},
		{"DrainTimeout", c.DrainTimeout},
	} {
		wrong.Add(d.d < 0, d.field, "is negative")
	}
	for i, key := range c.Keys {
		wrong.Add(len(key) != outbox.KeySize, fmt.Sprintf("Keys[%d]", i), fmt.Sprintf("has %d bytes, want %d", len(key), outbox.KeySize))
	}
	fill(&c.LateApply, defaultLateApply)
	fill(&c.LookupLag, defaultLookupLag)
	fill(&c.CanaryInterval, defaultCanary)
	if c.Token != "" && c.Tokens == nil {
		fixed, err := api.StaticToken(c.Token)
		if err != nil {
			wrong = append(wrong, err)
		}
		c.Tokens = func(ctx context.Context, _ string) (string, error) { return fixed(ctx) }
	}
	return errors.Join(wrong...)
}

func fill(d *time.Duration, otherwise time.Duration) {
	if *d == 0 {
		*d = otherwise
	}
}

// Options are those of the outbox, but for what it calls.
func (c *Config) Options() outbox.Options {
	o := outbox.Options{
		CanaryInterval: c.CanaryInterval, LateApply: c.LateApply, LookupLag: c.LookupLag, OnceRetention: c.OnceRetention, Stale: c.Stale,
		MinBackoff: c.MinBackoff, MaxBackoff: c.MaxBackoff, StartRate: c.StartRate, MaxRate: c.MaxRate,
		DrainTimeout: c.DrainTimeout, Restored: c.Restored, Keys: c.Keys, Observer: c.Observer, Logger: c.Logger,
	}
	if c.MaxRate > 0 && c.StartRate == 0 {
		o.StartRate = min(1, c.MaxRate)
	}
	if c.Windows != nil {
		o.Windows = func(host string, now time.Time) (outbox.Window, bool) {
			w, ok := c.Windows.At(host, now)
			return outbox.Window(w), ok
		}
	}
	return o
}
