package anymarkettest

import (
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"
)

// Scopes: who owns the price of a product.
const (
	ScopeSKU  = "SKU"             // manual, by SKU
	ScopeAd   = "SKU_MARKETPLACE" // manual, by ad
	ScopeCost = "COST"            // computed from the cost; no level takes prices
	ScopeAny  = ""                // both levels take prices: for tests that do not care
)

// SKU is one thing sold.
type SKU struct {
	ID, Product      int64
	PartnerID        string
	Title, EAN       string
	Price, SellPrice string // decimals
	Scope            string
	PriceAt          time.Time // when a call set the price
}

// AddSKU adds a SKU and returns its id. It is a product of its own unless
// Product names one. It panics if the partner id is taken.
func (a *Account) AddSKU(s SKU) int64 {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if a.skuByCode(s.PartnerID) != nil {
		panic("anymarkettest: SKU " + s.PartnerID + " is there")
	}
	return a.addSKULocked(s).ID
}

func (a *Account) addSKULocked(s SKU) *SKU {
	s.ID = a.s.idLocked("sku", s.ID)
	s.Product = a.s.idLocked("product", s.Product)
	if s.Title == "" {
		s.Title = s.PartnerID
	}
	a.skus[s.ID] = &s
	a.codes[s.PartnerID] = &s
	return &s
}

// SKU returns a SKU by its partner id.
func (a *Account) SKU(partnerID string) (SKU, bool) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.s.settleLocked(time.Now())
	if s := a.skuByCode(partnerID); s != nil {
		return *s, true
	}
	return SKU{}, false
}

func (a *Account) skuByCode(code string) *SKU { return a.codes[code] }

// skuFor finds the SKU of an item; nil without an error is one to be made.
func (a *Account) skuFor(id int64, code string) (*SKU, error) {
	s := a.skus[id]
	switch {
	case id == 0 && code == "":
		return nil, fmt.Errorf("id ou partnerId \u00e9 obrigat\u00f3rio")
	case id != 0 && s == nil:
		return nil, fmt.Errorf("SKU %d n\u00e3o encontrado", id)
	case id == 0:
		s = a.skuByCode(code)
	case code != "" && s.PartnerID != code:
		return nil, fmt.Errorf("SKU %d n\u00e3o \u00e9 %s", id, code)
	}
	if s != nil {
		code = s.PartnerID
	}
	if why := a.refused[code]; why != "" {
		return nil, fmt.Errorf("SKU %s: %s", code, why)
	}
	if s == nil && a.s.o.ClosedCatalog {
		return nil, fmt.Errorf("SKU %s n\u00e3o encontrado", code)
	}
	return s, nil
}

func (c *call) sku(s *SKU) map[string]any {
	return map[string]any{
		"id": s.ID, "title": s.Title, "partnerId": s.PartnerID, "ean": s.EAN, "amount": 0, "additionalTime": 0,
		"price": orZero(s.Price), "sellPrice": orZero(s.SellPrice), "active": true,
	}
}

func (c *call) product(id int64) (map[string]any, bool) {
	skus := []map[string]any{}
	scope, title := "", ""
	for _, s := range sortedBy(c.a.skus) {
		if s.Product == id {
			skus = append(skus, c.sku(s))
			scope, title = s.Scope, s.Title
		}
	}
	return map[string]any{
		"id": id, "title": title, "skus": skus, "definitionPriceScope": scope, "calculatedPrice": scope == ScopeCost, "priceFactor": 1,
	}, len(skus) > 0
}

// listSKUs answers GET /skus.
func listSKUs(c *call) answer {
	var out []map[string]any
	for _, s := range sortedBy(c.a.skus) {
		out = append(out, c.sku(s))
	}
	return paged(c, out)
}

// getSKU answers GET /skus/{id}, /skus/partnerId/{code} and /products/{product}/skus/{id}.
func getSKU(c *call) answer {
	s := c.a.skus[c.pathID("id")]
	if code := c.r.PathValue("code"); code != "" {
		if a, refused := c.restricted(); refused {
			return a
		}
		s = c.a.skuByCode(code)
	}
	if p := c.r.PathValue("product"); s != nil && p != "" && itoa(s.Product) != p {
		s = nil
	}
	if s == nil {
		return c.missing(c.r.PathValue("id") + c.r.PathValue("code"))
	}
	out := c.sku(s)
	if c.param("showProduct") == "true" {
		out["product"], _ = c.product(s.Product)
	}
	return c.value(http.StatusOK, out)
}

