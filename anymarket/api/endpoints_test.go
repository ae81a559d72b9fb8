package api_test

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// endpoint ties a method to the request that it makes.
type endpoint struct {
	method string // as Service.Method
	source string // where the endpoint is documented
	call   func(context.Context, *api.Client) (any, error)

	want        string // method, path and query
	contentType string // of the body
	body        string
	header      string // "Name: value", besides the usual ones
	status      int
	answer      string
	// check looks at what the method returned.
	check func(require.TestingT, any)
}

const (
	document   = "OpenAPI v2 document"
	both       = "OpenAPI v2 document, official SDK"
	sdk        = "official SDK"
	newPattern = "Ordernewpattern: true" // official SDK, all order calls
	jsonType   = "application/json"
)

func at(text string) api.Time {
	t, err := api.ParseTime(text)
	if err != nil {
		panic(err)
	}
	return t
}

func num(text string) api.Decimal {
	d, err := api.ParseDecimal(text)
	if err != nil {
		panic(err)
	}
	return d
}

// all reads a list to its end.
func all[T any](seq func(func(T, error) bool)) (any, error) {
	var rows []T
	for row, err := range seq {
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func endpoints() []endpoint {
	type ctx = context.Context
	return slices.Concat(orderEndpoints(), stockEndpoints(), []endpoint{
		{
			method: "Prices.PutAds", source: document,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return c.Prices().PutAds(ctx, api.AdPrice{ID: 20, Price: num("99.90"), DiscountPrice: num("89.90")},
					api.AdPrice{ID: 21, Price: num("10"), DiscountPrice: num("10")})
			},
			want: "PUT /v2/skus/marketplaces/prices", contentType: jsonType,
			body:   `[{"id":20,"price":99.90,"discountPrice":89.90},{"id":21,"price":10,"discountPrice":10}]`,
			status: 200, answer: `[{"id":20,"errorMsg":null},{"id":21,"errorMsg":"Preço calculado"}]`,
			check: func(t require.TestingT, got any) {
				results, ok := got.([]api.AdPriceResult)
				require.True(t, ok)
				require.Equal(t, map[api.ID]string{21: "Preço calculado"}, api.FailedAds(results))
			},
		},
		{
			method: "Prices.PutAd", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return c.Prices().PutAd(ctx, 7, 20, api.AdUpdate{Price: num("99.90"), DiscountPrice: num("89.90")})
			},
			want: "PUT /v2/skus/7/marketplaces/20", contentType: jsonType,
			body: `{"price":99.90,"discountPrice":89.90}`, status: 200, answer: `{"id":20,"price":99.9,"fields":{"HAS_DISCOUNT":true}}`,
			check: func(t require.TestingT, got any) {
				ad, ok := got.(api.Ad)
				require.True(t, ok)
				require.Equal(t, "true", ad.Fields["HAS_DISCOUNT"])
			},
		},
		{
			method: "Prices.PutMarketplace", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return c.Prices().PutMarketplace(ctx, 7, "MERCADO_LIVRE", api.MarketplacePrice{
					Price: num("99.90"), DiscountPrice: num("89.90"), Fields: []api.KeyValue{{Key: "HAS_DISCOUNT", Value: "true"}},
				})
			},
			want: "POST /v2/skus/7/updatePrice/MERCADO_LIVRE", contentType: jsonType,
			body:   `{"price":99.90,"discountPrice":89.90,"fields":[{"key":"HAS_DISCOUNT","value":"true"}]}`,
			status: 200, answer: `{"errors":{"20":"não","19":"sim"}}`,
			check: func(t require.TestingT, got any) {
				result, ok := got.(api.MarketplacePriceResult)
				require.True(t, ok)
				require.Equal(t, []api.KeyValue{{Key: "19", Value: "sim"}, {Key: "20", Value: "não"}}, result.Errors)
			},
		},
		{
			method: "Prices.PatchSKU", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return c.Prices().PatchSKU(ctx, 5, 7, api.SKUPrice{SellPrice: num("89.90")})
			},
			want: "PATCH /v2/products/5/skus/7", contentType: "application/merge-patch+json",
			body: `{"sellPrice":89.90}`, status: 200, answer: `{"id":7,"sellPrice":89.90}`,
		},
		{
			method: "SKUs.Get", source: sdk,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.SKUs().Get(ctx, 7) },
			want: "GET /v2/skus/7", status: 200, answer: `{"id":7,"partnerId":"SKU-1"}`,
		},
		{
			method: "SKUs.ByPartnerID", source: sdk,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.SKUs().ByPartnerID(ctx, "A/B ç%?#") },
			want: "GET /v2/skus/partnerId/A%2FB%20%C3%A7%25%3F%23?showProduct=true", status: 200,
			answer: `{"id":"7","partnerId":"A/B ç%?#","product":{"id":5}}`,
			check: func(t require.TestingT, got any) {
				sku, ok := got.(api.SKU)
				require.True(t, ok)
				require.Equal(t, api.ID(7), sku.ID)
				require.Equal(t, api.ID(5), sku.Product.ID)
			},
		},
		{
			method: "SKUs.Ads", source: "OpenAPI v2 document; parameter: official SDK",
			call: func(ctx ctx, c *api.Client) (any, error) { return c.SKUs().Ads(ctx, 7, "MAGAZINE_LUIZA") },
			want: "GET /v2/skus/7/marketplaces?marketplace=MAGAZINE_LUIZA", status: 200,
			answer: `[{"id":20,"marketPlace":"MERCADO_LIVRE"},{"id":21,"marketPlace":"MAGAZINE_LUIZA"}]`,
			check: func(t require.TestingT, got any) {
				ads, ok := got.([]api.Ad)
				require.True(t, ok)
				require.Len(t, ads, 1)
				require.Equal(t, api.ID(21), ads[0].ID)
			},
		},
		{
			method: "SKUs.AdsByPartnerID", source: document,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.SKUs().AdsByPartnerID(ctx, "SKU-1") },
			want: "GET /v2/skus/marketplaces?partnerID=SKU-1", status: 200, answer: `[]`,
		},
		{
			method: "Products.BySKU", source: document,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.Products().BySKU(ctx, "SKU-1") },
			want: "GET /v2/products?limit=100&offset=0&sku=SKU-1", status: 200,
			answer: `{"content":[{"id":5,"definitionPriceScope":"COST","skus":[{"id":7,"partnerId":"SKU-1"}]},{"id":6,"skus":[]}]}`,
			check: func(t require.TestingT, got any) {
				products, ok := got.([]api.Product)
				require.True(t, ok)
				require.Len(t, products, 1)
				require.Equal(t, api.ScopeCost, products[0].DefinitionPriceScope)
			},
		},
		{
			method: "Feeds.Orders", source: document,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.Feeds().Orders(ctx, 0) },
			want: "GET /v2/orders/feeds?limit=100", status: 200, answer: `[{"id":77,"token":"0b4c"}]`,
		},
		{
			method: "Feeds.AckOrder", source: document,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return nil, c.Feeds().AckOrder(ctx, api.FeedEntry{ID: 77, Token: "0b4c"}, api.StatusPaid)
			},
			want: "PUT /v2/orders/feeds/77?status=PAID_WAITING_SHIP", contentType: jsonType, body: `{"token":"0b4c"}`, status: 204,
		},
		{
			method: "Feeds.Products", source: sdk,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.Feeds().Products(ctx, 5) },
			want: "GET /v2/products/feeds?limit=5", status: 200, answer: `[{"id":5,"token":"0b4c"}]`,
		},
		{
			method: "Feeds.AckProduct", source: sdk,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return nil, c.Feeds().AckProduct(ctx, api.FeedEntry{ID: 5, Token: "0b4c"})
			},
			want: "PUT /v2/products/feeds/5", contentType: jsonType, body: `{"token":"0b4c"}`, status: 204,
		},
		{
			method: "Feeds.Transmissions", source: document,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.Feeds().Transmissions(ctx, 0) },
			want: "GET /v2/transmissions/feeds?limit=100", status: 200, answer: `[]`,
		},
		{
			method: "Feeds.AckTransmission", source: document,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return nil, c.Feeds().AckTransmission(ctx, api.FeedEntry{ID: 7, Token: "0b4c"})
			},
			want: "PUT /v2/transmissions/feeds/7", contentType: jsonType, body: `{"token":"0b4c"}`, status: 204,
		},
		{
			method: "Callbacks.Page", source: sdk,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.Callbacks().Page(ctx, api.Paging{}) },
			want: "GET /v2/callbacks?limit=100&offset=0", status: 200, answer: `{"content":[{"id":1,"url":"https://erp.example/x"}],"page":{}}`,
		},
		{
			method: "Callbacks.List", source: sdk,
			call: func(ctx ctx, c *api.Client) (any, error) { return all(c.Callbacks().List(ctx)) },
			want: "GET /v2/callbacks?limit=100&offset=0", status: 200, answer: `{"content":[{"id":1,"url":"https://erp.example/x"}],"page":{}}`,
		},
		{
			method: "Callbacks.Get", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.Callbacks().Get(ctx, 1) },
			want: "GET /v2/callbacks/1", status: 200, answer: `{"id":1,"url":"https://erp.example/x"}`,
		},
		{
			method: "Callbacks.Create", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return c.Callbacks().Create(ctx, api.Callback{ID: 9, URL: "https://erp.example/x", Token: "t", OrderActive: true})
			},
			want: "POST /v2/callbacks", contentType: jsonType, status: 201, answer: `{"id":1,"url":"https://erp.example/x"}`,
			body: `{"url":"https://erp.example/x","token":"t","orderActive":true,"productActive":false,"transmissionActive":false,"questionActive":false}`,
		},
		{
			method: "Callbacks.Update", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return c.Callbacks().Update(ctx, 1, api.Callback{URL: "https://erp.example/x"})
			},
			want: "PUT /v2/callbacks/1", contentType: jsonType, status: 200, answer: `{"id":1,"url":"https://erp.example/x"}`,
			body: `{"url":"https://erp.example/x","orderActive":false,"productActive":false,"transmissionActive":false,"questionActive":false}`,
		},
		{
			method: "Callbacks.Delete", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) { return nil, c.Callbacks().Delete(ctx, 1) },
			want: "DELETE /v2/callbacks/1", status: 204,
		},
		{
			method: "Campaigns.Page", source: document,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return c.Campaigns().Page(ctx, api.CampaignScheduled, api.Paging{})
			},
			want: "GET /v2/campaigns?limit=100&offset=0&status=SCHEDULED", status: 200,
			answer: `{"pageSize":100,"count":1,"start":0,"values":[{"id":3,"idAccount":"123","initialDate":"2024-07-28T04:00:00.000Z"}]}`,
			check: func(t require.TestingT, got any) {
				page, ok := got.(api.Page[api.Campaign])
				require.True(t, ok)
				require.Equal(t, api.ID(123), page.Items[0].AccountID)
				require.Equal(t, time.Date(2024, 7, 28, 4, 0, 0, 0, time.UTC), page.Items[0].InitialDate.Time)
			},
		},
		{
			method: "Campaigns.List", source: document,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return all(c.Campaigns().List(ctx, "", api.Paging{}))
			},
			want: "GET /v2/campaigns?limit=100&offset=0", status: 200, answer: `{"pageSize":100,"count":0,"start":0,"values":[]}`,
		},
		{
			method: "Campaigns.Get", source: document,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.Campaigns().Get(ctx, 3) },
			want: "GET /v2/campaigns/3", status: 200, answer: `{"id":3}`,
		},
	})
}

