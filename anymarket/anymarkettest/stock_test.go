package anymarkettest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

type opts = anymarkettest.Options

func TestStock(t *testing.T) {
	t.Parallel()
	in(t, "write and read", opts{}, func(r *rig) {
		r.want(204, "", "PUT", "/stocks", `[{"partnerId":"SKU-1","quantity":7.50,"cost":3,"additionalTime":2}]`)
		r.want(204, "", "PUT", "/stocks", `[{"partnerId":"SKU-1","quantity":8}]`)
		stock, ok := r.s.Stock("SKU-1", 1)
		require.True(r.t, ok)
		stock.At = time.Time{}
		require.Equal(r.t, anymarkettest.Stock{PartnerID: "SKU-1", Location: 1, Quantity: "8", Cost: "3", AdditionalTime: "2", Request: 2, Writes: 2}, stock)
		sku, ok := r.s.SKU("SKU-1")
		require.True(r.t, ok)
		got := r.want(200, `"amount":8`, "GET", "/stocks?sku=SKU-1", "")
		require.Contains(r.t, got.body, `"price":3`)
		require.Contains(r.t, got.body, `"additionalTime":2`)
		r.want(204, "", "POST", "/stocks", `[{"id":"`+itoa(sku.ID)+`","stockLocalId":1,"quantity":0}]`)
		stock, _ = r.s.Stock("SKU-1", 0)
		require.Equal(r.t, "0", stock.Quantity)
		require.NotContains(r.t, r.do("GET", "/stocks?sku=SKU-2", "").body, "content")
		require.Contains(r.t, r.do("GET", "/stocks?idSku="+itoa(sku.ID)+"&idStockLocal=1", "").body, "content")
		require.Len(r.t, r.s.Stocks(), 1)
		effects := r.s.Effects()
		require.Len(r.t, effects, 3)
		require.Equal(r.t, anymarkettest.Effect{N: 2, Request: 2, At: effects[1].At, Account: "shop", Kind: anymarkettest.StockSet, Key: "SKU-1@1", Value: `{"partnerId":"SKU-1","quantity":8}`}, effects[1])
	})
	in(t, "bad items", opts{}, func(r *rig) {
		for body, want := range map[string]string{
			`[{"partnerId":"A","quantity":-1}]`:                    "quantity inválido: -1",
			`[{"partnerId":"A","quantity":"1"}]`:                   "quantity inválido",
			`[{"partnerId":"A"}]`:                                  "quantity é obrigatório",
			`[{"quantity":1}]`:                                     "id ou partnerId",
			`[{"id":9,"quantity":1}]`:                              "SKU 9 não encontrado",
			`[{"partnerId":"A","quantity":1,"stockLocalId":9}]`:    "local de estoque 9",
			`[{"partnerId":"A","quantity":1,"additionalTime":-1}]`: "additionalTime inválido",
		} {
			r.want(422, want, "PUT", "/stocks", body)
		}
		r.want(400, "JSON inválido", "PUT", "/stocks", `{"partnerId":"A","quantity":1}`)
		r.want(400, "JSON inválido", "PUT", "/stocks", `[`)
		require.Empty(r.t, r.s.Stocks())
	})
	in(t, "a SKU that is refused", opts{}, func(r *rig) {
		r.s.Refuse("A", "bloqueado")
		r.want(422, "bloqueado", "PUT", "/stocks", `[{"partnerId":"A","quantity":1}]`)
		r.s.Refuse("A", "")
		r.want(204, "", "PUT", "/stocks", `[{"partnerId":"A","quantity":1}]`)
	})
	in(t, "a closed catalog", opts{ClosedCatalog: true}, func(r *rig) {
		r.s.AddSKU(anymarkettest.SKU{PartnerID: "A"})
		r.want(204, "", "PUT", "/stocks", `[{"partnerId":"A","quantity":1}]`)
		r.want(422, "SKU B não encontrado", "PUT", "/stocks", `[{"partnerId":"B","quantity":1}]`)
		r.want(200, "anúncio 9 não encontrado", "PUT", "/skus/marketplaces/prices", `[{"id":9,"price":2,"discountPrice":1}]`)
	})
	in(t, "rows that only POST makes", opts{PutNeedsRow: true}, func(r *rig) {
		r.want(422, "sem estoque", "PUT", "/stocks", `[{"partnerId":"A","quantity":1}]`)
		r.want(204, "", "POST", "/stocks", `[{"partnerId":"A","quantity":1}]`)
		r.want(204, "", "PUT", "/stocks", `[{"partnerId":"A","quantity":2}]`)
	})
	in(t, "reads that lag", opts{StockLag: time.Minute}, func(r *rig) {
		r.want(204, "", "PUT", "/stocks", `[{"partnerId":"A","quantity":1}]`)
		require.NotContains(r.t, r.do("GET", "/stocks", "").body, "content")
		time.Sleep(time.Minute)
		r.want(204, "", "PUT", "/stocks", `[{"partnerId":"A","quantity":2}]`)
		r.want(200, `"amount":1`, "GET", "/stocks", "")
		time.Sleep(time.Minute)
		r.want(200, `"amount":2`, "GET", "/stocks", "")
	})
}

