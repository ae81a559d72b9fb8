package anymarkettest

import (
	"net/http"
	"slices"
	"strings"
)

// MarketplacePath is where the fake serves the API for marketplaces, in the
// place of /v2. Its routes have it in their names, as in
// "POST /marketplace/api/orders".
const MarketplacePath = "/marketplace/api"

// MarketplaceURL is the base URL of the API for marketplaces, for clients that
// use the server's Transport.
func (s *Server) MarketplaceURL() string { return strings.TrimSuffix(s.URL, "/v2") + MarketplacePath }

// AppID is what calls of the marketplace must carry, besides the token of a
// seller, which is that of the [Account].
func (s *Server) AppID() string { return s.o.AppID }

// Marketplace is the name of the marketplace, by which [Account.Order] finds its
// sales.
func (s *Server) Marketplace() string { return s.o.Marketplace }

// marketRoutes are those of the API for marketplaces.
func marketRoutes() map[string]handler {
	routes := map[string]handler{
		"GET /configuration":                  listConfigurations,
		"GET /configuration/{id}":             getConfiguration,
		"GET /skumarketplace/{id}":            getMarketAd,
		"GET /skumarketplace/{id}/priceStock": getPriceStock,
		"POST /freight":                       quoteFreight,

		"POST /orders":     createSale,
		"GET /orders":      listSales,
		"GET /orders/{id}": getSale,
	}
	for name := range marks() {
		routes["PUT /orders/{id}/"+name] = markSale
	}
	return routes
}

// market says whether the request came to the API for marketplaces.
func (c *call) market() bool {
	return c.r != nil && strings.HasPrefix(c.r.URL.Path, MarketplacePath+"/")
}

// token is whose request it claims to be.
func (c *call) token() string {
	if c.market() {
		return c.r.Header.Get("token")
	}
	if token := c.r.Header.Get("gumgaToken"); token != "" {
		return token
	}
	return c.r.URL.Query().Get("gumgaToken")
}

// strangeApp is the answer to an appId that is missing or unknown.
func (c *call) strangeApp() (answer, bool) {
	if !c.market() || c.r.Header.Get("appId") == c.s.o.AppID {
		return answer{}, false
	}
	return c.refuse(http.StatusUnauthorized, "appId inv\u00e1lido"), true
}

// saleWords are the words of the two worlds for the same statuses: a sale's,
// then an order's.
func saleWords() [][2]string {
	return [][2]string{
		{"PENDING", "PENDING"},
		{"PAID", "PAID_WAITING_SHIP"},
		{"INVOICED", "INVOICED"},
		{"SHIPPED", "PAID_WAITING_DELIVERY"},
		{"DELIVERED", "CONCLUDED"},
		{"CANCELED", "CANCELED"},
	}
}

// ofSale is the order's word for a sale's; empty if it is none.
func ofSale(word string) string {
	for _, w := range saleWords() {
		if w[0] == word {
			return w[1]
		}
	}
	return ""
}

// ofOrder is the sale's word for an order's.
func ofOrder(word string) string {
	for _, w := range saleWords() {
		if w[1] == word {
			return w[0]
		}
	}
	return word
}

// sale is a document as reads of the marketplace show it.
func (c *call) sale(doc map[string]any) map[string]any {
	out := c.order(doc)
	out["status"] = ofOrder(text(doc, "status"))
	return out
}

// ignores says whether a parameter is one that is ignored.
func (c *call) ignores(name string) bool { return slices.Contains(c.s.o.IgnoreFilters, name) }
