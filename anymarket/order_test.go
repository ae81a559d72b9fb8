package anymarket_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// The order goes out as it was given, its steps follow in order and find it by
// its key.
func TestOrderWithItsSteps(t *testing.T) {
	in(t, anymarkettest.Options{StrictOrders: true}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "test"))
		o := order("S-1")
		key := anymarket.OrderKey{Marketplace: "ECOMMERCE", MarketplaceID: "S-1"}
		r, err := c.Orders.Create(t.Context(), o)
		require.NoError(t, err)
		require.Empty(t, r.Warnings)
		var last anymarket.Receipt
		for _, u := range []api.OrderUpdate{
			{Status: api.StatusPaid},
			invoiced(accessKey),
			{Status: api.StatusShipped, Tracking: &api.Tracking{Number: "BR1", Carrier: "Correios", ShippedDate: api.At(time.Now())}},
			{Status: api.StatusDelivered, Tracking: &api.Tracking{DeliveredDate: api.At(time.Now())}},
		} {
			last, err = c.Orders.SetStatus(t.Context(), key, u)
			require.NoError(t, err)
			require.Empty(t, last.Warnings)
		}
		again, err := c.Orders.Create(t.Context(), o)
		require.NoError(t, err)
		require.True(t, again.Duplicate)
		require.Equal(t, r.ID(), again.ID())
		o.Total = api.Qty(11)
		_, err = c.Orders.Create(t.Context(), o)
		var conflict *outbox.ConflictError
		require.ErrorAs(t, err, &conflict)
		require.Equal(t, []string{"total"}, conflict.Fields)

		require.NoError(t, c.Outbox().ResumeAll(t.Context()))
		require.NoError(t, last.Wait(t.Context()))
		there, ok := s.Order("ECOMMERCE", "S-1")
		require.True(t, ok)
		require.Equal(t, "CONCLUDED", there.Status)
		require.Len(t, there.Steps, 4)
		for _, r := range s.Log() {
			if r.Route == "POST /orders" {
				o.Total = api.Qty(10)
				want, err := json.Marshal(o)
				require.NoError(t, err)
				require.JSONEq(t, string(want), string(r.Body))
			}
		}
		require.Equal(t, 1, s.Count("POST /orders"))
		require.Zero(t, s.Count("GET /orders/{id}"))
	})
}

// In each world in which the answer to a creation can be lost there is one order.
func TestOrderIsCreatedOnce(t *testing.T) {
	modes := []anymarkettest.Mode{
		anymarkettest.Reset, anymarkettest.Hang, anymarkettest.BadGateway, anymarkettest.GatewayTimeout, anymarkettest.Page,
		anymarkettest.Cut, anymarkettest.Empty, anymarkettest.EmptyError, anymarkettest.Unavailable, anymarkettest.Closed, anymarkettest.Redirect,
	}
	for _, mode := range modes {
		for _, applied := range []bool{false, true} {
			for _, after := range []time.Duration{0, 4 * time.Minute} {
				if after > 0 && !applied {
					continue
				}
				t.Run(fmt.Sprint(mode, " applied ", applied, " after ", after), func(t *testing.T) {
					// Nothing there helps against a second creation.
					o := anymarkettest.Options{Duplicate: 201, LookupLag: 30 * time.Second}
					in(t, o, func(t *testing.T, s *anymarkettest.Server) {
						c := open(t, config(t, s))
						s.Fail(anymarkettest.Fault{Route: "POST /orders", Mode: mode, Applied: applied, After: after})
						r, err := c.Orders.Create(t.Context(), order("S-1"))
						require.NoError(t, err)
						require.NoError(t, r.Wait(t.Context()))
						time.Sleep(time.Hour)
						require.Len(t, s.Orders(), 1)
					})
				})
			}
		}
	}
}

func TestOrderThatIsThereCountsAsCreated(t *testing.T) {
	for _, status := range []int{422, 400, 409} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			in(t, anymarkettest.Options{Duplicate: status}, func(t *testing.T, s *anymarkettest.Server) {
				id := s.AddOrder(`{"marketPlace":"ECOMMERCE","marketPlaceId":"S-1"}`)
				c := open(t, config(t, s))
				o := order("S-1")
				o.CreatedAt = api.At(time.Now().Add(2 * time.Hour)) // younger than the file: not looked up first
				r, err := c.Orders.Create(t.Context(), o)
				require.NoError(t, err)
				require.NoError(t, r.Wait(t.Context()))
				step, err := c.Orders.SetStatus(t.Context(), anymarket.OrderKey{Marketplace: "ECOMMERCE", MarketplaceID: "S-1"}, api.OrderUpdate{Status: api.StatusPaid})
				require.NoError(t, err)
				require.NoError(t, step.Wait(t.Context()))
				require.Len(t, s.Orders(), 1)
				require.Equal(t, id, s.Orders()[0].ID)
				require.Equal(t, "PAID_WAITING_SHIP", s.Orders()[0].Status)
			})
		})
	}
}

