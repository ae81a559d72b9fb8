package anymarkettest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

const marketSale = `{"marketPlaceId":"S-1","marketPlaceNumber":"1","status":"PENDING","createdAt":"2000-01-01T00:00:00-03:00",` +
	`"productNet":90,"freight":10.50,"interestValue":0,"discount":0.50,"total":100.00,"payments":[{"method":"PIX","value":100}],` +
	`"items":[{"sku":{"partnerId":"SKU-1"},"amount":1,"unit":90,"gross":90,"total":90,"shippings":[{"shippingtype":"PAC"}]}]}`

// asks calls as a marketplace does, for the seller whose token it is.
func asks(r *rig, method, path, body string, header ...string) (reply, error) {
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.s.MarketplaceURL()+path, strings.NewReader(body))
	require.NoError(r.t, err)
	req.Header.Set("appId", r.s.AppID())
	req.Header.Set("token", r.token)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(b)}, err
}

func (r *rig) market(status int, contains, method, path, body string, header ...string) reply {
	r.t.Helper()
	got, err := asks(r, method, path, body, header...)
	require.NoError(r.t, err)
	require.Equal(r.t, status, got.status, "%s %s: %s", method, path, got.body)
	require.Contains(r.t, got.body, contains, "%s %s", method, path)
	return got
}

func TestMarketplaceAccess(t *testing.T) {
	t.Parallel()
	in(t, "headers", opts{AppID: "shop-mp"}, func(r *rig) {
		r.market(200, `"accountName":"shop"`, "GET", "/configuration", "")
		r.market(401, `"code":401`, "GET", "/configuration", "", "appId", "other")
		r.market(401, "NO_TOKEN", "GET", "/configuration", "", "token", "")
		r.market(401, "TOKEN_EXPIRED", "GET", "/configuration", "", "token", "x")
		r.market(401, "NO_TOKEN", "GET", "/configuration", "", "token", "", "gumgaToken", r.token)
		other := r.s.For("other")
		r.market(200, `"accountName":"other"`, "GET", "/configuration", "", "token", other.Token())
		log := r.s.Log()
		require.Equal(r.t, "other", log[len(log)-1].Account)
		require.Equal(r.t, "GET /marketplace/api/configuration", log[0].Route)
		require.Equal(r.t, "/marketplace/api/configuration", log[0].Path)
		require.Equal(r.t, "shop-mp", log[0].Header.Get("appId"))
		require.Empty(r.t, log[0].Header.Get("token"))
	})
	in(t, "maintenance and limits", opts{Limit: anymarkettest.Limit{Requests: 1}}, func(r *rig) {
		r.market(200, "", "GET", "/configuration", "")
		r.market(429, `"code":429`, "GET", "/configuration", "")
		r.s.Maintenance(time.Hour)
		r.market(503, "", "GET", "/configuration", "")
	})
}

