package anymarket_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
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
	socket := cfg.Outbox + ".sock"

	quiet := open(t, cfg)
	require.NoFileExists(t, socket, "it is off by default")
	require.NoError(t, quiet.Close())

	cfg.Admin = true
	for _, end := range []func(*anymarket.Client){
		func(c *anymarket.Client) { require.NoError(t, c.Close()) },
		func(c *anymarket.Client) { c.Abort() },
	} {
		c := open(t, cfg)
		fi, err := os.Lstat(socket)
		require.NoError(t, err)
		require.Equal(t, fs.ModeSocket|0o600, fi.Mode())
		a, err := admin.Dial(t.Context(), cfg.Outbox)
		require.NoError(t, err)
		_, err = anymarket.OpenOutbox(cfg.Outbox)
		var locked *outbox.LockedError
		require.ErrorAs(t, err, &locked)

		got, err := a.Accept(t.Context(), [][]byte{[]byte(`{"op":"stock.set","partnerId":"SKU-1","quantity":"7"}`), []byte(`{"op":"stock.set"}`)})
		require.NoError(t, err)
		require.Empty(t, got[0].Error)
		require.NotEmpty(t, got[1].Error)
		require.NoError(t, c.Receipt(got[0].ID).Wait(t.Context()))
		d, err := a.Show(t.Context(), got[0].ID)
		require.NoError(t, err)
		require.Equal(t, "delivered", d.State)

		end(c)
		require.NoFileExists(t, socket)
		_, err = a.Status(t.Context())
		require.ErrorIs(t, err, admin.ErrNoSocket)
		require.NoError(t, a.Close())
		require.NoError(t, c.Close(), "again")
	}
	stock, _ := s.Stock("SKU-1", 0)
	require.Equal(t, "7", stock.Quantity)
}

// A socket that cannot be had is no reason to hold the file.
func TestAdminSocketThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	s := anymarkettest.New(anymarkettest.Options{})
	defer func() { require.NoError(t, s.Close()) }()
	cfg := config(t, s)
	cfg.Admin = true
	require.NoError(t, os.WriteFile(cfg.Outbox+".sock", []byte("mine"), 0o600))
	_, err := anymarket.Open(t.Context(), cfg)
	require.ErrorContains(t, err, "admin socket")
	cfg.Admin = false
	require.NoError(t, open(t, cfg).Close())
}

func TestOpenOutboxLooksAndOperatesWithoutDelivering(t *testing.T) {
	in(t, anymarkettest.Options{StrictOrders: true}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		missing := filepath.Join(t.TempDir(), "typo.db")
		_, err := anymarket.OpenOutbox(missing)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.NoFileExists(t, missing)

		c := open(t, cfg)
		incomplete := order("M-1")
		incomplete.MarketplaceNumber = ""
		created, err := c.Orders.Create(t.Context(), incomplete)
		require.NoError(t, err)
		paid, err := c.Orders.SetStatus(t.Context(), anymarket.OrderKey{Marketplace: "ECOMMERCE", MarketplaceID: "M-1"}, invoiced(accessKey))
		require.NoError(t, err)
		var dead *outbox.DeadError
		require.ErrorAs(t, created.Wait(t.Context()), &dead)
		require.NoError(t, c.Close())
		sent := s.Count("")

		o, err := anymarket.OpenOutbox(cfg.Outbox)
		require.NoError(t, err)
		a := admin.Local(admin.NewHandler(o, admin.Delivery{}))
		d, err := a.Show(t.Context(), created.ID())
		require.NoError(t, err)
		require.Equal(t, "dead", d.State)
		require.NotContains(t, string(d.Body), "Ana")
		require.Contains(t, string(d.Body), "SKU-1")
		w, err := a.Why(t.Context(), paid.ID())
		require.NoError(t, err)
		require.Equal(t, "parked", w.State)
		require.Contains(t, w.Next[0], created.ID().String())
		_, err = a.Accept(t.Context(), [][]byte{[]byte(`{"op":"stock.set","partnerId":"SKU-1","quantity":"7"}`)})
		var refused *admin.Error
		require.ErrorAs(t, err, &refused)
		require.Equal(t, admin.CodeUnsupported, refused.Code)
		_, err = a.Edit(t.Context(), created.ID(), []byte("no order"))
		require.ErrorIs(t, err, outbox.ErrInvalid, "the kinds are those of the client")
		_, err = a.Edit(t.Context(), created.ID(), []byte(orderJSON(t, "M-1")))
		require.NoError(t, err)
		w, err = a.Why(t.Context(), created.ID())
		require.NoError(t, err)
		require.Contains(t, w.Next, "a process must run it")
		require.NoError(t, o.Check(t.Context()))
		require.NoError(t, o.Close())
		require.Equal(t, sent, s.Count(""), "nothing was sent")

		c = open(t, cfg)
		require.NoError(t, c.Receipt(paid.ID()).Wait(t.Context()))
		require.Equal(t, "INVOICED", s.Orders()[0].Status)
	})
}

// Should somebody run it after all, nothing is lost by it.
func TestOpenOutboxThatIsRunLosesNothing(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		c := open(t, cfg)
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "to keep it"))
		created, err := c.Orders.Create(t.Context(), order("M-1"))
		require.NoError(t, err)
		require.NoError(t, c.Close())
		o, err := anymarket.OpenOutbox(cfg.Outbox)
		require.NoError(t, err)
		require.NoError(t, o.ResumeAll(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		require.NoError(t, o.Run(ctx))
		require.NoError(t, o.Close())
		c = open(t, cfg)
		require.Equal(t, outbox.Waiting, state(t, c.Receipt(created.ID())))
		require.NoError(t, c.Receipt(created.ID()).Wait(t.Context()))
		require.Len(t, s.Orders(), 1)
	})
}