func TestOrderThatFitsTwiceIsParked(t *testing.T) {
	in(t, anymarkettest.Options{Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
		for range 2 {
			s.AddOrder(`{"marketPlace":"ECOMMERCE","marketPlaceId":"S-1"}`)
		}
		c := open(t, config(t, s))
		o := order("S-1")
		o.CreatedAt = api.At(time.Now().Add(-time.Hour)) // older than the file: looked up first
		r, err := c.Orders.Create(t.Context(), o)
		require.NoError(t, err)
		var parked *outbox.ParkedError
		require.ErrorAs(t, r.Wait(t.Context()), &parked)
		require.Contains(t, parked.Reason, fmt.Sprint(s.Orders()[0].ID, ", ", s.Orders()[1].ID))
		require.Zero(t, s.Count("POST /orders"))
	})
}

func TestOrderRefusedForGoodIsADeadLetterAndHoldsItsSteps(t *testing.T) {
	in(t, anymarkettest.Options{StrictOrders: true}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		r, err := c.Orders.Create(t.Context(), api.NewOrder{Marketplace: "ecommerce", MarketplaceID: "S-1"})
		require.NoError(t, err)
		require.Contains(t, r.Warnings, "buyer is missing")
		var dead *outbox.DeadError
		require.ErrorAs(t, r.Wait(t.Context()), &dead)
		step, err := c.Orders.SetStatus(t.Context(), anymarket.OrderKey{Marketplace: "ECOMMERCE", MarketplaceID: "S-1"}, api.OrderUpdate{Status: api.StatusPaid})
		require.NoError(t, err)
		var parked *outbox.ParkedError
		require.ErrorAs(t, step.Wait(t.Context()), &parked)
		require.Contains(t, parked.Reason, r.ID().String())
	})
}

// A step of unknown outcome is looked at before it is repeated.
func TestStepIsCheckedBeforeItIsRepeated(t *testing.T) {
	steps := map[string]api.OrderUpdate{
		"paid": {Status: api.StatusPaid}, "invoiced": invoiced(accessKey),
		"shipped":   {Status: api.StatusShipped, Tracking: &api.Tracking{Number: "BR1", Carrier: "C", ShippedDate: api.At(time.Date(2024, 7, 28, 1, 0, 0, 0, time.UTC))}},
		"delivered": {Status: api.StatusDelivered, Tracking: &api.Tracking{DeliveredDate: api.At(time.Date(2024, 7, 28, 1, 0, 0, 0, time.UTC))}},
		"cancelled": {Status: api.StatusCancelled},
	}
	for name, update := range steps {
		for _, applied := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " applied ", applied), func(t *testing.T) {
				in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
					id := s.AddOrder(`{"marketPlace":"AMAZON","marketPlaceId":"A-1","status":"PENDING"}`)
					s.Fail(anymarkettest.Fault{Route: "PUT /orders/{id}", Mode: anymarkettest.Reset, Applied: applied})
					c := open(t, config(t, s))
					r, err := c.Orders.SetStatus(t.Context(), anymarket.OrderKey{ID: anymarket.ID(id)}, update)
					require.NoError(t, err)
					require.NoError(t, r.Wait(t.Context()))
					there, _ := s.Order("AMAZON", "A-1")
					require.Equal(t, string(update.Status), there.Status)
					require.Len(t, there.Steps, 1)
					want := 2
					if applied {
						want = 1
					}
					require.Equal(t, want, s.Count("PUT /orders/{id}"))
					require.Equal(t, 1, s.Count("GET /orders/{id}"))
				})
			})
		}
	}
}

// An order of a marketplace, not created here, is found by its key.
func TestStepFindsItsOrderByKey(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		s.AddOrder(`{"marketPlace":"AMAZON","marketPlaceId":"A-1","status":"PENDING"}`)
		c := open(t, config(t, s))
		r, err := c.Orders.SetStatus(t.Context(), anymarket.OrderKey{Marketplace: "AMAZON", MarketplaceID: "A-1"}, invoiced(accessKey))
		require.NoError(t, err)
		require.NoError(t, r.Wait(t.Context()))
		there, _ := s.Order("AMAZON", "A-1")
		require.Equal(t, "INVOICED", there.Status)

		r, err = c.Orders.SetStatus(t.Context(), anymarket.OrderKey{Marketplace: "AMAZON", MarketplaceID: "none"}, invoiced(accessKey))
		require.NoError(t, err)
		time.Sleep(time.Minute)
		require.Equal(t, outbox.Waiting, state(t, r), "it may come yet")
	})
}

// A refused step counts only if the order shows that step's own data; one on an
// order that was cancelled there is a dead letter.
func TestStepRefused(t *testing.T) {
	for name, c := range map[string]struct {
		doc, reason string
	}{
		"own data":   {`{"status":"CONCLUDED","invoice":{"accessKey":"` + accessKey + `"}}`, ""},
		"other data": {`{"status":"CONCLUDED","invoice":{"accessKey":"9"}}`, "INVOICED"},
		"cancelled":  {`{"status":"CANCELED"}`, "cancelled there"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
				id := s.AddOrder(`{"marketPlace":"AMAZON","marketPlaceId":"A-1"}`)
				s.SetOrder(id, c.doc)
				client := open(t, config(t, s))
				r, err := client.Orders.SetStatus(t.Context(), anymarket.OrderKey{ID: anymarket.ID(id)}, invoiced(accessKey))
				require.NoError(t, err)
				err = r.Wait(t.Context())
				if c.reason == "" {
					require.NoError(t, err)
					return
				}
				var dead *outbox.DeadError
				require.ErrorAs(t, err, &dead)
				require.Contains(t, dead.Reason, c.reason)
			})
		})
	}
}

