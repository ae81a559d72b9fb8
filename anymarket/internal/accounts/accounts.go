package accounts

import (
	"context"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// Tokens returns the token of an account.
type Tokens func(ctx context.Context, account string) (string, error)

// Accounts are those that were used. It is safe for concurrent use.
type Accounts struct {
	base   *api.Client
	tokens Tokens
	told   func(account string, limit api.RateLimit)

	mu   sync.Mutex // guards the field below
	used map[string]*account
}

// account is an account whose token is used.
type account struct {
	name string
	api  *api.Client

	mu   sync.Mutex // guards the field below
	used string     // the token of the latest request; empty if there was none
}

// New keeps clients on the connections of base. told is told what answers say
// of an account's limits.
func New(base *api.Client, tokens Tokens, told func(account string, limit api.RateLimit)) *Accounts {
	return &Accounts{base: base, tokens: tokens, told: told, used: map[string]*account{}}
}

// Of returns the plain client of an account.
func (as *Accounts) Of(name string) *api.Client {
	as.mu.Lock()
	defer as.mu.Unlock()
	if a := as.used[name]; a != nil {
		return a.api
	}
	a := &account{name: name}
	a.api = as.base.WithToken(func(ctx context.Context) (string, error) {
		token, err := as.tokens(ctx, name)
		a.mu.Lock()
		defer a.mu.Unlock()
		a.used = token
		if err != nil {
			a.used = ""
		}
		return token, err
	}).Observed(func(_ context.Context, o api.Observation) { as.told(name, o.RateLimit) })
	as.used[name] = a
	return a.api
}

// Watch ends the suspension of accounts for which there is another token than
// the one that was refused, until ctx ends. The outbox tests them too, but
// rarely. Interval is the longest time between two looks.
func (as *Accounts) Watch(ctx context.Context, o *outbox.Outbox, interval time.Duration) {
	const most = 5 * time.Second
	tick := time.NewTicker(min(interval, most))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, a := range as.suspended(o) {
			if as.renewed(ctx, a) {
				o.Unsuspend(a.name)
			}
		}
	}
}

func (as *Accounts) suspended(o *outbox.Outbox) (found []*account) {
	as.mu.Lock()
	defer as.mu.Unlock()
	for _, a := range as.used {
		if o.IsSuspended(a.name) {
			found = append(found, a)
		}
	}
	return found
}

// renewed says whether the source has another token than the one last used.
func (as *Accounts) renewed(ctx context.Context, a *account) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	a.mu.Lock()
	used := a.used
	a.mu.Unlock()
	token, err := as.tokens(ctx, a.name)
	return err == nil && token != "" && token != used
}
