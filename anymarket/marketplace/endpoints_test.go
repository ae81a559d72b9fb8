package marketplace_test

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
)

// endpoint ties a method to the request that it makes.
type endpoint struct {
	method string // as Service.Method
	source string // where the endpoint is documented
	// call returns what the method did; of what is durable, at its end.
	call func(context.Context, *marketplace.Client) (any, error)

	want   string // method, path and query
	body   string
	answer string
	// check looks at what the method returned.
	check func(require.TestingT, any)
}

// Sources.
const (
	document = "ANYMARKET's document for marketplaces, section of the path"
	inUse    = document + "; fields seen with one marketplace that uses it"
)

func brasilia(hour int) api.Time {
	return api.At(time.Date(2024, 7, 28, hour, 0, 0, 5, time.FixedZone("", -3*60*60)))
}

func endpoints() []endpoint {
	type ctx = context.Context
	durable := func(store func(ctx, marketplace.SaleService) (marketplace.Receipt, error)) func(ctx, *marketplace.Client) (any, error) {
		return func(ctx ctx, c *marketplace.Client) (any, error) {
			r, err := store(ctx, c.Sales)
			if err != nil {
				return nil, err
			}
			return nil, r.Wait(ctx)
		}
	}
	const answered = `{"id":7,"marketPlaceId":"S 1","status":"PAID"}`
	return []endpoint{
		{
			method: "Sales.Notify", source: document,
			call: durable(func(ctx ctx, s marketplace.SaleService) (marketplace.Receipt, error) {
				return s.Notify(ctx, marketplace.NewSale{
					MarketplaceID: "S 1", MarketplaceNumber: "1001", CreatedAt: brasilia(1), PaymentDate: brasilia(2), AccountID: 5, AccountName: "shop",
					Status: marketplace.StatusPaid, MarketplaceStatus: "pago",
					Discount: num("0.50"), Freight: num("10.50"), ProductNet: num("90.00"), InterestValue: api.Qty(0), Total: num("100.00"),
					Shipping: api.Address{Street: "Rua A", ZipCode: "01001000", PromisedShippingTime: brasilia(5)}, BillingAddress: api.Address{City: "X"},
					Buyer:    api.Buyer{Name: "Ana", Document: "1", DocumentType: "CPF"},
					Payments: []api.Payment{{Method: "PIX", Value: num("100.00"), Installments: 1}},
					Items: []marketplace.Item{{
						SKU: api.OrderSKU{PartnerID: "AD-1"}, Amount: api.Qty(2), Unit: num("45.25"), Gross: num("90.50"), Total: num("90.00"),
						Discount: num("0.50"), MarketplaceID: "I-1", Shippings: api.ItemShippings{{ShippingType: "PAC"}},
					}},
					Metadata: api.Metadata{"k": "v"}, Observation: "o", SubChannel: "sub", SubChannelNormalized: "SUB",
					DocumentIntermediator: "2", IntermediateRegistrationID: "3", DocumentPaymentInstitution: "4",
				})
			}),
			want: "POST /marketplace/api/orders", answer: answered,
			body: `{"marketPlaceId":"S 1","marketPlaceNumber":"1001","createdAt":"2024-07-28T01:00:00-03:00","paymentDate":"2024-07-28T02:00:00-03:00",
				"idAccount":5,"accountName":"shop","status":"PAID","marketPlaceStatus":"pago",
				"discount":0.50,"freight":10.50,"productNet":90.00,"interestValue":0,"total":100.00,
				"shipping":{"street":"Rua A","zipCode":"01001000","promisedShippingTime":"2024-07-28T05:00:00-03:00"},"billingAddress":{"city":"X"},
				"buyer":{"name":"Ana","document":"1","documentType":"CPF"},"payments":[{"method":"PIX","value":100.00,"installments":1}],
				"items":[{"sku":{"partnerId":"AD-1"},"amount":2,"unit":45.25,"gross":90.50,"total":90.00,"discount":0.50,"marketPlaceId":"I-1","shippings":[{"shippingtype":"PAC"}]}],
				"metadata":{"k":"v"},"observation":"o","subChannel":"sub","subChannelNormalized":"SUB",
				"documentIntermediator":"2","intermediateRegistrationId":"3","documentPaymentInstitution":"4"}`,
		},
		{
			method: "Sales.MarkPaid", source: inUse,
			call: durable(func(ctx ctx, s marketplace.SaleService) (marketplace.Receipt, error) {
				return s.MarkPaid(ctx, "A/1", marketplace.Paid{Date: brasilia(1), Payments: []api.Payment{{Method: "PIX", Value: num("1.00")}}})
			}),
			want: "PUT /marketplace/api/orders/A%2F1/markAsPaid", answer: `{"ok":true}`,
			body: `{"date":"2024-07-28T01:00:00-03:00","payments":[{"method":"PIX","value":1.00}]}`,
		},
		{
			method: "Sales.MarkInvoiced", source: document,
			call: durable(func(ctx ctx, s marketplace.SaleService) (marketplace.Receipt, error) {
				return s.MarkInvoiced(ctx, "S 1", marketplace.Invoiced{Date: brasilia(1)})
			}),
			want: "PUT /marketplace/api/orders/S%201/markAsInvoiced", answer: answered,
			body: `{"date":"2024-07-28T01:00:00-03:00"}`,
		},
		{
			method: "Sales.MarkShipped", source: document,
			call: durable(func(ctx ctx, s marketplace.SaleService) (marketplace.Receipt, error) {
				return s.MarkShipped(ctx, "S 1", marketplace.Shipped{ShippedDate: brasilia(1), URL: "https://t", Number: "BR1", Carrier: "C", EstimateDate: brasilia(9), Status: "ON_ROUTE"})
			}),
			want: "PUT /marketplace/api/orders/S%201/markAsShipped", answer: answered,
			body: `{"shippedDate":"2024-07-28T01:00:00-03:00","url":"https://t","number":"BR1","carrier":"C","estimateDate":"2024-07-28T09:00:00-03:00","status":"ON_ROUTE"}`,
		},
		{
			method: "Sales.MarkDelivered", source: document,
			call: durable(func(ctx ctx, s marketplace.SaleService) (marketplace.Receipt, error) {
				return s.MarkDelivered(ctx, "S 1", marketplace.Delivered{DeliveredDate: brasilia(1)})
			}),
			want: "PUT /marketplace/api/orders/S%201/markAsDelivered", answer: answered,
			body: `{"deliveredDate":"2024-07-28T01:00:00-03:00"}`,
		},
		{
			method: "Sales.MarkCanceled", source: inUse,
			call: durable(func(ctx ctx, s marketplace.SaleService) (marketplace.Receipt, error) {
				return s.MarkCanceled(ctx, "S 1", marketplace.Canceled{Date: brasilia(1), Code: "BUYER_CANCELED"})
			}),
			want: "PUT /marketplace/api/orders/S%201/markAsCanceled", answer: answered,
			body: `{"date":"2024-07-28T01:00:00-03:00","code":"BUYER_CANCELED"}`,
		},
		{
			method: "Sales.TransmissionStatus", source: document,
			call: durable(func(ctx ctx, s marketplace.SaleService) (marketplace.Receipt, error) {
				return s.TransmissionStatus(ctx, "S 1", marketplace.Transmission{MarketplaceStatus: "pago", ErrorMessage: "e"})
			}),
			want: "PUT /marketplace/api/orders/S%201/transmissionStatus", answer: answered,
			body: `{"success":false,"marketPlaceStatus":"pago","errorMessage":"e"}`,
		},
		{
			method: "Sales.Get", source: document,
			call: func(ctx ctx, c *marketplace.Client) (any, error) { return c.Sales.Get(ctx, "S 1") },
			want: "GET /marketplace/api/orders/S%201",
			answer: `{"id":"7","marketPlaceId":"S 1","status":"SHIPPED","total":100.00,"marketPlaceNumber":1001,
				"shipping":{"zipCode":1001000},"items":[{"shippings":{"shippingtype":"PAC"}}],"tracking":{"number":"BR1"}}`,
			check: func(t require.TestingT, got any) {
				s, ok := got.(marketplace.Sale)
				require.True(t, ok)
				require.EqualValues(t, 7, s.ID)
				require.Equal(t, marketplace.StatusShipped, s.Status)
				require.Equal(t, "100.00", s.Total.String())
				require.Equal(t, []string{"1001", "1001000", "PAC", "BR1"}, []string{s.MarketplaceNumber, s.Shipping.ZipCode, s.Items[0].Shippings[0].ShippingType, s.Tracking.Number})
				require.NotEmpty(t, s.Raw)
			},
		},
		{
			method: "Sales.List", source: document,
			call: func(ctx ctx, c *marketplace.Client) (any, error) {
				var ids []string
				for s, err := range c.Sales.List(ctx, marketplace.SaleFilter{Status: marketplace.StatusPaid, CreatedAfter: brasilia(1).Time}, api.Paging{Limit: 5, Sort: "createdAt"}) {
					if err != nil {
						return nil, err
					}
					ids = append(ids, s.MarketplaceID)
				}
				return ids, nil
			},
			want:   "GET /marketplace/api/orders?createdAfter=2024-07-28T01%3A00%3A00-03%3A00&limit=5&offset=0&sort=createdAt&status=PAID",
			answer: `{"content":[` + answered + `],"links":[]}`,
			check:  func(t require.TestingT, got any) { require.Equal(t, []string{"S 1"}, got) },
		},
		{
			method: "Ads.Get", source: inUse,
			call: func(ctx ctx, c *marketplace.Client) (any, error) { return c.Ads.Get(ctx, 9) },
			want: "GET /marketplace/api/skumarketplace/9",
			answer: `{"id":9,"price":99.90,"discountPrice":89.90,"skuInMarketplace":"AD-1","status":"ACTIVE","fields":{"color":"red"},
				"stock":{"amount":7,"availableAmount":"5","cost":1.5,"totalReservation":2,"physicalAmount":7,"additionalTime":3,"stockLocal":{"id":1}},
				"sku":{"id":4,"partnerId":"SKU-1","product":{"id":3}}}`,
			check: func(t require.TestingT, got any) {
				a, ok := got.(marketplace.Ad)
				require.True(t, ok)
				require.Equal(t, []string{"99.90", "5", "AD-1", "SKU-1", "red"}, []string{a.Price.String(), a.Stock.AvailableAmount.String(), a.SKUInMarketplace, a.SKU.PartnerID, a.Fields["color"]})
				require.EqualValues(t, 3, a.SKU.Product.ID)
				require.Equal(t, 3, a.Stock.AdditionalTime)
				require.NotEmpty(t, a.Raw)
			},
		},
		{
			method: "Ads.PriceStock", source: document,
			call:   func(ctx ctx, c *marketplace.Client) (any, error) { return c.Ads.PriceStock(ctx, 9) },
			want:   "GET /marketplace/api/skumarketplace/9/priceStock",
			answer: `{"id":9,"skuInMarketplace":"AD-1","idInMarketplace":77,"price":99.90,"discountPrice":89.90,"availableAmount":5}`,
			check: func(t require.TestingT, got any) {
				require.Equal(t, marketplace.PriceStock{
					ID: 9, SKUInMarketplace: "AD-1", IDInMarketplace: "77",
					Price: num("99.90"), DiscountPrice: num("89.90"), AvailableAmount: api.Qty(5),
				}, got)
			},
		},
		{
			method: "Client.Configurations", source: document,
			call: func(ctx ctx, c *marketplace.Client) (any, error) { return c.Configurations(ctx) },
			want: "GET /marketplace/api/configuration",
			answer: `[{"id":5,"oi":"999001.","active":true,"accountName":"shop","marketplace":"M","discountType":"PERCENT","discountValue":1.5,"priceFactor":1,
				"updatePriceStockStatus":true,"fields":[{"key":"a","value":"b"}],"initialDateOrderImport":"2024-07-28T01:00:00-03:00"}]`,
			check: func(t require.TestingT, got any) {
				all, ok := got.([]marketplace.Configuration)
				require.True(t, ok)
				require.Len(t, all, 1)
				require.True(t, all[0].Active && all[0].UpdatePriceStockStatus)
				require.Equal(t, []api.KeyValue{{Key: "a", Value: "b"}}, all[0].Fields)
				require.True(t, all[0].InitialDateOrderImport.Equal(brasilia(1).Truncate(time.Second)))
			},
		},
		{
			method: "Client.Configuration", source: document,
			call:   func(ctx ctx, c *marketplace.Client) (any, error) { return c.Configuration(ctx, 5) },
			want:   "GET /marketplace/api/configuration/5",
			answer: `{"id":5,"accountName":"shop"}`,
			check: func(t require.TestingT, got any) {
				one, ok := got.(marketplace.Configuration)
				require.True(t, ok)
				require.Equal(t, "shop", one.AccountName)
			},
		},
		{
			method: "Client.QuoteFreight", source: document,
			call: func(ctx ctx, c *marketplace.Client) (any, error) {
				return c.QuoteFreight(ctx, marketplace.FreightRequest{
					ZipCode:  "01001000",
					Products: []marketplace.FreightProduct{{SKUID: 4, Amount: api.Qty(2), Dimensions: &marketplace.Dimensions{Length: api.Qty(1), Width: api.Qty(2), Height: api.Qty(3), Weight: num("0.5")}}},
				})
			},
			want:   "POST /marketplace/api/freight",
			body:   `{"zipCode":"01001000","additionalPercentual":0,"products":[{"skuId":4,"amount":2,"dimensions":{"length":1,"width":2,"height":3,"weight":0.5}}]}`,
			answer: `{"zipCode":"01001000","products":[],"quotes":[{"price":19.90}],"missingSkus":{"4":2}}`,
			check: func(t require.TestingT, got any) {
				q, ok := got.(marketplace.FreightQuote)
				require.True(t, ok)
				require.Len(t, q.Quotes, 1)
				require.Equal(t, api.Qty(2), q.MissingSKUs["4"])
				require.NotEmpty(t, q.Raw)
			},
		},
	}
}

