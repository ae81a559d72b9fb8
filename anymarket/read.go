package anymarket

import (
	"context"
	"iter"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/gated"
)

// gate is the one of the client's account.
func (c *Client) gate() gated.Gate {
	return gated.Gate{Outbox: c.core.Outbox, Account: c.account, Wait: c.wait}
}

// get makes a read through the gate. At a closed one it returns an
// [*outbox.ClosedError] that says why and until when, or waits; see
// [Client.Waiting].
func get[T any](ctx context.Context, c *Client, call func(context.Context, *api.Client) (T, error)) (T, error) {
	return gated.Get(ctx, c.gate(), func(ctx context.Context) (T, error) { return call(ctx, c.core.Of(c.account)) })
}

// list lists all rows from start on, each page through the gate. An error, an
// [*api.PageError], is the last that is given out.
func list[T any](ctx context.Context, c *Client, start api.Paging, key func(T) string, page func(context.Context, *api.Client, api.Paging) (api.Page[T], error)) iter.Seq2[T, error] {
	return gated.List(ctx, c.gate(), start, key, func(ctx context.Context, p api.Paging) (api.Page[T], error) {
		return page(ctx, c.core.Of(c.account), p)
	})
}