// listProducts answers GET /products, by the code of a SKU.
func listProducts(c *call) answer {
	code := c.param("sku")
	if code == "" {
		code = c.param("partnerId")
	}
	var out []map[string]any
	seen := map[int64]bool{}
	for _, s := range sortedBy(c.a.skus) {
		if !seen[s.Product] && (code == "" || s.PartnerID == code) {
			seen[s.Product] = true
			p, _ := c.product(s.Product)
			out = append(out, p)
		}
	}
	return paged(c, out)
}

// getProduct answers GET /products/{product}, and with /skus the bare array.
func getProduct(c *call) answer {
	p, ok := c.product(c.pathID("product"))
	if !ok {
		return c.missing(c.r.PathValue("product"))
	}
	if strings.HasSuffix(c.r.URL.Path, "/skus") {
		return c.value(http.StatusOK, p["skus"])
	}
	return c.value(http.StatusOK, p)
}

// writeSKU answers PUT and PATCH /products/{product}/skus/{id}.
func writeSKU(c *call) answer {
	if a, refused := c.wrongPatch(); refused {
		return a
	}
	s := c.a.skus[c.pathID("id")]
	if s == nil || itoa(s.Product) != c.r.PathValue("product") {
		return c.missing(c.r.PathValue("id"))
	}
	var b struct {
		Title     *string `json:"title"`
		EAN       *string `json:"ean"`
		PartnerID *string `json:"partnerId"`
		prices
	}
	if err := c.decode(&b); err != nil {
		return c.refuse(http.StatusBadRequest, "JSON inv\u00e1lido: %v", err)
	}
	if err := b.check(); err != nil {
		return c.refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	if why := c.a.refused[s.PartnerID]; why != "" {
		return c.refuse(http.StatusUnprocessableEntity, "SKU %s: %s", s.PartnerID, why)
	}
	if b.PartnerID != nil && *b.PartnerID != s.PartnerID {
		return c.refuse(http.StatusUnprocessableEntity, "partnerId n\u00e3o pode ser alterado")
	}
	if b.Price != nil || b.SellPrice != nil {
		switch {
		case s.Scope == ScopeSKU || s.Scope == ScopeAny:
			set(&s.Price, b.Price)
			set(&s.SellPrice, b.SellPrice)
			s.PriceAt = c.now
			c.effect(SKUPriceSet, s.PartnerID, string(c.body))
		case !c.s.o.SilentScope:
			return c.refuse(http.StatusUnprocessableEntity, "O pre\u00e7o do produto \u00e9 definido por %s", s.Scope)
		}
	}
	if b.Title != nil {
		s.Title = *b.Title
	}
	if b.EAN != nil {
		s.EAN = *b.EAN
	}
	return c.value(http.StatusOK, c.sku(s))
}

// patchProduct answers PATCH /products/{product}, for who owns the price.
func patchProduct(c *call) answer {
	if a, refused := c.wrongPatch(); refused {
		return a
	}
	id := c.pathID("product")
	var b struct {
		Scope *string `json:"definitionPriceScope"`
	}
	if err := c.decode(&b); err != nil {
		return c.refuse(http.StatusBadRequest, "JSON inv\u00e1lido: %v", err)
	}
	if _, ok := c.product(id); !ok {
		return c.missing(c.r.PathValue("product"))
	}
	if b.Scope != nil {
		for _, s := range c.a.skus {
			if s.Product == id {
				s.Scope = *b.Scope
			}
		}
		c.effect(ScopeSet, itoa(id), string(c.body))
	}
	p, _ := c.product(id)
	return c.value(http.StatusOK, p)
}

// wrongPatch refuses a PATCH whose media type is not that of a patch.
func (c *call) wrongPatch() (answer, bool) {
	typ, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if c.r.Method == http.MethodPatch && (err != nil || typ != "application/merge-patch+json") {
		return c.refuse(http.StatusUnsupportedMediaType, "Content-Type n\u00e3o suportado: %s", c.r.Header.Get("Content-Type")), true
	}
	return answer{}, false
}

// restricted refuses the vendor's own routes, if this world does.
func (c *call) restricted() (answer, bool) {
	if !c.s.o.Restricted {
		return answer{}, false
	}
	return c.refuse(http.StatusInternalServerError, "Rota restrita"), true
}