// transport is a host in memory.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		t.Run(e.method, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, e.source)
			synctest.Test(t, func(t *testing.T) {
				var requests []*http.Request
				var bodies []string
				host := transport(func(r *http.Request) (*http.Response, error) {
					body := ""
					if r.Body != nil {
						b, err := io.ReadAll(r.Body)
						require.NoError(t, err)
						body = string(b)
					}
					if e.method == "Sales.Notify" && r.Method == http.MethodGet { // the look-up before it
						return answer(404, `{"code":404,"message":"x"}`), nil
					}
					requests, bodies = append(requests, r), append(bodies, body)
					return answer(200, e.answer), nil
				})
				c := open(t, marketplace.Config{
					Outbox: filepath.Join(t.TempDir(), "sales.db"), BaseURL: marketplace.ProductionURL, AppID: "the-app",
					Tokens: func(_ context.Context, account string) (string, error) { return account + "-token", nil }, Transport: host,
				})
				got, err := e.call(t.Context(), c.For("seller"))
				require.NoError(t, err)
				require.Len(t, requests, 1)
				r := requests[0]
				require.Equal(t, "api.anymarket.com.br", r.URL.Host)
				require.Equal(t, e.want, r.Method+" "+r.URL.RequestURI())
				headers := http.Header{"Appid": {"the-app"}, "Token": {"seller-token"}, "Accept": {"application/json"}, "User-Agent": {"anymarket-go"}}
				if e.body != "" {
					headers["Content-Type"] = []string{"application/json"}
					require.JSONEq(t, e.body, bodies[0])
				} else {
					require.Empty(t, bodies[0])
				}
				require.Equal(t, headers, r.Header)
				if e.check != nil {
					e.check(t, got)
				}
			})
		})
	}
}

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// No method that makes a request can be forgotten in the table.
func TestEveryEndpointIsInTheTable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, e := range endpoints() {
		seen[e.method] = true
	}
	var client *marketplace.Client
	for service, v := range map[string]any{"Sales": marketplace.SaleService{}, "Ads": marketplace.AdService{}, "Client": client} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumMethod() {
			m := typ.Method(i)
			takesContext := m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]()
			if takesContext && m.Name != "Shutdown" && m.Name != "Repush" && m.Name != "Erase" { // these make no request of their own
				require.True(t, seen[service+"."+m.Name], "%s.%s", service, m.Name)
			}
		}
	}
}
