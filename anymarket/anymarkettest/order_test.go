package anymarkettest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const sale = `{"marketPlace":"ECOMMERCE","marketPlaceId":"S-1","marketPlaceNumber":"1","status":"PENDING","total":10.50,` +
	`"createdAt":"2000-01-01T00:00:00-03:00","transmissionStatus":"OK","marketPlaceStatus":"new",` +
	`"buyer":{"name":"A","documentType":"CPF","document":"1","email":"a@b","phone":"2"},` +
	`"items":[{"sku":{"partnerId":"SKU-1"},"amount":1,"unit":10.50,"gross":10.50,"total":10.50,"shippings":[{"shippingtype":"PAC"}]}]}`

func TestCreateOrder(t *testing.T) {
	t.Parallel()
	in(t, "and read", opts{StrictOrders: true}, func(r *rig) {
		got := r.want(201, `"total":10.50`, "POST", "/orders", sale).decode(r.t)
		id := fmt.Sprintf("%.0f", got["id"])
		r.want(200, `"orderItemId"`, "GET", "/orders/"+id, "")
		r.want(200, `"id":`+id, "GET", "/orders?marketplace=ECOMMERCE&marketplaceId=S-1", "")
		r.want(200, `"id":`+id, "GET", "/orders/ECOMMERCE/S-1", "")
		r.want(200, `"quoteId"`, "GET", "/orders/"+id+"/quote-id", "")
		r.want(404, "Recurso com o id '1' não encontrado", "GET", "/orders/1", "")
		require.NotContains(r.t, r.do("GET", "/orders?marketplaceId=S-2", "").body, "content")
		o, ok := r.s.Order("ECOMMERCE", "S-1")
		require.True(r.t, ok)
		require.Equal(r.t, id, itoa(o.ID))
		require.Equal(r.t, 1, o.Request)
		require.JSONEq(r.t, sale, r.s.Effects()[0].Value, "as it came")
		for _, field := range []string{"marketPlaceId", "total", "email", "unit"} {
			r.want(422, field, "POST", "/orders", strings.Replace(sale, `"`+field+`"`, `"x"`, 1))
		}
		r.want(422, "Status", "POST", "/orders", strings.Replace(sale, "PENDING", "PAID", 1))
		r.want(400, "", "POST", "/orders", "x")
	})
	in(t, "lax", opts{}, func(r *rig) {
		r.want(201, `"status":"PENDING"`, "POST", "/orders", `{"marketPlace":"ECOMMERCE","marketPlaceId":"S-1","id":5}`)
		require.NotEqualValues(r.t, 5, r.s.Orders()[0].ID)
		r.want(422, "marketPlace", "POST", "/orders", `{}`)
	})
	for _, status := range []int{422, 400, 409} {
		in(t, "duplicate "+itoa(int64(status)), opts{Duplicate: status}, func(r *rig) {
			r.want(201, "", "POST", "/orders", sale)
			r.want(status, fmt.Sprintf("[ID Anymarket: %d]", r.s.Orders()[0].ID), "POST", "/orders", sale)
			require.Len(r.t, r.s.Orders(), 1)
		})
	}
	in(t, "duplicate that nobody notices", opts{Duplicate: 201}, func(r *rig) {
		r.want(201, "", "POST", "/orders", sale)
		r.want(201, "", "POST", "/orders", sale)
		require.Len(r.t, r.s.Orders(), 2)
	})
	in(t, "look-ups that lag", opts{LookupLag: time.Minute}, func(r *rig) {
		r.want(201, "", "POST", "/orders", sale)
		id := itoa(r.s.Orders()[0].ID)
		require.NotContains(r.t, r.do("GET", "/orders", "").body, "content")
		r.want(404, "", "GET", "/orders/"+id, "")
		time.Sleep(time.Minute)
		r.want(200, "PENDING", "GET", "/orders/"+id, "")
		r.want(200, "", "PUT", "/orders/"+id, `{"status":"PAID_WAITING_SHIP"}`)
		r.want(200, "PENDING", "GET", "/orders/"+id, "")
	})
	in(t, "filters that are ignored", opts{IgnoreFilters: []string{"marketplaceId"}}, func(r *rig) {
		r.want(201, "", "POST", "/orders", sale)
		r.want(200, `"marketPlaceId":"S-1"`, "GET", "/orders?marketplaceId=S-2", "")
	})
}

