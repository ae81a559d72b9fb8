package marketplace

import (
	"errors"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// NewSale is a sale to be made known. MarketplaceID is required; how much else
// ANYMARKET enforces is not known, and what it may miss is a warning.
//
// Source: ANYMARKET's document for marketplaces, POST /orders.
type NewSale struct {
	// MarketplaceID is the marketplace's own id of the sale, by which it is
	// addressed from then on; MarketplaceNumber is the number shown to people.
	MarketplaceID     string   `json:"marketPlaceId"`
	MarketplaceNumber string   `json:"marketPlaceNumber,omitempty"`
	CreatedAt         api.Time `json:"createdAt,omitzero"`
	PaymentDate       api.Time `json:"paymentDate,omitzero"`
	// AccountID and AccountName are the seller's, as its [Configuration] says.
	AccountID   api.ID `json:"idAccount,omitzero"`
	AccountName string `json:"accountName,omitempty"`

	// Status is StatusPending or StatusPaid; others come by marks.
	Status Status `json:"status,omitempty"`
	// MarketplaceStatus is the marketplace's own word.
	MarketplaceStatus string `json:"marketPlaceStatus,omitempty"`

	// Total is ProductNet, Freight and InterestValue less Discount, and the sum
	// of the payments.
	Discount      api.Decimal `json:"discount,omitzero"`
	Freight       api.Decimal `json:"freight,omitzero"`
	ProductNet    api.Decimal `json:"productNet,omitzero"`
	InterestValue api.Decimal `json:"interestValue,omitzero"`
	Total         api.Decimal `json:"total,omitzero"`

	Shipping       api.Address   `json:"shipping,omitzero"`
	BillingAddress api.Address   `json:"billingAddress,omitzero"`
	Buyer          api.Buyer     `json:"buyer,omitzero"`
	Payments       []api.Payment `json:"payments,omitempty"`
	Items          []Item        `json:"items,omitempty"`
	Metadata       api.Metadata  `json:"metadata,omitempty"`

	Observation                string `json:"observation,omitempty"`
	SubChannel                 string `json:"subChannel,omitempty"`
	SubChannelNormalized       string `json:"subChannelNormalized,omitempty"`
	DocumentIntermediator      string `json:"documentIntermediator,omitempty"`
	IntermediateRegistrationID string `json:"intermediateRegistrationId,omitempty"`
	DocumentPaymentInstitution string `json:"documentPaymentInstitution,omitempty"`
}

// Item is one line of a sale. Gross is amount times unit price, Total is gross
// less discount.
type Item struct {
	// SKU is matched by its PartnerID, which is the SKUInMarketplace of the ad
	// and not the seller's own code.
	SKU           api.OrderSKU      `json:"sku"`
	Amount        api.Decimal       `json:"amount,omitzero"`
	Unit          api.Decimal       `json:"unit,omitzero"`
	Gross         api.Decimal       `json:"gross,omitzero"`
	Total         api.Decimal       `json:"total,omitzero"`
	Discount      api.Decimal       `json:"discount,omitzero"`
	MarketplaceID string            `json:"marketPlaceId,omitempty"`
	Shippings     api.ItemShippings `json:"shippings,omitempty"`
}

// Validate returns an [*api.FieldError] if the sale cannot be right: its id is
// missing or cannot be sent in a path, its status is no word of a sale, a
// number is negative, the amount of an item is missing, a date is none.
func (s NewSale) Validate() error {
	errs := []error{checkID(s.MarketplaceID), api.Check(s)}
	if s.Status != "" {
		errs = append(errs, s.Status.check())
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i, item := range s.Items {
		if !item.Amount.IsSet() {
			return &api.FieldError{Field: fmt.Sprintf("items[%d].amount", i), Reason: "is missing; zero has to be said"}
		}
	}
	return nil
}

// checkID refuses an id that names no sale.
func checkID(id string) error {
	_, err := api.PathSegment("marketPlaceId", id)
	return err
}

// warnings name what ANYMARKET may refuse.
func (s NewSale) warnings() (warnings []string) {
	warn := func(bad bool, text string) {
		if bad {
			warnings = append(warnings, text)
		}
	}
	warn(s.MarketplaceNumber == "", "marketPlaceNumber is missing")
	warn(s.CreatedAt.IsZero(), "createdAt is missing")
	warn(s.Status == "", "status is missing")
	warn(s.Status != "" && s.Status != StatusPending && s.Status != StatusPaid,
		"status is "+string(s.Status)+": sales are created as PENDING or PAID and moved on by marks")
	warn(s.Buyer == (api.Buyer{}), "buyer is missing")
	warn(len(s.Items) == 0, "items are missing")
	for i, item := range s.Items {
		warn(item.SKU.PartnerID == "", fmt.Sprintf("items[%d].sku.partnerId is missing", i))
	}
	return append(warnings, s.sums()...)
}

// sums names those that do not agree. A part that is left out counts as zero.
func (s NewSale) sums() (warnings []string) {
	if !s.Total.IsSet() {
		return []string{"total is missing"}
	}
	total := s.Total.Decimal()
	sum := s.ProductNet.Decimal().Add(s.Freight.Decimal()).Add(s.InterestValue.Decimal()).Sub(s.Discount.Decimal())
	if !sum.Equal(total) {
		warnings = append(warnings, fmt.Sprintf("total is %s, but productNet %s + freight %s + interestValue %s - discount %s = %s",
			total, s.ProductNet.Decimal(), s.Freight.Decimal(), s.InterestValue.Decimal(), s.Discount.Decimal(), sum))
	}
	if len(s.Payments) == 0 {
		return warnings
	}
	var paid decimal.Decimal
	for _, p := range s.Payments {
		paid = paid.Add(p.Value.Decimal())
	}
	if !paid.Equal(total) {
		warnings = append(warnings, fmt.Sprintf("total is %s, but the payments sum to %s", total, paid))
	}
	return warnings
}
