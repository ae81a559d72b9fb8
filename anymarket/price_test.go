package anymarket_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

func TestPricesByAdGoInBulkAndFailOneByOne(t *testing.T) {
	for _, results := range []anymarkettest.PriceResults{anymarkettest.ErrorNull, anymarkettest.ErrorEmpty, anymarkettest.FailuresOnly} {
		t.Run(fmt.Sprint(results), func(t *testing.T) {
			in(t, anymarkettest.Options{PriceResults: results}, func(t *testing.T, s *anymarkettest.Server) {
				good := s.AddAd(anymarkettest.Ad{PartnerID: "A", Marketplace: "MERCADO_LIVRE"})
				bad := s.AddAd(anymarkettest.Ad{PartnerID: "B", Marketplace: "MERCADO_LIVRE"})
				s.Refuse("B", "price too low")
				c := open(t, config(t, s))
				require.NoError(t, c.Outbox().PauseAll(t.Context(), "test"))
				fine, err := c.Prices.Set(t.Context(), anymarket.Price{Ad: anymarket.ID(good), Price: anymarket.Qty(100), DiscountPrice: anymarket.Qty(90)})
				require.NoError(t, err)
				require.Empty(t, fine.Warnings)
				dead, err := c.Prices.Set(t.Context(), anymarket.Price{Ad: anymarket.ID(bad), Price: anymarket.Qty(1), DiscountPrice: anymarket.Qty(1)})
				require.NoError(t, err)
				require.NoError(t, c.Outbox().ResumeAll(t.Context()))
				require.NoError(t, fine.Wait(t.Context()))
				var letter *outbox.DeadError
				require.ErrorAs(t, dead.Wait(t.Context()), &letter)
				require.Contains(t, letter.Reason, "price too low")
				ad, _ := s.Price(good)
				require.Equal(t, "90", ad.Discount)
				require.Equal(t, 1, s.Count("PUT /skus/marketplaces/prices"))
			})
		})
	}
}

// All ads of the SKU in the marketplace take the price; they are looked up once.
func TestPricesByMarketplaceFindTheirAds(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		one := s.AddAd(anymarkettest.Ad{PartnerID: "A", Marketplace: "MERCADO_LIVRE"})
		two := s.AddAd(anymarkettest.Ad{PartnerID: "A", Marketplace: "MERCADO_LIVRE"})
		elsewhere := s.AddAd(anymarkettest.Ad{PartnerID: "A", Marketplace: "AMAZON"})
		c := open(t, config(t, s))
		for n := range 3 {
			r, err := c.Prices.Set(t.Context(), anymarket.Price{PartnerID: "A", Marketplace: "mercado_livre", Price: anymarket.Qty(100), DiscountPrice: anymarket.Qty(int64(90 + n))})
			require.NoError(t, err)
			require.NoError(t, r.Wait(t.Context()))
		}
		for ad, want := range map[int64]string{one: "92", two: "92", elsewhere: ""} {
			got, _ := s.Price(ad)
			require.Equal(t, want, got.Discount)
		}
		require.Equal(t, 1, s.Count("GET /skus/marketplaces"))
		ads, err := c.Prices.Ads(t.Context(), "A")
		require.NoError(t, err)
		require.Len(t, ads, 3)

		r, err := c.Prices.Set(t.Context(), anymarket.Price{PartnerID: "A", Marketplace: "SHOPEE", Price: anymarket.Qty(1), DiscountPrice: anymarket.Qty(1)})
		require.NoError(t, err)
		var dead *outbox.DeadError
		require.ErrorAs(t, r.Wait(t.Context()), &dead)
		require.Contains(t, dead.Reason, "no ad in SHOPEE")

		_, err = c.Prices.Set(t.Context(), anymarket.Price{Ad: 1, Price: anymarket.Qty(1), DiscountPrice: anymarket.Qty(1)})
		if err != nil { // a dead letter of the other addressing is stored
			var mixed *outbox.AddressingError
			require.ErrorAs(t, err, &mixed)
		}
	})
}