func TestBatches(t *testing.T) {
	t.Parallel()
	const mixed = `[{"partnerId":"A","quantity":1},{"partnerId":"B","quantity":-1},{"partnerId":"C","quantity":3}]`
	for batching, want := range map[anymarkettest.Batching][]string{
		anymarkettest.Atomic: nil, anymarkettest.Prefix: {"A"}, anymarkettest.Partial: {"A", "C"},
	} {
		in(t, map[anymarkettest.Batching]string{0: "atomic", 1: "prefix", 2: "partial"}[batching], opts{Batch: batching}, func(r *rig) {
			r.want(422, "Item 2", "PUT", "/stocks", mixed)
			var got []string
			for _, s := range r.s.Stocks() {
				got = append(got, s.PartnerID)
			}
			require.Equal(r.t, want, got)
		})
	}
	for status, o := range map[int]opts{422: {MaxBatch: 2}, 413: {MaxBatch: 2, MaxBatchStatus: 413}} {
		in(t, "too many, "+itoa(int64(status)), o, func(r *rig) {
			r.want(status, "Quantidade máxima", "PUT", "/stocks", mixed)
			r.want(status, "Quantidade máxima", "PUT", "/skus/marketplaces/prices", `[{},{},{}]`)
			require.Empty(r.t, r.s.Stocks())
		})
	}
	for maps, status := range map[anymarkettest.Maps]int{anymarkettest.Maps200: 200, anymarkettest.Maps204: 204, anymarkettest.Maps207: 207} {
		in(t, "stocks/batch "+itoa(int64(status)), opts{StockMaps: maps}, func(r *rig) {
			got := r.want(status, "", "PUT", "/stocks/batch", mixed)
			require.Len(r.t, r.s.Stocks(), 2)
			if status != 204 {
				require.JSONEq(r.t, `{"success":{"A":"OK","C":"OK"},"errors":{"B":"Item 2: quantity inválido: -1"}}`, got.body)
			}
		})
	}
}

func TestLocations(t *testing.T) {
	t.Parallel()
	in(t, "life of one", opts{}, func(r *rig) {
		got := r.want(200, `"defaultLocal":true`, "GET", "/stocks/locals", "")
		require.Equal(r.t, byte('['), got.body[0])
		r.want(422, "name", "POST", "/stocks/locals", `{}`)
		r.want(200, `"id":2`, "POST", "/stocks/locals", `{"name":"Loja","defaultLocal":true}`)
		r.want(204, "", "PUT", "/stocks", `[{"partnerId":"A","quantity":1}]`)
		_, ok := r.s.Stock("A", 2)
		require.True(r.t, ok, "the default moved")
		r.want(200, `"name":"Loja"`, "GET", "/stocks/locals/2", "")
		r.want(200, `"message":"OK"`, "PUT", "/stocks/locals/2", `{"name":"Loja 2"}`)
		r.want(200, `"data":2`, "DELETE", "/stocks/locals/2", "")
		r.want(404, "Recurso com o id '2' não encontrado", "GET", "/stocks/locals/2", "")
		r.want(404, "", "PUT", "/stocks/locals/2", `{"name":"x"}`)
		r.want(404, "", "DELETE", "/stocks/locals/2", "")
	})
	in(t, "the other spelling", opts{OtherSpelling: true}, func(r *rig) {
		require.EqualValues(r.t, 5, r.s.AddLocation(anymarkettest.Location{ID: 5, Name: "x"}))
		r.want(200, `"message":"OK"`, "GET", "/stocks/locals/5", "")
		r.want(422, `"code":422`, "DELETE", "/stocks/locals/1", "")
		r.want(204, "", "DELETE", "/stocks/locals/5", "")
	})
}
