package anymarket_test

import (
	"context"
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

// coded is an order that the caller knows by a code of its own.
func coded(id, partnerID string) api.NewOrder {
	o := order(id)
	o.PartnerID = partnerID
	return o
}

func byCode(partnerID string) anymarket.OrderKey { return anymarket.OrderKey{PartnerID: partnerID} }

// settled is Wait that does not wait for ever.
func settled(t *testing.T, r anymarket.Receipt) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	return r.Wait(ctx)
}

var paid = api.OrderUpdate{Status: api.StatusPaid}

// A step that is stored before ANYMARKET's id is known waits for the creation
// that gives the code, also across a restart, and is sent with the id that the
// creation yields.
func TestStepByTheCallersCodeWaitsForTheCreation(t *testing.T) {
	in(t, anymarkettest.Options{StrictOrders: true, LookupLag: time.Hour}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		c, err := anymarket.Open(t.Context(), cfg)
		require.NoError(t, err)
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "test"))
		creation, err := c.Orders.Create(t.Context(), coded("S-1", "ERP-7"))
		require.NoError(t, err)
		_, err = c.Orders.SetStatus(t.Context(), byCode("ERP-7"), paid)
		require.NoError(t, err)
		require.NoError(t, c.Close())

		c = open(t, cfg)
		_, err = c.Orders.SendInvoiceXML(t.Context(), byCode("ERP-7"), []byte(nfe))
		require.NoError(t, err)
		last, err := c.Orders.SetStatus(t.Context(), byCode("ERP-7"), invoiced(accessKey))
		require.NoError(t, err)
		require.NoError(t, c.Outbox().ResumeAll(t.Context()))
		require.NoError(t, settled(t, c.Receipt(creation.ID())))
		_, err = c.Orders.SetStatus(t.Context(), byCode("ERP-7"), api.OrderUpdate{Status: api.StatusCancelled})
		require.NoError(t, err)
		require.NoError(t, settled(t, last))
		require.NoError(t, c.Outbox().Drain(t.Context()))
		there, ok := s.Order("ECOMMERCE", "S-1")
		require.True(t, ok)
		var routes []string
		for _, r := range s.Log() {
			if r.Route != "GET /stocks/locals" {
				routes = append(routes, r.Route)
			}
		}
		require.Equal(t, []string{
			"GET /orders", // the file is as young as the order
			"POST /orders", "PUT /orders/{id}", "PUT /orders/{id}/{what}", "PUT /orders/{id}", "PUT /orders/{id}",
		}, routes)
		require.Equal(t, "CANCELED", there.Status)
	})
}

// Nothing was created here: the order is looked up, whether the filter for it is
// heeded or not.
func TestStepByTheCallersCodeFindsItsOrder(t *testing.T) {
	for _, ignored := range []bool{false, true} {
		t.Run(fmt.Sprint("filter ignored ", ignored), func(t *testing.T) {
			o := anymarkettest.Options{}
			if ignored {
				o.IgnoreFilters = []string{"partnerId"}
			}
			in(t, o, func(t *testing.T, s *anymarkettest.Server) {
				for i := range 150 {
					s.AddOrder(fmt.Sprintf(`{"marketPlace":"AMAZON","marketPlaceId":"A-%d","partnerId":"ERP-%[1]d","status":"PENDING"}`, i))
				}
				c := open(t, config(t, s))
				first, err := c.Orders.SetStatus(t.Context(), byCode("ERP-140"), paid)
				require.NoError(t, err)
				require.NoError(t, settled(t, first))
				for _, there := range s.Orders() {
					want := "PENDING"
					if there.PartnerID == "ERP-140" {
						want = "PAID_WAITING_SHIP"
					}
					require.Equal(t, want, there.Status)
				}
				none, err := c.Orders.SetStatus(t.Context(), byCode("ERP-999"), paid)
				require.NoError(t, err)
				time.Sleep(time.Minute)
				require.Equal(t, outbox.Waiting, state(t, none), "it may come yet")
			})
		})
	}
}

