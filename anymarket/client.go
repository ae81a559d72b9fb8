package anymarket

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/accounts"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/internal/admin"
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
	config Config
	api    *api.Client // of no account
	outbox *outbox.Outbox
	ads    adCache
	feeds  feeds
	// accounts have a plain client each.
	accounts *accounts.Accounts

	admin *admin.Server // nil without Config.Admin
	end   context.CancelFunc
	work  sync.WaitGroup // Run and the watch on tokens

	mu     sync.Mutex // guards the fields below
	runErr error
	jobs   map[string]bool // those that run, see begin
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
	config, err := config.filled()
	if err != nil {
		return nil, err
	}
	c := &core{config: config}
	// Calls are made with the clients of accounts only.
	none := func(context.Context) (string, error) { return "", errors.New("no account") }
	c.api, err = api.New(api.Config{
		BaseURL: config.BaseURL, AllowHTTP: config.AllowHTTP, Transport: config.Transport,
		Timeout: config.Timeout, Token: none, Observe: config.ObserveRequest,
	})
	if err != nil {
		return nil, err
	}
	c.accounts = accounts.New(c.api, accounts.Tokens(config.Tokens))
	options := config.options()
	options.Canary = c.canary
	options.Kinds = c.kinds()
	c.outbox, err = outbox.Open(config.Outbox, options) //nolint:contextcheck // it takes none: opening is one scan of the file
	if err != nil {
		return nil, fmt.Errorf("open outbox %s: %w", config.Outbox, err)
	}
	first := c.client(config.Account, false)
	if config.Admin {
		c.admin, err = admin.Open(c.outbox.Path(), first.AdminHandler(), config.Logger) //nolint:contextcheck // it serves for the life of the client
		if err != nil {
			return nil, errors.Join(err, c.outbox.Close()) //nolint:contextcheck // it must be closed, whatever ctx says
		}
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	c.end = end
	c.work.Go(func() {
		err := c.outbox.Run(life)
		if err != nil && !errors.Is(err, outbox.ErrClosed) {
			c.mu.Lock()
			c.runErr = err
			c.mu.Unlock()
		}
	})
	c.work.Go(func() { c.accounts.Watch(life, c.outbox, config.CanaryInterval) })
	return first, nil
}

// kinds are what the outbox can deliver.
func (c *core) kinds() []outbox.Kind {
	return append([]outbox.Kind{
		c.stockKind(), c.priceKind(),
		c.createKind(), c.stepKind(stepByKey, familyOrder), c.stepKind(stepByID, familyOrderID),
		c.xmlKind(xmlByKey, familyOrder), c.xmlKind(xmlByID, familyOrderID), c.handOverKind(),
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
func (c *Client) Outbox() *outbox.Outbox { return c.core.outbox }

// Receipt rebuilds a receipt from its id, after a restart for instance.
func (c *Client) Receipt(id outbox.ID) Receipt {
	return Receipt{Receipt: c.core.outbox.Receipt(id)}
}

// Close is [Client.Shutdown] with Config.DrainTimeout of patience.
func (c *Client) Close() error {
	return c.core.stop(c.core.outbox.Close)
}

// Shutdown stops delivery: nothing more is sent, calls on the wire are waited
// for until ctx ends and are cancelled then, everything is recorded, the file is
// closed. It returns when every goroutine has ended. What was not delivered
// waits in the file. It is safe to call again.
func (c *Client) Shutdown(ctx context.Context) error {
	return c.core.stop(func() error { return c.core.outbox.Shutdown(ctx) }) //nolint:contextcheck // the admin socket has a moment of its own
}

// Abort ends as a crash would: from here on nothing is written or sent, every
// goroutine has ended when it returns, and the file is as a crash would leave
// it. It is for tests, and for programs that must get out at once.
func (c *Client) Abort() {
	_ = c.core.stop(func() error { c.core.outbox.Abort(); return nil }) // a crash has nothing to tell
}

func (c *core) stop(closing func() error) error {
	var err error
	if c.admin != nil {
		err = c.admin.Close() // while the lock is held: the next process has a socket of its own
	}
	c.feeds.end()
	err = errors.Join(err, closing()) // it waits for Run
	c.feeds.work.Wait()
	c.end()
	c.work.Wait()
	if c.config.Transport == nil {
		c.api.CloseIdleConnections() // a transport of the caller is the caller's
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(err, c.runErr)
}

// of returns the plain client of an account.
func (c *core) of(account string) *api.Client { return c.accounts.Of(account) }

// canary is the cheapest read there is.
func (c *core) canary(ctx context.Context, host, account string) outbox.Answer {
	if host == hostFeed {
		return outbox.Answer{Result: outbox.Result{Verdict: outbox.Delivered}} // it is the program itself
	}
	_, err := c.of(account).Stocks().Locations(ctx)
	return verdict.OfCanary(err)
}
