package anymarkettest

import (
	"encoding/json"
	"net/http"
	"slices"
)

// configuration is what a marketplace sees of a seller.
func (c *call) configuration() map[string]any {
	return map[string]any{
		"id": c.a.num, "oi": c.a.oi, "active": true, "accountName": c.a.name, "marketplace": c.s.o.Marketplace,
		"discountType": "PERCENT", "discountValue": 0, "priceFactor": 1, "updatePriceStockStatus": true,
		"fields": []map[string]string{{"key": "store", "value": c.a.name}}, "initialDateOrderImport": "2020-01-01T00:00:00-03:00",
	}
}

// listConfigurations answers GET /configuration.
func listConfigurations(c *call) answer {
	return c.value(http.StatusOK, []map[string]any{c.configuration()})
}

// getConfiguration answers GET /configuration/{id}.
func getConfiguration(c *call) answer {
	if c.pathID("id") != c.a.num {
		return c.missing(c.r.PathValue("id"))
	}
	return c.value(http.StatusOK, c.configuration())
}

// marketAd finds the ad that a path names, with what is on hand of its SKU.
func (c *call) marketAd() (ad *Ad, sku *SKU, onHand Stock, ok bool) {
	ad = c.a.ads[c.pathID("id")]
	if ad == nil || ad.Marketplace != "" && ad.Marketplace != c.s.o.Marketplace {
		return nil, nil, Stock{}, false
	}
	sku = c.a.skuByCode(ad.PartnerID)
	return ad, sku, c.onHand(sku), true
}

// onHand is the stock of a SKU at the default location, as reads show it.
func (c *call) onHand(sku *SKU) Stock {
	if r := c.a.rows[rowKey{sku.ID, c.a.defaultLocation()}]; r != nil {
		if s, ok := r.seen(c.now.Add(-c.s.o.StockLag)); ok {
			return s
		}
	}
	return Stock{Location: c.a.defaultLocation()}
}

// getMarketAd answers GET /skumarketplace/{id}.
func getMarketAd(c *call) answer {
	ad, sku, onHand, ok := c.marketAd()
	if !ok {
		return c.missing(c.r.PathValue("id"))
	}
	product, _ := c.product(sku.Product)
	delete(product, "skus")
	withProduct := c.sku(sku)
	withProduct["product"] = product
	return c.value(http.StatusOK, map[string]any{
		"id": ad.ID, "price": orZero(ad.Price), "discountPrice": orZero(ad.Discount), "skuInMarketplace": ad.PartnerID,
		"status": ad.Status, "fields": map[string]any{}, "sku": withProduct,
		"stock": map[string]any{
			"amount": orZero(onHand.Quantity), "availableAmount": orZero(onHand.Quantity), "physicalAmount": orZero(onHand.Quantity),
			"totalReservation": 0, "cost": orZero(onHand.Cost), "additionalTime": orZero(onHand.AdditionalTime),
			"stockLocal": c.location(c.a.locations[c.a.defaultLocation()]),
		},
	})
}

// getPriceStock answers GET /skumarketplace/{id}/priceStock.
func getPriceStock(c *call) answer {
	ad, _, onHand, ok := c.marketAd()
	if !ok {
		return c.missing(c.r.PathValue("id"))
	}
	return c.value(http.StatusOK, map[string]any{
		"id": ad.ID, "skuInMarketplace": ad.PartnerID, "idInMarketplace": "MP" + itoa(ad.ID),
		"price": orZero(ad.Price), "discountPrice": orZero(ad.Discount), "availableAmount": orZero(onHand.Quantity),
	})
}

// freightProduct is one of those for which freight is asked.
type freightProduct struct {
	SKUID  json.Number     `json:"skuId"`
	Amount json.Number     `json:"amount"`
	Size   json.RawMessage `json:"dimensions"`
}

// quoteFreight answers POST /freight.
func quoteFreight(c *call) answer {
	var ask struct {
		ZipCode              string           `json:"zipCode"`
		AdditionalPercentual json.Number      `json:"additionalPercentual"`
		Products             []freightProduct `json:"products"`
	}
	if err := c.decode(&ask); err != nil {
		return c.refuse(http.StatusBadRequest, "JSON inv\u00e1lido: %v", err)
	}
	if ask.ZipCode == "" || ask.AdditionalPercentual == "" || len(ask.Products) == 0 {
		return c.refuse(http.StatusBadRequest, "zipCode, additionalPercentual e products s\u00e3o obrigat\u00f3rios")
	}
	missing := map[string]json.Number{}
	products := slices.Clone(ask.Products)
	for _, p := range products {
		sku := c.a.skus[number(p.SKUID)]
		if sku == nil || amount(map[string]any{"n": orZero(c.onHand(sku).Quantity)}, "n").Cmp(amount(map[string]any{"n": p.Amount}, "n")) < 0 {
			missing[p.SKUID.String()] = p.Amount
		}
	}
	if len(missing) > 0 {
		return c.value(http.StatusOK, map[string]any{"missingSkus": missing})
	}
	return c.value(http.StatusOK, map[string]any{
		"zipCode": ask.ZipCode, "products": products,
		"quotes": []map[string]any{{"name": "PAC", "price": json.Number("19.90"), "deliveryTime": 7}},
	})
}
