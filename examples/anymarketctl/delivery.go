package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
	"github.com/anymarket-go/sdk/outbox"
)

// delivery is how a process delivers: the flags that send and run share.
type delivery struct {
	outbox, baseURL, tokens, windows string
	appID                            string // empty: API v2, not that for marketplaces
	allowHTTP, strict                bool
	drain, canary, timeout           time.Duration
	lateApply, lookupLag             time.Duration
	startRate, maxRate               float64
	minBackoff, maxBackoff           time.Duration

	keys keyFile

	observer func(outbox.Event) // nil: nobody
}

func (d *delivery) bind(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&d.outbox, "outbox", "", "the `FILE` that keeps what is accepted, made if there is none")
	must(c.MarkFlagRequired("outbox"))
	f.StringVar(&d.baseURL, "base-url", "", "the `URL` of ANYMARKET's API, such as "+api.DefaultBaseURL+" or, for marketplaces, "+marketplace.ProductionURL)
	must(c.MarkFlagRequired("base-url"))
	f.StringVar(&d.appID, "app-id", "", "the `ID` of a marketplace, to use the API for marketplaces; else in "+appVariable)
	f.BoolVar(&d.allowHTTP, "allow-http", false, "allow http to other machines, which shows the token to the network")
	f.StringVar(&d.tokens, "tokens", "", "a `FILE` of mode 0600 with the tokens of accounts, {\"account\":\"token\"}; the default account's is in "+tokenVariable)
	d.keys.bind(c)
	f.StringVar(&d.windows, "windows", "", "the `FILE` of announced maintenance windows, see windows")
	f.BoolVar(&d.strict, "strict", false, "refuse what ANYMARKET may refuse, instead of warning")
	f.Float64Var(&d.maxRate, "max-rate", 10, "the most calls a second of an account")
	f.Float64Var(&d.startRate, "start-rate", 1, "calls a second of an account at the start and after an outage; not above --max-rate")
	f.DurationVar(&d.canary, "canary", 30*time.Second, "time between the cheap reads that test whether ANYMARKET is back")
	f.DurationVar(&d.timeout, "timeout", 30*time.Second, "how long a request may take")
	f.DurationVar(&d.minBackoff, "min-backoff", time.Second, "the first pause after an attempt that failed by its own fault")
	f.DurationVar(&d.maxBackoff, "max-backoff", 5*time.Minute, "the longest such pause")
	f.DurationVar(&d.lateApply, "late-apply", 5*time.Minute+30*time.Second, "how long after it was given up a request may still take effect")
	f.DurationVar(&d.lookupLag, "lookup-lag", time.Minute, "how long an effect may stay hidden from look-ups")
}

// check refuses values that cannot be meant.
func (d *delivery) check(c *cobra.Command) error {
	for _, name := range []string{"canary", "timeout", "min-backoff", "max-backoff", "late-apply", "lookup-lag"} {
		if v, err := c.Flags().GetDuration(name); err != nil || v <= 0 {
			return usage("--%s: %s, want more than 0", name, v)
		}
	}
	if !c.Flags().Changed("app-id") {
		d.appID = os.Getenv(appVariable)
	}
	if err := d.checkAPI(); err != nil {
		return err
	}
	switch {
	case d.drain < 0:
		return usage("--drain: %s is negative", d.drain)
	case !(d.maxRate > 0):
		return usage("--max-rate: %v, want more than 0", d.maxRate)
	case !c.Flags().Changed("start-rate"):
		d.startRate = min(d.startRate, d.maxRate)
	}
	switch {
	case !(d.startRate > 0) || d.startRate > d.maxRate:
		return usage("--start-rate: %v, want more than 0 and at most --max-rate %v", d.startRate, d.maxRate)
	case d.minBackoff > d.maxBackoff:
		return usage("--min-backoff: %s is above --max-backoff %s", d.minBackoff, d.maxBackoff)
	default:
		return nil
	}
}

// appVariable holds the id of a marketplace.
const appVariable = "ANYMARKET_APP_ID"

