package marketplace_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
)

func TestSaleThatCannotBeRightIsRefusedAtOnce(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		var odd api.Decimal
		require.NoError(t, odd.UnmarshalJSON([]byte(`"12,50"`)))
		var never api.Time
		require.NoError(t, never.UnmarshalJSON([]byte(`"yesterday"`)))
		for field, change := range map[string]func(*marketplace.NewSale){
			"marketPlaceId":                 func(s *marketplace.NewSale) { s.MarketplaceID = "" },
			"marketPlaceId ":                func(s *marketplace.NewSale) { s.MarketplaceID = ".." },
			"marketPlaceId  ":               func(s *marketplace.NewSale) { s.MarketplaceID = "a\nb" },
			"status":                        func(s *marketplace.NewSale) { s.Status = "SOLD" },
			"status ":                       func(s *marketplace.NewSale) { s.Status = "PAID_WAITING_SHIP" },
			"total":                         func(s *marketplace.NewSale) { s.Total = api.Qty(-1) },
			"freight":                       func(s *marketplace.NewSale) { s.Freight = odd },
			"createdAt":                     func(s *marketplace.NewSale) { s.CreatedAt = never },
			"payments[1].value":             func(s *marketplace.NewSale) { s.Payments[1].Value = api.Qty(-1) },
			"items[0].unit":                 func(s *marketplace.NewSale) { s.Items[0].Unit = odd },
			"items[0].amount":               func(s *marketplace.NewSale) { s.Items[0].Amount = api.Decimal{} },
			"buyer.name":                    func(s *marketplace.NewSale) { s.Buyer.Name = "\xff" },
			"shipping.promisedShippingTime": func(s *marketplace.NewSale) { s.Shipping.PromisedShippingTime = never },
			"metadata.a":                    func(s *marketplace.NewSale) { s.Metadata = api.Metadata{"a": "\xff"} },
		} {
			bad := sale("S-1")
			change(&bad)
			_, err := c.Sales.Notify(t.Context(), bad)
			requireField(t, err, field)
		}
		bad := sale("S-1")
		bad.Status = "CONCLUDED"
		_, err := c.Sales.Notify(t.Context(), bad)
		require.ErrorContains(t, err, "say DELIVERED")

		_, err = c.Sales.MarkShipped(t.Context(), "S-1", marketplace.Shipped{Number: "BR1"})
		requireField(t, err, "shippedDate")
		_, err = c.Sales.MarkShipped(t.Context(), "S-1", marketplace.Shipped{ShippedDate: never})
		requireField(t, err, "shippedDate")
		_, err = c.Sales.MarkDelivered(t.Context(), "S-1", marketplace.Delivered{})
		requireField(t, err, "deliveredDate")
		_, err = c.Sales.MarkCanceled(t.Context(), "S-1", marketplace.Canceled{})
		requireField(t, err, "date")
		_, err = c.Sales.TransmissionStatus(t.Context(), "S-1", marketplace.Transmission{Success: true})
		requireField(t, err, "marketPlaceStatus")
		_, err = c.Sales.MarkPaid(t.Context(), " ", marketplace.Paid{})
		requireField(t, err, "marketPlaceId")
		_, err = c.Sales.MarkPaid(t.Context(), "S-1", marketplace.Paid{Payments: []api.Payment{{Value: api.Qty(-1)}}})
		requireField(t, err, "payments[0].value")
		require.Zero(t, c.Outbox().Stats().Accepted)

		_, err = c.Sales.Get(t.Context(), "..")
		requireField(t, err, "marketPlaceId")
		for _, err := range c.Sales.List(t.Context(), marketplace.SaleFilter{Status: "INVOICE"}, api.Paging{}) {
			requireField(t, err, "status")
		}
		_, err = c.Ads.Get(t.Context(), 0)
		requireField(t, err, "id")
		_, err = c.QuoteFreight(t.Context(), marketplace.FreightRequest{Products: []marketplace.FreightProduct{{SKUID: 1, Amount: api.Qty(1)}}})
		requireField(t, err, "zipCode")
		_, err = c.QuoteFreight(t.Context(), marketplace.FreightRequest{ZipCode: "1"})
		requireField(t, err, "products")
		_, err = c.QuoteFreight(t.Context(), marketplace.FreightRequest{ZipCode: "1", Products: []marketplace.FreightProduct{{SKUID: 1}}})
		requireField(t, err, "products.amount")
		_, err = c.QuoteFreight(t.Context(), marketplace.FreightRequest{ZipCode: "1", Products: []marketplace.FreightProduct{{Amount: api.Qty(1)}}})
		requireField(t, err, "products.skuId")
		require.Zero(t, s.Count(""))
	})
}

