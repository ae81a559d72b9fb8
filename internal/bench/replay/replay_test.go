package replay_test

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/stretchr/testify/require"
)

var full = flag.Bool("replay.full", false, "as many changes as after a real window: minutes")

const (
	permitted = 10  // calls a second
	batch     = 50  // values of a call
	soldOut   = 100 // every so many SKUs
	changes   = 20  // of each SKU
	window    = 4 * time.Hour
	accepted  = 1000 // values of an accept
)

func size(small, large int) int {
	if *full {
		return large
	}
	return small
}

// tell reports a figure to whoever runs the tests.
func tell(t *testing.T, key string, v float64) {
	t.Helper()
	t.Attr(key, strconv.FormatFloat(v, 'g', -1, 64))
}

// world permits so many calls a second, which take a while.
func world() anymarkettest.Options {
	return anymarkettest.Options{Limit: anymarkettest.Limit{Requests: permitted, Per: time.Second}, Latency: 100 * time.Millisecond}
}

func open(t *testing.T, s *anymarkettest.Server, maxRate float64) *anymarket.Client {
	t.Helper()
	c, err := anymarket.Open(t.Context(), anymarket.Config{
		Outbox: filepath.Join(t.TempDir(), "anymarket.db"), BaseURL: s.URL, Transport: s.Transport(),
		Tokens:  func(_ context.Context, account string) (string, error) { return s.For(account).Token(), nil },
		Account: s.Name(), MaxBatch: batch, MaxRate: maxRate,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func sku(n int) string { return fmt.Sprintf("SKU-%06d", n) }

// set accepts values for SKUs from first on.
func set(t *testing.T, c *anymarket.Client, first, n int, quantity func(sku int) int64) {
	t.Helper()
	stocks := make([]anymarket.Stock, n)
	for i := range stocks {
		stocks[i] = anymarket.Stock{PartnerID: sku(first + i), Quantity: anymarket.Qty(quantity(first + i))}
	}
	_, err := c.Stock.SetAll(t.Context(), stocks)
	require.NoError(t, err)
}

func TestReplayOfAWindow(t *testing.T) {
	// The ceiling is what the client is told, or so high that it has to be learned
	// from the answers 429.
	for name, maxRate := range map[string]float64{"configured": permitted, "learned": 10 * permitted} {
		t.Run(name, func(t *testing.T) {
			anymarkettest.RunWith(t, world(), func(t *testing.T, s *anymarkettest.Server) {
				replayWindow(t, s, open(t, s, maxRate), size(5000, 50_000))
			})
		})
	}
}

func replayWindow(t *testing.T, s *anymarkettest.Server, c *anymarket.Client, skus int) {
	t.Helper()
	s.Maintenance(window)
	end := time.Now().Add(window)
	accepts := changes * skus / accepted
	for round := range changes {
		for first := 0; first < skus; first += accepted {
			set(t, c, first, accepted, func(sku int) int64 {
				if round == changes-1 && sku%soldOut == 0 {
					return 0
				}
				return int64(1 + round)
			})
			time.Sleep(window * 9 / 10 / time.Duration(accepts))
		}
	}
	require.True(t, time.Now().Before(end))
	patience, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
	defer cancel()
	require.NoError(t, c.Outbox().Drain(patience))

	var begin, last time.Time
	sent, throttled := 0, 0
	for _, r := range s.Log() {
		if r.Route != "PUT /stocks" || r.At.Before(end) {
			continue
		}
		if begin.IsZero() {
			begin = r.At
		}
		sent++
		if r.Status == 429 {
			throttled++
		} else {
			last = r.AnsweredAt
		}
	}
	var oldest, latest time.Time // of what is sold out
	for n := range skus {
		stock, ok := s.Stock(sku(n), 0)
		require.True(t, ok, sku(n))
		require.Equal(t, 1, stock.Writes, sku(n))
		if n%soldOut != 0 {
			require.Equal(t, strconv.Itoa(changes), stock.Quantity, sku(n))
			continue
		}
		require.Equal(t, "0", stock.Quantity, sku(n))
		if n == 0 {
			oldest = stock.At
		}
		if stock.At.After(latest) {
			latest = stock.At
		}
	}
	least := float64(skus) / batch
	took := last.Sub(begin)
	tell(t, "changes", float64(changes*skus))
	tell(t, "skus", float64(skus))
	tell(t, "calls", float64(sent))
	tell(t, "throttled", float64(throttled))
	tell(t, "least-calls", least)
	tell(t, "seconds", took.Seconds())
	tell(t, "least-seconds", least/permitted)
	tell(t, "oldest-sold-out-seconds", oldest.Sub(begin).Seconds())
	tell(t, "last-sold-out-seconds", latest.Sub(begin).Seconds())
	tell(t, "begin-seconds", begin.Sub(end).Seconds())
}
