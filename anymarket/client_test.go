package anymarket_test

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

func TestOpenNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(dir+"/text.db", []byte("not an outbox"), 0o600))
	source := func(context.Context, string) (string, error) { return "t", nil }
	for want, c := range map[string]anymarket.Config{
		"Outbox is missing":               {Token: "t"},
		"Token is missing":                {Outbox: dir + "/a.db"},
		"Token is given, and so is":       {Outbox: dir + "/a.db", Token: "t", Tokens: source},
		"token contains a line break":     {Outbox: dir + "/a.db", Token: "t\n"},
		"BaseURL is http":                 {Outbox: dir + "/a.db", Token: "t", BaseURL: "http://example.com/v2"},
		"CanaryInterval is negative":      {Outbox: dir + "/a.db", Token: "t", CanaryInterval: -1},
		"MaxRate is negative":             {Outbox: dir + "/a.db", Token: "t", MaxRate: -1},
		"MaxBatch 151":                    {Outbox: dir + "/a.db", Token: "t", MaxBatch: 151},
		"no such file or directory":       {Outbox: dir + "/none/a.db", Token: "t"},
		"not a usable outbox file":        {Outbox: dir + "/text.db", Token: "t"},
		"LookupLag is negative":           {Outbox: dir + "/a.db", Token: "t", LookupLag: -1},
		"must begin with https://":        {Outbox: dir + "/a.db", Token: "t", BaseURL: "ftp://x"},
		"Outbox is missing: it is the pa": {},
	} {
		_, err := anymarket.Open(t.Context(), c)
		require.ErrorContains(t, err, want)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := anymarket.Open(done, anymarket.Config{Outbox: dir + "/a.db", Token: "t"})
	require.ErrorIs(t, err, context.Canceled)
	require.NoFileExists(t, dir+"/a.db")
}

// What is accepted and not delivered waits in the file for the next client, and
// a client that is closed takes nothing more.
func TestClosedClientKeepsWhatWaits(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		c, err := anymarket.Open(ctx, cfg)
		require.NoError(t, err)
		cancel() // it bounds the opening only
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "test"))
		r, err := c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: "A", Quantity: anymarket.Qty(4)})
		require.NoError(t, err)
		_, err = anymarket.Open(t.Context(), cfg)
		var locked *outbox.LockedError
		require.ErrorAs(t, err, &locked)
		require.NoError(t, c.Shutdown(t.Context()))
		require.NoError(t, c.Close(), "closing again is fine")
		_, err = c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: "A", Quantity: anymarket.Qty(4)})
		require.ErrorIs(t, err, outbox.ErrClosed)
		require.Zero(t, s.Count("PUT /stocks"))

		c = open(t, cfg)
		require.NoError(t, c.Outbox().ResumeAll(t.Context()))
		require.NoError(t, c.Receipt(r.ID()).Wait(t.Context()))
		stock, _ := s.Stock("A", 0)
		require.Equal(t, "4", stock.Quantity)
	})
}

// A revoked token suspends its account, the other one goes on at the same
// times, and a new token of the source ends it soon.
func TestAnotherTokenEndsSuspension(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		bad, good := s.For("bad"), s.For("good")
		var token atomic.Value
		token.Store(bad.Token())
		cfg := config(t, s)
		cfg.Token = ""
		cfg.Tokens = func(_ context.Context, account string) (string, error) {
			if account == "bad" {
				return token.Load().(string), nil
			}
			return good.Token(), nil
		}
		c := open(t, cfg)
		bad.Revoke()
		start := time.Now()
		r, err := c.For("bad").Stock.Set(t.Context(), anymarket.Stock{PartnerID: "A", Quantity: anymarket.Qty(1)})
		require.NoError(t, err)
		time.Sleep(time.Minute)
		require.True(t, c.Outbox().IsSuspended("bad"))
		fine, err := c.For("good").Stock.Set(t.Context(), anymarket.Stock{PartnerID: "A", Quantity: anymarket.Qty(2)})
		require.NoError(t, err)
		require.NoError(t, fine.Wait(t.Context()))
		require.Less(t, time.Since(start), time.Minute+2*time.Second)

		time.Sleep(10*time.Minute + 10*time.Second) // between two probes of the outbox
		require.Equal(t, outbox.Waiting, state(t, r), "it is kept")
		bad.SetToken("token-new")
		token.Store("token-new")
		renewed := time.Now()
		require.NoError(t, r.Wait(t.Context()))
		require.Less(t, time.Since(renewed), 10*time.Second)
		require.Zero(t, c.Outbox().Stats().Dead)
	})
}