// The look-ups of a batch keep the pace, and its prices go in one call.
func TestPricesByMarketplaceGoInOneCall(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "test"))
		for i := range 20 {
			code := fmt.Sprint("SKU-", i)
			s.AddAd(anymarkettest.Ad{PartnerID: code, Marketplace: "AMAZON"})
			_, err := c.Prices.Set(t.Context(), anymarket.Price{PartnerID: code, Marketplace: "AMAZON", Price: anymarket.Qty(100), DiscountPrice: anymarket.Qty(90)})
			require.NoError(t, err)
		}
		require.NoError(t, c.Outbox().ResumeAll(t.Context()))
		require.NoError(t, c.Outbox().Drain(t.Context()))
		require.Equal(t, 1, s.Count("PUT /skus/marketplaces/prices"))
		require.Equal(t, 20, s.Count("GET /skus/marketplaces"))
		perSecond := map[int64]int{}
		for _, r := range s.Log() {
			perSecond[r.At.Unix()]++
			require.LessOrEqual(t, perSecond[r.At.Unix()], 11)
		}
	})
}

// Many SKUs at once through all that can go wrong.
func TestPricesByMarketplaceInABatchSurviveAnOutage(t *testing.T) {
	for _, mode := range anymarkettest.Outages() {
		t.Run(mode.String(), func(t *testing.T) {
			in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
				const skus = 20
				var ads []int64
				c := open(t, config(t, s))
				require.NoError(t, c.Outbox().PauseAll(t.Context(), "test"))
				for i := range skus {
					code := fmt.Sprint("SKU-", i)
					ads = append(ads, s.AddAd(anymarkettest.Ad{PartnerID: code, Marketplace: "AMAZON"}))
					_, err := c.Prices.Set(t.Context(), anymarket.Price{PartnerID: code, Marketplace: "AMAZON", Price: anymarket.Qty(100), DiscountPrice: anymarket.Qty(int64(i + 1))})
					require.NoError(t, err)
				}
				s.Fail(
					anymarkettest.Fault{Route: "GET /skus/marketplaces", Mode: mode, Times: 3},
					anymarkettest.Fault{Route: "PUT /skus/marketplaces/prices", Mode: mode, Times: 2},
					anymarkettest.Fault{Route: "GET /skus/marketplaces", Mode: anymarkettest.TooMany, Times: 2},
				)
				require.NoError(t, c.Outbox().ResumeAll(t.Context()))
				require.NoError(t, c.Outbox().Drain(t.Context()))
				require.Zero(t, c.Outbox().Stats().Dead)
				for i, ad := range ads {
					got, _ := s.Price(ad)
					require.Equal(t, fmt.Sprint(i+1), got.Discount)
				}
			})
		})
	}
}

func TestPriceThatCannotBeRightIsRefusedAndOddOnesAreWarnedOf(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		cfg.Account = "lax"
		c := open(t, cfg)
		ten, five := anymarket.Qty(10), anymarket.Qty(5)
		for want, p := range map[string]anymarket.Price{
			"price is missing":         {Ad: 1, DiscountPrice: ten},
			"discountPrice is missing": {Ad: 1, Price: ten},
			"partnerId is missing":     {Marketplace: "AMAZON", Price: ten, DiscountPrice: ten},
			"marketplace is missing":   {PartnerID: "A", Price: ten, DiscountPrice: ten},
			"ad is given, and so is":   {Ad: 1, PartnerID: "A", Price: ten, DiscountPrice: ten},
			"price is negative":        {Ad: 1, Price: anymarket.Qty(-1), DiscountPrice: ten},
			"id ":                      {Ad: -1, Price: ten, DiscountPrice: ten},
		} {
			_, err := c.Prices.Set(t.Context(), p)
			var bad *api.FieldError
			require.ErrorAs(t, err, &bad)
			require.ErrorContains(t, err, want)
		}
		r, err := c.Prices.Set(t.Context(), anymarket.Price{Ad: 1, Price: five, DiscountPrice: ten})
		require.NoError(t, err)
		require.Equal(t, []string{"discountPrice 10 is above price 5"}, r.Warnings)

		cfg = config(t, s)
		cfg.Strict = true
		_, err = open(t, cfg).Prices.Set(t.Context(), anymarket.Price{Ad: 1, Price: five, DiscountPrice: ten})
		var strict *anymarket.WarningError
		require.ErrorAs(t, err, &strict)
		require.ErrorContains(t, err, "discountPrice 10 is above price 5")
	})
}