func TestMarketplaceSale(t *testing.T) {
	t.Parallel()
	in(t, "and read", opts{StrictOrders: true}, func(r *rig) {
		r.market(200, `"status":"PENDING"`, "POST", "/orders", marketSale)
		r.market(200, `"total":100.00`, "GET", "/orders/S-1", "")
		r.market(404, `"code":404`, "GET", "/orders/S-2", "")
		o, ok := r.s.Order(r.s.Marketplace(), "S-1")
		require.True(r.t, ok)
		require.Equal(r.t, "PENDING", o.Status)
		r.want(200, `"marketPlaceId":"S-1"`, "GET", "/orders?marketplace="+r.s.Marketplace()+"&marketplaceId=S-1", "")
		r.market(400, `[S-1]`, "POST", "/orders", marketSale)
		other := strings.Replace(marketSale, "S-1", "S-2", 1)
		r.market(400, "Somente", "POST", "/orders", strings.Replace(other, "PENDING", "INVOICED", 1))
		r.market(400, "Status inválido", "POST", "/orders", strings.Replace(other, "PENDING", "PAID_WAITING_SHIP", 1))
		r.market(400, "marketPlaceId", "POST", "/orders", `{}`)
		r.market(400, "JSON", "POST", "/orders", `x`)
		r.market(400, "marketPlaceNumber", "POST", "/orders", `{"marketPlaceId":"S-2"}`)
		r.market(400, "partnerId", "POST", "/orders", strings.Replace(other, `"SKU-1"`, `""`, 1))
		r.market(400, "total", "POST", "/orders", strings.Replace(other, `"discount":0.50`, `"discount":0`, 1))
		r.market(400, "pagamentos", "POST", "/orders", strings.Replace(other, `"value":100`, `"value":99`, 1))
		require.Len(r.t, r.s.Orders(), 1)
		r.market(200, `"status":"PAID"`, "POST", "/orders", strings.Replace(other, "PENDING", "PAID", 1))
		o, _ = r.s.Order(r.s.Marketplace(), "S-2")
		require.Equal(r.t, "PAID_WAITING_SHIP", o.Status)
	})
	in(t, "of two sellers", opts{}, func(r *rig) {
		r.market(200, "", "POST", "/orders", marketSale)
		r.market(200, "", "POST", "/orders", marketSale, "token", r.s.For("other").Token())
		require.Len(r.t, r.s.Orders(), 1)
		require.Len(r.t, r.s.For("other").Orders(), 1)
	})
	in(t, "in other worlds", opts{SalesInAnyStatus: true, NoPendingSales: true, Duplicate: 201}, func(r *rig) {
		r.market(400, "pendentes", "POST", "/orders", marketSale)
		paid := strings.Replace(marketSale, "PENDING", "INVOICED", 1)
		r.market(200, "", "POST", "/orders", paid)
		r.market(200, `{`, "GET", "/orders/S-1", "")
		r.market(200, "", "POST", "/orders", paid)
		require.True(r.t, strings.HasPrefix(r.market(200, "", "GET", "/orders/S-1", "").body, "["), "all that there are")
		require.Len(r.t, r.s.Orders(), 2)
	})
	in(t, "looked up late", opts{LookupLag: time.Minute}, func(r *rig) {
		r.market(200, "", "POST", "/orders", marketSale)
		r.market(404, "", "GET", "/orders/S-1", "")
		time.Sleep(time.Minute)
		r.market(200, "", "GET", "/orders/S-1", "")
	})
	in(t, "of another key", opts{IgnoreFilters: []string{"marketPlaceId"}}, func(r *rig) {
		r.market(200, "", "POST", "/orders", marketSale)
		r.market(200, "S-1", "GET", "/orders/S-2", "")
	})
	in(t, "committed and dropped, and applied late", opts{Duplicate: 201}, func(r *rig) {
		r.s.Fail(
			anymarkettest.Fault{Route: "POST /marketplace/api/orders", Mode: anymarkettest.Reset, Applied: true},
			anymarkettest.Fault{Route: "POST /marketplace/api/orders", Mode: anymarkettest.Reset, Applied: true, After: time.Minute},
		)
		for range 2 {
			_, err := asks(r, "POST", "/orders", marketSale)
			require.Error(r.t, err)
		}
		require.Len(r.t, r.s.Orders(), 1)
		time.Sleep(time.Minute)
		require.Len(r.t, r.s.Orders(), 2)
	})
}

func TestMarketplaceListsSales(t *testing.T) {
	t.Parallel()
	add := func(r *rig) {
		r.s.AddOrder(`{"marketPlace":"ELSEWHERE","marketPlaceId":"X"}`)
		for i, status := range []string{"PENDING", "PAID_WAITING_SHIP", "PAID_WAITING_SHIP"} {
			r.s.AddOrder(fmt.Sprintf(`{"marketPlace":%q,"marketPlaceId":"S-%d","status":%q,"createdAt":"2024-07-28T%02d:00:00-03:00"}`, r.s.Marketplace(), i, status, 9-i))
		}
	}
	in(t, "by status and time", opts{}, func(r *rig) {
		add(r)
		count := func(query string, want int) {
			r.t.Helper()
			r.market(200, fmt.Sprintf(`"totalElements":%d,`, want), "GET", "/orders?limit=5"+query, "")
		}
		count("", 3)
		count("&status=PAID", 2)
		count("&status=SHIPPED", 0)
		count("&createdAfter=2024-07-28T11:00:00Z", 2)
		r.market(400, "Status inválido", "GET", "/orders?status=PAID_WAITING_SHIP", "")
		r.market(400, "createdAfter", "GET", "/orders?createdAfter=x", "")
		r.market(400, "5", "GET", "/orders?limit=4", "")
		page := r.market(200, `"S-2"`, "GET", "/orders?sort=createdAt", "").body
		require.Less(r.t, strings.Index(page, "S-2"), strings.Index(page, "S-0"))
	})
	in(t, "filters that are ignored", opts{IgnoreFilters: []string{"status", "createdAfter"}}, func(r *rig) {
		add(r)
		r.market(200, `"totalElements":3,`, "GET", "/orders?status=PAID&createdAfter=2030-01-01T00:00:00Z", "")
	})
}