// A creation that is a dead letter is still the one that its steps belong to.
func TestStepByTheCallersCodeSharesTheFateOfTheCreation(t *testing.T) {
	in(t, anymarkettest.Options{StrictOrders: true}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		o := coded("S-1", "ERP-7")
		o.Buyer = api.Buyer{}
		creation, err := c.Orders.Create(t.Context(), o)
		require.NoError(t, err)
		var dead *outbox.DeadError
		require.ErrorAs(t, settled(t, creation), &dead)
		step, err := c.Orders.SetStatus(t.Context(), byCode("ERP-7"), paid)
		require.NoError(t, err)
		var parked *outbox.ParkedError
		require.ErrorAs(t, settled(t, step), &parked)
		require.Contains(t, parked.Reason, creation.ID().String())
		require.NoError(t, c.Outbox().Discard(t.Context(), creation.ID(), "test"))
		var cancelled *outbox.CancelledError
		require.ErrorAs(t, settled(t, step), &cancelled)
	})
}

// Steps that were stored before the creation are not overtaken by later ones.
func TestStepsByTheCallersCodeKeepTheirOrder(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "test"))
		_, err := c.Orders.SetStatus(t.Context(), byCode("ERP-7"), paid)
		require.NoError(t, err)
		_, err = c.Orders.Create(t.Context(), coded("S-1", "ERP-7"))
		require.NoError(t, err)
		last, err := c.Orders.SetStatus(t.Context(), byCode("ERP-7"), invoiced(accessKey))
		require.NoError(t, err)
		require.NoError(t, c.Outbox().ResumeAll(t.Context()))
		require.NoError(t, settled(t, last))
		there, _ := s.Order("ECOMMERCE", "S-1")
		require.Len(t, there.Steps, 2)
		require.Equal(t, "PAID_WAITING_SHIP", there.Steps[0].Status)
		require.Equal(t, "INVOICED", there.Steps[1].Status)
	})
}

func TestCodeOfSeveralOrdersIsRefused(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "test"))
		for _, id := range []string{"S-1", "S-2"} {
			_, err := c.Orders.Create(t.Context(), coded(id, "ERP-7"))
			require.NoError(t, err)
		}
		other := c.For("other")
		_, err := other.Orders.Create(t.Context(), coded("S-3", "ERP-8"))
		require.NoError(t, err)
		_, err = c.Orders.Create(t.Context(), coded("S-4", "ERP-9"))
		require.NoError(t, err)
		var bad *api.FieldError
		_, err = c.Orders.SetStatus(t.Context(), byCode("ERP-7"), paid)
		require.ErrorAs(t, err, &bad)
		require.Equal(t, "partnerId", bad.Field)
		require.Contains(t, bad.Reason, "marketPlaceId")
		for code, orders := range map[string]anymarket.OrderService{"ERP-8": c.Orders, "ERP-9": other.Orders} {
			r, err := orders.SetStatus(t.Context(), byCode(code), paid)
			require.NoError(t, err)
			rec, err := c.Outbox().Show(r.ID())
			require.NoError(t, err)
			require.Equal(t, "order.status.partner", rec.Kind, "the creation is another account's")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = c.Orders.SetStatus(ctx, byCode("ERP-10"), paid)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// More creations wait than fit on a page, and they are found after a restart.
func TestCodesOfAllThatWaitsAreFound(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		c, err := anymarket.Open(t.Context(), cfg)
		require.NoError(t, err)
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "test"))
		for i := range 300 {
			_, err := c.Orders.Create(t.Context(), coded(fmt.Sprint("S-", i), fmt.Sprint("ERP-", i)))
			require.NoError(t, err)
		}
		require.NoError(t, c.Close())
		c = open(t, cfg)
		for code, want := range map[string]string{"ERP-0": "ECOMMERCE/S-0", "ERP-255": "ECOMMERCE/S-255", "ERP-299": "ECOMMERCE/S-299", "ERP-300": "ERP-300"} {
			r, err := c.Orders.SetStatus(t.Context(), byCode(code), paid)
			require.NoError(t, err)
			rec, err := c.Outbox().Show(r.ID())
			require.NoError(t, err)
			require.Equal(t, want, rec.Key)
		}
	})
}

