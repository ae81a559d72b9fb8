package marketplace

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// FreightRequest asks what it costs to send goods to a place. ZipCode and
// Products are required.
//
// Source: ANYMARKET's document for marketplaces, POST /freight.
type FreightRequest struct {
	ZipCode string `json:"zipCode"`
	// AdditionalPercentual is added to the price, in percent; absent is zero.
	AdditionalPercentual api.Decimal      `json:"additionalPercentual"`
	Products             []FreightProduct `json:"products"`
}

// FreightProduct is one of the goods. All of it is required, Dimensions
// excepted.
type FreightProduct struct {
	SKUID      api.ID      `json:"skuId"`
	Amount     api.Decimal `json:"amount"`
	Dimensions *Dimensions `json:"dimensions,omitempty"`
}

// Dimensions are the measures of a piece. Their units are not documented.
type Dimensions struct {
	Length api.Decimal `json:"length,omitzero"`
	Width  api.Decimal `json:"width,omitzero"`
	Height api.Decimal `json:"height,omitzero"`
	Weight api.Decimal `json:"weight,omitzero"`
}

// FreightQuote is the answer: quotes, or what is missing for them.
type FreightQuote struct {
	ZipCode string
	// Quotes are the offers. Their members are not documented.
	Quotes []json.RawMessage
	// MissingSKUs are SKUs of which there is not enough, with the amount asked
	// for.
	MissingSKUs map[string]api.Decimal
	// Raw is the answer as it came.
	Raw json.RawMessage
}

func (r FreightRequest) validate() error {
	if err := api.Check(r); err != nil {
		return err
	}
	missing := func(field string) error { return &api.FieldError{Field: field, Reason: "is missing"} }
	if r.ZipCode == "" {
		return missing("zipCode")
	}
	if len(r.Products) == 0 {
		return missing("products")
	}
	for _, p := range r.Products {
		if p.SKUID <= 0 {
			return missing("products.skuId")
		}
		if !p.Amount.IsSet() {
			return missing("products.amount")
		}
	}
	return nil
}

// QuoteFreight asks what it costs to send goods to a place, through the gate.
func (c *Client) QuoteFreight(ctx context.Context, ask FreightRequest) (FreightQuote, error) {
	if err := ask.validate(); err != nil {
		return FreightQuote{}, err
	}
	if !ask.AdditionalPercentual.IsSet() {
		ask.AdditionalPercentual = api.Qty(0)
	}
	body, err := json.Marshal(ask)
	if err != nil {
		return FreightQuote{}, err
	}
	return read(ctx, c, func(ctx context.Context, a *api.Client) (FreightQuote, error) {
		return api.Fetch(ctx, a, api.Request{Method: http.MethodPost, Path: "/freight", Body: body}, quoteIn)
	})
}

// quoteIn reads the answer, of which there are two.
func quoteIn(body []byte) (FreightQuote, error) {
	var q struct {
		ZipCode     string                 `json:"zipCode"`
		Quotes      []json.RawMessage      `json:"quotes"`
		MissingSKUs map[string]api.Decimal `json:"missingSkus"`
	}
	if err := api.Unmarshal(body, &q); err != nil {
		return FreightQuote{}, err
	}
	if q.Quotes == nil && q.MissingSKUs == nil {
		return FreightQuote{}, errors.New("the answer has neither quotes nor missingSkus")
	}
	return FreightQuote{ZipCode: q.ZipCode, Quotes: q.Quotes, MissingSKUs: q.MissingSKUs, Raw: body}, nil
}
