package marketplace_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// Outside a bubble: a real socket stops its clock.
func TestAdminSocketLivesWithTheClient(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are none")
	}
	s := anymarkettest.New(anymarkettest.Options{})
	defer func() { require.NoError(t, s.Close()) }()
	cfg := config(t, s)
	cfg.StartRate, cfg.MaxRate = 100, 100
	require.NoError(t, open(t, cfg).Close())
	require.NoFileExists(t, cfg.Outbox+".sock", "it is off by default")

	cfg.Admin = true
	c := open(t, cfg)
	a, err := admin.Dial(t.Context(), cfg.Outbox)
	require.NoError(t, err)
	_, err = anymarket.OpenOutbox(cfg.Outbox)
	var locked *outbox.LockedError
	require.ErrorAs(t, err, &locked)
	got, err := a.Accept(t.Context(), [][]byte{[]byte(`{"op":"sale.notify","sale":` + saleJSON(t, "S-1") + `}`), []byte(`{"op":"stock.set"}`)})
	require.NoError(t, err)
	require.Empty(t, got[0].Error)
	require.Contains(t, got[1].Error, "sale.notify")
	require.NoError(t, c.Receipt(got[0].ID).Wait(t.Context()))
	require.NoError(t, c.Close())
	require.NoFileExists(t, cfg.Outbox+".sock")
	_, err = a.Status(t.Context())
	require.ErrorIs(t, err, admin.ErrNoSocket)
	require.NoError(t, a.Close())

	require.NoError(t, os.WriteFile(cfg.Outbox+".sock", []byte("mine"), 0o600))
	cfg.Admin = false
	require.NoError(t, open(t, cfg).Close())
}

// Whoever opens the file knows what is in it, and does what a person wants
// without the client: nothing is sent, and nothing forgotten.
func TestOpenOutboxOfAMarketplace(t *testing.T) {
	in(t, anymarkettest.Options{StrictOrders: true, Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		c := open(t, cfg)
		incomplete := sale("S-1")
		incomplete.MarketplaceNumber = ""
		refused, err := c.Sales.Notify(t.Context(), incomplete)
		require.NoError(t, err)
		var dead *outbox.DeadError
		require.ErrorAs(t, refused.Wait(t.Context()), &dead)
		paid, err := c.Sales.MarkPaid(t.Context(), "S-1", marketplace.Paid{})
		require.NoError(t, err)
		crash := make(chan struct{})
		s.Fail(anymarkettest.Fault{Route: create, Mode: anymarkettest.Hang, Applied: true, Do: func(anymarkettest.Request) { close(crash) }})
		sent, err := c.Sales.Notify(t.Context(), sale("S-2"))
		require.NoError(t, err)
		<-crash
		c.Abort()
		requests := s.Count("")

		o, err := anymarket.OpenOutbox(cfg.Outbox)
		require.NoError(t, err)
		require.NoError(t, o.Check(t.Context()))
		rec, err := o.Show(sent.ID())
		require.NoError(t, err)
		require.True(t, rec.Unknown)
		why, err := o.Why(paid.ID())
		require.NoError(t, err)
		require.Equal(t, outbox.Parked, why.State)
		require.Contains(t, why.Next[0], refused.ID().String())
		_, err = o.Edit(t.Context(), refused.ID(), []byte(saleJSON(t, "S-2")))
		require.ErrorIs(t, err, outbox.ErrInvalid)
		require.NoError(t, o.Discard(t.Context(), refused.ID(), "sold by mistake"))
		rec, err = o.Show(paid.ID())
		require.NoError(t, err)
		require.Equal(t, outbox.Cancelled, rec.State, "with its creation")
		require.NoError(t, o.Close())
		require.Equal(t, requests, s.Count(""), "nothing was sent")

		c = open(t, cfg)
		require.NoError(t, c.Receipt(sent.ID()).Wait(t.Context()))
		require.Len(t, s.Orders(), 1)
		require.Equal(t, 2, s.Count(create))
	})
}
