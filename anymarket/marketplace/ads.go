package marketplace

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// Ad is a SKU that a seller offers in the marketplace.
//
// Source: ANYMARKET's document for marketplaces, and one marketplace that uses
// it.
type Ad struct {
	ID              api.ID `json:"id"`
	IDInMarketplace string `json:"idInMarketplace"`
	// SKUInMarketplace is the code by which items of sales name it.
	SKUInMarketplace string       `json:"skuInMarketplace"`
	Status           string       `json:"status"`
	Price            api.Decimal  `json:"price"`
	DiscountPrice    api.Decimal  `json:"discountPrice"`
	Fields           api.Metadata `json:"fields"`
	Stock            AdStock      `json:"stock"`
	// SKU has the article with its product.
	SKU api.SKU `json:"sku"`
	// Raw is the ad as it came.
	Raw json.RawMessage `json:"-"`
}

// AdStock is what is there of an ad's SKU.
type AdStock struct {
	Amount           api.Decimal `json:"amount"`
	AvailableAmount  api.Decimal `json:"availableAmount"`
	PhysicalAmount   api.Decimal `json:"physicalAmount"`
	TotalReservation api.Decimal `json:"totalReservation"`
	Cost             api.Decimal `json:"cost"`
	// AdditionalTime is the cross-docking time in days.
	AdditionalTime int               `json:"additionalTime"`
	StockLocal     api.StockLocation `json:"stockLocal"`
}

// UnmarshalJSON reads an ad leniently and keeps it.
func (a *Ad) UnmarshalJSON(data []byte) error {
	type plain Ad
	*a = Ad{}
	if err := api.Unmarshal(data, (*plain)(a)); err != nil {
		return err
	}
	a.Raw = append(a.Raw, data...)
	return nil
}

// PriceStock is what changes most of an ad.
//
// Source: ANYMARKET's document for marketplaces.
type PriceStock struct {
	ID               api.ID      `json:"id"`
	SKUInMarketplace string      `json:"skuInMarketplace"`
	IDInMarketplace  string      `json:"idInMarketplace"`
	Price            api.Decimal `json:"price"`
	DiscountPrice    api.Decimal `json:"discountPrice"`
	AvailableAmount  api.Decimal `json:"availableAmount"`
}

// UnmarshalJSON reads leniently.
func (p *PriceStock) UnmarshalJSON(data []byte) error {
	type plain PriceStock
	*p = PriceStock{}
	return api.Unmarshal(data, (*plain)(p))
}

// AdService reads what a seller offers, see Client.Ads. ANYMARKET tells the
// marketplace when an ad changed, and it is read then.
type AdService struct{ c *Client }

// Get fetches an ad, through the gate.
//
// Source: ANYMARKET's document for marketplaces, GET /skumarketplace/{id}.
func (s AdService) Get(ctx context.Context, id api.ID) (Ad, error) {
	return read(ctx, s.c, func(ctx context.Context, a *api.Client) (Ad, error) {
		return fetchByID(ctx, a, "/skumarketplace/", id, "", func(a Ad) string { return unless(a.ID != 0, "id") })
	})
}

// PriceStock fetches price and stock of an ad, through the gate.
//
// Source: ANYMARKET's document for marketplaces, GET
// /skumarketplace/{id}/priceStock.
func (s AdService) PriceStock(ctx context.Context, id api.ID) (PriceStock, error) {
	return read(ctx, s.c, func(ctx context.Context, a *api.Client) (PriceStock, error) {
		return fetchByID(ctx, a, "/skumarketplace/", id, "/priceStock", func(p PriceStock) string { return unless(p.ID != 0, "id") })
	})
}

// fetchByID fetches the one thing that has an id.
func fetchByID[T any](ctx context.Context, c *api.Client, before string, id api.ID, after string, missing func(T) string) (T, error) {
	var none T
	if id <= 0 {
		return none, &api.FieldError{Field: "id", Reason: "is missing"}
	}
	r := api.Request{Method: http.MethodGet, Path: before + id.String() + after, Route: before + "{id}" + after}
	return api.Fetch(ctx, c, r, func(body []byte) (T, error) {
		rows, err := rowsIn(body, missing)
		if err == nil && len(rows) != 1 {
			err = errors.New("the answer is not one object")
		}
		if err != nil {
			return none, err
		}
		return rows[0], nil
	})
}
