package anymarket_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// young is an order that no earlier file can have sent.
func young(id string) api.NewOrder {
	o := order(id)
	o.CreatedAt = api.At(time.Now().Add(2 * time.Hour))
	return o
}

// The same order has one receipt: from many goroutines at once, while it waits,
// after a crash, after its delivery, for 90 days. Other accounts may use its
// numbers.
func TestSameOrderAgain(t *testing.T) {
	in(t, anymarkettest.Options{Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		cfg.Token, cfg.Tokens = "", accountTokens(s)
		client := open(t, cfg)
		require.NoError(t, client.Outbox().PauseAll(t.Context(), "test"))
		first := young("S-1")
		ids := make([]outbox.ID, 20)
		duplicates := make([]bool, len(ids))
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				if r, err := client.For("shop").Orders.Create(t.Context(), first); err == nil {
					ids[i], duplicates[i] = r.ID(), r.Duplicate
				}
			})
		}
		wg.Wait()
		fresh := 0
		for i, id := range ids {
			require.Equal(t, ids[0], id)
			if !duplicates[i] {
				fresh++
			}
		}
		require.Equal(t, 1, fresh)
		again := func() {
			t.Helper()
			r, err := client.For("shop").Orders.Create(t.Context(), first)
			require.NoError(t, err)
			require.True(t, r.Duplicate)
			require.Equal(t, ids[0], r.ID())
			other := first
			other.Total, other.PartnerID = api.Qty(11), "another"
			var conflict *outbox.ConflictError
			_, err = client.For("shop").Orders.Create(t.Context(), other)
			require.ErrorAs(t, err, &conflict)
			require.Equal(t, []string{"partnerId", "total"}, conflict.Fields)
		}
		again()
		client.Abort()
		client = open(t, cfg)
		again()
		require.NoError(t, client.Outbox().ResumeAll(t.Context()))
		require.NoError(t, client.Receipt(ids[0]).Wait(t.Context()))
		again()
		require.NoError(t, client.Close())
		client = open(t, cfg)
		again()

		r, err := client.For("other").Orders.Create(t.Context(), first)
		require.NoError(t, err)
		require.NoError(t, r.Wait(t.Context()))
		require.Len(t, s.For("shop").Orders(), 1)
		require.Len(t, s.For("other").Orders(), 1)

		stop := func(days int) { // a program that runs so long takes a test too much time
			require.NoError(t, client.Close())
			time.Sleep(time.Duration(days) * 24 * time.Hour)
			client = open(t, cfg)
		}
		stop(89)
		again()
		stop(2)
		r, err = client.For("shop").Orders.Create(t.Context(), first)
		require.NoError(t, err)
		require.False(t, r.Duplicate, "after 90 days it is another order")
	})
}

// An order that no earlier file can have sent is not looked up first, nor is any
// in a file that is older than the keys that it remembers; another is, once.
func TestLookUpBeforeAnOrder(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		c := open(t, cfg)
		create := func(o api.NewOrder) {
			t.Helper()
			r, err := c.Orders.Create(t.Context(), o)
			require.NoError(t, err)
			require.NoError(t, r.Wait(t.Context()))
		}
		create(young("young"))
		require.Zero(t, s.Count("GET /orders"))
		old := order("old")
		old.CreatedAt = api.At(time.Now().Add(-time.Hour))
		create(old)
		create(order("within the margin"))
		require.Equal(t, 2, s.Count("GET /orders"))
		require.EqualValues(t, 2, c.Outbox().Stats().LookUps)
		require.NoError(t, c.Close())
		time.Sleep(91 * 24 * time.Hour) // while it runs this takes a test too much time
		c = open(t, cfg)
		ancient := order("ancient")
		ancient.CreatedAt = api.At(time.Now().AddDate(-1, 0, 0))
		create(ancient)
		require.Equal(t, 2, s.Count("GET /orders"))
		require.Zero(t, c.Outbox().Stats().LookUps)
	})
}

// As long as the look-up fails, or brings other orders than asked for, nothing is
// known and nothing is sent.
func TestLookUpThatFailsKeepsTheOutcomeUnknown(t *testing.T) {
	for name, f := range map[string]anymarkettest.Fault{
		"unavailable": {Mode: anymarkettest.Unavailable}, "page": {Mode: anymarkettest.Page}, "500": {Mode: anymarkettest.Business},
		"empty": {Mode: anymarkettest.Empty}, "null": {Status: 200, Body: "null"}, "no page": {Status: 200, Body: `{"code":1}`},
		"refused":       {Status: 400, Body: `{"code":400,"message":"x"}`},
		"not found":     {Status: 404, Body: `{"code":404,"message":"x"}`},
		"another order": {Status: 200, Body: `{"links":[{"rel":"next","href":"x"}],"content":[{"id":1,"marketPlace":"ECOMMERCE","marketPlaceId":"S-9"}],"page":{"size":5,"totalElements":20000,"totalPages":4000,"number":0}}`},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, anymarkettest.Options{Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
				c := open(t, config(t, s))
				f.Route, f.Times = "GET /orders", -1
				s.Fail(anymarkettest.Fault{Route: "POST /orders", Mode: anymarkettest.Reset, Applied: true}, f)
				r, err := c.Orders.Create(t.Context(), young("S-1"))
				require.NoError(t, err)
				time.Sleep(3 * time.Hour)
				require.Equal(t, outbox.Waiting, state(t, r))
				require.Equal(t, 1, s.Count("POST /orders"))
				s.Heal()
				require.NoError(t, r.Wait(t.Context()))
				require.Len(t, s.Orders(), 1)
				require.Equal(t, 1, s.Count("POST /orders"))
			})
		})
	}
}

