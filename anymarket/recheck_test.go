package anymarket_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

func ecommerce(id string) anymarket.OrderKey {
	return anymarket.OrderKey{Marketplace: "ECOMMERCE", MarketplaceID: id}
}

// A window in which ANYMARKET takes orders of its own, and from which it comes
// back without what it had acknowledged before: after resend, recheck and what
// the recheck offers both sides agree.
func TestBothSidesAgreeAfterResendAndRecheck(t *testing.T) {
	in(t, anymarkettest.Options{Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		mine := map[string]api.NewOrder{}
		here := map[anymarket.OrderKey]anymarket.KnownOrder{}
		create := func(id string) {
			o := order(id)
			mine[id] = o
			here[ecommerce(id)] = anymarket.KnownOrder{Key: ecommerce(id), CreatedAt: o.CreatedAt.Time, Status: api.StatusPending}
			_, err := c.Orders.Create(t.Context(), o)
			require.NoError(t, err)
		}
		pay := func(id string) {
			_, err := c.Orders.SetStatus(t.Context(), ecommerce(id), api.OrderUpdate{Status: api.StatusPaid})
			require.NoError(t, err)
			k := here[ecommerce(id)]
			k.Status = api.StatusPaid
			here[ecommerce(id)] = k
		}
		stock := func(i int, n int64) {
			_, err := c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: code(i), Quantity: anymarket.Qty(n)})
			require.NoError(t, err)
		}
		drained := func() {
			require.NoError(t, c.Outbox().Drain(t.Context()))
			time.Sleep(time.Minute)
		}
		from := time.Now()
		create("kept")
		create("kept, its step lost")
		stock(1, 1)
		stock(2, 1)
		drained()
		backup := time.Now()
		time.Sleep(time.Second)
		create("lost")
		pay("kept, its step lost")
		stock(1, 2)
		stock(3, 1)
		drained()

		s.Maintenance(4 * time.Hour)
		s.RollBack(backup)
		s.AddOrder(`{"marketPlace":"MERCADO_LIVRE","marketPlaceId":"theirs","status":"PAID_WAITING_SHIP"}`)
		create("made in the window")
		stock(2, 9)
		time.Sleep(4 * time.Hour)
		drained()
		to := time.Now()
		require.NotEqual(t, "2", quantity(t, s, code(1)))

		resent, err := c.Outbox().Resend(t.Context(), outbox.Resend{From: from, To: to})
		require.NoError(t, err)
		require.Equal(t, 3, resent.Sent)
		var found []string
		recheck := func() anymarket.Rechecked {
			sums, err := c.Orders.Recheck(t.Context(), anymarket.Recheck{From: from, To: to, Known: func(yield func(anymarket.KnownOrder, error) bool) {
				for _, k := range here {
					if !yield(k, nil) {
						return
					}
				}
			}, Found: func(ctx context.Context, d anymarket.Difference) error {
				found = append(found, fmt.Sprintf("%s: %s, %s", d.Key, d.Kind, d.Action))
				switch d.Action {
				case anymarket.ActionRepush:
					_, err := c.Orders.Repush(ctx, mine[d.Key.MarketplaceID])
					return err
				case anymarket.ActionAdvance:
					_, err := c.Orders.SetStatus(ctx, d.Key, api.OrderUpdate{Status: d.Here.Status})
					return err
				case anymarket.ActionImport:
					here[d.Key] = anymarket.KnownOrder{Key: d.Key, CreatedAt: d.There.CreatedAt.Time, Status: d.There.Status}
				default:
					t.Errorf("nobody looks: %+v", d)
				}
				return nil
			}})
			require.NoError(t, err)
			return sums
		}
		recheck()
		slices.Sort(found)
		require.Equal(t, []string{
			"ECOMMERCE/kept, its step lost: status differs, advance",
			"ECOMMERCE/lost: only here, repush",
			"MERCADO_LIVRE/theirs: only there, import",
		}, found)
		drained()
		found = nil
		require.Equal(t, 5, recheck().Same)
		require.Empty(t, found)
		require.Len(t, s.Orders(), 5, "none twice")
		for i, want := range map[int]string{1: "2", 2: "9", 3: "1"} {
			require.Equal(t, want, quantity(t, s, code(i)))
		}
	})
}

func TestRecheckNamesEachDifference(t *testing.T) {
	in(t, anymarkettest.Options{Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		from := time.Now()
		time.Sleep(time.Minute)
		id := s.AddOrder(`{"marketPlace":"AMAZON","marketPlaceId":"1","status":"CANCELED"}`)
		for range 2 {
			s.AddOrder(`{"marketPlace":"AMAZON","marketPlaceId":"2","status":"PENDING"}`)
		}
		s.AddOrder(`{"marketPlace":"AMAZON","marketPlaceId":"3","status":"PENDING"}`)
		now := time.Now()
		amazon := func(id string) anymarket.OrderKey {
			return anymarket.OrderKey{Marketplace: "AMAZON", MarketplaceID: id}
		}
		known := []anymarket.KnownOrder{
			{Key: anymarket.OrderKey{ID: anymarket.ID(id)}, CreatedAt: now, Status: api.StatusPaid},
			{Key: amazon("2"), CreatedAt: now.Add(20 * time.Hour)},
			{Key: amazon("3"), CreatedAt: now, Status: "SHIPPED_SOMEHOW"},
			{Key: amazon("4"), CreatedAt: now},
			{Key: anymarket.OrderKey{ID: 4711}, CreatedAt: now},
		}
		time.Sleep(24 * time.Hour)
		var found []string
		sums, err := c.Orders.Recheck(t.Context(), anymarket.Recheck{From: from, To: time.Now(), Known: each(known), Found: func(_ context.Context, d anymarket.Difference) error {
			found = append(found, fmt.Sprintf("%s: %s, %s: %s", d.Key, d.Kind, d.Action, d.Reason))
			return nil
		}})
		require.NoError(t, err)
		slices.Sort(found)
		require.Equal(t, []string{
			"4711: only here, look: ANYMARKET does not have the order, and it was not created from here",
			"AMAZON/1: status differs, import: ANYMARKET has the order as CANCELED, here it is PAID_WAITING_SHIP",
			"AMAZON/3: status differs, look: ANYMARKET has the order as PENDING, here it is SHIPPED_SOMEHOW",
			"AMAZON/4: only here, look: ANYMARKET does not have the order, and it was not created from here",
		}, slices.DeleteFunc(found, func(s string) bool { return s[:8] == "AMAZON/2" }))
		require.Equal(t, 1, sums.Ambiguous)
	})
}

