package anymarket_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
)

// snapshot yields n rows, all with one quantity.
func snapshot(n int, quantity int64) func(context.Context, string) iter.Seq2[anymarket.Row, error] {
	return func(_ context.Context, after string) iter.Seq2[anymarket.Row, error] {
		return func(yield func(anymarket.Row, error) bool) {
			for i := range n {
				key := code(i)
				if key > after && !yield(anymarket.Row{Key: key, Stock: anymarket.Stock{PartnerID: key, Quantity: anymarket.Qty(quantity)}}, nil) {
					return
				}
			}
		}
	}
}

func code(i int) string { return fmt.Sprintf("SKU-%05d", i) }

func quantity(t *testing.T, s *anymarkettest.Server, partnerID string) string {
	t.Helper()
	stock, ok := s.Stock(partnerID, 0)
	require.True(t, ok, partnerID)
	return stock.Quantity
}

func TestReloadAmongLiveChanges(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		s.Refuse(code(3), "no such SKU")
		c := open(t, config(t, s))
		asOf := time.Now()
		time.Sleep(time.Minute)
		live, err := c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: code(1), Quantity: anymarket.Qty(99)})
		require.NoError(t, err)
		require.NoError(t, live.Wait(t.Context()))
		s.Maintenance(4 * time.Hour)
		_, err = c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: code(2), Quantity: anymarket.Qty(99)})
		require.NoError(t, err)
		var refused []string
		source := func(ctx context.Context, after string) iter.Seq2[anymarket.Row, error] {
			return func(yield func(anymarket.Row, error) bool) {
				for row, err := range snapshot(1000, 5)(ctx, after) {
					if row.Key == code(4) {
						row.Stock.Quantity = anymarket.Decimal{} // a row without a quantity
					}
					if !yield(row, err) {
						return
					}
				}
			}
		}
		sums, err := c.Stock.Reload(t.Context(), anymarket.Reload{
			Source: source, AsOf: asOf,
			Refused: func(row anymarket.Row, err error) { refused = append(refused, row.Key); require.Error(t, err) },
		})
		require.NoError(t, err)
		require.Equal(t, anymarket.Reloaded{Rows: 1000, Stored: 997, Settled: 996, GaveWay: 2, Refused: 2}, sums)
		require.Equal(t, []string{code(4), code(3)}, refused)
		require.Equal(t, "99", quantity(t, s, code(1)))
		require.Equal(t, "99", quantity(t, s, code(2)))
		for _, i := range []int{0, 5, 999} {
			require.Equal(t, "5", quantity(t, s, code(i)))
		}
	})
}

func TestReloadGoesOnWhereItStopped(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		asOf := time.Now()
		var runs, first []string
		load := func(ctx context.Context, c *anymarket.Client) (anymarket.Reloaded, error) {
			return c.Stock.Reload(ctx, anymarket.Reload{Name: "night", AsOf: asOf, Ahead: 400, Source: func(ctx context.Context, after string) iter.Seq2[anymarket.Row, error] {
				runs = append(runs, after)
				return func(yield func(anymarket.Row, error) bool) {
					for row, err := range snapshot(3000, 5)(ctx, after) {
						first = append(first, row.Key)
						if !yield(row, err) {
							return
						}
					}
				}
			}})
		}
		c, err := anymarket.Open(t.Context(), cfg)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
		_, err = load(ctx, c)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		c.Abort()
		require.Less(t, len(first), 3000)

		c = open(t, cfg)
		sums, err := load(t.Context(), c)
		require.NoError(t, err)
		require.Len(t, runs, 2)
		require.Greater(t, runs[1], code(200))
		require.Equal(t, 3000, sums.Rows)
		require.NoError(t, c.Outbox().Drain(t.Context()))
		for i := range 3000 {
			require.Equal(t, "5", quantity(t, s, code(i)))
		}
		_, err = load(t.Context(), c)
		require.NoError(t, err)
		require.Empty(t, runs[2], "one that is through begins anew")
	})
}

func TestReloadComparesAndLoadsWhatDiffers(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		_, err := c.Stock.Reload(t.Context(), anymarket.Reload{Source: snapshot(500, 5)})
		require.NoError(t, err)
		waiting, err := c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: code(7), Quantity: anymarket.Qty(6)})
		require.NoError(t, err)
		require.NoError(t, waiting.Wait(t.Context()))
		before := s.Count("PUT /stocks")
		load := anymarket.Reload{Source: snapshot(501, 5), Compare: true, DryRun: true}
		sums, err := c.Stock.Reload(t.Context(), load)
		require.NoError(t, err)
		require.Equal(t, anymarket.Reloaded{Rows: 501, Stored: 2, Same: 499}, sums)
		require.Equal(t, before, s.Count("PUT /stocks"))
		load.DryRun = false
		sums, err = c.Stock.Reload(t.Context(), load)
		require.NoError(t, err)
		require.Equal(t, anymarket.Reloaded{Rows: 501, Stored: 2, Settled: 2, Same: 499}, sums)
		require.Equal(t, before+1, s.Count("PUT /stocks"))
		require.Equal(t, "5", quantity(t, s, code(7)))
	})
}