// Steps of an order that is a dead letter are parked, until it is tried again,
// and cancelled with it.
func TestStepsOfADeadOrder(t *testing.T) {
	for _, discard := range []bool{false, true} {
		t.Run(fmt.Sprint("discarded ", discard), func(t *testing.T) {
			in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
				c := open(t, config(t, s))
				s.Fail(anymarkettest.Fault{Route: "POST /orders", Status: 422, Body: `{"code":422,"message":"SKU desconhecido"}`})
				r, err := c.Orders.Create(t.Context(), young("S-1"))
				require.NoError(t, err)
				var dead *outbox.DeadError
				require.ErrorAs(t, r.Wait(t.Context()), &dead)
				key := anymarket.OrderKey{Marketplace: "ECOMMERCE", MarketplaceID: "S-1"}
				paid, err := c.Orders.SetStatus(t.Context(), key, api.OrderUpdate{Status: api.StatusPaid})
				require.NoError(t, err)
				document, err := c.Orders.SendInvoiceXML(t.Context(), key, []byte(nfe))
				require.NoError(t, err)
				for _, step := range []anymarket.Receipt{paid, document} {
					var parked *outbox.ParkedError
					require.ErrorAs(t, step.Wait(t.Context()), &parked)
					require.Contains(t, parked.Reason, r.ID().String())
				}
				if discard {
					require.NoError(t, c.Outbox().Discard(t.Context(), r.ID(), "test"))
					for _, step := range []anymarket.Receipt{paid, document} {
						var cancelled *outbox.CancelledError
						require.ErrorAs(t, step.Wait(t.Context()), &cancelled)
					}
					return
				}
				require.NoError(t, c.Outbox().Requeue(t.Context(), r.ID()))
				time.Sleep(time.Minute)
				require.Equal(t, outbox.Done, state(t, document))
				there, _ := s.Order("ECOMMERCE", "S-1")
				require.Equal(t, "PAID_WAITING_SHIP", there.Status)
			})
		})
	}
}

// What cannot be right is refused at once, and the field is named.
func TestOrderFieldsThatCannotBeRightAreNamed(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		refused := func(err error, field string) {
			t.Helper()
			var bad *api.FieldError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, field, bad.Field)
		}
		for field, change := range map[string]func(*api.NewOrder){
			"marketPlaceId":      func(o *api.NewOrder) { o.MarketplaceID = "" },
			"marketPlace":        func(o *api.NewOrder) { o.Marketplace = "" },
			"transmissionStatus": func(o *api.NewOrder) { o.TransmissionStatus = "SENT" },
			"items[0].amount":    func(o *api.NewOrder) { o.Items[0].Amount = api.Decimal{} },
		} {
			o := young("S-1")
			change(&o)
			_, err := c.Orders.Create(t.Context(), o)
			refused(err, field)
		}
		key := anymarket.OrderKey{Marketplace: "ECOMMERCE", MarketplaceID: "S-1"}
		for _, word := range []api.OrderStatus{"PAID", "SHIPPED", "DELIVERED", "SOLD", "paid_waiting_ship"} { // a marketplace's, or nobody's
			o := young("S-1")
			o.Status = word
			_, err := c.Orders.Create(t.Context(), o)
			refused(err, "status")
			_, err = c.Orders.SetStatus(t.Context(), key, api.OrderUpdate{Status: word})
			refused(err, "status")
		}
		wrong := accessKey[:43] + "1"
		_, err := c.Orders.SetStatus(t.Context(), key, invoiced(wrong))
		refused(err, "invoice.accessKey")
		_, err = c.Orders.SetStatus(t.Context(), key, invoiced("F001-00012345")) // of another country
		require.NoError(t, err)
		require.EqualValues(t, 1, c.Outbox().Stats().Accepted)
	})
}

// accountTokens are the fake's, by account.
func accountTokens(s *anymarkettest.Server) anymarket.TokenSource {
	return func(_ context.Context, account string) (string, error) { return s.For(account).Token(), nil }
}

// The call that tests whether ANYMARKET is back can be a look-up that has to look
// through many orders.
func TestLookUpWithoutTheFilterAfterAnOutage(t *testing.T) {
	in(t, anymarkettest.Options{IgnoreFilters: []string{"marketplaceId"}}, func(t *testing.T, s *anymarkettest.Server) {
		for i := range 350 {
			s.AddOrder(fmt.Sprintf(`{"marketPlace":"ECOMMERCE","marketPlaceId":"old-%d"}`, i))
		}
		c := open(t, config(t, s))
		s.Maintenance(10 * time.Minute)
		r, err := c.Orders.Create(t.Context(), order("S-1"))
		require.NoError(t, err)
		step, err := c.Orders.SetStatus(t.Context(), anymarket.OrderKey{Marketplace: "ECOMMERCE", MarketplaceID: "old-7"}, api.OrderUpdate{Status: api.StatusPaid})
		require.NoError(t, err)
		time.Sleep(30 * time.Minute)
		require.Equal(t, outbox.Done, state(t, r))
		require.Equal(t, outbox.Done, state(t, step))
	})
}
