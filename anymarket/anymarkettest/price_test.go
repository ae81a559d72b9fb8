package anymarkettest_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func TestBulkPrices(t *testing.T) {
	t.Parallel()
	for results, want := range map[anymarkettest.PriceResults]string{
		anymarkettest.ErrorNull:    `[{"errorMsg":null,"id":20},{"errorMsg":"discountPrice acima de price","id":21}]`,
		anymarkettest.ErrorEmpty:   `[{"errorMsg":"","id":20},{"errorMsg":"discountPrice acima de price","id":21}]`,
		anymarkettest.FailuresOnly: `[{"errorMsg":"discountPrice acima de price","id":21}]`,
	} {
		in(t, itoa(int64(results)), opts{PriceResults: results}, func(r *rig) {
			r.s.AddAd(anymarkettest.Ad{ID: 20, PartnerID: "A", Marketplace: "X"})
			got := r.want(200, "", "PUT", "/skus/marketplaces/prices", `[{"id":20,"price":99.90,"discountPrice":89.90},{"id":21,"price":1,"discountPrice":2}]`)
			require.JSONEq(r.t, want, got.body)
			ad, ok := r.s.Price(20)
			require.True(r.t, ok)
			require.Equal(r.t, []string{"99.90", "89.90"}, []string{ad.Price, ad.Discount}, "as they came")
			_, ok = r.s.Price(21)
			require.False(r.t, ok)
			r.want(200, "obrigat", "PUT", "/skus/marketplaces/prices", `[{"id":20,"price":1}]`)
			r.want(200, "inv", "PUT", "/skus/marketplaces/prices", `[{"id":20,"price":-1,"discountPrice":1}]`)
			r.want(422, "Item inválido", "PUT", "/skus/marketplaces/prices", `[{"price":1,"discountPrice":1}]`)
			require.Len(r.t, r.s.Ads(), 1)
			require.Equal(r.t, 1, r.s.Ads()[0].Writes)
		})
	}
}

func TestPricesByAdAndMarketplace(t *testing.T) {
	t.Parallel()
	in(t, "ads", opts{}, func(r *rig) {
		ad := r.s.AddAd(anymarkettest.Ad{PartnerID: "A", Marketplace: "MERCADO_LIVRE", Price: "10", Campaign: 3})
		other := r.s.AddAd(anymarkettest.Ad{PartnerID: "A", Marketplace: "MAGAZINE_LUIZA"})
		sku, _ := r.s.SKU("A")
		base := "/skus/" + itoa(sku.ID)
		r.want(200, `"idCampaign":3`, "GET", base+"/marketplaces/"+itoa(ad), "")
		r.want(200, `"price":12.5`, "PUT", base+"/marketplaces/"+itoa(ad), `{"price":12.5,"discountPrice":11}`)
		r.want(422, "price", "PUT", base+"/marketplaces/"+itoa(ad), `{"discountPrice":11}`)
		r.want(415, "", "PATCH", base+"/marketplaces/"+itoa(ad), `{"price":13}`)
		r.typ = "application/merge-patch+json"
		r.want(200, `"discountPrice":11`, "PATCH", base+"/marketplaces/"+itoa(ad), `{"price":13}`)
		r.typ = ""
		r.want(200, `"errors":{}`, "POST", base+"/updatePrice/MAGAZINE_LUIZA", `{"price":14,"discountPrice":13}`)
		r.want(404, "", "POST", base+"/updatePrice/NOWHERE", `{"price":14}`)
		r.want(204, "", "POST", base+"/marketplaces/"+itoa(ad)+"/send", "")
		p, _ := r.s.Price(ad)
		q, _ := r.s.Price(other)
		require.Equal(r.t, []string{"13", "14"}, []string{p.Price, q.Price})

		r.want(200, `"marketPlace":"MAGAZINE_LUIZA"`, "GET", "/skus/marketplaces?partnerID=A", "")
		require.Equal(r.t, "[]", r.do("GET", "/skus/marketplaces?partnerID=B", "").body)
		require.NotContains(r.t, r.do("GET", base+"/marketplaces?marketplace=MERCADO_LIVRE", "").body, "MAGAZINE")
		r.want(200, itoa(other), "GET", "/skus/MAGAZINE_LUIZA/all?skuPartnerId=A", "")
		r.want(404, "", "GET", "/skus/1/marketplaces", "")
		r.want(200, `"code":"MERCADO_LIVRE"`, "GET", "/marketplaces", "")
		r.want(500, "Rota restrita", "GET", "/marketplaces/MERCADO_LIVRE", "")
		r.want(200, `"name":"shop"`, "GET", "/marketplaces/X/accounts", "")
		r.want(404, "", "GET", base+"/nothing", "")
	})
}

func TestPriceScopesAndLookups(t *testing.T) {
	t.Parallel()
	setUp := func(r *rig) (sku, product string) {
		r.s.AddSKU(anymarkettest.SKU{PartnerID: "A/1", Scope: anymarkettest.ScopeCost})
		r.s.AddAd(anymarkettest.Ad{ID: 20, PartnerID: "A/1", Marketplace: "X"})
		s, _ := r.s.SKU("A/1")
		return "/products/" + itoa(s.Product) + "/skus/" + itoa(s.ID), "/products/" + itoa(s.Product)
	}
	in(t, "refused", opts{}, func(r *rig) {
		sku, product := setUp(r)
		r.want(422, "definido por COST", "PUT", sku, `{"price":5,"sellPrice":4}`)
		r.want(200, "definido por COST", "PUT", "/skus/marketplaces/prices", `[{"id":20,"price":5,"discountPrice":4}]`)
		r.want(415, "", "PATCH", product, `{"definitionPriceScope":"SKU"}`)
		r.typ = "application/merge-patch+json"
		r.want(200, `"definitionPriceScope":"SKU"`, "PATCH", product, `{"calculatedPrice":false,"definitionPriceScope":"SKU"}`)
		r.want(200, `"sellPrice":4`, "PATCH", sku, `{"price":5,"sellPrice":4}`)
		s, _ := r.s.SKU("A/1")
		require.Equal(r.t, "4", s.SellPrice)
		r.typ = ""
		r.want(422, "partnerId", "PUT", sku, `{"partnerId":"B"}`)

		r.want(200, `"partnerId":"A/1"`, "GET", "/skus/partnerId/A%2F1?showProduct=true", "")
		r.want(200, `"skus":[{`, "GET", "/products?sku=A%2F1", "")
		r.want(200, `"title":"A/1"`, "GET", sku, "")
		r.want(200, `[{`, "GET", product+"/skus", "")
		r.want(200, `"content"`, "GET", "/skus", "")
		r.want(404, "", "GET", "/skus/partnerId/B", "")
		r.want(404, "", "GET", "/products/1", "")
	})
	in(t, "silent", opts{SilentScope: true, Restricted: true}, func(r *rig) {
		sku, _ := setUp(r)
		r.want(200, "", "PUT", sku, `{"price":5,"sellPrice":4}`)
		r.want(200, `"errorMsg":null`, "PUT", "/skus/marketplaces/prices", `[{"id":20,"price":5,"discountPrice":4}]`)
		ad, _ := r.s.Price(20)
		require.Empty(r.t, ad.Price)
		require.Empty(r.t, r.s.Effects())
		r.want(500, "Rota restrita", "GET", "/skus/partnerId/A%2F1", "")
		r.want(500, "Rota restrita", "GET", "/skus/X/all", "")
		r.want(500, "Rota restrita", "GET", "/orders/X/1", "")
	})
}
