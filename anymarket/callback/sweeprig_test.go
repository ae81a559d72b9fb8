package callback_test

import (
	"context"
	"log/slog"
	"maps"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/callback"
)

// api is a client of a fake's first account, without a gate.
func (r *rig) api() *api.Client {
	r.t.Helper()
	token, err := api.StaticToken(r.s.Token())
	require.NoError(r.t, err)
	c, err := api.New(api.Config{BaseURL: r.s.URL, Transport: r.s.Transport(), Token: token})
	require.NoError(r.t, err)
	return c
}

// sweeper sweeps the feeds of a fake's first account.
func (r *rig) sweeper(change func(*callback.SweeperConfig)) *callback.Sweeper {
	r.t.Helper()
	config := callback.SweeperConfig{
		Receiver: r.r, Feeds: r.api().Feeds(), OI: r.s.OI(), Types: []callback.Type{callback.TypeOrder},
		Acknowledge: true, Logger: slog.New(slog.NewTextHandler(r.log, nil)),
	}
	if change != nil {
		change(&config)
	}
	s, err := callback.NewSweeper(config)
	require.NoError(r.t, err)
	return s
}

// sweep wants all to go well.
func (r *rig) sweep(s *callback.Sweeper) callback.Swept {
	r.t.Helper()
	swept, err := s.Sweep(r.t.Context())
	require.NoError(r.t, err)
	return swept
}

// meddled are feeds in which something happens before an acknowledgement leaves.
type meddled struct {
	callback.Feeds

	before func()
}

func (m meddled) AckOrder(ctx context.Context, e api.FeedEntry, status api.OrderStatus) error {
	m.before()
	return m.Feeds.AckOrder(ctx, e, status)
}

// reads is what a program knows of the orders that it read.
type reads struct {
	mu   sync.Mutex
	last map[string]string // status by id
}

// read has the program read each order that it is told of.
func (r *rig) read(orders interface {
	Get(context.Context, api.ID) (api.Order, error)
},
) *reads {
	out := &reads{last: map[string]string{}}
	r.p.set(func(ctx context.Context, n callback.Notification) error {
		order, err := orders.Get(ctx, n.ResourceID())
		if err != nil {
			return err
		}
		out.mu.Lock()
		defer out.mu.Unlock()
		out.last[n.ID] = string(order.Status)
		return nil
	})
	return out
}

// orders are those that the program read, as they were when it last did.
func (s *reads) orders() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.last)
}

// truth are the orders as they are.
func (r *rig) truth() map[string]string {
	out := map[string]string{}
	for _, o := range r.s.Orders() {
		out[itoa(int(o.ID))] = o.Status
	}
	return out
}
