package anymarket

import (
	"context"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// account is an account whose token is used.
type account struct {
	name string
	api  *api.Client

	mu   sync.Mutex // guards the field below
	used string     // the token of the latest request; empty if there was none
}

// of returns the plain client of an account.
func (c *core) of(name string) *api.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.accounts[name]; a != nil {
		return a.api
	}
	a := &account{name: name}
	a.api = c.api.WithToken(func(ctx context.Context) (string, error) {
		token, err := c.config.Tokens(ctx, name)
		a.mu.Lock()
		defer a.mu.Unlock()
		a.used = token
		if err != nil {
			a.used = ""
		}
		return token, err
	})
	c.accounts[name] = a
	return a.api
}

// watchTokens ends the suspension of accounts for which there is another token
// than the one that was refused. The outbox tests them too, but rarely.
func (c *core) watchTokens(ctx context.Context) {
	const most = 5 * time.Second
	tick := time.NewTicker(min(c.config.CanaryInterval, most))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, a := range c.suspended() {
			if c.renewed(ctx, a) {
				c.outbox.Unsuspend(a.name)
			}
		}
	}
}

func (c *core) suspended() (found []*account) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.accounts {
		if c.outbox.IsSuspended(a.name) {
			found = append(found, a)
		}
	}
	return found
}

// renewed says whether the source has another token than the one last used.
func (c *core) renewed(ctx context.Context, a *account) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	a.mu.Lock()
	used := a.used
	a.mu.Unlock()
	token, err := c.config.Tokens(ctx, a.name)
	return err == nil && token != "" && token != used
}