func TestOrderThatCannotBeRightIsRefusedAtOnce(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		var bad *api.FieldError
		for _, o := range []api.NewOrder{
			{},
			{Marketplace: "ECOMMERCE"},
			{MarketplaceID: "1"},
			{Marketplace: "A/B", MarketplaceID: "1"},
			{Marketplace: "ECOMMERCE", MarketplaceID: "1", Total: api.Qty(-1)},
		} {
			_, err := c.Orders.Create(t.Context(), o)
			require.ErrorAs(t, err, &bad, "%+v", o)
		}
		paid := api.OrderUpdate{Status: api.StatusPaid}
		for _, k := range []anymarket.OrderKey{{}, {ID: -1}, {ID: 1, Marketplace: "A"}, {Marketplace: "A"}, {MarketplaceID: "A"}, {ID: 1, PartnerID: "P"}, {Marketplace: "A", MarketplaceID: "A", PartnerID: "P"}, {PartnerID: " "}} {
			_, err := c.Orders.SetStatus(t.Context(), k, paid)
			require.ErrorAs(t, err, &bad, "%+v", k)
		}
		for _, u := range []api.OrderUpdate{{}, {Status: "SOLD"}, {Status: api.StatusInvoiced}, {Status: api.StatusPending}, invoiced(accessKey[:43] + "1")} {
			_, err := c.Orders.SetStatus(t.Context(), anymarket.OrderKey{ID: 1}, u)
			require.ErrorAs(t, err, &bad, "%+v", u)
		}
		r, err := c.Orders.SetStatus(t.Context(), anymarket.OrderKey{ID: 1}, invoiced("12"))
		require.NoError(t, err)
		require.Len(t, r.Warnings, 1)
		require.Zero(t, c.Outbox().Stats().Accepted-1)
	})
}

// Where the filter of the look-up is ignored, all recent orders are looked
// through: what may be there is not sent again, what is not there is.
func TestOrderIsFoundWithoutTheFilter(t *testing.T) {
	for _, applied := range []bool{false, true} {
		t.Run(fmt.Sprint("applied ", applied), func(t *testing.T) {
			o := anymarkettest.Options{Duplicate: 201, IgnoreFilters: []string{"marketplaceId"}}
			in(t, o, func(t *testing.T, s *anymarkettest.Server) {
				for i := range 150 {
					s.AddOrder(fmt.Sprintf(`{"marketPlace":"ECOMMERCE","marketPlaceId":"old-%d"}`, i))
				}
				c := open(t, config(t, s))
				s.Fail(anymarkettest.Fault{Route: "POST /orders", Mode: anymarkettest.Reset, Applied: applied})
				r, err := c.Orders.Create(t.Context(), order("S-1"))
				require.NoError(t, err)
				require.NoError(t, r.Wait(t.Context()))
				time.Sleep(time.Hour)
				require.Len(t, s.Orders(), 151)
			})
		})
	}
}

// An order that is there and not to be seen yet draws a refusal, and one look-up
// without it proves nothing.
func TestRefusalThatReadsLikeADuplicateIsLookedUpTwice(t *testing.T) {
	for _, status := range []int{400, 409, 422} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			in(t, anymarkettest.Options{Duplicate: status, LookupLag: time.Minute}, func(t *testing.T, s *anymarkettest.Server) {
				c := open(t, config(t, s))
				s.AddOrder(`{"marketPlace":"ECOMMERCE","marketPlaceId":"S-1","status":"PENDING"}`)
				r, err := c.Orders.Create(t.Context(), order("S-1"))
				require.NoError(t, err)
				require.NoError(t, r.Wait(t.Context()))
				require.Equal(t, 1, s.Count("POST /orders"))
				require.Len(t, s.Orders(), 1)
			})
		})
	}
}

// What was created in the sandbox is not there in production.
func TestKeyOfAnOrderNamesItsHost(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		o := order("S-1")
		create := func() anymarket.Receipt {
			c := open(t, cfg)
			require.NoError(t, c.Outbox().PauseAll(t.Context(), "to look"))
			r, err := c.Orders.Create(t.Context(), o)
			require.NoError(t, err)
			require.NoError(t, c.Close())
			return r
		}
		first := create()
		again := create()
		require.True(t, again.Duplicate)
		require.Equal(t, first.ID(), again.ID())
		cfg.BaseURL = "https://sandbox-api.anymarket.com.br/v2"
		require.False(t, create().Duplicate)
		cfg.BaseURL = "" // production
		require.False(t, create().Duplicate)
		cfg.BaseURL = api.DefaultBaseURL
		require.True(t, create().Duplicate)
	})
}
