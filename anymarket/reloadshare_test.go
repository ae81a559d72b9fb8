package anymarket_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// A load is a long backlog and no hurry: at one call a second the changes of the
// day go between its rows, four calls to one.
func TestReloadLeavesTheWayToLiveChanges(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		cfg.MaxRate = 1
		c := open(t, cfg)
		loaded := make(chan error)
		go func() {
			_, err := c.Stock.Reload(t.Context(), anymarket.Reload{Source: snapshot(1000, 5)})
			loaded <- err
		}()
		for c.Outbox().Stats().Accepted < 1000 {
			time.Sleep(10 * time.Millisecond)
		}
		set := func(i int) anymarket.Receipt {
			r, err := c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: fmt.Sprint("LIVE-", i), Quantity: anymarket.Qty(1)})
			require.NoError(t, err)
			return r
		}
		// callsUntil is how many calls with rows of the load come before a change.
		callsUntil := func(change anymarket.Receipt) (calls int) {
			before := len(s.Log())
			require.NoError(t, change.Wait(t.Context()))
			for _, r := range s.Log()[before:] {
				if bytes.Contains(r.Body, []byte(`"SKU-`)) {
					calls++
				}
			}
			return calls
		}
		require.LessOrEqual(t, callsUntil(set(0)), 1)
		var last anymarket.Receipt
		for i := range 500 { // ten calls
			last = set(i + 1)
		}
		calls := callsUntil(last)
		require.LessOrEqual(t, calls, 3)
		require.GreaterOrEqual(t, calls, 1, "it goes on all the same")
		require.Greater(t, c.Outbox().Stats().Waiting, uint64(500))
		require.NoError(t, <-loaded)
	})
}

// A change that waits when a comparing load begins may be delivered before the
// load reads what ANYMARKET has, and not be shown yet: the row is sent.
func TestComparingReloadSendsARowWhoseLaneWasBusy(t *testing.T) {
	in(t, anymarkettest.Options{StockLag: 59500 * time.Millisecond}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		_, err := c.Stock.Reload(t.Context(), anymarket.Reload{Source: snapshot(2, 5)})
		require.NoError(t, err)
		time.Sleep(time.Hour)
		before := s.Count("PUT /stocks")
		s.Fail(anymarkettest.Fault{Route: "PUT /stocks", Times: 1, Status: 500, Body: `{"code":"500","message":"sick"}`})
		change, err := c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: code(0), Quantity: anymarket.Qty(6)})
		require.NoError(t, err)
		for s.Count("PUT /stocks") == before {
			time.Sleep(10 * time.Millisecond)
		}
		sums, err := c.Stock.Reload(t.Context(), anymarket.Reload{Source: snapshot(2, 5), Compare: true})
		require.NoError(t, err)
		require.Equal(t, anymarket.Reloaded{Rows: 2, Stored: 1, Settled: 1, Same: 1}, sums)
		require.NoError(t, change.Wait(t.Context()))
		var reads time.Time
		for _, r := range s.Log() {
			if r.Route == "GET /stocks" {
				reads = r.At
			}
		}
		events, err := c.Outbox().Events(change.ID())
		require.NoError(t, err)
		require.True(t, events[len(events)-1].At.Before(reads), "it was delivered before the load read")
		require.Equal(t, "5", quantity(t, s, code(0)))
	})
}
