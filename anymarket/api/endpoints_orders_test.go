package api_test

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

func brasilia() *time.Location { return time.FixedZone("", -3*60*60) }

func orderEndpoints() []endpoint {
	type ctx = context.Context
	update := func(u api.OrderUpdate, body string) endpoint {
		return endpoint{
			method: "Orders.Update", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.Orders().Update(ctx, 77, u) },
			want: "PUT /v2/orders/77", contentType: jsonType, header: newPattern, body: body,
			status: 200, answer: `{"id":77,"status":"` + string(u.Status) + `"}`,
			check: func(t require.TestingT, got any) {
				order, ok := got.(api.Order)
				require.True(t, ok)
				require.Equal(t, u.Status, order.Status)
			},
		}
	}
	return []endpoint{
		{
			method: "Orders.Page", source: both + "; filters of the second and third block: official SDK, third parties",
			call: func(ctx ctx, c *api.Client) (any, error) {
				day := time.Date(2024, 7, 28, 1, 0, 0, 5, brasilia())
				return c.Orders().Page(ctx, api.OrderFilter{
					CreatedAfter: day, CreatedBefore: day.Add(4 * time.Hour), Status: api.StatusPaid, Marketplace: "ECOMMERCE",
					MarketplaceID: "M-1", IncludeQuoteID: true, PartnerID: "P-1", OrderNumberInMarketplace: "N-1",
					TransmissionStatus: api.TransmissionError, PaymentMethod: "PIX", PaymentExpiredDate: day,
					UpdatedAfter: day.UTC(), UpdatedBefore: day.UTC(), ShippingID: "S-1",
				}, api.Paging{Limit: 5})
			},
			want: "GET /v2/orders?createdAfter=2024-07-28T01%3A00%3A00-03%3A00&createdBefore=2024-07-28T05%3A00%3A00-03%3A00" +
				"&includeQuoteId=true&limit=5&marketplace=ECOMMERCE&marketplaceId=M-1&offset=0&orderNumberInMarketPlace=N-1&partnerId=P-1" +
				"&paymentExpiredDate=2024-07-28&paymentMethod=PIX&shippingId=S-1&status=PAID_WAITING_SHIP&transmissionStatus=ERROR" +
				"&updatedAfter=2024-07-28T04%3A00%3A00%2B00%3A00&updatedBefore=2024-07-28T04%3A00%3A00%2B00%3A00",
			header: newPattern, status: 200, answer: `{"content":[{"id":77}],"links":[{"rel":"Next","href":"http://evil.example/"}]}`,
			check: func(t require.TestingT, got any) {
				page, ok := got.(api.Page[api.Order])
				require.True(t, ok)
				require.True(t, page.Next)
			},
		},
		{
			method: "Orders.List", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return all(c.Orders().List(ctx, api.OrderFilter{}, api.Paging{}))
			},
			want: "GET /v2/orders?limit=100&offset=0", header: newPattern, status: 200, answer: `{"content":[{"id":77}]}`,
		},
		{
			method: "Orders.Get", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.Orders().Get(ctx, 77) },
			want: "GET /v2/orders/77", header: newPattern, status: 200, answer: `{"id":77}`,
		},
		{
			method: "Orders.LookUp", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.Orders().LookUp(ctx, "ECOMMERCE", "M 1") },
			want: "GET /v2/orders?limit=100&marketplace=ECOMMERCE&marketplaceId=M+1&offset=0", header: newPattern, status: 200,
			answer: `{"content":[{"id":77,"marketPlace":"ECOMMERCE","marketPlaceId":"M 1"},{"id":78,"marketPlace":"ECOMMERCE","marketPlaceId":"M 12"}]}`,
			check: func(t require.TestingT, got any) {
				orders, ok := got.([]api.Order)
				require.True(t, ok)
				require.Len(t, orders, 1)
				require.Equal(t, api.ID(77), orders[0].ID)
			},
		},
		{
			method: "Orders.LookUpByPartnerID", source: sdk,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.Orders().LookUpByPartnerID(ctx, "ERP 7") },
			want: "GET /v2/orders?limit=100&offset=0&partnerId=ERP+7", header: newPattern, status: 200,
			answer: `{"content":[{"id":77,"partnerId":"ERP 7"},{"id":78,"partnerId":"ERP 71"}]}`,
			check: func(t require.TestingT, got any) {
				orders, ok := got.([]api.Order)
				require.True(t, ok)
				require.Len(t, orders, 1)
				require.Equal(t, api.ID(77), orders[0].ID)
			},
		},
		{
			method: "Orders.Create", source: document,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.Orders().Create(ctx, newOrder()) },
			want: "POST /v2/orders", contentType: jsonType, header: newPattern, status: 201, answer: `{"id":77}`,
			body: `{"marketPlace":"ECOMMERCE","marketPlaceId":"M-1","marketPlaceNumber":"1001","createdAt":"2024-07-28T05:00:00-03:00",` +
				`"status":"PAID_WAITING_SHIP","transmissionStatus":"OK","marketPlaceStatus":"paid","total":109.90,` +
				`"buyer":{"name":"Maria","email":"maria@example.com","document":"52998224725","documentType":"CPF","phone":"4433221100"},` +
				`"items":[{"product":{"title":"Cadeira"},"sku":{"partnerId":"SKU-1","title":"Cadeira azul"},"amount":1,"unit":99.90,"gross":99.90,"total":99.90,` +
				`"shippings":[{"shippingtype":"PAC"}]}],"payments":[{"method":"PIX","value":109.90,"installments":1}]}`,
		},
		update(api.OrderUpdate{Status: api.StatusPaid}, `{"status":"PAID_WAITING_SHIP"}`),
		update(api.OrderUpdate{
			Status: api.StatusInvoiced, Metadata: api.Metadata{"number-of-packages": "2"},
			Invoice: &api.Invoice{AccessKey: "3524", Series: "1", Number: "2", Date: at("2024-07-28T05:00:00-03:00")},
		}, `{"status":"INVOICED","invoice":{"accessKey":"3524","series":"1","number":"2","date":"2024-07-28T05:00:00-03:00"},"metadata":{"number-of-packages":"2"}}`),
		update(api.OrderUpdate{
			Status:   api.StatusShipped,
			Tracking: &api.Tracking{Number: "BR1", Carrier: "Correios", ShippedDate: at("2024-07-28T08:00:00Z"), URL: "https://x.example"},
		}, `{"status":"PAID_WAITING_DELIVERY","tracking":{"number":"BR1","carrier":"Correios","url":"https://x.example","shippedDate":"2024-07-28T08:00:00+00:00"}}`),
		update(api.OrderUpdate{Status: api.StatusDelivered, Tracking: &api.Tracking{DeliveredDate: at("2024-07-29T08:00:00-03:00")}},
			`{"status":"CONCLUDED","tracking":{"deliveredDate":"2024-07-29T08:00:00-03:00"}}`),
		update(api.OrderUpdate{Status: api.StatusCancelled, CancelDetails: "sem estoque"}, `{"status":"CANCELED","cancelDetails":"sem estoque"}`),
		{
			method: "Orders.PutNFe", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return nil, c.Orders().PutNFe(ctx, 77, []byte(`<?xml version="1.0"?><nfeProc/>`))
			},
			want: "PUT /v2/orders/77/nfe", contentType: "application/xml", header: newPattern,
			body: `<?xml version="1.0"?><nfeProc/>`, status: 200, answer: `{}`,
		},
	}
}

func newOrder() api.NewOrder {
	return api.NewOrder{
		Marketplace: "ECOMMERCE", MarketplaceID: "M-1", MarketplaceNumber: "1001", CreatedAt: at("2024-07-28T05:00:00.123-03:00"),
		Status: api.StatusPaid, TransmissionStatus: api.TransmissionOK, MarketplaceStatus: "paid", Total: num("109.90"),
		Buyer: api.Buyer{Name: "Maria", Email: "maria@example.com", Document: "52998224725", DocumentType: "CPF", Phone: "4433221100"},
		Items: []api.OrderItem{{
			Product: api.ProductRef{Title: "Cadeira"}, SKU: api.OrderSKU{PartnerID: "SKU-1", Title: "Cadeira azul"},
			Amount: api.Qty(1), Unit: num("99.90"), Gross: num("99.90"), Total: num("99.90"),
			Shippings: api.ItemShippings{{ShippingType: "PAC"}},
		}},
		Payments: []api.Payment{{Method: "PIX", Value: num("109.90"), Installments: 1}},
	}
}