// What ANYMARKET has may be about to change, by what waits.
func TestComparingReloadSendsARowWhoseLaneIsBusy(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		_, err := c.Stock.Reload(t.Context(), anymarket.Reload{Source: snapshot(2, 5)})
		require.NoError(t, err)
		s.Fail(anymarkettest.Fault{Route: "PUT /stocks", Times: 1, Status: 500, Body: `{"code":"500","message":"sick"}`})
		_, err = c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: code(0), Quantity: anymarket.Qty(6)})
		require.NoError(t, err)
		for s.Count("PUT /stocks") < 2 {
			time.Sleep(10 * time.Millisecond)
		}
		sums, err := c.Stock.Reload(t.Context(), anymarket.Reload{Source: snapshot(2, 5), Compare: true})
		require.NoError(t, err)
		require.Equal(t, anymarket.Reloaded{Rows: 2, Stored: 1, Settled: 1, Same: 1}, sums)
		require.Equal(t, "5", quantity(t, s, code(0)))
	})
}

func TestUnfitReloadIsRefused(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		var bad *api.FieldError
		_, err := c.Stock.Reload(t.Context(), anymarket.Reload{})
		require.ErrorAs(t, err, &bad)
		require.Equal(t, "Source", bad.Field)
		_, err = c.Stock.Reload(t.Context(), anymarket.Reload{Source: snapshot(1, 5), AsOf: time.Now().Add(time.Hour)})
		require.ErrorAs(t, err, &bad)
		require.Equal(t, "AsOf", bad.Field)
		twice := func(ctx context.Context, _ string) iter.Seq2[anymarket.Row, error] {
			return func(yield func(anymarket.Row, error) bool) {
				for range 2 {
					for row := range snapshot(2, 5)(ctx, "") {
						if !yield(row, nil) {
							return
						}
					}
				}
			}
		}
		_, err = c.Stock.Reload(t.Context(), anymarket.Reload{Source: twice})
		require.ErrorContains(t, err, `row "SKU-00000" comes after row "SKU-00001"`)
		require.Zero(t, c.Outbox().Stats().Accepted)
	})
}

// A row that cannot be stored is refused by itself, whatever is wrong with it.
func TestReloadIsNotStoppedByOneRow(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		var refused []string
		sums, err := c.Stock.Reload(t.Context(), anymarket.Reload{
			Ahead: 10,
			Source: func(context.Context, string) iter.Seq2[anymarket.Row, error] {
				return each([]anymarket.Row{
					{Key: "1", Stock: anymarket.Stock{PartnerID: "A", Quantity: anymarket.Qty(1)}},
					{Key: "2", Stock: anymarket.Stock{PartnerID: strings.Repeat("x", 2000), Quantity: anymarket.Qty(1)}},
					{Key: "3", Stock: anymarket.Stock{ID: 7, Quantity: anymarket.Qty(1)}},
					{Key: "4", Stock: anymarket.Stock{PartnerID: "B", Quantity: anymarket.Qty(1)}},
				})
			},
			Refused: func(row anymarket.Row, _ error) { refused = append(refused, row.Key) },
		})
		require.NoError(t, err)
		require.Equal(t, anymarket.Reloaded{Rows: 4, Stored: 2, Settled: 2, Refused: 2}, sums)
		require.Equal(t, []string{"2", "3"}, refused)
	})
}

// A load of the day before is not what goes on today.
func TestInterruptedReloadBeginsAnewAfterHours(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		var runs []string
		load := func(ctx context.Context) (anymarket.Reloaded, error) {
			return c.Stock.Reload(ctx, anymarket.Reload{Source: func(ctx context.Context, after string) iter.Seq2[anymarket.Row, error] {
				runs = append(runs, after)
				return snapshot(600, 5)(ctx, after)
			}, Ahead: 200})
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := load(ctx)
		cancel()
		require.Error(t, err)
		time.Sleep(24 * time.Hour)
		sums, err := load(t.Context())
		require.NoError(t, err)
		require.Equal(t, 600, sums.Rows)
		require.Equal(t, []string{"", ""}, runs)
	})
}

// What is delivered while a comparing load reads is not taken for the same.
func TestComparingReloadIsNotFooledByWhatWasUnderWay(t *testing.T) {
	in(t, anymarkettest.Options{StockLag: 30 * time.Second}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		_, err := c.Stock.Reload(t.Context(), anymarket.Reload{Source: snapshot(2, 5)})
		require.NoError(t, err)
		time.Sleep(time.Hour)
		r, err := c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: code(0), Quantity: anymarket.Qty(7)})
		require.NoError(t, err)
		require.NoError(t, r.Wait(t.Context()))
		asOf := time.Now() // ANYMARKET still shows 5
		sums, err := c.Stock.Reload(t.Context(), anymarket.Reload{Source: snapshot(2, 5), AsOf: asOf, Compare: true})
		require.NoError(t, err)
		require.Equal(t, 1, sums.Stored)
		require.Equal(t, "5", quantity(t, s, code(0)))
	})
}
