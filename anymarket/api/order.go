package api

import "encoding/json"

// OrderStatus is the state of an order. Unknown ones pass through.
type OrderStatus string

// Order statuses, each with those it may follow. The host decides.
//
// Source: OpenAPI v2 document and official SDK, OrderStatus; DELIVERY_ISSUE is in
// the document only and its place is unknown.
const (
	StatusPending       OrderStatus = "PENDING"               // at first
	StatusPaid          OrderStatus = "PAID_WAITING_SHIP"     // PENDING
	StatusInvoiced      OrderStatus = "INVOICED"              // and paid
	StatusShipped       OrderStatus = "PAID_WAITING_DELIVERY" // and invoiced
	StatusDelivered     OrderStatus = "CONCLUDED"             // and shipped
	StatusCancelled     OrderStatus = "CANCELED"              // any of the above; nothing follows
	StatusDeliveryIssue OrderStatus = "DELIVERY_ISSUE"
)

// TransmissionStatus says how the exchange of an order or ad with its
// marketplace goes. Unknown ones pass through.
type TransmissionStatus string

// Transmission statuses of orders. Source: OpenAPI v2 document and official SDK.
const (
	TransmissionOK      TransmissionStatus = "OK"
	TransmissionError   TransmissionStatus = "ERROR"
	TransmissionWaiting TransmissionStatus = "WAITING"
)

// Order is a sale as read.
//
// Source: OpenAPI v2 document and official SDK, Order.
type Order struct {
	// ID is ANYMARKET's key. Marketplace with MarketplaceID is the channel's;
	// the pair is taken to be unique, which follows from how duplicates are
	// refused and is stated nowhere.
	ID            ID     `json:"id"`
	AccountID     ID     `json:"idAccount,omitzero"`
	AccountName   string `json:"accountName,omitempty"`
	Marketplace   string `json:"marketPlace"`
	MarketplaceID string `json:"marketPlaceId"`
	// MarketplaceNumber is the number shown to people.
	MarketplaceNumber string `json:"marketPlaceNumber,omitempty"`
	// PartnerID is the caller's own code of the order.
	PartnerID            string `json:"partnerId,omitempty"`
	PartnerNumber        string `json:"partnerNumber,omitempty"`
	SubChannel           string `json:"subChannel,omitempty"`
	SubChannelNormalized string `json:"subChannelNormalized,omitempty"`

	CreatedAt   Time `json:"createdAt,omitzero"`
	PaymentDate Time `json:"paymentDate,omitzero"`
	CancelDate  Time `json:"cancelDate,omitzero"`
	// LastUpdate is in recent official SDKs only.
	LastUpdate Time `json:"lastUpdate,omitzero"`

	Status                      OrderStatus        `json:"status"`
	TransmissionStatus          TransmissionStatus `json:"transmissionStatus,omitempty"`
	MarketplaceStatus           string             `json:"marketPlaceStatus,omitempty"`
	MarketplaceStatusComplement string             `json:"marketPlaceStatusComplement,omitempty"`
	MarketplaceShipmentStatus   string             `json:"marketPlaceShipmentStatus,omitempty"`
	MarketplaceURL              string             `json:"marketPlaceUrl,omitempty"`
	// DeliverStatus comes as deliverStatus or deliveryStatus: IN_TRANSIT,
	// DELIVERED, NOT_DELIVERED and others.
	DeliverStatus    string `json:"deliverStatus,omitempty"`
	CancellationCode string `json:"cancellationCode,omitempty"`
	CancelDetails    string `json:"cancelDetails,omitempty"`
	Observation      string `json:"observation,omitempty"`
	OrderTypeName    string `json:"orderTypeName,omitempty"`
	Fulfillment      bool   `json:"fulfillment,omitempty"`

	Discount      Decimal `json:"discount,omitzero"`
	Freight       Decimal `json:"freight,omitzero"`
	SellerFreight Decimal `json:"sellerFreight,omitzero"`
	InterestValue Decimal `json:"interestValue,omitzero"`
	// Gross is the goods without freight; Total is goods, freight and interest
	// less the discount.
	Gross        Decimal `json:"gross,omitzero"`
	Total        Decimal `json:"total,omitzero"`
	ProductGross Decimal `json:"productGross,omitzero"`
	ProductNet   Decimal `json:"productNet,omitzero"`

	// ShippingOptionID comes as shippingOptionId or shippingId.
	ShippingOptionID             string `json:"shippingOptionId,omitempty"`
	DocumentIntermediator        string `json:"documentIntermediator,omitempty"`
	IntermediateRegistrationID   string `json:"intermediateRegistrationId,omitempty"`
	DocumentPaymentInstitution   string `json:"documentPaymentInstitution,omitempty"`
	ShipmentExceptionDate        Time   `json:"shipmentExceptionDate,omitzero"`
	ShipmentExceptionDescription string `json:"shipmentExceptionDescription,omitempty"`

	Buyer               Buyer       `json:"buyer"`
	Shipping            Address     `json:"shipping"`
	BillingAddress      Address     `json:"billingAddress,omitzero"`
	AnymarketAddress    Address     `json:"anymarketAddress,omitzero"`
	Payments            []Payment   `json:"payments,omitempty"`
	Items               []OrderItem `json:"items,omitempty"`
	Invoice             *Invoice    `json:"invoice,omitempty"`
	Tracking            *Tracking   `json:"tracking,omitempty"`
	Pickup              *Pickup     `json:"pickup,omitempty"`
	Metadata            Metadata    `json:"metadata,omitempty"`
	QuoteReconciliation *Quote      `json:"quoteReconciliation,omitempty"`

	// Raw is the order as it came. It has everything, buyer data included.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON reads an order leniently, both spellings where there are two,
// and keeps it.
func (o *Order) UnmarshalJSON(data []byte) error {
	type plain Order
	*o = Order{}
	both := struct {
		*plain

		DeliveryStatus string `json:"deliveryStatus"`
		ShippingID     string `json:"shippingId"`
	}{plain: (*plain)(o)}
	if err := Unmarshal(data, &both); err != nil {
		return err
	}
	o.DeliverStatus = firstText(o.DeliverStatus, both.DeliveryStatus)
	o.ShippingOptionID = firstText(o.ShippingOptionID, both.ShippingID)
	o.Raw = append(o.Raw, data...)
	return nil
}
