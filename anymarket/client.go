package anymarket

import (
	"context"
	"errors"
	"sync"

	"github.com/anymarket-go/sdk/anymarket/internal/engine"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// Client is the way to ANYMARKET for one account. It is safe for concurrent
// use. Clients of other accounts on the same outbox come from [Client.For].
type Client struct {
	core    *core
	account string
	wait    bool

	// Stock sets and reads quantities.
	Stock StockService
	// Prices sets prices and reads ads.
	Prices PriceService
	// Orders creates, moves and reads orders.
	Orders OrderService
	// Campaigns reads the campaigns of marketplaces.
	Campaigns CampaignService
	// Callbacks reads and changes the registered callbacks.
	Callbacks CallbackService
}

// core is what the clients of all accounts share.
type core struct {
	*engine.Engine

	config  Config // as it was given
	host    string // of the API
	ads     adCache
	created *created
	feeds   feeds

	mu   sync.Mutex      // guards the field below
	jobs map[string]bool // those that run, see begin
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
	c, err := newCore(config)
	if err != nil {
		return nil, err
	}
	first := c.client(config.Account, false)
	if err := c.Open(ctx, engine.Parts{Kinds: c.kinds(), Canary: c.canary, Handler: first.AdminHandler}); err != nil {
		return nil, err
	}
	return first, nil
}

// newCore checks the configuration.
func newCore(config Config) (*core, error) {
	config, wrong := config.filled()
	e, err := engine.New(config.settings())
	if err := errors.Join(wrong, err); err != nil {
		return nil, err
	}
	return &core{Engine: e, config: config, host: config.host(), created: newCreated()}, nil
}

// kinds are what the outbox can deliver.
func (c *core) kinds() []outbox.Kind {
	return append([]outbox.Kind{
		c.stockKind(), c.priceKind(),
		c.createKind(),
		c.stepKind(steps.byKey(), familyOrder), c.stepKind(steps.byID(), familyOrderID), c.stepKind(steps.byPartnerID(), familyOrderPartnerID),
		c.xmlKind(documents.byKey(), familyOrder), c.xmlKind(documents.byID(), familyOrderID), c.xmlKind(documents.byPartnerID(), familyOrderPartnerID),
		c.handOverKind(),
	}, c.callKinds()...)
}

func (c *core) client(account string, wait bool) *Client {
	cl := &Client{core: c, account: account, wait: wait}
	cl.Stock, cl.Prices, cl.Orders, cl.Callbacks = StockService{cl}, PriceService{cl}, OrderService{cl}, CallbackService{cl}
	cl.Campaigns = CampaignService{cl}
	return cl
}

// For returns a client for another account, on the same outbox. Closing it
// closes them all.
func (c *Client) For(account string) *Client { return c.core.client(account, c.wait) }

// Waiting returns a client whose reads wait at a closed gate until it opens or
// their context ends, instead of failing at once.
func (c *Client) Waiting() *Client { return c.core.client(c.account, true) }

// Account is the name of the client's account.
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
	return c.core.stop(c.core.Outbox.Close)
}

// Shutdown stops delivery: nothing more is sent, calls on the wire are waited
// for until ctx ends and are cancelled then, everything is recorded, the file is
// closed. It returns when every goroutine has ended. What was not delivered
// waits in the file. It is safe to call again.
func (c *Client) Shutdown(ctx context.Context) error {
	return c.core.stop(func() error { return c.core.Outbox.Shutdown(ctx) }) //nolint:contextcheck // the admin socket has a moment of its own
}

// Abort ends as a crash would: from here on nothing is written or sent, every
// goroutine has ended when it returns, and the file is as a crash would leave
// it. It is for tests, and for programs that must get out at once.
func (c *Client) Abort() {
	_ = c.core.stop(func() error { c.core.Outbox.Abort(); return nil }) // a crash has nothing to tell
}

func (c *core) stop(closing func() error) error {
	return c.Stop(func() error {
		c.feeds.end()
		err := closing()
		c.feeds.work.Wait()
		return err
	})
}

// canary is the cheapest read there is.
func (c *core) canary(ctx context.Context, host, account string) outbox.Answer {
	if host == hostFeed {
		// It is the program itself: there, and no judge of credentials.
		return outbox.Answer{Result: outbox.Result{Verdict: outbox.Failed}}
	}
	_, err := c.Of(account).Stocks().Locations(ctx)
	return verdict.OfCanary(err)
}