func TestMarketplaceMarks(t *testing.T) {
	t.Parallel()
	bodies := map[string]string{
		"markAsPaid": `{"date":"2024-07-28T01:00:00-03:00"}`, "markAsInvoiced": `{"date":"2024-07-28T02:00:00-03:00"}`,
		"markAsShipped":   `{"shippedDate":"2024-07-28T03:00:00-03:00","number":"BR1","carrier":"C","url":"u","status":"ON_ROUTE"}`,
		"markAsDelivered": `{"deliveredDate":"2024-07-28T04:00:00-03:00"}`,
		"markAsCanceled":  `{"date":"2024-07-28T05:00:00-03:00","code":"BUYER_CANCELED"}`,
	}
	put := func(r *rig, status int, contains, name string) {
		r.t.Helper()
		r.market(status, contains, "PUT", "/orders/S-1/"+name, bodies[name])
	}
	in(t, "in order", opts{}, func(r *rig) {
		r.market(404, "", "PUT", "/orders/S-1/markAsPaid", `{}`)
		r.market(200, "", "POST", "/orders", marketSale)
		put(r, 200, `"paymentDate":"2024-07-28T01`, "markAsPaid")
		put(r, 200, `"invoice":{"date"`, "markAsInvoiced")
		put(r, 200, `"SHIPPED"`, "markAsShipped")
		put(r, 200, `"number":"BR1"`, "markAsDelivered")
		put(r, 400, "DELIVERED", "markAsPaid")
		r.market(200, `"transmissionStatus":"ERROR"`, "PUT", "/orders/S-1/transmissionStatus", `{"success":false,"marketPlaceStatus":"Entregue","errorMessage":"x"}`)
		r.market(200, `"transmissionStatus":"OK"`, "PUT", "/orders/S-1/transmissionStatus", `{"success":"true","marketPlaceStatus":"Entregue"}`)
		put(r, 200, `"CANCELED"`, "markAsCanceled")
		put(r, 400, "CANCELED", "markAsDelivered")
		o := r.s.Orders()[0]
		require.Len(r.t, o.Steps, 7)
		require.Equal(r.t, "CANCELED", o.Status)
		require.Contains(r.t, string(o.JSON), `"cancellationCode":"BUYER_CANCELED"`)
	})
	in(t, "what they want", opts{}, func(r *rig) {
		r.market(200, "", "POST", "/orders", marketSale)
		for path, field := range map[string]string{
			"markAsShipped": "shippedDate", "markAsDelivered": "deliveredDate", "markAsCanceled": "date", "transmissionStatus": "success",
		} {
			r.market(400, field, "PUT", "/orders/S-1/"+path, `{}`)
		}
		r.market(400, "JSON", "PUT", "/orders/S-1/markAsPaid", `x`)
	})
	in(t, "that change nothing", opts{SilentMarks: true, OtherSpelling: true}, func(r *rig) {
		r.market(200, "", "POST", "/orders", marketSale)
		put(r, 204, "", "markAsCanceled")
		put(r, 204, "", "markAsShipped")
		require.Equal(r.t, "CANCELED", r.s.Orders()[0].Status)
		r.market(404, `"code":"404"`, "PUT", "/orders/S-2/markAsPaid", `{}`)
	})
}

func TestMarketplaceAdsAndFreight(t *testing.T) {
	t.Parallel()
	in(t, "ads", opts{}, func(r *rig) {
		id := r.s.AddAd(anymarkettest.Ad{PartnerID: "SKU-1", Marketplace: r.s.Marketplace(), Price: "99.90", Discount: "89.90"})
		elsewhere := r.s.AddAd(anymarkettest.Ad{PartnerID: "SKU-1", Marketplace: "ELSEWHERE"})
		r.want(204, "", "PUT", "/stocks", `[{"partnerId":"SKU-1","quantity":7,"cost":1.50}]`)
		r.market(200, `"availableAmount":7`, "GET", fmt.Sprint("/skumarketplace/", id), "")
		r.market(200, `"discountPrice":89.90`, "GET", fmt.Sprint("/skumarketplace/", id, "/priceStock"), "")
		r.market(404, `"code":404`, "GET", fmt.Sprint("/skumarketplace/", elsewhere), "")
		r.market(404, "", "GET", "/skumarketplace/1/priceStock", "")
		sku, _ := r.s.SKU("SKU-1")
		ask := `{"zipCode":"01001000","additionalPercentual":0,"products":[{"skuId":%d,"amount":%d,"dimensions":{"length":1,"width":1,"height":1,"weight":1}}]}`
		r.market(200, `"quotes":[`, "POST", "/freight", fmt.Sprintf(ask, sku.ID, 7))
		r.market(200, fmt.Sprintf(`"missingSkus":{"%d":8}`, sku.ID), "POST", "/freight", fmt.Sprintf(ask, sku.ID, 8))
		r.market(200, `"missingSkus":{"5":1}`, "POST", "/freight", fmt.Sprintf(ask, 5, 1))
		r.market(400, "zipCode", "POST", "/freight", `{}`)
		r.market(400, "JSON", "POST", "/freight", `x`)
	})
	in(t, "configuration", opts{}, func(r *rig) {
		r.market(200, `"id":999001`, "GET", "/configuration/999001", "")
		r.market(404, "", "GET", "/configuration/5", "")
	})
}

// A real port serves both APIs.
func TestMarketplaceOnAPort(t *testing.T) {
	t.Parallel()
	s := anymarkettest.New(anymarkettest.Options{})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	url, err := s.Listen(context.WithoutCancel(t.Context()), "127.0.0.1:0")
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(url, "/v2")+anymarkettest.MarketplacePath+"/configuration", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("appId", s.AppID())
	req.Header.Set("token", s.Token())
	resp, err := (&http.Client{}).Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, 200, resp.StatusCode)
}
