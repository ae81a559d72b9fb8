package anymarket

import (
	"context"
	"iter"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// CallbackService reads and changes the registered callbacks, through the gate,
// see Client.Callbacks. Nothing of it is stored: a change is made once, at once,
// or fails. It is the Registry that a guardian of package callback wants.
type CallbackService struct{ c *Client }

// List lists the callbacks of the account, see [api.Callbacks.List].
func (s CallbackService) List(ctx context.Context) iter.Seq2[api.Callback, error] {
	key := func(b api.Callback) string { return b.ID.String() }
	return list(ctx, s.c, api.Paging{}, key, func(ctx context.Context, a *api.Client, p api.Paging) (api.Page[api.Callback], error) {
		return a.Callbacks().Page(ctx, p)
	})
}

// Get fetches a callback.
func (s CallbackService) Get(ctx context.Context, id ID) (api.Callback, error) {
	return get(ctx, s.c, func(ctx context.Context, a *api.Client) (api.Callback, error) { return a.Callbacks().Get(ctx, id) })
}

// Create registers a callback, see [api.Callbacks.Create].
func (s CallbackService) Create(ctx context.Context, callback api.Callback) (api.Callback, error) {
	return s.change(ctx, func(ctx context.Context, a *api.Client) (api.Callback, error) {
		return a.Callbacks().Create(ctx, callback)
	})
}

// Update replaces a callback, see [api.Callbacks.Update].
func (s CallbackService) Update(ctx context.Context, id ID, callback api.Callback) (api.Callback, error) {
	return s.change(ctx, func(ctx context.Context, a *api.Client) (api.Callback, error) {
		return a.Callbacks().Update(ctx, id, callback)
	})
}

// change makes a call through the gate that must not be repeated by itself.
func (s CallbackService) change(ctx context.Context, call func(context.Context, *api.Client) (api.Callback, error)) (changed api.Callback, err error) {
	_, closed := s.c.core.Outbox.Read(ctx, "", s.c.account, s.c.wait, func(ctx context.Context) outbox.Answer {
		changed, err = call(ctx, s.c.core.Of(s.c.account))
		return verdict.OfRead(err)
	})
	if closed != nil {
		return api.Callback{}, closed
	}
	return changed, err
}
