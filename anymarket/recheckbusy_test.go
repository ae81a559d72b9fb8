package anymarket_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
)

// What a step that waits will change is no difference, however it names its
// order.
func TestRecheckCountsAnOrderWhoseStepWaits(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		from := time.Now()
		time.Sleep(time.Minute)
		s.Fail(anymarkettest.Fault{Route: "PUT /orders/{id}", Times: -1, Status: 500, Body: `{"code":"500","message":"sick"}`})
		var known []anymarket.KnownOrder
		for i, name := range []func(id int64, n string) anymarket.OrderKey{
			func(_ int64, n string) anymarket.OrderKey { return ecommerce(n) },
			func(id int64, _ string) anymarket.OrderKey { return anymarket.OrderKey{ID: anymarket.ID(id)} },
			func(_ int64, n string) anymarket.OrderKey { return byCode("ERP-" + n) },
		} {
			n := fmt.Sprint(i)
			id := s.AddOrder(`{"marketPlace":"ECOMMERCE","marketPlaceId":"` + n + `","partnerId":"ERP-` + n + `","status":"PENDING"}`)
			_, err := c.Orders.SetStatus(t.Context(), name(id, n), paid)
			require.NoError(t, err)
			known = append(known, anymarket.KnownOrder{Key: ecommerce(n), CreatedAt: time.Now(), Status: api.StatusPaid})
		}
		s.AddOrder(`{"marketPlace":"ECOMMERCE","marketPlaceId":"3","partnerId":"ERP-3","status":"PENDING"}`)
		known = append(known, anymarket.KnownOrder{Key: byCode("ERP-3"), CreatedAt: time.Now(), Status: api.StatusPaid})
		time.Sleep(time.Second)
		var found []string
		sums, err := c.Orders.Recheck(t.Context(), anymarket.Recheck{From: from, To: time.Now(), Known: each(known), Found: func(_ context.Context, d anymarket.Difference) error {
			found = append(found, d.Key.String()+" "+string(d.Kind))
			return nil
		}})
		require.NoError(t, err)
		require.Equal(t, []string{"ECOMMERCE/3 status differs"}, found)
		require.Equal(t, 3, sums.Waiting)
	})
}

// An order that the caller names by a code is looked for by it, and one whose
// creation waits here is not missing.
func TestRecheckLooksForAnOrderByTheCallersCode(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		from := time.Now()
		time.Sleep(time.Minute)
		s.AddOrder(`{"marketPlace":"AMAZON","marketPlaceId":"A-1","partnerId":"there","createdAt":"1999-01-01T00:00:00Z","status":"PENDING"}`)
		s.Fail(anymarkettest.Fault{Route: "POST /orders", Times: -1, Status: 429})
		_, err := c.Orders.Create(t.Context(), coded("S-1", "waits"))
		require.NoError(t, err)
		var known []anymarket.KnownOrder
		for _, partnerID := range []string{"there", "waits", "missing"} {
			known = append(known, anymarket.KnownOrder{Key: byCode(partnerID), CreatedAt: time.Now(), Status: api.StatusPending})
		}
		time.Sleep(time.Minute)
		var found []string
		sums, err := c.Orders.Recheck(t.Context(), anymarket.Recheck{From: from, To: time.Now(), Known: each(known), Found: func(_ context.Context, d anymarket.Difference) error {
			found = append(found, d.Key.String()+" "+string(d.Kind))
			return nil
		}})
		require.NoError(t, err)
		require.Equal(t, []string{"missing only here"}, found)
		require.Equal(t, 1, sums.Waiting)
		require.Equal(t, 1, sums.Same)
	})
}

// Clocks differ: an order that the other side dates up to Overlap earlier or
// later is in the list that is read anyway. Only one beyond is looked up.
func TestRecheckFindsWhatIsDatedOtherwiseInTheList(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		time.Sleep(3 * time.Hour)
		from := time.Now()
		time.Sleep(time.Hour)
		to := time.Now()
		time.Sleep(3 * time.Hour)
		var known []anymarket.KnownOrder
		for i, at := range []struct{ here, there time.Time }{
			{from, from.Add(-time.Hour)},
			{to, to.Add(time.Hour)},
			{from, from.Add(-61 * time.Minute)},
			{to, to.Add(61 * time.Minute)},
		} {
			id := fmt.Sprint(i)
			s.AddOrder(fmt.Sprintf(`{"marketPlace":"ECOMMERCE","marketPlaceId":%q,"status":"PENDING","createdAt":%q}`, id, at.there.Format(time.RFC3339)))
			known = append(known, anymarket.KnownOrder{Key: ecommerce(id), CreatedAt: at.here, Status: api.StatusPending})
		}
		sums, err := c.Orders.Recheck(t.Context(), anymarket.Recheck{From: from, To: to, Known: each(known), Found: func(_ context.Context, d anymarket.Difference) error {
			t.Errorf("found %+v", d)
			return nil
		}})
		require.NoError(t, err)
		require.Equal(t, 4, sums.Same)
		var lookUps []string
		for _, r := range s.Log() {
			if id := r.Query.Get("marketplaceId"); id != "" {
				lookUps = append(lookUps, id)
			}
		}
		require.ElementsMatch(t, []string{"2", "3"}, lookUps)
	})
}
