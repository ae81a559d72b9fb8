package anymarket

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/operation"
	"github.com/anymarket-go/sdk/outbox"
)

// kindPrice and familyPrice are stored and never change.
const (
	kindPrice   = "price.set"
	familyPrice = "price"
)

// Addressings of prices.
const (
	byAd          = "ad"
	byMarketplace = "partnerId+marketplace"
)

// Price is the price of an ad, or of all ads of a SKU in a marketplace. Either
// Ad is given or PartnerID with Marketplace, and an account uses one of the two
// for all its prices.
type Price struct {
	// Ad is the ad's id in ANYMARKET.
	Ad ID
	// PartnerID is the caller's code of the SKU, and Marketplace a word such as
	// MERCADO_LIVRE. The ads are looked up when the price is sent.
	PartnerID, Marketplace string
	// Price is the list price, DiscountPrice the selling price. Both are
	// required.
	Price, DiscountPrice Decimal
}

// priceBody is what is stored.
type priceBody struct {
	Ad            ID      `json:"id,omitzero"`
	PartnerID     string  `json:"partnerId,omitempty"`
	Marketplace   string  `json:"marketplace,omitempty"`
	Price         Decimal `json:"price"`
	DiscountPrice Decimal `json:"discountPrice"`
}

func (p Price) entry() (e outbox.Entry, warnings []string, err error) {
	const right = 1 // an id, to check the rest
	e.Kind = kindPrice
	switch {
	case p.Ad != 0 && (p.PartnerID != "" || p.Marketplace != ""):
		return e, nil, &api.FieldError{Field: "ad", Reason: "is given, and so is partnerId or marketplace"}
	case p.Ad != 0:
		e.Addressing, e.Key = byAd, p.Ad.String()
		err = api.AdPrice{ID: p.Ad, Price: p.Price, DiscountPrice: p.DiscountPrice}.Validate()
	default:
		// Upper case as everywhere in the API, lest one target have two lanes.
		p.Marketplace = strings.ToUpper(p.Marketplace)
		e.Addressing, e.Key = byMarketplace, p.Marketplace+"@"+p.PartnerID
		err = errors.Join(
			needText("partnerId", p.PartnerID), needText("marketplace", p.Marketplace),
			api.AdPrice{ID: right, Price: p.Price, DiscountPrice: p.DiscountPrice}.Validate(),
		)
	}
	if err != nil {
		return e, nil, err
	}
	if p.DiscountPrice.Decimal().GreaterThan(p.Price.Decimal()) {
		warnings = append(warnings, "discountPrice "+p.DiscountPrice.String()+" is above price "+p.Price.String())
	}
	e.Body, err = json.Marshal(priceBody(p))
	return e, warnings, err
}

// needText refuses a key that is empty or not printable.
func needText(field, text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return &api.FieldError{Field: field, Reason: "is missing"}
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return &api.FieldError{Field: field, Reason: "contains a control character"}
	default:
		return nil
	}
}

// PriceService sets prices and reads ads, see Client.Prices.
type PriceService struct{ c *Client }

// Set stores a new price, durably, and returns. It is delivered when ANYMARKET
// can take it, and the newest of an ad, or of a SKU and marketplace, wins. ctx
// governs the storing only.
//
// It has an effect for products whose prices are manual per ad, see
// [api.ScopeMarketplace]. A price that cannot be right is an [*api.FieldError];
// other errors are those of [outbox.Outbox.Accept].
func (s PriceService) Set(ctx context.Context, price Price) (Receipt, error) {
	e, warnings, err := price.entry()
	if err != nil {
		return Receipt{}, err
	}
	return s.c.accept(ctx, e, warnings)
}

// Ads returns the ads of the SKU with the caller's code, with their prices, in
// all marketplaces.
func (s PriceService) Ads(ctx context.Context, partnerID string) ([]api.Ad, error) {
	return get(ctx, s.c, func(ctx context.Context, a *api.Client) ([]api.Ad, error) {
		return a.SKUs().AdsByPartnerID(ctx, partnerID)
	})
}

func (c *core) priceKind() outbox.Kind {
	return outbox.Kind{
		Name: kindPrice, Family: familyPrice, Class: outbox.Absolute, Group: groupPrices, MaxBatch: c.config.MaxBatch,
		Deliver: c.putPrices, Check: operation.Edited(editedPrice),
	}
}
