package anymarket_test

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

// While the token of one account is revoked, what the others accept takes
// effect when it would have anyway: in live trade, in a window, and while the
// backlog of all is replayed. The entries of that account are kept, and go when
// there is a new token.
func TestRevokedTokenHoldsUpItsAccountAlone(t *testing.T) {
	t.Parallel()
	var calm, revoked map[string]time.Duration
	t.Run("calm", func(t *testing.T) { calm = tradeOfThree(t, false) })
	t.Run("revoked", func(t *testing.T) { revoked = tradeOfThree(t, true) })
	require.Len(t, calm, 4*rounds)
	require.Len(t, revoked, len(calm))
	for what, want := range calm {
		got, ok := revoked[what]
		require.True(t, ok, "%s did not take effect", what)
		require.LessOrEqual(t, math.Abs(float64(got-want)), 0.01*float64(want), "%s took %s, not %s", what, got, want)
	}
}

const (
	rounds = 60
	every  = 6 * time.Minute
	// The order of two calls of one instant is not fixed.
	apart = 30 * time.Second
)

// tradeOfThree lets three accounts trade for six hours, with two of maintenance
// after the second, and returns how long it took from accepting until each
// stock and order of the first two took effect. Revoked says that the token of
// the third is revoked after the first hour, and another one made in the fifth.
func tradeOfThree(t *testing.T, revoked bool) map[string]time.Duration {
	t.Helper()
	took := map[string]time.Duration{}
	anymarkettest.RunWith(t, anymarkettest.Options{Latency: 200 * time.Millisecond}, func(t *testing.T, s *anymarkettest.Server) {
		names := []string{"one", "two", "third"}
		third := s.For("third")
		var token atomic.Value // of the third
		token.Store(third.Token())
		cfg := config(t, s)
		cfg.Token = ""
		cfg.Tokens = func(_ context.Context, account string) (string, error) {
			if account == "third" {
				return token.Load().(string), nil
			}
			return s.For(account).Token(), nil
		}
		start := time.Now().UTC()
		w := maintenance.Window{Start: start.Add(2 * time.Hour), End: start.Add(4 * time.Hour)}
		var err error
		cfg.Windows, err = maintenance.New(w) // unannounced, its end would be noticed at a random moment
		require.NoError(t, err)
		s.MaintenanceAt(w.Start, w.End.Sub(w.Start))
		c := open(t, cfg)
		for n := range rounds {
			switch {
			case revoked && n == rounds/6:
				third.Revoke()
			case revoked && n == rounds*5/6:
				stats := c.Outbox().Stats()
				require.Equal(t, []string{"third"}, stats.Suspended)
				require.Equal(t, uint64(2*rounds*4/6), stats.Waiting, "its entries are kept")
				third.SetToken("another-token")
				token.Store("another-token")
			}
			for _, name := range names {
				_, err := c.For(name).Stock.Set(t.Context(), anymarket.Stock{PartnerID: fmt.Sprint(n), Quantity: anymarket.Qty(1)})
				require.NoError(t, err)
			}
			time.Sleep(apart)
			for _, name := range names {
				_, err := c.For(name).Orders.Create(t.Context(), order(fmt.Sprint(n)))
				require.NoError(t, err)
			}
			time.Sleep(every - apart)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		require.NoError(t, c.Outbox().Drain(ctx))
		require.Zero(t, c.Outbox().Stats().Dead)
		require.Len(t, third.Stocks(), rounds)
		require.Len(t, third.Orders(), rounds)
		for _, name := range names[:2] {
			for _, stock := range s.For(name).Stocks() {
				took[name+" stock "+stock.PartnerID] = stock.At.Sub(acceptedAt(t, start, stock.PartnerID))
			}
			for _, o := range s.For(name).Orders() {
				took[name+" order "+o.MarketPlaceID] = o.At.Sub(acceptedAt(t, start, o.MarketPlaceID).Add(apart))
			}
		}
	})
	return took
}

// acceptedAt is when the stock of a round was accepted.
func acceptedAt(t *testing.T, start time.Time, round string) time.Time {
	t.Helper()
	n, err := strconv.Atoi(round)
	require.NoError(t, err)
	return start.Add(time.Duration(n) * every)
}