// requireField says that err refuses the field; spaces make names unique.
func requireField(t *testing.T, err error, field string) {
	t.Helper()
	var bad *api.FieldError
	require.ErrorAs(t, err, &bad, field)
	for len(field) > 0 && field[len(field)-1] == ' ' {
		field = field[:len(field)-1]
	}
	require.Equal(t, field, bad.Field, err.Error())
}

// What ANYMARKET may refuse is a warning, with the sums; strict mode refuses it.
func TestSumsThatDoNotAgree(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		cfg.Strict = true
		strict := open(t, cfg)
		lax := open(t, config(t, s))
		r, err := strict.Sales.Notify(t.Context(), sale("right"))
		require.NoError(t, err)
		require.Empty(t, r.Warnings)
		for want, change := range map[string]func(*marketplace.NewSale){
			"total is 100, but productNet 90 + freight 9.5 + interestValue 0 - discount 0.5 = 99": func(s *marketplace.NewSale) { s.Freight = num("9.50") },
			"total is 100, but the payments sum to 99.99":                                         func(s *marketplace.NewSale) { s.Payments[0].Value = num("39.99") },
			"total is missing": func(s *marketplace.NewSale) { s.Total = api.Decimal{} },
			"status is INVOICED: sales are created as PENDING or PAID and moved on by marks": func(s *marketplace.NewSale) { s.Status = marketplace.StatusInvoiced },
			"status is missing":                 func(s *marketplace.NewSale) { s.Status = "" },
			"marketPlaceNumber is missing":      func(s *marketplace.NewSale) { s.MarketplaceNumber = "" },
			"createdAt is missing":              func(s *marketplace.NewSale) { s.CreatedAt = api.Time{} },
			"buyer is missing":                  func(s *marketplace.NewSale) { s.Buyer = api.Buyer{} },
			"items are missing":                 func(s *marketplace.NewSale) { s.Items = nil },
			"items[0].sku.partnerId is missing": func(s *marketplace.NewSale) { s.Items[0].SKU = api.OrderSKU{} },
		} {
			odd := sale(want)
			change(&odd)
			_, err := strict.Sales.Notify(t.Context(), odd)
			var warning *marketplace.WarningError
			require.ErrorAs(t, err, &warning)
			require.Equal(t, []string{want}, warning.Warnings)
			require.ErrorContains(t, err, want)
			r, err := lax.Sales.Notify(t.Context(), odd)
			require.NoError(t, err)
			require.Equal(t, []string{want}, r.Warnings)
		}
		require.EqualValues(t, 1, strict.Outbox().Stats().Accepted)
	})
}

func TestConfigThatCannotBeRight(t *testing.T) {
	t.Parallel()
	whole := marketplace.Config{Outbox: filepath.Join(t.TempDir(), "x.db"), BaseURL: marketplace.SandboxURL, AppID: "app", Token: "t"}
	for field, change := range map[string]func(*marketplace.Config){
		"Outbox":     func(c *marketplace.Config) { c.Outbox = "" },
		"BaseURL":    func(c *marketplace.Config) { c.BaseURL = "" },
		"BaseURL ":   func(c *marketplace.Config) { c.BaseURL = "http://sandbox-api.anymarket.com.br/marketplace/api" },
		"AppID":      func(c *marketplace.Config) { c.AppID = "" },
		"AppID ":     func(c *marketplace.Config) { c.AppID = "a\nb" },
		"Token":      func(c *marketplace.Config) { c.Token = "" },
		"token":      func(c *marketplace.Config) { c.Token = "a b" },
		"Token ":     func(c *marketplace.Config) { c.Tokens = tokens(nil) },
		"StartRate":  func(c *marketplace.Config) { c.StartRate = -1 },
		"MaxRate":    func(c *marketplace.Config) { c.MaxRate = -1 },
		"LookupLag":  func(c *marketplace.Config) { c.LookupLag = -time.Second },
		"LateApply":  func(c *marketplace.Config) { c.LateApply = -time.Second },
		"MinBackoff": func(c *marketplace.Config) { c.MinBackoff = -time.Second },
	} {
		bad := whole
		change(&bad)
		_, err := marketplace.Open(t.Context(), bad)
		requireField(t, err, field)
	}
}
