package anymarket_test

import (
	"context"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/outbox"
)

func TestReloadStoresABoundedNumberAhead(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		s.Maintenance(4 * time.Hour)
		loaded := make(chan error)
		go func() {
			_, err := c.Stock.Reload(t.Context(), anymarket.Reload{Source: snapshot(1000, 5), Ahead: 100})
			loaded <- err
		}()
		time.Sleep(time.Hour)
		require.LessOrEqual(t, c.Outbox().Stats().Accepted, uint64(2*100), "and the rows of one commit")
		require.NoError(t, <-loaded)
		require.Equal(t, "5", quantity(t, s, code(999)))
	})
}

// How far a load got is kept when its rows are stored, and not before.
func TestReloadThatCrashesWhileRowsAreStoredMissesNone(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		asOf := time.Now()
		load := func(c *anymarket.Client, refused func(anymarket.Row, error)) (anymarket.Reloaded, error) {
			return c.Stock.Reload(t.Context(), anymarket.Reload{
				AsOf: asOf, Refused: refused,
				Source: func(ctx context.Context, after string) iter.Seq2[anymarket.Row, error] {
					return func(yield func(anymarket.Row, error) bool) {
						for row, err := range snapshot(10, 5)(ctx, after) {
							if row.Key == code(0) {
								row.Stock.PartnerID = strings.Repeat("x", 2000) // the outbox refuses it
							}
							if !yield(row, err) {
								return
							}
						}
					}
				},
			})
		}
		c, err := anymarket.Open(t.Context(), cfg)
		require.NoError(t, err)
		_, err = load(c, func(anymarket.Row, error) { c.Abort() }) // the rest is not stored yet
		require.ErrorIs(t, err, outbox.ErrClosed)

		sums, err := load(open(t, cfg), nil)
		require.NoError(t, err)
		require.Equal(t, anymarket.Reloaded{Rows: 10, Stored: 9, Settled: 9, Refused: 1}, sums)
		for i := 1; i < 10; i++ {
			require.Equal(t, "5", quantity(t, s, code(i)))
		}
	})
}
