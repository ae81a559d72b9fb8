package marketplace

import (
	"context"
	"errors"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/engine"
	"github.com/anymarket-go/sdk/anymarket/internal/gated"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// Client is the way to ANYMARKET for one seller. It is safe for concurrent use.
// Clients of other sellers on the same outbox come from [Client.For].
type Client struct {
	core    *core
	account string
	wait    bool

	// Sales makes sales known, moves and reads them.
	Sales SaleService
	// Ads reads what sellers offer.
	Ads AdService
}

// core is what the clients of all sellers share.
type core struct {
	*engine.Engine

	config Config // as it was given
	host   string // of the API
}

// Open opens the outbox and starts delivery. ctx bounds the opening only. The
// caller closes the client with [Client.Close] or [Client.Shutdown].
//
// Errors are [*api.FieldError] values for what is wrong with the configuration,
// an [*outbox.LockedError] if another process has the file, and what else
// [outbox.Open] returns.
func Open(ctx context.Context, config Config) (*Client, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e, err := engine.New(config.settings())
	if err := errors.Join(config.check(), err); err != nil {
		return nil, err
	}
	c := &core{Engine: e, config: config, host: config.host()}
	first := c.client(config.Account, false)
	if err := c.Open(ctx, engine.Parts{Kinds: c.kinds(), Canary: c.canary, Handler: first.AdminHandler}); err != nil {
		return nil, err
	}
	return first, nil
}

func (c *core) client(account string, wait bool) *Client {
	cl := &Client{core: c, account: account, wait: wait}
	cl.Sales, cl.Ads = SaleService{cl}, AdService{cl}
	return cl
}

// For returns a client for another seller, on the same outbox. Closing it
// closes them all.
func (c *Client) For(account string) *Client { return c.core.client(account, c.wait) }

// Waiting returns a client whose reads wait at a closed gate until it opens or
// their context ends, instead of failing at once.
func (c *Client) Waiting() *Client { return c.core.client(c.account, true) }

// Account is the name of the client's seller.
func (c *Client) Account() string { return c.account }

// Outbox is what keeps the entries: for statistics, dead letters, history and
// the acts of an operator. It is closed by the client alone.
func (c *Client) Outbox() *outbox.Outbox { return c.core.Outbox }

// Receipt rebuilds a receipt from its id, after a restart for instance.
func (c *Client) Receipt(id outbox.ID) Receipt {
	return Receipt{Receipt: c.core.Outbox.Receipt(id)}
}

// Close is [Client.Shutdown] with Config.DrainTimeout of patience.
func (c *Client) Close() error {
	return c.core.Stop(c.core.Outbox.Close)
}

// Shutdown stops delivery: nothing more is sent, calls on the wire are waited
// for until ctx ends and are cancelled then, everything is recorded, the file is
// closed. It returns when every goroutine has ended. What was not delivered
// waits in the file. It is safe to call again.
func (c *Client) Shutdown(ctx context.Context) error {
	return c.core.Stop(func() error { return c.core.Outbox.Shutdown(ctx) }) //nolint:contextcheck // the admin socket has a moment of its own
}

// Abort ends as a crash would: from here on nothing is written or sent, every
// goroutine has ended when it returns, and the file is as a crash would leave
// it. It is for tests, and for programs that must get out at once.
func (c *Client) Abort() {
	_ = c.core.Stop(func() error { c.core.Outbox.Abort(); return nil }) // a crash has nothing to tell
}

// gate is the one of the client's seller.
func (c *Client) gate() gated.Gate {
	return gated.Gate{Outbox: c.core.Outbox, Account: c.account, Wait: c.wait}
}

// read makes a read through the gate.
func read[T any](ctx context.Context, c *Client, call func(context.Context, *api.Client) (T, error)) (T, error) {
	return gated.Get(ctx, c.gate(), func(ctx context.Context) (T, error) { return call(ctx, c.core.Of(c.account)) })
}

// canary is the cheapest read there is.
func (c *core) canary(ctx context.Context, _, account string) outbox.Answer {
	_, err := configurations(ctx, c.Of(account))
	return verdict.OfCanary(err)
}
