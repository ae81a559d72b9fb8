package api_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// Only what cannot be right is refused, before anything is sent and with the
// field's name.
func TestWhatCannotBeRightIsRefused(t *testing.T) {
	t.Parallel()
	c := newClient(t, transport(func(*http.Request) (*http.Response, error) {
		t.Error("sent")
		return nil, errors.New("sent")
	}))
	stock := func(change func(*api.StockItem)) error {
		item := api.StockItem{PartnerID: "SKU-1", Quantity: api.Qty(1)}
		change(&item)
		return c.Stocks().Put(t.Context(), api.StockItem{ID: 1, Quantity: api.Qty(1)}, item)
	}
	order := func(change func(*api.NewOrder)) error {
		o := newOrder()
		change(&o)
		_, err := c.Orders().Create(t.Context(), o)
		return err
	}
	update := func(u api.OrderUpdate) error {
		_, err := c.Orders().Update(t.Context(), 77, u)
		return err
	}
	adPrice := func(p api.AdPrice) error {
		_, err := c.Prices().PutAds(t.Context(), p)
		return err
	}
	of := func(_ any, err error) error { return err }
	noon := time.Date(2024, 7, 28, 12, 0, 0, 0, time.UTC)
	for _, r := range []struct {
		field string
		err   error
	}{
		{"items", c.Stocks().Put(t.Context())},
		{"items", c.Stocks().PutJSON(t.Context())},
		{"[1]", c.Stocks().PutJSON(t.Context(), []byte(`{"id":1,"quantity":1}`), []byte(`{"id":2`))},
		{"[1].partnerId", stock(func(i *api.StockItem) { i.PartnerID = "" })},
		{"[1].quantity", stock(func(i *api.StockItem) { i.Quantity = api.Decimal{} })},
		{"[1].quantity", stock(func(i *api.StockItem) { i.Quantity = api.Qty(-1) })},
		{"[1].quantity", stock(func(i *api.StockItem) { require.NoError(t, json.Unmarshal([]byte(`"1,5"`), &i.Quantity)) })},
		{"[1].cost", stock(func(i *api.StockItem) { i.Cost = num("-0.01") })},
		{"[1].additionalTime", stock(func(i *api.StockItem) { i.AdditionalTime = api.Int(-1) })},
		{"[1].id", stock(func(i *api.StockItem) { i.ID = -1 })},
		{"[1].stockLocalId", stock(func(i *api.StockItem) { i.StockLocalID = -1 })},
		{"[1].partnerId", stock(func(i *api.StockItem) { i.PartnerID = "a\nb" })},
		{"[1].partnerId", stock(func(i *api.StockItem) { i.PartnerID = "a\xff" })},
		{"items", of(c.Prices().PutAds(t.Context()))},
		{"[0].id", adPrice(api.AdPrice{Price: api.Qty(1), DiscountPrice: api.Qty(1)})},
		{"[0].price", adPrice(api.AdPrice{ID: 1, DiscountPrice: api.Qty(1)})},
		{"[0].discountPrice", adPrice(api.AdPrice{ID: 1, Price: api.Qty(1)})},
		{"[0].discountPrice", adPrice(api.AdPrice{ID: 1, Price: api.Qty(1), DiscountPrice: api.Qty(-1)})},
		{"skuId", of(c.Prices().PutAd(t.Context(), 0, 1, api.AdUpdate{Price: api.Qty(1)}))},
		{"adId", of(c.Prices().PutAd(t.Context(), 1, 0, api.AdUpdate{Price: api.Qty(1)}))},
		{"price", of(c.Prices().PutAd(t.Context(), 1, 1, api.AdUpdate{}))},
		{"price", of(c.Prices().PutMarketplace(t.Context(), 1, "SHOPEE", api.MarketplacePrice{}))},
		{"price or sellPrice", of(c.Prices().PatchSKU(t.Context(), 1, 1, api.SKUPrice{}))},
		{"sellPrice", of(c.Prices().PatchSKU(t.Context(), 1, 1, api.SKUPrice{SellPrice: api.Qty(-1)}))},
		{"productId", of(c.Prices().PatchSKU(t.Context(), 0, 1, api.SKUPrice{Price: api.Qty(1)}))},
		{"marketPlace", order(func(o *api.NewOrder) { o.Marketplace = "" })},
		{"marketPlaceId", order(func(o *api.NewOrder) { o.MarketplaceID = " " })},
		{"total", order(func(o *api.NewOrder) { o.Total = api.Qty(-1) })},
		{"createdAt", order(func(o *api.NewOrder) { o.CreatedAt = api.Time{Text: "soon"} })},
		{"items[0].amount", order(func(o *api.NewOrder) { o.Items[0].Amount = api.Decimal{} })},
		{"items[0].unit", order(func(o *api.NewOrder) { o.Items[0].Unit = api.Qty(-1) })},
		{"payments[0].value", order(func(o *api.NewOrder) { o.Payments[0].Value = api.Qty(-1) })},
		{"shipping.promisedShippingTime", order(func(o *api.NewOrder) { o.Shipping.PromisedShippingTime = api.Time{Text: "soon"} })},
		{"status", update(api.OrderUpdate{})},
		{"status", update(api.OrderUpdate{Status: "SHIPPED"})},
		{"status", update(api.OrderUpdate{Status: api.StatusPending})},
		{"status", update(api.OrderUpdate{Status: api.StatusDeliveryIssue})},
		{"invoice", update(api.OrderUpdate{Status: api.StatusInvoiced})},
		{"invoice", update(api.OrderUpdate{Status: api.StatusInvoiced, Invoice: &api.Invoice{CFOP: "5102"}})},
		{"invoice.date", update(api.OrderUpdate{Status: api.StatusInvoiced, Invoice: &api.Invoice{Number: "1", Date: api.Time{Text: "x"}}})},
		{"tracking", update(api.OrderUpdate{Status: api.StatusShipped, Tracking: &api.Tracking{}})},
		{"tracking.deliveredDate", update(api.OrderUpdate{Status: api.StatusDelivered, Tracking: &api.Tracking{Number: "1"}})},
		{"id", of(c.Orders().Update(t.Context(), 0, api.OrderUpdate{Status: api.StatusPaid}))},
		{"xml", c.Orders().PutNFe(t.Context(), 7, nil)},
		{"xml", c.Orders().PutNFe(t.Context(), 7, []byte(`{}`))},
		{"createdAfter", of(c.Orders().Page(t.Context(), api.OrderFilter{CreatedAfter: noon, CreatedBefore: noon.Add(-1)}, api.Paging{}))},
		{"updatedAfter", of(c.Orders().Page(t.Context(), api.OrderFilter{UpdatedAfter: noon, UpdatedBefore: noon.Add(-1)}, api.Paging{}))},
		{"createdAfter", of(c.Orders().Page(t.Context(), api.OrderFilter{CreatedAfter: noon.AddDate(9000, 0, 0)}, api.Paging{}))},
		{"marketPlace", of(c.Orders().LookUp(t.Context(), "", "M-1"))},
		{"marketPlaceId", of(c.Orders().LookUp(t.Context(), "ECOMMERCE", ""))},
		{"partnerID", of(c.SKUs().AdsByPartnerID(t.Context(), ""))},
		{"sku", of(c.Products().BySKU(t.Context(), ""))},
		{"skuId", of(c.SKUs().Ads(t.Context(), 0, ""))},
		{"id", of(c.SKUs().Get(t.Context(), 0))},
		{"id", c.Feeds().AckOrder(t.Context(), api.FeedEntry{Token: "x"}, "")},
		{"token", c.Feeds().AckOrder(t.Context(), api.FeedEntry{ID: 1}, "")},
		{"id", c.Feeds().AckProduct(t.Context(), api.FeedEntry{Token: "x"})},
		{"token", c.Feeds().AckTransmission(t.Context(), api.FeedEntry{ID: 1})},
		{"url", of(c.Callbacks().Create(t.Context(), api.Callback{}))},
		{"url", of(c.Callbacks().Create(t.Context(), api.Callback{URL: "ftp://x"}))},
		{"id", of(c.Callbacks().Update(t.Context(), 0, api.Callback{URL: "https://x"}))},
		{"id", of(c.Callbacks().Get(t.Context(), 0))},
		{"id", c.Callbacks().Delete(t.Context(), 0)},
		{"id", of(c.Campaigns().Get(t.Context(), 0))},
	} {
		requireField(t, r.err, r.field)
	}
}