func TestEveryMethodCallsItsEndpoint(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, e := range endpoints() {
		tested[e.method] = true
		t.Run(e.method+" "+e.want, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, e.source)
			calls := 0
			c := newClient(t, transport(func(r *http.Request) (*http.Response, error) {
				calls++
				e.requireRequest(t, r)
				return reply(e.status, e.answer), nil
			}))
			got, err := e.call(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, 1, calls)
			if e.check != nil {
				e.check(t, got)
			}
		})
	}
	for _, method := range serviceMethods() {
		require.True(t, tested[method], "no row for %s", method)
		delete(tested, method)
	}
	require.Empty(t, tested, "rows for methods that are not there")
}

// requireRequest compares all of a request, headers that are not expected
// included.
func (e endpoint) requireRequest(t *testing.T, r *http.Request) {
	t.Helper()
	require.Equal(t, "https", r.URL.Scheme)
	require.Equal(t, "api.anymarket.com.br", r.URL.Host)
	require.Equal(t, e.want, r.Method+" "+r.URL.RequestURI())
	want := http.Header{"Gumgatoken": {token}, "Accept": {jsonType}, "User-Agent": {"anymarket-go"}}
	if e.contentType != "" {
		want.Set("Content-Type", e.contentType)
	}
	if name, value, ok := strings.Cut(e.header, ": "); ok {
		want.Set(name, value)
	}
	require.Equal(t, want, r.Header)
	if e.body == "" {
		require.Nil(t, r.Body)
		return
	}
	// Twice: a transport may need the body again for a fresh connection.
	require.NotNil(t, r.GetBody)
	again, err := r.GetBody()
	require.NoError(t, err)
	for _, from := range []io.Reader{r.Body, again} {
		body, err := io.ReadAll(from)
		require.NoError(t, err)
		require.Equal(t, e.body, string(body))
		require.Equal(t, int64(len(body)), r.ContentLength)
	}
}

// serviceMethods names the exported methods of all services: of what the
// client's methods without arguments return, if it is a struct of this package.
func serviceMethods() []string {
	var names []string
	client := reflect.TypeFor[*api.Client]()
	for m := range client.NumMethod() {
		f := client.Method(m).Type
		if f.NumIn() != 1 || f.NumOut() != 1 || f.Out(0).Kind() != reflect.Struct || f.Out(0).PkgPath() != client.Elem().PkgPath() {
			continue
		}
		service := f.Out(0)
		for i := range service.NumMethod() {
			names = append(names, service.Name()+"."+service.Method(i).Name)
		}
	}
	return names
}
