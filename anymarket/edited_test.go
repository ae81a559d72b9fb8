package anymarket_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// An edit changes what is said, never what it is about, and is checked as what
// is accepted is.
func TestEditThatCannotBeRightIsRefusedAtOnce(t *testing.T) {
	in(t, anymarkettest.Options{ClosedCatalog: true}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		dead := map[string]anymarket.Receipt{}
		var err error
		dead["stock"], err = c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: "SKU-1", Quantity: anymarket.Qty(1)})
		require.NoError(t, err)
		dead["price"], err = c.Prices.Set(t.Context(), anymarket.Price{Ad: 7, Price: anymarket.Qty(2), DiscountPrice: anymarket.Qty(1)})
		require.NoError(t, err)
		s.Fail(anymarkettest.Fault{Route: "POST /orders", Times: -1, Status: 422, Body: `{"code":"422","message":"no"}`})
		dead["order"], err = c.Orders.Create(t.Context(), order("S-1"))
		require.NoError(t, err)
		dead["step"], err = c.Orders.SetStatus(t.Context(), anymarket.OrderKey{ID: 77}, api.OrderUpdate{Status: api.StatusPaid})
		require.NoError(t, err)
		require.NoError(t, c.Outbox().Drain(t.Context()))
		time.Sleep(time.Minute)
		for what, bodies := range map[string][]string{
			"stock": {`{"partnerId":"SKU-2","quantity":1}`, `{"partnerId":"SKU-1","quantity":-1}`, `{"partnerId":"SKU-1"}`, `{"partnerId":"SKU-1","quantity":1,"qty":2}`, `{"id":4711,"quantity":1}`, `7`, `{"partnerId":"SKU-1","quantity":1}{}`},
			"price": {`{"id":8,"price":2,"discountPrice":1}`, `{"id":7,"price":2}`},
			"order": {`{"marketPlace":"ECOMMERCE","marketPlaceId":"S-2","items":[]}`, `{}`},
			"step":  {`{"op":"order.status","id":77,"status":"CONCLUDED"}`, `{"id":78,"update":{"status":"PAID_WAITING_SHIP"}}`},
		} {
			require.Equal(t, outbox.Dead, state(t, dead[what]), what)
			for _, body := range bodies {
				_, err := c.Outbox().Edit(t.Context(), dead[what].ID(), []byte(body))
				require.ErrorIs(t, err, outbox.ErrInvalid, "%s %s", what, body)
			}
		}
		_, err = c.Outbox().Edit(t.Context(), dead["stock"].ID(), []byte(`{"partnerId":"SKU-1","quantity":5,"cost":2}`))
		require.NoError(t, err)
	})
}
