package marketplace_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
	"github.com/anymarket-go/sdk/outbox"
)

func keyOf(b byte) []byte { return bytes.Repeat([]byte{b}, outbox.KeySize) }

// showsBuyer says whether the file shows the buyer of a sale.
func showsBuyer(t *testing.T, path string) bool {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return bytes.Contains(b, []byte("12345678909"))
}

func TestKeysSealSales(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		cfg.Keys = [][]byte{keyOf(1)}
		c := open(t, cfg)
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "to keep it"))
		sold, err := c.Sales.Notify(t.Context(), sale("S-1"))
		require.NoError(t, err)
		require.NoError(t, c.Close())
		require.False(t, showsBuyer(t, cfg.Outbox))
		cfg.Keys = nil
		_, err = marketplace.Open(t.Context(), cfg)
		require.ErrorIs(t, err, outbox.ErrKeys)
		o, err := anymarket.OpenOutbox(cfg.Outbox, keyOf(1))
		require.NoError(t, err)
		require.NoError(t, o.ResumeAll(t.Context()))
		require.NoError(t, o.Close())
		cfg.Keys = [][]byte{keyOf(2), keyOf(1)}
		c = open(t, cfg)
		require.NoError(t, c.Receipt(sold.ID()).Wait(t.Context()))
		require.Len(t, s.Orders(), 1)
	})
}

func TestErasedSaleIsNowhere(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		c := open(t, cfg)
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "to keep it"))
		sold, err := c.Sales.Notify(t.Context(), sale("S-1"))
		require.NoError(t, err)
		paid, err := c.Sales.MarkPaid(t.Context(), "S-1", marketplace.Paid{})
		require.NoError(t, err)
		require.True(t, showsBuyer(t, cfg.Outbox))
		n, err := c.For("b").Sales.Erase(t.Context(), "S-1")
		require.NoError(t, err)
		require.Zero(t, n, "that of another seller is another")
		n, err = c.Sales.Erase(t.Context(), "S-1")
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.False(t, showsBuyer(t, cfg.Outbox))
		var cancelled *outbox.CancelledError
		require.ErrorAs(t, sold.Wait(t.Context()), &cancelled)
		require.ErrorAs(t, paid.Wait(t.Context()), &cancelled)
		again, err := c.Sales.Notify(t.Context(), sale("S-1"))
		require.NoError(t, err)
		require.True(t, again.Duplicate)
		require.NoError(t, c.Outbox().ResumeAll(t.Context()))
		require.NoError(t, c.Outbox().Drain(t.Context()))
		require.Empty(t, s.Orders())
	})
}