// What the host may or may not accept is its business.
func TestWhatMayBeRightIsSent(t *testing.T) {
	t.Parallel()
	c := newClient(t, always(200, `{"id":77}`))
	_, err := c.Prices().PutAd(t.Context(), 1, 1, api.AdUpdate{Price: api.Qty(1), DiscountPrice: api.Qty(2)})
	require.NoError(t, err)
	_, err = c.Orders().Create(t.Context(), api.NewOrder{Marketplace: "NEW_ONE", MarketplaceID: "1", Status: "NEW_STATUS"})
	require.NoError(t, err)
	_, err = c.Orders().Update(t.Context(), 77, api.OrderUpdate{Status: api.StatusInvoiced, Invoice: &api.Invoice{Number: "A-1"}})
	require.NoError(t, err)
	require.NoError(t, c.Orders().PutNFe(t.Context(), 77, []byte("\uFEFF <a/>")))
}

func TestBulkPriceAnswers(t *testing.T) {
	t.Parallel()
	one := api.AdPrice{ID: 20, Price: api.Qty(2), DiscountPrice: api.Qty(1)}
	two := api.AdPrice{ID: 21, Price: api.Qty(2), DiscountPrice: api.Qty(1)}
	for answer, want := range map[string]map[api.ID]string{
		`[]`:                                  {},
		`[{"id":20,"errorMsg":null}]`:         {},
		`[{"id":20,"errorMsg":""},{"id":21}]`: {},
		`[{"id":"21","errorMsg":"x"}]`:        {21: "x"},
		`[{"id":20,"errorMsg":7}]`:            {20: "7"},
		`[{"id":99,"errorMsg":"x"}]`:          {99: "x"},
	} {
		results, err := newClient(t, always(200, answer)).Prices().PutAds(t.Context(), one, two)
		require.NoError(t, err, answer)
		require.Equal(t, want, api.FailedAds(results), answer)
	}
	nameless := always(200, `[{"errorMsg":"x"}]`)
	_, err := newClient(t, nameless).Prices().PutAds(t.Context(), one, two)
	require.Equal(t, api.ShapeJSON, api.Classify(err).Shape)
	results, err := newClient(t, nameless).Prices().PutAds(t.Context(), one)
	require.NoError(t, err)
	require.Equal(t, map[api.ID]string{20: "x"}, api.FailedAds(results))
}

func TestMarketplacePriceAnswers(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string][]api.KeyValue{
		`{}`: nil, `{"errors":null}`: nil, `{"errors":[]}`: {}, `{"errors":{}}`: nil,
		`{"errors":[{"key":20,"value":"x"}]}`: {{Key: "20", Value: "x"}},
		`{"errors":{"20":{"a":1}}}`:           {{Key: "20", Value: `{"a":1}`}},
	} {
		got, err := newClient(t, always(200, answer)).Prices().PutMarketplace(t.Context(), 7, "SHOPEE", api.MarketplacePrice{Price: api.Qty(1)})
		require.NoError(t, err, answer)
		require.Equal(t, want, got.Errors, answer)
		require.Equal(t, answer, string(got.Raw))
	}
	for _, answer := range []string{`[]`, `null`, `{"errors":"x"}`, `{"errors":7}`, businessError} {
		_, err := newClient(t, always(200, answer)).Prices().PutMarketplace(t.Context(), 7, "SHOPEE", api.MarketplacePrice{Price: api.Qty(1)})
		require.Equal(t, api.ShapeJSON, api.Classify(err).Shape, answer)
	}
}
