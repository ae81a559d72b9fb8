package anymarkettest

import (
	"mime"
	"net/http"
	"strings"
)

// routes serves v2 and the API for marketplaces. Patterns that differ only in a word share one, since a
// ServeMux refuses those of which neither is the narrower.
func (s *Server) routes(plain bool) http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"GET /stocks":                listStocks,
		"PUT /stocks":                writeStocks,
		"POST /stocks":               writeStocks,
		"PUT /stocks/batch":          writeStocksBatch,
		"GET /stocks/locals":         listLocations,
		"POST /stocks/locals":        writeLocation,
		"GET /stocks/locals/{id}":    getLocation,
		"PUT /stocks/locals/{id}":    writeLocation,
		"DELETE /stocks/locals/{id}": deleteLocation,

		"GET /skus":                                 listSKUs,
		"GET /skus/{id}":                            getSKU,
		"GET /skus/partnerId/{code}":                getSKU,
		"GET /skus/marketplaces":                    adsByCode,
		"GET /skus/{id}/{what}":                     skuPart,
		"GET /skus/{id}/marketplaces/{ad}":          oneAd,
		"PUT /skus/{id}/marketplaces/{ad}":          oneAd,
		"PATCH /skus/{id}/marketplaces/{ad}":        oneAd,
		"POST /skus/{id}/marketplaces/{ad}/send":    sendAd,
		"PUT /skus/marketplaces/prices":             writePrices,
		"POST /skus/{id}/updatePrice/{marketplace}": updatePrice,
		"GET /products":                             listProducts,
		"GET /products/{product}":                   getProduct,
		"PATCH /products/{product}":                 patchProduct,
		"GET /products/{product}/skus":              getProduct,
		"GET /products/{product}/skus/{id}":         getSKU,
		"PUT /products/{product}/skus/{id}":         writeSKU,
		"PATCH /products/{product}/skus/{id}":       writeSKU,

		"GET /orders":                   listOrders,
		"POST /orders":                  createOrder,
		"GET /orders/{id}":              getOrder,
		"PUT /orders/{id}":              changeOrder,
		"GET /orders/{id}/{what}":       orderPart,
		"PUT /orders/{id}/{what}":       orderDocument,
		"POST /orders/{id}/{what}":      orderDocument,
		"GET /orders/feeds":             listFeed("ORDER"),
		"PUT /orders/feeds/batch":       ackBatch,
		"PUT /orders/feeds/{id}":        ackFeed("ORDER"),
		"GET /products/feeds":           listFeed("PRODUCT"),
		"PUT /products/feeds/{id}":      ackFeed("PRODUCT"),
		"GET /transmissions/feeds":      listFeed("TRANSMISSION"),
		"PUT /transmissions/feeds/{id}": ackFeed("TRANSMISSION"),

		"GET /callbacks":         listCallbacks,
		"POST /callbacks":        writeCallback,
		"GET /callbacks/{id}":    getCallback,
		"PUT /callbacks/{id}":    writeCallback,
		"DELETE /callbacks/{id}": deleteCallback,

		"GET /campaigns":                           listCampaigns,
		"GET /campaigns/{id}":                      getCampaign,
		"GET /campaigns/active/{id}/{marketplace}": getCampaign,

		"GET /marketplaces":                 listMarketplaces,
		"GET /marketplaces/{code}":          reservedMarketplace,
		"GET /marketplaces/{code}/accounts": marketplaceAccounts,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /v2"+path, s.handle(pattern, h, plain))
		if path == "/callbacks" { // the official SDK adds a slash
			mux.HandleFunc(method+" /v2/callbacks/{$}", s.handle(pattern, h, plain))
		}
	}
	for pattern, h := range marketRoutes() {
		method, path, _ := strings.Cut(pattern, " ")
		route := method + " " + MarketplacePath + path
		mux.HandleFunc(route, s.handle(route, h, plain))
	}
	mux.HandleFunc("/", s.handle("", noRoute, plain))
	return mux
}

// noRoute answers what is no route.
func noRoute(c *call) answer {
	return c.refuse(http.StatusNotFound, "Recurso n\u00e3o encontrado: %s %s", c.r.Method, c.r.URL.Path)
}

// listMarketplaces answers GET /marketplaces.
func listMarketplaces(c *call) answer {
	out := []map[string]string{}
	seen := map[string]bool{}
	for _, ad := range sortedBy(c.a.ads) {
		if !seen[ad.Marketplace] {
			seen[ad.Marketplace] = true
			out = append(out, map[string]string{"code": ad.Marketplace, "name": ad.Marketplace})
		}
	}
	return c.value(http.StatusOK, map[string]any{"marketplaces": out})
}

// reservedMarketplace answers GET /marketplaces/{code}, the vendor's own.
func reservedMarketplace(c *call) answer {
	return c.refuse(http.StatusInternalServerError, "Rota restrita")
}

// marketplaceAccounts answers GET /marketplaces/{code}/accounts.
func marketplaceAccounts(c *call) answer {
	return c.value(http.StatusOK, []map[string]any{{"id": c.a.num, "name": c.a.name}})
}

func mediaType(c *call) string {
	typ, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return typ
}
