package callback_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/callback"
)

// A maintenance begins before the orders could be read that were told of. What
// needs ANYMARKET waits, at no cost, beside what does not; afterwards all is read,
// and the guardian has registered the callback again that was lost.
func TestThroughAMaintenance(t *testing.T) {
	in(t, opts{CallbackTwice: true}, nil, func(r *rig) {
		client, err := anymarket.Open(r.t.Context(), anymarket.Config{
			Outbox: filepath.Join(r.t.TempDir(), "anymarket.db"), Token: r.s.Token(), BaseURL: r.s.URL, Transport: r.s.Transport(),
		})
		require.NoError(r.t, err)
		defer func() { require.NoError(r.t, client.Close()) }()
		var mu sync.Mutex
		read := map[string]string{}
		r.p.set(func(ctx context.Context, n callback.Notification) error {
			if n.Type != callback.TypeOrder {
				return nil
			}
			order, err := client.Orders.Get(ctx, n.ResourceID())
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			read[n.ID] = string(order.Status)
			return nil
		})
		r.run()
		g := &guard{t: r.t, s: r.s}
		g.guardianOf(r.s)
		id := r.s.AddCallback(anymarkettest.Callback{URL: hookURL, Order: true})
		g.remember()

		r.s.Maintenance(4 * time.Hour)
		const orders = 10
		for range orders { // told just before, and on their way until now
			r.order(int(r.s.AddOrder(`{"status":"PENDING"}`)), "CREATE")
		}
		time.Sleep(time.Second)
		require.Len(r.t, r.waiting(), orders)
		r.s.RemoveCallback(id)
		for minute := range 4 * 60 {
			status, _ := r.post(`{"type":"PRODUCT","content":{"id":"` + itoa(minute) + `","oi":"` + r.s.OI() + `"}}`)
			require.Equal(r.t, 200, status)
			time.Sleep(time.Minute)
		}
		time.Sleep(5 * time.Minute)
		require.Zero(r.t, r.r.Inbox().Stats().Dead)
		require.Empty(r.t, r.waiting())
		mu.Lock()
		require.Len(r.t, read, orders)
		mu.Unlock()

		require.True(r.t, g.one(g.repair()).Repaired)
		later := r.s.AddOrder(`{"status":"PENDING"}`)
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		require.Equal(r.t, "PENDING", read[itoa(int(later))])
	})
}
