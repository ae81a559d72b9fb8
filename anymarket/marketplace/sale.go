package marketplace

import (
	"encoding/json"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// Sale is a sale as read.
//
// Source: ANYMARKET's document for marketplaces, which shows the order of API
// v2 with the statuses of a sale.
type Sale struct {
	// ID is ANYMARKET's.
	ID                   api.ID `json:"id,omitzero"`
	AccountID            api.ID `json:"idAccount,omitzero"`
	AccountName          string `json:"accountName,omitempty"`
	Marketplace          string `json:"marketPlace,omitempty"`
	MarketplaceID        string `json:"marketPlaceId"`
	MarketplaceNumber    string `json:"marketPlaceNumber,omitempty"`
	SubChannel           string `json:"subChannel,omitempty"`
	SubChannelNormalized string `json:"subChannelNormalized,omitempty"`

	CreatedAt   api.Time `json:"createdAt,omitzero"`
	PaymentDate api.Time `json:"paymentDate,omitzero"`
	CancelDate  api.Time `json:"cancelDate,omitzero"`

	Status                      Status                 `json:"status"`
	TransmissionStatus          api.TransmissionStatus `json:"transmissionStatus,omitempty"`
	MarketplaceStatus           string                 `json:"marketPlaceStatus,omitempty"`
	MarketplaceStatusComplement string                 `json:"marketPlaceStatusComplement,omitempty"`
	MarketplaceURL              string                 `json:"marketPlaceUrl,omitempty"`
	CancellationCode            string                 `json:"cancellationCode,omitempty"`
	Observation                 string                 `json:"observation,omitempty"`

	Discount      api.Decimal `json:"discount,omitzero"`
	Freight       api.Decimal `json:"freight,omitzero"`
	InterestValue api.Decimal `json:"interestValue,omitzero"`
	Gross         api.Decimal `json:"gross,omitzero"`
	ProductNet    api.Decimal `json:"productNet,omitzero"`
	Total         api.Decimal `json:"total,omitzero"`

	Buyer          api.Buyer       `json:"buyer,omitzero"`
	Shipping       api.Address     `json:"shipping,omitzero"`
	BillingAddress api.Address     `json:"billingAddress,omitzero"`
	Payments       []api.Payment   `json:"payments,omitempty"`
	Items          []api.OrderItem `json:"items,omitempty"`
	Invoice        *api.Invoice    `json:"invoice,omitempty"`
	Tracking       *api.Tracking   `json:"tracking,omitempty"`
	Metadata       api.Metadata    `json:"metadata,omitempty"`

	// Raw is the sale as it came. It has everything, buyer data included.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON reads a sale leniently and keeps it.
func (s *Sale) UnmarshalJSON(data []byte) error {
	type plain Sale
	*s = Sale{}
	if err := api.Unmarshal(data, (*plain)(s)); err != nil {
		return err
	}
	s.Raw = append(s.Raw, data...)
	return nil
}