func each[T any](all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func TestRecheckGoesOnWhereItStopped(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		c := open(t, cfg)
		from := time.Now()
		for i := range 20 {
			s.AddOrder(fmt.Sprintf(`{"marketPlace":"AMAZON","marketPlaceId":"%d","status":"PENDING"}`, i))
			time.Sleep(3 * time.Hour)
		}
		to := time.Now()
		stop := errors.New("stop")
		found := map[string]int{}
		recheck := func(most int) (anymarket.Rechecked, error) {
			return c.Orders.Recheck(t.Context(), anymarket.Recheck{From: from, To: to, Found: func(_ context.Context, d anymarket.Difference) error {
				if most--; most < 0 {
					return stop
				}
				found[d.Key.String()]++
				return nil
			}})
		}
		_, err := recheck(9)
		require.ErrorIs(t, err, stop)
		before := s.Count("GET /orders")
		sums, err := recheck(100)
		require.NoError(t, err)
		require.Equal(t, 20, sums.OnlyThere)
		require.True(t, to.Equal(sums.Until))
		require.Len(t, found, 20)
		require.Less(t, s.Count("GET /orders")-before, 10, "the slices that were through are not read again")
	})
}

func TestUnfitRecheckIsRefused(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		now := time.Now()
		told := func(context.Context, anymarket.Difference) error { return nil }
		for field, r := range map[string]anymarket.Recheck{
			"To":            {From: now, To: now, Found: told},
			"From":          {From: now.Add(time.Hour), To: now.Add(2 * time.Hour), Found: told},
			"Overlap":       {From: now, To: now.Add(time.Hour), Overlap: -1, Found: told},
			"Found":         {From: now, To: now.Add(time.Hour)},
			"createdAt":     {From: now, To: now.Add(time.Hour), Found: told, Known: each([]anymarket.KnownOrder{{Key: ecommerce("1")}})},
			"marketPlaceId": {From: now, To: now.Add(time.Hour), Found: told, Known: each([]anymarket.KnownOrder{{CreatedAt: now}})},
		} {
			_, err := c.Orders.Recheck(t.Context(), r)
			var bad *api.FieldError
			require.ErrorAs(t, err, &bad, field)
			require.Equal(t, field, bad.Field)
		}
	})
}

func TestRecheckSeesTwoOrdersOfOneKeyAndOrdersAcceptedAfterTheRange(t *testing.T) {
	in(t, anymarkettest.Options{Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		from := time.Now()
		late := order("late")
		time.Sleep(time.Hour)
		for range 2 {
			s.AddOrder(fmt.Sprintf(`{"marketPlace":"AMAZON","marketPlaceId":"1","status":"PENDING","createdAt":%q}`, time.Now().Format(time.RFC3339)))
		}
		known := []anymarket.KnownOrder{{Key: anymarket.OrderKey{Marketplace: "AMAZON", MarketplaceID: "1"}, CreatedAt: time.Now()}}
		time.Sleep(time.Minute)
		to := time.Now()
		time.Sleep(10 * time.Minute)
		_, err := c.Orders.Create(t.Context(), late) // made in the range, accepted after it
		require.NoError(t, err)
		require.NoError(t, c.Outbox().Drain(t.Context()))
		time.Sleep(time.Minute)
		var found []string
		sums, err := c.Orders.Recheck(t.Context(), anymarket.Recheck{From: from, To: to, Known: each(known), Found: func(_ context.Context, d anymarket.Difference) error {
			found = append(found, d.Key.String()+" "+string(d.Kind))
			return nil
		}})
		require.NoError(t, err)
		require.Equal(t, []string{"AMAZON/1 ambiguous"}, found)
		require.Equal(t, 1, sums.Ambiguous)
	})
}

// A page of something before ANYMARKET says nothing of an order.
func TestRecheckTakesNoForeign404ForAnAnswer(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		from := time.Now()
		time.Sleep(time.Hour)
		s.Fail(anymarkettest.Fault{Route: "GET /orders/{id}", Times: -1, Status: 404, Body: "<html>not found</html>"})
		known := []anymarket.KnownOrder{{Key: anymarket.OrderKey{ID: 77}, CreatedAt: time.Now()}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := c.Orders.Recheck(ctx, anymarket.Recheck{From: from, To: time.Now(), Known: each(known), Found: func(_ context.Context, d anymarket.Difference) error {
			t.Errorf("found %+v", d)
			return nil
		}})
		require.Error(t, err)
	})
}
