package marketplace_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
	"github.com/anymarket-go/sdk/outbox"
)

func hour(n int) api.Time { return api.At(time.Date(2024, 7, 28, n, 0, 0, 0, time.UTC)) }

// step is a mark, with what the order shows after it.
type step struct {
	route, status string
	send          func(context.Context, marketplace.SaleService, string) (marketplace.Receipt, error)
}

func steps() []step {
	type (
		ctx   = context.Context
		sales = marketplace.SaleService
		rec   = marketplace.Receipt
	)
	return []step{
		{"markAsPaid", "PAID_WAITING_SHIP", func(ctx ctx, s sales, id string) (rec, error) {
			return s.MarkPaid(ctx, id, marketplace.Paid{Date: hour(1)})
		}},
		{"markAsInvoiced", "INVOICED", func(ctx ctx, s sales, id string) (rec, error) {
			return s.MarkInvoiced(ctx, id, marketplace.Invoiced{Date: hour(2)})
		}},
		{"markAsShipped", "PAID_WAITING_DELIVERY", func(ctx ctx, s sales, id string) (rec, error) {
			return s.MarkShipped(ctx, id, marketplace.Shipped{ShippedDate: hour(3), Number: "BR1", Carrier: "C"})
		}},
		{"transmissionStatus", "PAID_WAITING_DELIVERY", func(ctx ctx, s sales, id string) (rec, error) {
			return s.TransmissionStatus(ctx, id, marketplace.Transmission{Success: true, MarketplaceStatus: "Enviado"})
		}},
		{"markAsDelivered", "CONCLUDED", func(ctx ctx, s sales, id string) (rec, error) {
			return s.MarkDelivered(ctx, id, marketplace.Delivered{DeliveredDate: hour(4)})
		}},
		{"markAsCanceled", "CANCELED", func(ctx ctx, s sales, id string) (rec, error) {
			return s.MarkCanceled(ctx, id, marketplace.Canceled{Date: hour(5), Code: "BUYER_CANCELED"})
		}},
	}
}

// Marks follow the creation and each other, whatever is lost on the way.
func TestMarksFollowTheCreation(t *testing.T) {
	for _, spelling := range []bool{false, true} {
		t.Run(fmt.Sprint("other spelling ", spelling), func(t *testing.T) {
			in(t, anymarkettest.Options{Duplicate: 201, OtherSpelling: spelling}, func(t *testing.T, s *anymarkettest.Server) {
				c := open(t, config(t, s))
				s.Fail(anymarkettest.Fault{Route: create, Mode: anymarkettest.Reset, Applied: true, After: time.Minute})
				for _, m := range steps() {
					s.Fail(anymarkettest.Fault{Route: "PUT /marketplace/api/orders/{id}/" + m.route, Mode: anymarkettest.BadGateway, Applied: m.route != "markAsShipped"})
				}
				_, err := c.Sales.Notify(t.Context(), sale("A/1 ç"))
				require.NoError(t, err)
				var last marketplace.Receipt
				for _, m := range steps() {
					last, err = m.send(t.Context(), c.Sales, "A/1 ç")
					require.NoError(t, err)
				}
				require.NoError(t, last.Wait(t.Context()))
				require.Len(t, s.Orders(), 1)
				o := there(t, s, "A/1 ç")
				require.Len(t, o.Steps, len(steps()), "each once")
				for i, m := range steps() {
					require.Equal(t, m.status, o.Steps[i].Status)
				}
				require.Zero(t, c.Outbox().Stats().Waiting)
			})
		})
	}
}

// A mark of unknown outcome is looked at before it is repeated.
func TestMarkIsCheckedBeforeItIsRepeated(t *testing.T) {
	for _, m := range steps() {
		for _, applied := range []bool{false, true} {
			t.Run(fmt.Sprint(m.route, " applied ", applied), func(t *testing.T) {
				in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
					s.AddOrder(fmt.Sprintf(`{"marketPlace":%q,"marketPlaceId":"S-1","status":"PENDING"}`, s.Marketplace()))
					route := "PUT /marketplace/api/orders/{id}/" + m.route
					s.Fail(anymarkettest.Fault{Route: route, Mode: anymarkettest.Reset, Applied: applied})
					c := open(t, config(t, s))
					r, err := m.send(t.Context(), c.Sales, "S-1")
					require.NoError(t, err)
					require.NoError(t, r.Wait(t.Context()))
					want := 2
					if applied {
						want = 1
					}
					require.Equal(t, want, s.Count(route))
					require.Equal(t, 1, s.Count(lookUp))
					require.Len(t, there(t, s, "S-1").Steps, 1)
				})
			})
		}
	}
}