// A source that has no token for an account holds up that account alone.
func TestTokenSourceThatFailsSuspendsItsAccount(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		var locked atomic.Bool
		locked.Store(true)
		cfg := config(t, s)
		cfg.Token = ""
		cfg.Tokens = func(_ context.Context, account string) (string, error) {
			if account == "bad" && locked.Load() {
				return "", errors.New("the vault is locked")
			}
			return s.Token(), nil
		}
		c := open(t, cfg)
		r, err := c.For("bad").Stock.Set(t.Context(), anymarket.Stock{PartnerID: "A", Quantity: anymarket.Qty(1)})
		require.NoError(t, err)
		time.Sleep(time.Minute)
		fine, err := c.For("good").Stock.Set(t.Context(), anymarket.Stock{PartnerID: "B", Quantity: anymarket.Qty(2)})
		require.NoError(t, err)
		start := time.Now()
		require.NoError(t, fine.Wait(t.Context()))
		require.Less(t, time.Since(start), 2*time.Second)
		locked.Store(false)
		require.NoError(t, r.Wait(t.Context()))
	})
}

func TestReadsAtAClosedGateFailAtOnceOrWait(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		id := s.AddOrder(`{"marketPlace":"ECOMMERCE","marketPlaceId":"S-1"}`)
		c := open(t, config(t, s))
		got, err := c.Orders.Get(t.Context(), anymarket.ID(id))
		require.NoError(t, err)
		require.Equal(t, "S-1", got.MarketplaceID)
		_, err = c.Orders.Get(t.Context(), 1)
		var answer *api.Error
		require.ErrorAs(t, err, &answer)
		require.Equal(t, 404, answer.Status)

		require.NoError(t, c.Outbox().Pause(t.Context(), "", "stocktaking"))
		before := s.Count("")
		start := time.Now()
		_, err = c.Orders.Get(t.Context(), anymarket.ID(id))
		var closed *outbox.ClosedError
		require.ErrorAs(t, err, &closed)
		require.Contains(t, closed.Reason, "stocktaking")
		for _, err := range c.Orders.List(t.Context(), api.OrderFilter{}, api.Paging{}) {
			require.ErrorAs(t, err, &closed)
		}
		require.Zero(t, time.Since(start))
		require.Equal(t, before, s.Count(""))

		time.AfterFunc(time.Hour, func() { _ = c.Outbox().Resume(t.Context(), "") })
		got, err = c.Waiting().Orders.Get(t.Context(), anymarket.ID(id))
		require.NoError(t, err)
		require.EqualValues(t, id, got.ID)
		require.Equal(t, time.Hour, time.Since(start).Truncate(time.Minute))
	})
}

func TestReadsAreRetriedAndListed(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		for range 12 {
			s.AddOrder(`{}`)
		}
		cfg := config(t, s)
		cfg.Account = "shop"
		c := open(t, cfg)
		s.Fail(anymarkettest.Fault{Route: "GET /orders", Mode: anymarkettest.BadGateway})
		n := 0
		for _, err := range c.Orders.List(t.Context(), api.OrderFilter{}, api.Paging{Limit: 5}) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 12, n)
		require.Equal(t, 4, s.Count("GET /orders"))

		r, err := c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: "A", Quantity: anymarket.Qty(3)})
		require.NoError(t, err)
		require.NoError(t, r.Wait(t.Context()))
		for row, err := range c.Stock.List(t.Context(), api.StockFilter{PartnerID: "A"}, api.Paging{}) {
			require.NoError(t, err)
			require.Equal(t, "3", row.Amount.String())
		}
		places, err := c.Stock.Locations(t.Context())
		require.NoError(t, err)
		require.Len(t, places, 1)
		_, err = c.Orders.LookUp(t.Context(), "ECOMMERCE", "none")
		require.NoError(t, err)
		require.Equal(t, "shop", c.Account())
		var bad *api.FieldError
		for _, err := range c.Orders.List(t.Context(), api.OrderFilter{}, api.Paging{Limit: 1}) {
			require.ErrorAs(t, err, &bad)
		}
	})
}

func TestListThatGetsTheSamePageAgainEnds(t *testing.T) {
	in(t, anymarkettest.Options{IgnoreFilters: []string{"offset"}}, func(t *testing.T, s *anymarkettest.Server) {
		for range 12 {
			s.AddOrder(`{}`)
		}
		c := open(t, config(t, s))
		var last error
		for _, err := range c.Orders.List(t.Context(), api.OrderFilter{}, api.Paging{Limit: 5}) {
			last = err
		}
		require.ErrorIs(t, last, api.ErrPageRepeated)
	})
}
