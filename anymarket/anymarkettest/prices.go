package anymarkettest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Ad is a SKU offered in a marketplace.
type Ad struct {
	ID          int64
	PartnerID   string // of its SKU
	Marketplace string
	Price       string // a decimal; as the next, as it came
	Discount    string // discountPrice
	Status      string // publicationStatus, defaults to ACTIVE
	Campaign    int64
	At          time.Time // when a call set the price, and which
	Request     int
	Writes      int // how many calls did
}

// AddAd adds an ad and returns its id. It makes the SKU if there is none.
func (a *Account) AddAd(ad Ad) int64 {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if a.skuByCode(ad.PartnerID) == nil {
		a.addSKULocked(SKU{PartnerID: ad.PartnerID})
	}
	return a.addAdLocked(ad).ID
}

func (a *Account) addAdLocked(ad Ad) *Ad {
	ad.ID = a.s.idLocked("ad", ad.ID)
	if ad.Status == "" {
		ad.Status = "ACTIVE"
	}
	a.ads[ad.ID] = &ad
	a.adsByCode[ad.PartnerID] = append(a.adsByCode[ad.PartnerID], &ad)
	return &ad
}

// Price returns an ad with its price.
func (a *Account) Price(ad int64) (Ad, bool) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.s.settleLocked(time.Now())
	if p := a.ads[ad]; p != nil {
		return *p, true
	}
	return Ad{}, false
}

// Ads returns all ads by id.
func (a *Account) Ads() []Ad {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.s.settleLocked(time.Now())
	out := []Ad{}
	for _, ad := range sortedBy(a.ads) {
		out = append(out, *ad)
	}
	return out
}

// prices are the price fields of a body, at any level.
type prices struct {
	Price         *json.RawMessage `json:"price"`
	SellPrice     *json.RawMessage `json:"sellPrice"`
	DiscountPrice *json.RawMessage `json:"discountPrice"`
}

func (p prices) check() error {
	value := map[string]float64{}
	for name, raw := range map[string]*json.RawMessage{"price": p.Price, "sellPrice": p.SellPrice, "discountPrice": p.DiscountPrice} {
		if raw == nil {
			continue
		}
		var f float64
		if err := json.Unmarshal(*raw, &f); err != nil || !nonNegative(*raw) || f == 0 {
			return fmt.Errorf("%s inv\u00e1lido: %s", name, *raw)
		}
		value[name] = f
	}
	if p.Price != nil && value["discountPrice"] > value["price"] {
		return errors.New("discountPrice acima de price")
	}
	return nil
}

func set(to *string, from *json.RawMessage) {
	if from != nil {
		*to = string(*from)
	}
}

// priceAd writes a price to an ad. What the item says is checked.
func (c *call) priceAd(ad *Ad, p prices, raw string) error {
	s := c.a.skuByCode(ad.PartnerID)
	if why := c.a.refused[ad.PartnerID]; why != "" {
		return fmt.Errorf("SKU %s: %s", ad.PartnerID, why)
	}
	if s != nil && s.Scope != ScopeAd && s.Scope != ScopeAny {
		if c.s.o.SilentScope {
			return nil
		}
		return fmt.Errorf("o pre\u00e7o do produto \u00e9 definido por %s", s.Scope)
	}
	set(&ad.Price, p.Price)
	set(&ad.Discount, p.DiscountPrice)
	ad.At, ad.Request = c.now, c.n
	ad.Writes++
	c.effect(AdPriceSet, itoa(ad.ID), raw)
	return nil
}

// writePrices answers PUT /skus/marketplaces/prices, item by item.
func writePrices(c *call) answer {
	raws, bad := c.batch()
	if bad != nil {
		return *bad
	}
	results := []map[string]any{}
	for _, raw := range raws {
		var it struct {
			ID json.Number `json:"id"`
			prices
		}
		err := json.Unmarshal(raw, &it)
		if err != nil || number(it.ID) == 0 {
			return c.refuse(http.StatusUnprocessableEntity, "Item inv\u00e1lido: %s", raw)
		}
		id := number(it.ID)
		ad := c.a.ads[id]
		switch {
		case it.Price == nil || it.DiscountPrice == nil:
			err = errors.New("price e discountPrice s\u00e3o obrigat\u00f3rios")
		case ad == nil && c.s.o.ClosedCatalog:
			err = fmt.Errorf("an\u00fancio %d n\u00e3o encontrado", id)
		default:
			err = it.check()
		}
		if err == nil {
			if ad == nil {
				ad = c.a.addAdLocked(Ad{ID: id, Marketplace: "ECOMMERCE"})
			}
			err = c.priceAd(ad, it.prices, string(raw))
		}
		switch {
		case err != nil:
			results = append(results, map[string]any{"id": id, "errorMsg": err.Error()})
		case c.s.o.PriceResults == ErrorNull:
			results = append(results, map[string]any{"id": id, "errorMsg": nil})
		case c.s.o.PriceResults == ErrorEmpty:
			results = append(results, map[string]any{"id": id, "errorMsg": ""})
		}
	}
	return c.value(http.StatusOK, results)
}

