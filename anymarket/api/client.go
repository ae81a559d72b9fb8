package api

import (
	"context"
	"net/http"
)

// Client makes calls to ANYMARKET. It is immutable and safe for concurrent use.
// It holds no state of its own besides the connections kept by its transport,
// starts no goroutine and does not repeat calls.
type Client struct {
	config    Config
	base      string // without a slash at the end
	transport http.RoundTripper
}

// New makes a client. It contacts nobody. All that is wrong with the
// configuration is named in the error, as [*FieldError] values joined.
func New(config Config) (*Client, error) {
	config, base, err := config.filled()
	if err != nil {
		return nil, err
	}
	c := &Client{config: config, base: base.String(), transport: config.Transport}
	if c.transport == nil {
		c.transport = newTransport()
	}
	return c, nil
}

// WithToken returns a client for another account, on the same connections. A
// nil token panics: that is a mistake in the program.
func (c *Client) WithToken(token TokenFunc) *Client {
	if token == nil {
		panic("api: WithToken(nil)")
	}
	other := *c
	other.config.Token = token
	return &other
}

// Observed returns a client whose requests are told of to one more observer, see
// [Config].
func (c *Client) Observed(observe func(ctx context.Context, o Observation)) *Client {
	other, before := *c, c.config.Observe
	other.config.Observe = func(ctx context.Context, o Observation) {
		if before != nil {
			before(ctx, o)
		}
		observe(ctx, o)
	}
	return &other
}

// BaseURL returns where the client calls, without a slash at the end.
func (c *Client) BaseURL() string { return c.base }

// CloseIdleConnections closes kept connections that are not in use, those of
// derived clients included. The client stays usable.
func (c *Client) CloseIdleConnections() {
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// Stocks are the quantities on hand by SKU and location.
func (c *Client) Stocks() Stocks { return Stocks{c} }

// Prices are the prices of SKUs and of their ads.
func (c *Client) Prices() Prices { return Prices{c} }

// SKUs finds SKUs and ads, and the ids by which prices are addressed.
func (c *Client) SKUs() SKUs { return SKUs{c} }

// Products finds products.
func (c *Client) Products() Products { return Products{c} }

// Orders are the sales.
func (c *Client) Orders() Orders { return Orders{c} }

// Feeds are the lists of orders, products and SKUs that changed.
func (c *Client) Feeds() Feeds { return Feeds{c} }

// Callbacks are the addresses that ANYMARKET calls when something changes.
func (c *Client) Callbacks() Callbacks { return Callbacks{c} }

// Campaigns are the campaigns of marketplaces.
func (c *Client) Campaigns() Campaigns { return Campaigns{c} }
