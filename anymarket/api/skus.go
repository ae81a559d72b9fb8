package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// SKU is one article that is sold.
//
// Source: OpenAPI v2 document and official SDK, Sku.
type SKU struct {
	ID    ID     `json:"id"`
	Title string `json:"title"`
	// PartnerID is the caller's code.
	PartnerID  string `json:"partnerId"`
	EAN        string `json:"ean"`
	ExternalID string `json:"externalId"`
	// Price is the list price, SellPrice the selling price.
	Price     Decimal `json:"price"`
	SellPrice Decimal `json:"sellPrice"`
	Amount    Decimal `json:"amount"`
	// AdditionalTime is the cross-docking time in days.
	AdditionalTime int   `json:"additionalTime"`
	StockLocalID   ID    `json:"stockLocalId"`
	Active         *bool `json:"active"`
	// Product is the product that the SKU belongs to, where the answer says so.
	Product ProductRef `json:"product"`
	// Raw is the SKU as it came.
	Raw json.RawMessage `json:"-"`
}

// ProductRef names a product.
type ProductRef struct {
	ID                ID     `json:"id,omitzero"`
	Title             string `json:"title,omitempty"`
	ExternalIDProduct string `json:"externalIdProduct,omitempty"`
}

// UnmarshalJSON reads a SKU leniently and keeps it.
func (s *SKU) UnmarshalJSON(data []byte) error {
	type plain SKU
	*s = SKU{}
	if err := Unmarshal(data, (*plain)(s)); err != nil {
		return err
	}
	s.Raw = append(s.Raw, data...)
	return nil
}