func (c *call) ad(ad *Ad) map[string]any {
	out := map[string]any{
		"id": ad.ID, "accountName": c.a.name, "idAccount": c.a.num, "marketPlace": ad.Marketplace, "index": 0,
		"publicationStatus": ad.Status, "price": orZero(ad.Price), "priceFactor": 1, "discountPrice": orZero(ad.Discount),
		"skuInMarketplace": ad.PartnerID, "fields": map[string]any{},
	}
	if ad.Campaign != 0 {
		out["idCampaign"] = ad.Campaign
	}
	return out
}

func (c *call) adsOf(s *SKU, marketplace string) []map[string]any {
	out := []map[string]any{}
	if s == nil {
		return out
	}
	for _, ad := range c.a.adsByCode[s.PartnerID] {
		if marketplace == "" || ad.Marketplace == marketplace {
			out = append(out, c.ad(ad))
		}
	}
	return out
}

// adsByCode answers GET /skus/marketplaces?partnerID=.
func adsByCode(c *call) answer {
	return c.value(http.StatusOK, c.adsOf(c.a.skuByCode(c.param("partnerID")), ""))
}

// skuPart answers GET /skus/{id}/{what}: marketplaces, or for the vendor's own
// lists of a marketplace, all.
func skuPart(c *call) answer {
	switch c.r.PathValue("what") {
	case "marketplaces":
		s := c.a.skus[c.pathID("id")]
		if s == nil {
			return c.missing(c.r.PathValue("id"))
		}
		return c.value(http.StatusOK, c.adsOf(s, c.param("marketplace")))
	case "all":
		if a, refused := c.restricted(); refused {
			return a
		}
		return c.value(http.StatusOK, c.adsOf(c.a.skuByCode(c.param("skuPartnerId")), c.r.PathValue("id")))
	}
	return noRoute(c)
}

// oneAd answers GET, PUT and PATCH /skus/{id}/marketplaces/{ad}.
func oneAd(c *call) answer {
	if a, refused := c.wrongPatch(); refused {
		return a
	}
	ad, s := c.a.ads[c.pathID("ad")], c.a.skus[c.pathID("id")]
	if ad == nil || s == nil || ad.PartnerID != s.PartnerID {
		return c.missing(c.r.PathValue("ad"))
	}
	if c.r.Method != http.MethodGet {
		var p prices
		if err := c.decode(&p); err != nil {
			return c.refuse(http.StatusBadRequest, "JSON inv\u00e1lido: %v", err)
		}
		err := p.check()
		if err == nil && p.Price == nil {
			err = errors.New("price \u00e9 obrigat\u00f3rio")
		}
		if err == nil {
			err = c.priceAd(ad, p, string(c.body))
		}
		if err != nil {
			return c.refuse(http.StatusUnprocessableEntity, "%v", err)
		}
	}
	return c.value(http.StatusOK, c.ad(ad))
}

// updatePrice answers POST /skus/{id}/updatePrice/{marketplace}: all ads there.
func updatePrice(c *call) answer {
	s, mp := c.a.skus[c.pathID("id")], c.r.PathValue("marketplace")
	if s == nil {
		return c.missing(c.r.PathValue("id"))
	}
	var p prices
	if err := c.decode(&p); err != nil {
		return c.refuse(http.StatusBadRequest, "JSON inv\u00e1lido: %v", err)
	}
	if err := p.check(); err != nil {
		return c.refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	errs := map[string]string{}
	found := false
	for _, ad := range c.a.adsByCode[s.PartnerID] {
		if ad.Marketplace != mp {
			continue
		}
		found = true
		if err := c.priceAd(ad, p, string(c.body)); err != nil {
			errs[itoa(ad.ID)] = err.Error()
		}
	}
	if !found {
		return c.missing(mp)
	}
	if c.s.o.OtherSpelling {
		list := []map[string]string{}
		for k, v := range errs {
			list = append(list, map[string]string{"key": k, "value": v})
		}
		return c.value(http.StatusOK, map[string]any{"errors": list})
	}
	return c.value(http.StatusOK, map[string]any{"errors": errs})
}

// sendAd answers POST /skus/{id}/marketplaces/{ad}/send.
func sendAd(c *call) answer {
	if c.a.ads[c.pathID("ad")] == nil {
		return c.missing(c.r.PathValue("ad"))
	}
	return c.done()
}
