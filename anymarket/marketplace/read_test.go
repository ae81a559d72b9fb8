package marketplace_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
)

func TestSalesAreListedInPages(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		for i := range 12 {
			s.AddOrder(fmt.Sprintf(`{"marketPlace":%q,"marketPlaceId":"S-%d","status":"PAID_WAITING_SHIP"}`, s.Marketplace(), i))
		}
		c := open(t, config(t, s))
		var ids []string
		for sale, err := range c.Sales.List(t.Context(), marketplace.SaleFilter{Status: marketplace.StatusPaid}, api.Paging{Limit: 5}) {
			require.NoError(t, err)
			require.Equal(t, marketplace.StatusPaid, sale.Status)
			ids = append(ids, sale.MarketplaceID)
		}
		require.Len(t, ids, 12)
		require.Equal(t, 3, s.Count("GET /marketplace/api/orders"))
	})
}

func TestSaleThatIsNotThere(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		_, err := c.Sales.Get(t.Context(), "S-1")
		require.ErrorIs(t, err, marketplace.ErrNoSale)
		_, err = c.Ads.Get(t.Context(), 1)
		require.Equal(t, 404, api.Classify(err).Status)
		_, err = c.Configuration(t.Context(), 1)
		require.Equal(t, 404, api.Classify(err).Status)
	})
}

func TestAdsAndFreightOfASeller(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		ad := s.AddAd(anymarkettest.Ad{PartnerID: "SKU-1", Price: "99.90", Discount: "89.90"})
		c := open(t, config(t, s))
		got, err := c.Ads.Get(t.Context(), api.ID(ad))
		require.NoError(t, err)
		require.Equal(t, "99.90", got.Price.String())
		prices, err := c.Ads.PriceStock(t.Context(), api.ID(ad))
		require.NoError(t, err)
		require.Equal(t, "89.90", prices.DiscountPrice.String())
		quote, err := c.QuoteFreight(t.Context(), marketplace.FreightRequest{
			ZipCode: "01001000", Products: []marketplace.FreightProduct{{SKUID: got.SKU.ID, Amount: api.Qty(1)}},
		})
		require.NoError(t, err)
		require.Equal(t, api.Qty(1), quote.MissingSKUs[got.SKU.ID.String()], "there is no stock")
		all, err := c.Configurations(t.Context())
		require.NoError(t, err)
		one, err := c.Configuration(t.Context(), all[0].ID)
		require.NoError(t, err)
		require.Equal(t, "shop", one.AccountName)
	})
}

// An answer that is not what was asked for is an error, never an empty result.
func TestAnswersOfAnotherKind(t *testing.T) {
	type client = *marketplace.Client
	calls := map[string]func(context.Context, client) error{
		"sale":          func(ctx context.Context, c client) error { _, err := c.Sales.Get(ctx, "S-1"); return err },
		"ad":            func(ctx context.Context, c client) error { _, err := c.Ads.Get(ctx, 1); return err },
		"price":         func(ctx context.Context, c client) error { _, err := c.Ads.PriceStock(ctx, 1); return err },
		"configuration": func(ctx context.Context, c client) error { _, err := c.Configurations(ctx); return err },
		"freight": func(ctx context.Context, c client) error {
			_, err := c.QuoteFreight(ctx, marketplace.FreightRequest{ZipCode: "1", Products: []marketplace.FreightProduct{{SKUID: 1, Amount: api.Qty(1)}}})
			return err
		},
	}
	for name, call := range calls {
		for _, body := range []string{"{}", "null", "[1]", `"x"`, `{"code":400,"message":"x"}`, "[{}]", ""} {
			t.Run(name+" "+body, func(t *testing.T) {
				in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
					c := open(t, config(t, s))
					s.Fail(anymarkettest.Fault{Times: -1, Status: 200, Body: body})
					var bad *api.Error
					require.ErrorAs(t, call(t.Context(), c), &bad)
				})
			})
		}
	}
}