func TestListOrders(t *testing.T) {
	t.Parallel()
	in(t, "filters", opts{}, func(r *rig) {
		for i := range 12 {
			r.s.AddOrder(fmt.Sprintf(`{"marketPlace":"X","marketPlaceId":"%d","partnerId":"P%d","createdAt":"2024-07-28T%02d:00:00-03:00"}`, i, i%2, i))
		}
		count := func(query string) any {
			page, ok := r.do("GET", "/orders?limit=5"+query, "").decode(r.t)["page"].(map[string]any)
			require.True(r.t, ok)
			return page["totalElements"]
		}
		require.EqualValues(r.t, 12, count(""))
		require.EqualValues(r.t, 6, count("&partnerId=P1"))
		require.EqualValues(r.t, 3, count("&createdAfter=2024-07-28T12:00:00Z"), "offsets are understood")
		require.EqualValues(r.t, 4, count("&createdAfter=2024-07-28T01:00:00-03:00&createdBefore=2024-07-28T04:00:00-03:00"))
		require.EqualValues(r.t, 0, count("&status=INVOICED"))
		require.EqualValues(r.t, 12, count("&updatedAfter=1999-12-31T00:00:00Z"))
		r.want(422, "createdAfter", "GET", "/orders?createdAfter=yesterday", "")
		r.want(200, `"marketPlaceId":"11"`, "GET", "/orders?sort=createdAt&sortDirection=DESC&limit=5", "")
	})
}

func TestOrderTransitions(t *testing.T) {
	t.Parallel()
	all := []string{"PENDING", "PAID_WAITING_SHIP", "INVOICED", "PAID_WAITING_DELIVERY", "CONCLUDED", "CANCELED"}
	in(t, "table", opts{}, func(r *rig) {
		for i, from := range all {
			for j, to := range all {
				id := r.s.AddOrder(`{"status":"` + from + `"}`)
				want := 200
				if j < i || from == "CANCELED" && to != from {
					want = 422
				}
				r.want(want, "", "PUT", "/orders/"+itoa(id), `{"status":"`+to+`","invoice":{"accessKey":"k","date":"d"},"tracking":{"number":"1","carrier":"c","shippedDate":"d","deliveredDate":"e"}}`)
			}
		}
	})
	in(t, "what they want and keep", opts{}, func(r *rig) {
		r.want(201, "", "POST", "/orders", sale)
		id := r.s.Orders()[0].ID
		path := "/orders/" + itoa(id)
		r.want(422, "invoice.accessKey", "PUT", path, `{"status":"INVOICED"}`)
		r.want(200, "", "PUT", path, `{"status":"INVOICED","invoice":{"accessKey":"k","date":"d","series":"1"}}`)
		r.want(200, `"series":"1"`, "PUT", path, `{"status":"INVOICED","invoice":{"accessKey":"k2","date":"d"},"partnerId":"P"}`)
		r.want(422, "partnerId", "PUT", path, `{"partnerId":"Q"}`)
		r.want(422, "tracking.number", "PUT", path, `{"status":"PAID_WAITING_DELIVERY"}`)
		r.want(422, "Status inválido", "PUT", path, `{"status":"SHIPPED"}`)
		r.want(404, "", "PUT", "/orders/1", `{}`)
		o := r.s.Orders()[0]
		require.Equal(r.t, []string{"INVOICED", "INVOICED"}, []string{o.Steps[0].Status, o.Steps[1].Status})
		require.Equal(r.t, []int{3, 4}, []int{o.Steps[0].Request, o.Steps[1].Request})
		require.Contains(r.t, string(o.JSON), `"accessKey":"k2"`)
		r.s.SetOrder(id, `{"status":"DELIVERY_ISSUE"}`)
		r.want(200, "DELIVERY_ISSUE", "GET", path, "")
	})
	in(t, "strict invoices", opts{StrictOrders: true}, func(r *rig) {
		id := r.s.AddOrder(`{}`)
		r.want(422, "invoice.number", "PUT", "/orders/"+itoa(id), `{"status":"INVOICED","invoice":{"accessKey":"k","date":"d"}}`)
	})
	in(t, "fiscal documents", opts{}, func(r *rig) {
		id := r.s.AddOrder(`{}`)
		path := "/orders/" + itoa(id)
		r.want(415, "", "PUT", path+"/nfe", "<nfe/>")
		r.typ = "application/xml"
		r.want(200, "", "PUT", path+"/nfe", "<nfe/>")
		r.want(404, "", "PUT", path+"/other", "<nfe/>")
		r.want(404, "", "PUT", "/orders/1/nfe", "<nfe/>")
		r.typ = "multipart/form-data; boundary=x"
		r.want(200, "", "POST", path+"/fiscalDocument", "x")
		require.Len(r.t, r.s.Fiscal(), 1)
	})
	in(t, "fiscal documents that a marketplace refuses", opts{NFeRefusal: "Chave inválida"}, func(r *rig) {
		r.typ = "application/xml"
		r.want(500, `"message":"Chave inválida"`, "PUT", "/orders/"+itoa(r.s.AddOrder(`{}`))+"/nfe", "<nfe/>")
	})
	in(t, "the other spelling", opts{OtherSpelling: true, Gzip: true}, func(r *rig) {
		r.want(201, `"shippings":{"shippingtype":"PAC"}`, "POST", "/orders", strings.Replace(sale, `"total"`, `"deliverStatus":"PACKING","total"`, 1))
		r.want(200, `"deliveryStatus":"PACKING"`, "GET", "/orders", "")
		require.Contains(r.t, string(r.s.Orders()[0].JSON), `"shippings":[`)
	})
}
