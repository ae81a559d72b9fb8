package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// AdPrice sets the price of one ad in a bulk call. Both prices are required by
// the document.
//
// Source: OpenAPI v2 document, PUT /skus/marketplaces/prices.
type AdPrice struct {
	// ID is the ad's.
	ID ID `json:"id"`
	// Price is the list price ("de"), DiscountPrice the selling price ("por").
	Price         Decimal `json:"price"`
	DiscountPrice Decimal `json:"discountPrice"`
}

// Validate returns a [*FieldError] if the item cannot be right. A selling price
// above the list price is for the API to judge.
func (p AdPrice) Validate() error {
	if err := needID("id", p.ID); err != nil {
		return err
	}
	if err := needAmount("price", p.Price); err != nil {
		return err
	}
	return needAmount("discountPrice", p.DiscountPrice)
}

// AdPriceResult is one element of the answer to a bulk price call.
type AdPriceResult struct {
	// ID is the ad's.
	ID ID `json:"id"`
	// ErrorMsg is empty if the price was taken. It is the host's prose.
	ErrorMsg string `json:"errorMsg"`
	// Raw is the element as it came.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON reads an element leniently and keeps it.
func (r *AdPriceResult) UnmarshalJSON(data []byte) error {
	type plain AdPriceResult
	*r = AdPriceResult{}
	if err := Unmarshal(data, (*plain)(r)); err != nil {
		return err
	}
	r.Raw = append(r.Raw, data...)
	return nil
}

// AdUpdate changes one ad. Fields left out stay as they are.
//
// Source: OpenAPI v2 document and official SDK, PUT
// /skus/{skuId}/marketplaces/{adId}.
type AdUpdate struct {
	// Price is the list price; required by the document.
	Price Decimal `json:"price"`
	// DiscountPrice is the selling price.
	DiscountPrice Decimal `json:"discountPrice,omitzero"`
	// PriceFactor is the mark-up.
	PriceFactor       Decimal           `json:"priceFactor,omitzero"`
	PublicationStatus string            `json:"publicationStatus,omitempty"`
	MarketplaceStatus string            `json:"marketplaceStatus,omitempty"`
	Permalink         string            `json:"permalink,omitempty"`
	SKUInMarketplace  string            `json:"skuInMarketplace,omitempty"`
	Fields            map[string]string `json:"fields,omitempty"`
}

// Validate returns a [*FieldError] if the update cannot be right.
func (u AdUpdate) Validate() error {
	return errors.Join(needAmount("price", u.Price), checkAmount("discountPrice", u.DiscountPrice), checkAmount("priceFactor", u.PriceFactor))
}

// MarketplacePrice sets the price of all ads of a SKU in a marketplace.
//
// Source: OpenAPI v2 document and official SDK, POST
// /skus/{skuId}/updatePrice/{marketplace}. Not for computed prices.
type MarketplacePrice struct {
	// Price is the list price, DiscountPrice the selling price.
	Price         Decimal `json:"price"`
	DiscountPrice Decimal `json:"discountPrice,omitzero"`
	// Fields express a discount in another way: HAS_DISCOUNT, DISCOUNT_TYPE,
	// DISCOUNT_VALUE.
	Fields []KeyValue `json:"fields,omitempty"`
}

// Validate returns a [*FieldError] if the price cannot be right.
func (p MarketplacePrice) Validate() error {
	return errors.Join(needAmount("price", p.Price), checkAmount("discountPrice", p.DiscountPrice))
}

// KeyValue is a pair as the API lists them.
type KeyValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// MarketplacePriceResult is the answer to a price of a SKU in a marketplace.
type MarketplacePriceResult struct {
	// Errors are the ads that did not take the price, in the host's prose. The
	// key is not documented further. Empty: all took it.
	Errors []KeyValue
	// Raw is the answer as it came, nil for one without body.
	Raw json.RawMessage
}

// SKUPrice sets the manual price of a SKU.
//
// Source: OpenAPI v2 document and official SDK, PATCH
// /products/{productId}/skus/{skuId}.
type SKUPrice struct {
	// Price is the list price, SellPrice the selling price. One is required.
	Price     Decimal `json:"price,omitzero"`
	SellPrice Decimal `json:"sellPrice,omitzero"`
}

// Validate returns a [*FieldError] if the price cannot be right.
func (p SKUPrice) Validate() error {
	if p.Price.absent() && p.SellPrice.absent() {
		return &FieldError{Field: "price or sellPrice", Reason: "is missing; zero has to be said"}
	}
	return errors.Join(checkAmount("price", p.Price), checkAmount("sellPrice", p.SellPrice))
}

// Prices is made by [Client.Prices]. Which of its ways works for a product
// depends on its DefinitionPriceScope: a price written at another level is
// refused or has no effect.
type Prices struct{ c *Client }

// PutAds sets the prices of ads in one call. No largest number is documented;
// 50 is careful.
//
// The answer may list failures only, or every ad: an ad failed if it is listed
// with an ErrorMsg, which [FailedAds] picks out, and a nil error alone is no
// success of all.
//
// Source: OpenAPI v2 document, PUT /skus/marketplaces/prices.
func (s Prices) PutAds(ctx context.Context, prices ...AdPrice) ([]AdPriceResult, error) {
	if err := validateAll(prices); err != nil {
		return nil, err
	}
	r, err := fixed("/skus/marketplaces/prices").withJSON(http.MethodPut, prices)
	if err != nil {
		return nil, err
	}
	parse := parseArray(anything[AdPriceResult])
	return Change(ctx, s.c, r, func(body []byte) ([]AdPriceResult, error) {
		results, err := parse(body)
		for i := range results {
			switch {
			case results[i].ID != 0 || results[i].ErrorMsg == "":
			case len(prices) == 1:
				results[i].ID = prices[0].ID
			default:
				return nil, errors.New("the answer has an error that names no ad")
			}
		}
		return results, err
	})
}

// FailedAds returns the messages of the ads that did not take their price.
func FailedAds(results []AdPriceResult) map[ID]string {
	failed := map[ID]string{}
	for _, r := range results {
		if r.ErrorMsg != "" {
			failed[r.ID] = r.ErrorMsg
		}
	}
	return failed
}

// PutAd changes one ad, its price above all, and returns the ad; the zero Ad
// if the answer has no body.
//
// Source: OpenAPI v2 document and official SDK, PUT
// /skus/{skuId}/marketplaces/{adId}.
func (s Prices) PutAd(ctx context.Context, sku, ad ID, update AdUpdate) (Ad, error) {
	skuSegment, err1 := sku.segment("skuId")
	adSegment, err2 := ad.segment("adId")
	if err := errors.Join(err1, err2, update.Validate()); err != nil {
		return Ad{}, err
	}
	r, err := fill("/skus/{skuId}/marketplaces/{adId}", skuSegment, adSegment).withJSON(http.MethodPut, update)
	if err != nil {
		return Ad{}, err
	}
	return Change(ctx, s.c, r, parseOne(func(a Ad) string { return noID(a.ID) }))
}

// PutMarketplace sets the price of all ads of a SKU in a marketplace, such as
// MERCADO_LIVRE. A nil error alone is no success of all: see
// [MarketplacePriceResult].
//
// Source: OpenAPI v2 document and official SDK, POST
// /skus/{skuId}/updatePrice/{marketplace}. The errors of the answer are shown as
// a map and as a list of pairs.
func (s Prices) PutMarketplace(ctx context.Context, sku ID, marketplace string, price MarketplacePrice) (MarketplacePriceResult, error) {
	skuSegment, err1 := sku.segment("skuId")
	marketSegment, err2 := wordSegment("marketplace", marketplace)
	if err := errors.Join(err1, err2, price.Validate()); err != nil {
		return MarketplacePriceResult{}, err
	}
	r, err := fill("/skus/{skuId}/updatePrice/{marketplace}", skuSegment, marketSegment).withJSON(http.MethodPost, price)
	if err != nil {
		return MarketplacePriceResult{}, err
	}
	return Change(ctx, s.c, r, parseMarketplacePrice)
}

func parseMarketplacePrice(body []byte) (MarketplacePriceResult, error) {
	var b struct {
		Errors json.RawMessage `json:"errors"`
		Code   json.RawMessage `json:"code"`
	}
	if kind(body) != '{' {
		return MarketplacePriceResult{}, errors.New("the answer is not an object")
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return MarketplacePriceResult{}, err
	}
	result := MarketplacePriceResult{Raw: json.RawMessage(body)}
	switch kind(b.Errors) {
	case 0:
		if b.Code != nil {
			return MarketplacePriceResult{}, errors.New("an error under a success status")
		}
	case 'n': // null
	case '[':
		var list struct {
			Errors []KeyValue `json:"errors"`
		}
		if err := Unmarshal(body, &list); err != nil {
			return MarketplacePriceResult{}, err
		}
		result.Errors = list.Errors
	case '{':
		var pairs Metadata
		if err := json.Unmarshal(b.Errors, &pairs); err != nil {
			return MarketplacePriceResult{}, err
		}
		result.Errors = pairs.pairs()
	default:
		return MarketplacePriceResult{}, errors.New("errors is neither a list nor a map")
	}
	return result, nil
}

// PatchSKU sets the manual price of a SKU and returns it; the zero SKU if the
// answer has no body. It has an effect for products whose price is manual per
// SKU. See [SKUs.ByPartnerID] for the two ids.
//
// Source: OpenAPI v2 document and official SDK, PATCH
// /products/{productId}/skus/{skuId}, media type application/merge-patch+json.
func (s Prices) PatchSKU(ctx context.Context, product, sku ID, price SKUPrice) (SKU, error) {
	productSegment, err1 := product.segment("productId")
	skuSegment, err2 := sku.segment("skuId")
	if err := errors.Join(err1, err2, price.Validate()); err != nil {
		return SKU{}, err
	}
	r, err := fill("/products/{productId}/skus/{skuId}", productSegment, skuSegment).withJSON(http.MethodPatch, price)
	if err != nil {
		return SKU{}, err
	}
	r.ContentType = typeMergePatch
	return Change(ctx, s.c, r, parseOne(func(v SKU) string { return noID(v.ID) }))
}