// A creation and the steps that name it by its code may come together, and what
// was refused is nobody's creation.
func TestStepsByTheCallersCodeAmongOperations(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "test"))
		create := func(o api.NewOrder) string {
			b, err := json.Marshal(o)
			require.NoError(t, err)
			return `{"op":"order.create","order":` + string(b) + `}`
		}
		step := func(code, status string) string {
			return `{"op":"order.status","partnerId":"` + code + `","status":"` + status + `"}`
		}
		keyOf := func(id outbox.ID) string {
			rec, err := c.Outbox().Show(id)
			require.NoError(t, err)
			return rec.Key
		}
		early, err := c.Orders.SetStatus(t.Context(), byCode("ERP-0"), paid) // what waits is read
		require.NoError(t, err)
		require.Equal(t, "ERP-0", keyOf(early.ID()))
		_, err = c.Orders.Create(t.Context(), coded("S-9", "ERP-9"))
		require.NoError(t, err)
		late, err := c.Orders.SetStatus(t.Context(), byCode("ERP-9"), paid)
		require.NoError(t, err)
		require.Equal(t, "ECOMMERCE/S-9", keyOf(late.ID()))
		first, second, other := coded("S-1", "ERP-1"), coded("S-2", "ERP-2"), coded("S-1", "ERP-3")
		got := hand(t, c,
			create(first), create(second), step("ERP-1", "PAID_WAITING_SHIP"), step("ERP-2", "CANCELED"),
			create(other), step("ERP-3", "CANCELED"), step("ERP-1", "CANCELED"),
		)
		require.NotEmpty(t, got[4].Error, "another order has the key")
		for i, want := range map[int]string{2: "ECOMMERCE/S-1", 3: "ECOMMERCE/S-2", 5: "ERP-3", 6: "ECOMMERCE/S-1"} {
			require.Empty(t, got[i].Error)
			require.Equal(t, want, keyOf(got[i].ID))
			require.Greater(t, got[i].ID.Sequence(), got[1].ID.Sequence())
		}
	})
}

// An edit keeps the way in which a step names its order.
func TestEditedStepByTheCallersCode(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		s.AddOrder(`{"marketPlace":"AMAZON","marketPlaceId":"A-1","partnerId":"77","status":"CANCELED"}`)
		created, err := c.Orders.Create(t.Context(), coded("S-1", "ERP-7"))
		require.NoError(t, err)
		byKey, err := c.Orders.SetStatus(t.Context(), byCode("ERP-7"), api.OrderUpdate{Status: api.StatusCancelled})
		require.NoError(t, err)
		require.NoError(t, settled(t, byKey))
		dead := map[string]anymarket.Receipt{}
		for name, key := range map[string]anymarket.OrderKey{"code": byCode("77"), "id": {ID: 77}, "created": byCode("ERP-7")} {
			dead[name], err = c.Orders.SetStatus(t.Context(), key, paid)
			require.NoError(t, err)
			var letter *outbox.DeadError
			require.ErrorAs(t, settled(t, dead[name]), &letter, name)
		}
		require.NoError(t, settled(t, created))
		for name, body := range map[string]string{
			"code":    `{"id":77,"update":{"status":"CANCELED"}}`,
			"id":      `{"partnerId":"77","update":{"status":"CANCELED"}}`,
			"created": `{"partnerId":"ERP-7","update":{"status":"CANCELED"}}`,
		} {
			_, err := c.Outbox().Edit(t.Context(), dead[name].ID(), []byte(body))
			require.ErrorIs(t, err, outbox.ErrInvalid, name)
		}
		for name, body := range map[string]string{
			"code":    `{"partnerId":"77","update":{"status":"CANCELED"}}`,
			"created": `{"marketPlace":"ECOMMERCE","marketPlaceId":"S-1","partnerId":"ERP-7","update":{"status":"CANCELED"}}`,
		} {
			r, err := c.Outbox().Edit(t.Context(), dead[name].ID(), []byte(body))
			require.NoError(t, err, name)
			require.NoError(t, settled(t, c.Receipt(r.ID())), name)
		}
	})
}
