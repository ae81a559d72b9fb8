package api_test

import (
	"context"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

func stockEndpoints() []endpoint {
	type ctx = context.Context
	return []endpoint{
		{
			method: "Stocks.Put", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return nil, c.Stocks().Put(ctx,
					api.StockItem{PartnerID: "SKU-1", Quantity: api.Qty(0)},
					api.StockItem{ID: 7, Quantity: num("1.50"), Cost: num("9.90"), AdditionalTime: api.Int(0), StockLocalID: 3})
			},
			want: "PUT /v2/stocks", contentType: jsonType, status: 204,
			body: `[{"partnerId":"SKU-1","quantity":0},{"id":7,"quantity":1.50,"cost":9.90,"additionalTime":0,"stockLocalId":3}]`,
		},
		{
			method: "Stocks.PutJSON", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return nil, c.Stocks().PutJSON(ctx, []byte(`{"partnerId":"SKU-1","quantity":0}`), []byte(`{"id":7,"quantity":1.50}`))
			},
			want: "PUT /v2/stocks", contentType: jsonType, status: 204,
			body: `[{"partnerId":"SKU-1","quantity":0},{"id":7,"quantity":1.50}]`,
		},
		{
			method: "Stocks.Create", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return nil, c.Stocks().Create(ctx, api.StockItem{PartnerID: "SKU-1", Quantity: api.Qty(12)})
			},
			want: "POST /v2/stocks", contentType: jsonType, body: `[{"partnerId":"SKU-1","quantity":12}]`, status: 204,
		},
		{
			method: "Stocks.Page", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) {
				yes := true
				return c.Stocks().Page(ctx, api.StockFilter{SKUID: 7, PartnerID: "A&B", StockLocalID: 3, HasReservation: &yes},
					api.Paging{Offset: 10, Limit: 5, Sort: "id", SortDirection: api.Ascending})
			},
			want:   "GET /v2/stocks?hasReservation=true&idSku=7&idStockLocal=3&limit=5&offset=10&sku=A%26B&sort=id&sortDirection=ASC",
			status: 200, answer: `{"links":[],"content":[{"stockKeepingUnit":{"id":7,"partnerId":"A&B"},"amount":3,"price":9.9}],"page":{"size":5,"totalElements":11,"totalPages":3,"number":2}}`,
			check: func(t require.TestingT, got any) {
				page, ok := got.(api.Page[api.StockRow])
				require.True(t, ok)
				require.Equal(t, int64(11), page.Total)
				require.False(t, page.Next)
				require.Equal(t, "A&B", page.Items[0].SKU.PartnerID)
				require.Equal(t, "9.9", page.Items[0].Cost.String())
			},
		},
		{
			method: "Stocks.List", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) {
				return all(c.Stocks().List(ctx, api.StockFilter{}, api.Paging{}))
			},
			want: "GET /v2/stocks?limit=100&offset=0", status: 200, answer: `{"links":[],"page":{"totalElements":0}}`,
		},
		{
			method: "Stocks.Locations", source: both,
			call: func(ctx ctx, c *api.Client) (any, error) { return c.Stocks().Locations(ctx) },
			want: "GET /v2/stocks/locals", status: 200, answer: `[{"id":1,"name":"Centro","defaultLocal":true,"virtual":false}]`,
			check: func(t require.TestingT, got any) {
				rows, ok := got.([]api.StockLocation)
				require.True(t, ok)
				require.Len(t, rows, 1)
				require.True(t, rows[0].DefaultLocal)
			},
		},
	}
}