// A refused mark counts only if the sale shows that mark's own data; one on a
// sale that was cancelled there is a dead letter.
func TestMarkRefused(t *testing.T) {
	for name, world := range map[string]struct {
		mark        int
		doc, reason string // no reason: it counts as delivered
	}{
		"shipped, own data":      {2, `{"status":"CONCLUDED","tracking":{"number":"BR1"}}`, ""},
		"shipped, other data":    {2, `{"status":"CONCLUDED","tracking":{"number":"BR2"}}`, "DELIVERED"},
		"shipped, no data":       {2, `{"status":"CONCLUDED"}`, "DELIVERED"},
		"invoiced, own date":     {1, `{"status":"CONCLUDED","invoice":{"date":"2024-07-27T23:00:00-03:00"}}`, ""},
		"invoiced by the seller": {1, `{"status":"CONCLUDED","invoice":{"date":"2024-07-29T23:00:00-03:00","accessKey":"1"}}`, "DELIVERED"},
		"paid":                   {0, `{"status":"INVOICED"}`, ""},
		"paid at another time":   {0, `{"status":"INVOICED","paymentDate":"2024-01-01T00:00:00Z"}`, "INVOICED"},
		"cancelled there":        {2, `{"status":"CANCELED"}`, "cancelled there"},
		"paid, cancelled there":  {0, `{"status":"CANCELED"}`, "cancelled there"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
				id := s.AddOrder(fmt.Sprintf(`{"marketPlace":%q,"marketPlaceId":"S-1"}`, s.Marketplace()))
				s.SetOrder(id, world.doc)
				c := open(t, config(t, s))
				r, err := steps()[world.mark].send(t.Context(), c.Sales, "S-1")
				require.NoError(t, err)
				err = r.Wait(t.Context())
				if world.reason == "" {
					require.NoError(t, err)
					return
				}
				var dead *outbox.DeadError
				require.ErrorAs(t, err, &dead)
				require.Contains(t, dead.Reason, world.reason)
			})
		})
	}
}

// The sale that ANYMARKET cancelled can still be told that the marketplace knows.
func TestTransmissionOfACancellation(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		s.AddOrder(fmt.Sprintf(`{"marketPlace":%q,"marketPlaceId":"S-1","status":"CANCELED"}`, s.Marketplace()))
		c := open(t, config(t, s))
		s.Fail(anymarkettest.Fault{Mode: anymarkettest.Closed, Route: "PUT /marketplace/api/orders/{id}/transmissionStatus"})
		r, err := c.Sales.TransmissionStatus(t.Context(), "S-1", marketplace.Transmission{MarketplaceStatus: "x", ErrorMessage: "y"})
		require.NoError(t, err)
		require.NoError(t, r.Wait(t.Context()))
		got, err := c.Sales.Get(t.Context(), "S-1")
		require.NoError(t, err)
		require.Equal(t, api.TransmissionError, got.TransmissionStatus)
	})
}

// Marks of a sale that is a dead letter are accepted and parked, until it is
// tried again or discarded.
func TestMarksOfADeadLetter(t *testing.T) {
	for _, discard := range []bool{false, true} {
		t.Run(fmt.Sprint("discarded ", discard), func(t *testing.T) {
			in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
				c := open(t, config(t, s))
				s.Fail(anymarkettest.Fault{Route: create, Status: 400, Body: `{"code":400,"message":"O seller não importa pedidos pendentes"}`})
				r, err := c.Sales.Notify(t.Context(), sale("S-1"))
				require.NoError(t, err)
				var dead *outbox.DeadError
				require.ErrorAs(t, r.Wait(t.Context()), &dead)
				m, err := c.Sales.MarkPaid(t.Context(), "S-1", marketplace.Paid{})
				require.NoError(t, err)
				var parked *outbox.ParkedError
				require.ErrorAs(t, m.Wait(t.Context()), &parked)
				require.Contains(t, parked.Reason, r.ID().String())
				require.NoError(t, notify(t, c, sale("S-2")), "others go on")
				if discard {
					require.NoError(t, c.Outbox().Discard(t.Context(), r.ID(), "test"))
					var cancelled *outbox.CancelledError
					require.ErrorAs(t, m.Wait(t.Context()), &cancelled)
					return
				}
				require.NoError(t, c.Outbox().Requeue(t.Context(), r.ID()))
				time.Sleep(time.Minute)
				require.Equal(t, outbox.Done, state(t, m))
				require.Equal(t, "PAID_WAITING_SHIP", there(t, s, "S-1").Status)
			})
		})
	}
}

// That a sale is not found so soon after its creation is no refusal.
func TestMarkSoonAfterTheCreation(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		s.Fail(anymarkettest.Fault{Route: "PUT /marketplace/api/orders/{id}/markAsPaid", Times: 2, Status: 404, Body: `{"code":404,"message":"x"}`})
		require.NoError(t, notify(t, c, sale("S-1")))
		r, err := c.Sales.MarkPaid(t.Context(), "S-1", marketplace.Paid{})
		require.NoError(t, err)
		require.NoError(t, r.Wait(t.Context()))

		r, err = c.Sales.MarkPaid(t.Context(), "none", marketplace.Paid{})
		require.NoError(t, err)
		var dead *outbox.DeadError
		require.ErrorAs(t, r.Wait(t.Context()), &dead)
	})
}