// checkAPI refuses the URL of one API where the other is meant. That of a proxy
// says nothing.
func (d *delivery) checkAPI() error {
	url := strings.TrimRight(d.baseURL, "/")
	switch {
	case d.appID == "" && strings.HasSuffix(url, "/marketplace/api"):
		return usage("--base-url is that of the API for marketplaces, which needs --app-id, or " + appVariable)
	case d.appID != "" && strings.HasSuffix(url, "/v2"):
		return usage("--base-url is that of API v2, which has no --app-id; it may come from " + appVariable)
	default:
		return nil
	}
}

// warnOfURL tells where a base URL lacks the path that the API has. That of a proxy
// may be meant so.
func (d *delivery) warnOfURL(log *slog.Logger) {
	want := "/v2"
	if d.appID != "" {
		want = "/marketplace/api"
	}
	if !strings.HasSuffix(strings.TrimRight(d.baseURL, "/"), want) {
		log.Warn("the base URL does not end as that of ANYMARKET does", slog.String("base-url", d.baseURL), slog.String("want", want))
	}
}

// client delivers: that of API v2, or that of marketplaces.
type client interface {
	AdminHandler() http.Handler
	Outbox() *outbox.Outbox
	Close() error
}

// start opens the client, if this process is the one that delivers.
func (d *delivery) start(ctx context.Context, log *slog.Logger) (c client, windows *maintenance.Calendar, err error) {
	config, tokens, err := d.config(log)
	if err != nil {
		return nil, nil, err
	}
	if tokens.none() {
		return nil, nil, usage("%w", errNoToken)
	}
	d.warnOfURL(log)
	if d.appID == "" {
		c, err = anymarket.Open(ctx, config)
	} else {
		c, err = marketplace.Open(ctx, ofMarketplace(config, d.appID))
	}
	var wrong *api.FieldError
	switch {
	case errors.As(err, &wrong):
		return nil, nil, usage("%w", err)
	case err != nil:
		return nil, nil, needsKeys(err)
	}
	return c, config.Windows, nil
}

var errNoToken = errors.New("no token: set " + tokenVariable + ", or give a file by --tokens")

// ofMarketplace is a configuration for the API for marketplaces.
func ofMarketplace(c anymarket.Config, appID string) marketplace.Config {
	return marketplace.Config{
		Outbox: c.Outbox, BaseURL: c.BaseURL, AppID: appID, Tokens: marketplace.TokenSource(c.Tokens), AllowHTTP: c.AllowHTTP,
		Strict: c.Strict, Keys: c.Keys, Admin: c.Admin, Timeout: c.Timeout, DrainTimeout: c.DrainTimeout, Windows: c.Windows,
		Observer: c.Observer, CanaryInterval: c.CanaryInterval, LateApply: c.LateApply, LookupLag: c.LookupLag,
		StartRate: c.StartRate, MaxRate: c.MaxRate, MinBackoff: c.MinBackoff, MaxBackoff: c.MaxBackoff, Logger: c.Logger,
	}
}

// config is that of the client.
func (d *delivery) config(log *slog.Logger) (anymarket.Config, *tokens, error) {
	t, err := newTokens(d.tokens, os.Getenv(tokenVariable), func(err error) {
		log.Warn("the tokens from before are used", slog.String("error", err.Error()))
	})
	if err != nil {
		return anymarket.Config{}, nil, err
	}
	keys, err := d.keys.read()
	if err != nil {
		return anymarket.Config{}, nil, err
	}
	config := anymarket.Config{
		Outbox: d.outbox, Keys: keys, Tokens: t.token, BaseURL: d.baseURL, AllowHTTP: d.allowHTTP, Strict: d.strict,
		Admin:   runtime.GOOS != "windows", // which has none
		Timeout: d.timeout, DrainTimeout: d.timeout, Observer: d.observer, CanaryInterval: d.canary, LateApply: d.lateApply, LookupLag: d.lookupLag,
		StartRate: d.startRate, MaxRate: d.maxRate, MinBackoff: d.minBackoff, MaxBackoff: d.maxBackoff, Logger: log,
	}
	if d.windows != "" {
		config.Windows, err = maintenance.FromFile(d.windows)
	}
	return config, t, err
}

// must is for mistakes in how the commands are built.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
