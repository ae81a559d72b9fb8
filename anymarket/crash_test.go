package anymarket_test

import (
	"crypto/sha256"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/outbox"
)

// A crash with an order and a stock on the wire: nothing is written or sent
// from that moment on, and the next client finds out what became of them.
func TestCrashWithCallsOnTheWire(t *testing.T) {
	for name, applied := range map[string]bool{"it took effect": true, "it did not": false} {
		t.Run(name, func(t *testing.T) {
			in(t, anymarkettest.Options{Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
				cfg := config(t, s)
				c := open(t, cfg)
				s.Fail(
					anymarkettest.Fault{Route: "POST /orders", Mode: anymarkettest.Hang, Applied: applied},
					anymarkettest.Fault{Route: "PUT /stocks", Mode: anymarkettest.Hang, Applied: applied},
				)
				created, err := c.Orders.Create(t.Context(), order("S-1"))
				require.NoError(t, err)
				set, err := c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: "SKU-1", Quantity: anymarket.Qty(7)})
				require.NoError(t, err)
				time.Sleep(5 * time.Second)
				require.Equal(t, 2, c.Outbox().Stats().InFlight)

				before, crashed := contents(t, cfg.Outbox), time.Now()
				s.Crash(c)
				require.Equal(t, crashed, time.Now(), "it waits for nothing")
				synctest.Wait()
				require.Zero(t, s.Conns())
				_, err = c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: "SKU-1", Quantity: anymarket.Qty(8)})
				require.ErrorIs(t, err, outbox.ErrClosed)
				require.ErrorIs(t, created.Wait(t.Context()), outbox.ErrClosed)
				sent := s.Count("")
				time.Sleep(time.Hour)
				require.Equal(t, sent, s.Count(""))
				require.Equal(t, before, contents(t, cfg.Outbox), "the file is as it was")

				c = open(t, cfg)
				require.NoError(t, c.Outbox().Check(t.Context()))
				require.NoError(t, c.Receipt(created.ID()).Wait(t.Context()))
				require.NoError(t, c.Receipt(set.ID()).Wait(t.Context()))
				require.Len(t, s.Orders(), 1)
				stock, _ := s.Stock("SKU-1", 0)
				require.Equal(t, "7", stock.Quantity)
				require.Equal(t, "GET /orders", s.Log()[sent].Route, "it looks before it sends")
			})
		})
	}
}

// The process can die between the effect of a request and its answer; the fake
// ends it there.
func TestCrashBetweenEffectAndAnswer(t *testing.T) {
	in(t, anymarkettest.Options{Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		c, other := open(t, cfg), open(t, config(t, s))
		s.Fail(anymarkettest.Fault{Route: "POST /orders", Do: func(anymarkettest.Request) { s.Crash(c) }})
		created, err := c.Orders.Create(t.Context(), order("S-1"))
		require.NoError(t, err)
		require.ErrorIs(t, created.Wait(t.Context()), outbox.ErrClosed)
		require.Len(t, s.Orders(), 1)

		r, err := other.Stock.Set(t.Context(), anymarket.Stock{PartnerID: "SKU-1", Quantity: anymarket.Qty(1)})
		require.NoError(t, err)
		require.NoError(t, r.Wait(t.Context()), "another client goes on")
		c = open(t, cfg)
		require.NoError(t, c.Receipt(created.ID()).Wait(t.Context()))
		require.Len(t, s.Orders(), 1)
		require.Equal(t, 1, s.Count("POST /orders"))
	})
}

// contents is a sum of what is in a file.
func contents(t *testing.T, path string) [sha256.Size]byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return sha256.Sum256(b)
}
