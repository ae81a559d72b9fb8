package marketplace

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// Configuration is what a seller set up in ANYMARKET for the marketplace.
//
// Source: ANYMARKET's document for marketplaces.
type Configuration struct {
	ID          api.ID `json:"id"`
	OI          string `json:"oi"`
	Active      bool   `json:"active"`
	AccountName string `json:"accountName"`
	Marketplace string `json:"marketplace"`
	// DiscountType says what DiscountValue is; PriceFactor is what prices are
	// multiplied by.
	DiscountType           string         `json:"discountType"`
	DiscountValue          api.Decimal    `json:"discountValue"`
	PriceFactor            api.Decimal    `json:"priceFactor"`
	UpdatePriceStockStatus bool           `json:"updatePriceStockStatus"`
	Fields                 []api.KeyValue `json:"fields"`
	// InitialDateOrderImport is from when on sales are taken.
	InitialDateOrderImport api.Time `json:"initialDateOrderImport"`
	// Raw is the configuration as it came.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON reads a configuration leniently and keeps it.
func (c *Configuration) UnmarshalJSON(data []byte) error {
	type plain Configuration
	*c = Configuration{}
	if err := api.Unmarshal(data, (*plain)(c)); err != nil {
		return err
	}
	c.Raw = append(c.Raw, data...)
	return nil
}

func configurationWithoutID(c Configuration) string { return unless(c.ID != 0, "id") }

// configurations fetches those that the token is for.
//
// Source: ANYMARKET's document for marketplaces, GET /configuration.
func configurations(ctx context.Context, c *api.Client) ([]Configuration, error) {
	r := api.Request{Method: http.MethodGet, Path: "/configuration"}
	return api.Fetch(ctx, c, r, func(body []byte) ([]Configuration, error) { return rowsIn(body, configurationWithoutID) })
}

// Configurations fetches what the seller set up, through the gate.
func (c *Client) Configurations(ctx context.Context) ([]Configuration, error) {
	return read(ctx, c, configurations)
}

// Configuration fetches one of them, through the gate.
//
// Source: ANYMARKET's document for marketplaces, GET /configuration/{id}.
func (c *Client) Configuration(ctx context.Context, id api.ID) (Configuration, error) {
	return read(ctx, c, func(ctx context.Context, a *api.Client) (Configuration, error) {
		return fetchByID(ctx, a, "/configuration/", id, "", configurationWithoutID)
	})
}