// Ad is a SKU offered in a marketplace.
//
// Source: OpenAPI v2 document and official SDK, SkuMarketplace.
type Ad struct {
	ID          ID     `json:"id"`
	AccountName string `json:"accountName"`
	AccountID   ID     `json:"idAccount"`
	// Marketplace is a word such as MERCADO_LIVRE; new ones keep appearing.
	Marketplace         string `json:"marketPlace"`
	IDInMarketplace     string `json:"idInMarketplace"`
	SKUInMarketplace    string `json:"skuInMarketplace"`
	MarketplaceItemCode string `json:"marketplaceItemCode"`
	Index               int    `json:"index"`
	// PublicationStatus is ACTIVE, CLOSED, CORRUPTED, PAUSED, UNPUBLISHED,
	// WITHOUT_STOCK or newer.
	PublicationStatus string `json:"publicationStatus"`
	MarketplaceStatus string `json:"marketplaceStatus"`
	// TransmissionStatus and ErrorMsg say how the last transmission went.
	// Source: official SDK only.
	TransmissionStatus string `json:"transmissionStatus"`
	ErrorMsg           string `json:"errorMsg"`
	// Price is the list price, DiscountPrice the selling price.
	Price         Decimal  `json:"price"`
	DiscountPrice Decimal  `json:"discountPrice"`
	PriceFactor   Decimal  `json:"priceFactor"`
	Permalink     string   `json:"permalink"`
	Fields        Metadata `json:"fields"`
	Warnings      []string `json:"warnings"`
	// CampaignID is set while a campaign holds the ad. Source: official SDK only.
	CampaignID ID `json:"idCampaign"`
	// Raw is the ad as it came.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON reads an ad leniently and keeps it.
func (a *Ad) UnmarshalJSON(data []byte) error {
	type plain Ad
	*a = Ad{}
	if err := Unmarshal(data, (*plain)(a)); err != nil {
		return err
	}
	a.Raw = append(a.Raw, data...)
	return nil
}

// PriceScope says at which level the prices of a product are set.
type PriceScope string

// Price scopes. Source: OpenAPI v2 document and official SDK.
const (
	ScopeSKU         PriceScope = "SKU"             // manual, per SKU
	ScopeMarketplace PriceScope = "SKU_MARKETPLACE" // manual, per ad
	ScopeCost        PriceScope = "COST"            // computed from cost and mark-up
)

// Product is an article with its SKUs, as far as this package needs it.
//
// Source: OpenAPI v2 document, /products.
type Product struct {
	ID                   ID         `json:"id"`
	Title                string     `json:"title"`
	DefinitionPriceScope PriceScope `json:"definitionPriceScope"`
	CalculatedPrice      bool       `json:"calculatedPrice"`
	PriceFactor          Decimal    `json:"priceFactor"`
	SKUs                 []SKU      `json:"skus"`
	// Raw is the product as it came.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON reads a product leniently and keeps it.
func (p *Product) UnmarshalJSON(data []byte) error {
	type plain Product
	*p = Product{}
	if err := Unmarshal(data, (*plain)(p)); err != nil {
		return err
	}
	p.Raw = append(p.Raw, data...)
	return nil
}

// SKUs is made by [Client.SKUs].
type SKUs struct{ c *Client }

func skuWithoutID(s SKU) string { return noID(s.ID) }

func adWithoutID(a Ad) string { return noID(a.ID) }

// Get fetches a SKU.
//
// Source: official SDK, GET /skus/{id}; the route may be refused to partners.
func (s SKUs) Get(ctx context.Context, id ID) (SKU, error) {
	segment, err := id.segment("id")
	if err != nil {
		return SKU{}, err
	}
	return Fetch(ctx, s.c, fill("/skus/{id}", segment).request(http.MethodGet), parseOne(skuWithoutID))
}

// ByPartnerID fetches the SKU with the caller's code, and the product that it
// belongs to. A SKU of another code in the answer is an error, as
// [ErrFilterIgnored].
//
// Source: official SDK, GET /skus/partnerId/{partnerId}?showProduct=true; the
// route may be refused to partners, and [Products.BySKU] is the documented way.
func (s SKUs) ByPartnerID(ctx context.Context, partnerID string) (SKU, error) {
	segment, err := PathSegment("partnerId", partnerID)
	if err != nil {
		return SKU{}, err
	}
	r := fill("/skus/partnerId/{partnerId}", segment).request(http.MethodGet)
	r.Query = url.Values{"showProduct": {"true"}}
	sku, err := Fetch(ctx, s.c, r, parseOne(skuWithoutID))
	if err == nil && sku.PartnerID != partnerID {
		return SKU{}, fmt.Errorf("SKU by partnerId %s: %w", quoteShort(partnerID), ErrFilterIgnored)
	}
	return sku, err
}

// Ads returns the ads of a SKU, of one marketplace only if that is not empty.
// The filter is checked: a host that ignores it makes no difference.
//
// Source: OpenAPI v2 document and official SDK, GET /skus/{skuId}/marketplaces;
// the parameter marketplace is in the SDK only.
func (s SKUs) Ads(ctx context.Context, sku ID, marketplace string) ([]Ad, error) {
	segment, err := sku.segment("skuId")
	if err != nil {
		return nil, err
	}
	r := fill("/skus/{skuId}/marketplaces", segment).request(http.MethodGet)
	r.Query = url.Values{}
	setText(r.Query, "marketplace", marketplace)
	ads, err := Fetch(ctx, s.c, r, parseArray(adWithoutID))
	if marketplace != "" {
		ads = slices.DeleteFunc(ads, func(a Ad) bool { return a.Marketplace != marketplace })
	}
	return ads, err
}

// AdsByPartnerID returns the ads of the SKU with the caller's code, in all
// marketplaces. An ad does not repeat the code, so that the host's filter has to
// be trusted.
//
// Source: OpenAPI v2 document, GET /skus/marketplaces?partnerID=.
func (s SKUs) AdsByPartnerID(ctx context.Context, partnerID string) ([]Ad, error) {
	if err := needText("partnerID", partnerID); err != nil {
		return nil, err
	}
	r := fixed("/skus/marketplaces").request(http.MethodGet)
	r.Query = url.Values{"partnerID": {partnerID}}
	return Fetch(ctx, s.c, r, parseArray(adWithoutID))
}

// Products is made by [Client.Products].
type Products struct{ c *Client }

// BySKU returns the products that have a SKU with the caller's code; none if
// there is none. Rows without it are left out, and if there are no others the
// error is [ErrFilterIgnored].
//
// Source: OpenAPI v2 document, GET /products?sku=.
func (s Products) BySKU(ctx context.Context, partnerID string) ([]Product, error) {
	if err := needText("sku", partnerID); err != nil {
		return nil, err
	}
	page, err := getPage(ctx, s.c, fixed("/products"), url.Values{"sku": {partnerID}}, nil, Paging{},
		parsePage(func(p Product) string { return noID(p.ID) }))
	if err != nil {
		return nil, err
	}
	return verified("products by sku "+quoteShort(partnerID), page.Items, func(p Product) bool {
		return slices.ContainsFunc(p.SKUs, func(s SKU) bool { return s.PartnerID == partnerID })
	})
}

// verified returns the rows that fit a look-up's key. Rows, but none that fits,
// are no proof of anything: filters may be ignored silently.
func verified[T any](what string, rows []T, fits func(T) bool) ([]T, error) {
	found := make([]T, 0, len(rows))
	for _, row := range rows {
		if fits(row) {
			found = append(found, row)
		}
	}
	if len(found) == 0 && len(rows) > 0 {
		return nil, fmt.Errorf("%s: %w", what, ErrFilterIgnored)
	}
	return found, nil
}
