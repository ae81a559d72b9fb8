package anymarket_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

func TestStockReachesANYMARKET(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		r, err := c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: "SKU-1", Quantity: anymarket.Qty(12)})
		require.NoError(t, err)
		require.NoError(t, r.Wait(t.Context()))
		stock, ok := s.Stock("SKU-1", 0)
		require.True(t, ok)
		require.Equal(t, "12", stock.Quantity)
		require.Equal(t, outbox.Done, state(t, r))
		again := c.Receipt(r.ID())
		require.NoError(t, again.Wait(t.Context()))
	})
}

func TestStockThatCannotBeRightIsRefusedAtOnce(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		minus, err := anymarket.ParseDecimal("-1")
		require.NoError(t, err)
		for field, stock := range map[string]anymarket.Stock{
			"quantity":       {PartnerID: "A"},
			"partnerId":      {Quantity: anymarket.Qty(1)},
			"id":             {PartnerID: "A", ID: 1, Quantity: anymarket.Qty(1)},
			"cost":           {PartnerID: "A", Quantity: anymarket.Qty(1), Cost: minus},
			"additionalTime": {PartnerID: "A", Quantity: anymarket.Qty(1), AdditionalTime: api.Int(-1)},
			"stockLocalId":   {PartnerID: "A", Quantity: anymarket.Qty(1), StockLocalID: -1},
		} {
			_, err := c.Stock.Set(t.Context(), stock)
			var bad *api.FieldError
			require.ErrorAs(t, err, &bad, field)
			require.Equal(t, field, bad.Field)
			_, err = c.Stock.SetAll(t.Context(), []anymarket.Stock{stock})
			require.ErrorAs(t, err, &bad, field)
		}
		_, err = c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: "A", Quantity: minus})
		require.ErrorContains(t, err, "quantity is negative")
		require.Zero(t, c.Outbox().Stats().Accepted)
	})
}

// In a window the newest value wins, what it leaves out is carried over, and
// all goes in as few calls as there can be.
func TestStockNewestWinsAndKeepsCost(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "test"))
		cost, err := anymarket.ParseDecimal("5.50")
		require.NoError(t, err)
		first, err := c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: "A", Quantity: anymarket.Qty(9), Cost: cost, AdditionalTime: api.Int(2)})
		require.NoError(t, err)
		second, err := c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: "A", Quantity: anymarket.Qty(8)})
		require.NoError(t, err)
		other, err := c.Stock.SetAll(t.Context(), []anymarket.Stock{
			{PartnerID: "C", Quantity: anymarket.Qty(7)},
			{PartnerID: "B", Quantity: anymarket.Qty(0)},
		})
		require.NoError(t, err)
		require.NoError(t, c.Outbox().ResumeAll(t.Context()))
		for _, r := range append(other, first, second) {
			require.NoError(t, r.Wait(t.Context()))
		}
		require.Equal(t, outbox.Superseded, state(t, first))
		log := s.Log()
		require.Contains(t, string(log[0].Body), `"partnerId":"B","quantity":0`, "sold out goes first")
		var bodies string
		for _, r := range log {
			bodies += string(r.Body)
		}
		require.Contains(t, bodies, `{"partnerId":"A","quantity":8,"cost":5.50,"additionalTime":2}`)
		require.NotContains(t, bodies, `"quantity":9`)
	})
}

func TestStockHasOneAddressingPerAccount(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "test"))
		_, err := c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: "A", Quantity: anymarket.Qty(1)})
		require.NoError(t, err)
		_, err = c.Stock.Set(t.Context(), anymarket.Stock{ID: 7, Quantity: anymarket.Qty(1)})
		var bad *outbox.AddressingError
		require.ErrorAs(t, err, &bad)
		_, err = c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: "A", StockLocalID: 1, Quantity: anymarket.Qty(1)})
		require.ErrorAs(t, err, &bad, "the default location may be that one")
		_, err = c.For("other").Stock.Set(t.Context(), anymarket.Stock{ID: 7, Quantity: anymarket.Qty(1)})
		require.NoError(t, err, "another account has its own")
	})
}

// One refused SKU in a batch is a dead letter; the others are delivered.
func TestStockRefusedAloneInABatch(t *testing.T) {
	for _, batching := range []anymarkettest.Batching{anymarkettest.Atomic, anymarkettest.Prefix, anymarkettest.Partial} {
		t.Run(fmt.Sprint(batching), func(t *testing.T) {
			in(t, anymarkettest.Options{Batch: batching}, func(t *testing.T, s *anymarkettest.Server) {
				s.Refuse("SKU-5", "no such product")
				c := open(t, config(t, s))
				var all []anymarket.Stock
				for i := range 12 {
					all = append(all, anymarket.Stock{PartnerID: fmt.Sprint("SKU-", i), Quantity: anymarket.Qty(int64(i + 1))})
				}
				receipts, err := c.Stock.SetAll(t.Context(), all)
				require.NoError(t, err)
				require.NoError(t, c.Outbox().Drain(t.Context()))
				for i, r := range receipts {
					if i == 5 {
						var dead *outbox.DeadError
						require.ErrorAs(t, r.Wait(t.Context()), &dead)
						require.Contains(t, dead.Reason, "no such product")
						continue
					}
					stock, _ := s.Stock(fmt.Sprint("SKU-", i), 0)
					require.Equal(t, fmt.Sprint(i+1), stock.Quantity)
				}
			})
		})
	}
}

// What waited long is asked for again; a hook that fails changes nothing.
func TestStockIsRefreshed(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		cfg.Stale = time.Minute
		var asked []anymarket.Stock
		cfg.RefreshStock = func(_ context.Context, account string, items []anymarket.Stock) ([]anymarket.Stock, error) {
			if account == "fails" {
				return nil, errors.New("the ERP is down")
			}
			asked = items
			return []anymarket.Stock{{PartnerID: "WRONG", Quantity: anymarket.Qty(3)}, {}}, nil
		}
		c := open(t, cfg)
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "test"))
		stocks := []anymarket.Stock{{PartnerID: "A", Quantity: anymarket.Qty(1), AdditionalTime: api.Int(4)}, {PartnerID: "B", Quantity: anymarket.Qty(2)}}
		_, err := c.Stock.SetAll(t.Context(), stocks)
		require.NoError(t, err)
		_, err = c.For("fails").Stock.Set(t.Context(), anymarket.Stock{PartnerID: "C", Quantity: anymarket.Qty(5)})
		require.NoError(t, err)
		time.Sleep(2 * time.Minute)
		require.NoError(t, c.Outbox().ResumeAll(t.Context()))
		require.NoError(t, c.Outbox().Drain(t.Context()))
		require.Equal(t, stocks, asked)
		for sku, want := range map[string]string{"A": "3", "B": "2", "C": "5"} {
			stock, _ := s.Stock(sku, 0)
			require.Equal(t, want, stock.Quantity, sku)
		}
		stock, _ := s.Stock("A", 0)
		require.Equal(t, "4", stock.AdditionalTime)
	})
}
