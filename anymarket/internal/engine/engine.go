package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/accounts"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// Engine is an outbox that runs. It is safe for concurrent use.
type Engine struct {
	Config Config
	Outbox *outbox.Outbox

	plain    *api.Client // of no account
	accounts *accounts.Accounts
	admin    *admin.Server // nil without Config.Admin
	end      context.CancelFunc
	work     sync.WaitGroup // Run and the watch on tokens

	mu     sync.Mutex // guards the field below
	runErr error
}

// Parts are what a client adds.
type Parts struct {
	Kinds  []outbox.Kind
	Canary func(ctx context.Context, host, account string) outbox.Answer
	// Handler is what the admin socket serves, made once the outbox is open.
	Handler func() http.Handler
}

// New checks the settings. Nothing is open yet.
func New(config Config) (*Engine, error) {
	if err := config.Fill(); err != nil {
		return nil, err
	}
	// Calls are made with the clients of accounts only.
	none := func(context.Context) (string, error) { return "", errors.New("no account") }
	plain, err := api.New(api.Config{
		BaseURL: config.BaseURL, AllowHTTP: config.AllowHTTP, Transport: config.Transport,
		Timeout: config.Timeout, Token: none, AppID: config.AppID, Observe: config.ObserveRequest,
	})
	if err != nil {
		return nil, err
	}
	e := &Engine{Config: config, plain: plain}
	e.accounts = accounts.New(plain, config.Tokens, e.limit)
	return e, nil
}

// limit hands on what an answer said of an account's limits.
func (e *Engine) limit(account string, l api.RateLimit) {
	if l.RemainingKnown && l.Reset > 0 {
		e.Outbox.Limit(account, l.Remaining, l.Reset)
	}
}

// Of returns the plain client of an account.
func (e *Engine) Of(account string) *api.Client { return e.accounts.Of(account) }

// Open opens the outbox and starts delivery. ctx bounds the opening only.
func (e *Engine) Open(ctx context.Context, p Parts) (err error) {
	options := e.Config.Options()
	options.Kinds, options.Canary = p.Kinds, p.Canary
	e.Outbox, err = outbox.Open(e.Config.Outbox, options) //nolint:contextcheck // it takes none: opening is one scan of the file
	if err != nil {
		return fmt.Errorf("open outbox %s: %w", e.Config.Outbox, err)
	}
	if e.Config.Admin {
		e.admin, err = admin.Open(e.Outbox.Path(), p.Handler(), e.Config.Logger) //nolint:contextcheck // it serves for the life of the client
		if err != nil {
			return errors.Join(err, e.Outbox.Close()) //nolint:contextcheck // it must be closed, whatever ctx says
		}
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	e.end = end
	e.work.Go(func() {
		err := e.Outbox.Run(life)
		if err != nil && !errors.Is(err, outbox.ErrClosed) {
			e.mu.Lock()
			e.runErr = err
			e.mu.Unlock()
		}
	})
	e.work.Go(func() { e.accounts.Watch(life, e.Outbox, e.Config.CanaryInterval) })
	return nil
}

// Stop ends delivery by a way of closing the outbox, and returns when every
// goroutine has ended. It is safe to call again.
func (e *Engine) Stop(closing func() error) error {
	var err error
	if e.admin != nil {
		err = e.admin.Close() // while the lock is held: the next process has a socket of its own
	}
	err = errors.Join(err, closing()) // it waits for Run
	e.end()
	e.work.Wait()
	if e.Config.Transport == nil {
		e.plain.CloseIdleConnections() // a transport of the caller is the caller's
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return errors.Join(err, e.runErr)
}
