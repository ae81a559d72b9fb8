package anymarket_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// buyer is that of every order.
const buyer = "12345678909"

func keyOf(b byte) []byte { return bytes.Repeat([]byte{b}, outbox.KeySize) }

// inFile says whether a file shows a text.
func inFile(t *testing.T, path, text string) bool {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return bytes.Contains(b, []byte(text))
}

func TestKeysSealWhatIsAccepted(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		cfg.Keys = [][]byte{keyOf(1)}
		c := open(t, cfg)
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "to keep it"))
		created, err := c.Orders.Create(t.Context(), order("M-1"))
		require.NoError(t, err)
		require.NoError(t, c.Close())
		require.False(t, inFile(t, cfg.Outbox, buyer))
		before, err := os.ReadFile(cfg.Outbox)
		require.NoError(t, err)

		cfg.Keys = [][]byte{keyOf(2)}
		_, err = anymarket.Open(t.Context(), cfg)
		require.ErrorIs(t, err, outbox.ErrKeys)
		_, err = anymarket.OpenOutbox(cfg.Outbox)
		require.ErrorIs(t, err, outbox.ErrKeys)
		after, err := os.ReadFile(cfg.Outbox)
		require.NoError(t, err)
		require.Equal(t, before, after)

		o, err := anymarket.OpenOutbox(cfg.Outbox, keyOf(2), keyOf(1))
		require.NoError(t, err)
		rec, err := o.Show(created.ID())
		require.NoError(t, err)
		require.Contains(t, string(rec.Body), buyer)
		require.NoError(t, o.Reseal(t.Context()))
		require.NoError(t, o.ResumeAll(t.Context()))
		require.NoError(t, o.Close())
		c = open(t, cfg)
		require.NoError(t, c.Receipt(created.ID()).Wait(t.Context()))
		require.Len(t, s.Orders(), 1)
		require.False(t, inFile(t, cfg.Outbox, buyer))
	})
}

func TestKeysThatCannotBeRight(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		cfg.Keys = [][]byte{keyOf(1), []byte("a secret that is short")}
		_, err := anymarket.Open(t.Context(), cfg)
		var wrong *api.FieldError
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, "Keys[1]", wrong.Field)
		require.NotContains(t, err.Error(), "secret")
		require.NoFileExists(t, cfg.Outbox)
	})
}

func TestErasedOrderIsNowhere(t *testing.T) {
	in(t, anymarkettest.Options{StrictOrders: true}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		c := open(t, cfg)
		incomplete := order("M-1")
		incomplete.MarketplaceNumber = ""
		created, err := c.Orders.Create(t.Context(), incomplete)
		require.NoError(t, err)
		key := anymarket.OrderKey{Marketplace: "ecommerce", MarketplaceID: "M-1"}
		paid, err := c.Orders.SetStatus(t.Context(), key, invoiced(accessKey))
		require.NoError(t, err)
		var dead *outbox.DeadError
		require.ErrorAs(t, created.Wait(t.Context()), &dead)
		other, err := c.For("b").Orders.Create(t.Context(), order("M-1"))
		require.NoError(t, err)
		require.NoError(t, other.Wait(t.Context()))
		byID, err := c.Orders.SetStatus(t.Context(), anymarket.OrderKey{ID: 77}, api.OrderUpdate{Status: api.StatusCancelled})
		require.NoError(t, err)
		require.ErrorAs(t, byID.Wait(t.Context()), &dead)
		require.True(t, inFile(t, cfg.Outbox, buyer))
		require.True(t, inFile(t, cfg.Outbox, accessKey))

		n, err := c.Orders.Erase(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.Equal(t, outbox.Cancelled, state(t, created))
		require.Equal(t, outbox.Cancelled, state(t, paid))
		require.Equal(t, outbox.Done, state(t, other), "that of another account is another")
		require.False(t, inFile(t, cfg.Outbox, buyer))
		require.False(t, inFile(t, cfg.Outbox, accessKey))

		require.Equal(t, outbox.Dead, state(t, byID))
		n, err = c.Orders.Erase(t.Context(), anymarket.OrderKey{ID: 77})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		n, err = c.Orders.Erase(t.Context(), anymarket.OrderKey{PartnerID: "ERP-7"})
		require.NoError(t, err, "that there is nothing is none")
		require.Zero(t, n)
		_, err = c.Orders.Erase(t.Context(), anymarket.OrderKey{})
		var wrong *api.FieldError
		require.ErrorAs(t, err, &wrong)
		again, err := c.Orders.Create(t.Context(), order("M-1"))
		require.NoError(t, err)
		require.True(t, again.Duplicate, "it is not created once more")
		require.Equal(t, created.ID(), again.ID())
	})
}
