package api

import (
	"bytes"
	"errors"
	"fmt"
)

// NewOrder creates an order. Besides the two keys, the document requires
// MarketplaceNumber, CreatedAt, TransmissionStatus, Status, MarketplaceStatus,
// Total, Buyer and Items; how much of that the host enforces is not known, so it
// is not checked here.
//
// Source: OpenAPI v2 document, POST /orders.
type NewOrder struct {
	// Marketplace and MarketplaceID are the key of the order. A store or ERP
	// sends ECOMMERCE.
	Marketplace          string `json:"marketPlace"`
	MarketplaceID        string `json:"marketPlaceId"`
	MarketplaceNumber    string `json:"marketPlaceNumber,omitempty"`
	PartnerID            string `json:"partnerId,omitempty"`
	AccountID            ID     `json:"idAccount,omitzero"`
	AccountName          string `json:"accountName,omitempty"`
	SubChannel           string `json:"subChannel,omitempty"`
	SubChannelNormalized string `json:"subChannelNormalized,omitempty"`

	CreatedAt   Time `json:"createdAt,omitzero"`
	PaymentDate Time `json:"paymentDate,omitzero"`

	Status                      OrderStatus        `json:"status,omitempty"`
	TransmissionStatus          TransmissionStatus `json:"transmissionStatus,omitempty"`
	MarketplaceStatus           string             `json:"marketPlaceStatus,omitempty"`
	MarketplaceStatusComplement string             `json:"marketPlaceStatusComplement,omitempty"`
	MarketplaceShipmentStatus   string             `json:"marketPlaceShipmentStatus,omitempty"`
	MarketplaceURL              string             `json:"marketPlaceUrl,omitempty"`
	DeliverStatus               string             `json:"deliverStatus,omitempty"`
	Observation                 string             `json:"observation,omitempty"`
	Fulfillment                 *bool              `json:"fulfillment,omitempty"`

	Discount      Decimal `json:"discount,omitzero"`
	Freight       Decimal `json:"freight,omitzero"`
	SellerFreight Decimal `json:"sellerFreight,omitzero"`
	InterestValue Decimal `json:"interestValue,omitzero"`
	// Gross is the goods without freight, Total is what the buyer pays.
	Gross Decimal `json:"gross,omitzero"`
	Total Decimal `json:"total,omitzero"`

	DocumentIntermediator      string `json:"documentIntermediator,omitempty"`
	IntermediateRegistrationID string `json:"intermediateRegistrationId,omitempty"`
	DocumentPaymentInstitution string `json:"documentPaymentInstitution,omitempty"`

	Buyer          Buyer       `json:"buyer,omitzero"`
	Shipping       Address     `json:"shipping,omitzero"`
	BillingAddress Address     `json:"billingAddress,omitzero"`
	Items          []OrderItem `json:"items,omitempty"`
	Payments       []Payment   `json:"payments,omitempty"`
	Metadata       Metadata    `json:"metadata,omitempty"`
}

// Validate returns a [*FieldError] if the order cannot be right: a part of the
// key is missing, a number negative, the amount of an item missing, a date
// unreadable.
func (o NewOrder) Validate() error {
	if err := needKey(o.Marketplace, o.MarketplaceID); err != nil {
		return err
	}
	err := errors.Join(
		checkTime("createdAt", o.CreatedAt), checkTime("paymentDate", o.PaymentDate),
		checkAmount("discount", o.Discount), checkAmount("freight", o.Freight),
		checkAmount("sellerFreight", o.SellerFreight), checkAmount("interestValue", o.InterestValue),
		checkAmount("gross", o.Gross), checkAmount("total", o.Total),
		within("shipping.", o.Shipping.check()), within("billingAddress.", o.BillingAddress.check()),
	)
	if err != nil {
		return err
	}
	for i, item := range o.Items {
		if err := item.check(); err != nil {
			return within(fmt.Sprintf("items[%d].", i), err)
		}
	}
	for i, p := range o.Payments {
		if err := p.check(); err != nil {
			return within(fmt.Sprintf("payments[%d].", i), err)
		}
	}
	return nil
}

// needKey refuses a key of an order that lacks a part.
func needKey(marketplace, marketplaceID string) error {
	return errors.Join(needText("marketPlace", marketplace), needText("marketPlaceId", marketplaceID))
}

func (a Address) check() error {
	return errors.Join(checkTime("promisedShippingTime", a.PromisedShippingTime), checkTime("promisedDispatchTime", a.PromisedDispatchTime))
}

func (i OrderItem) check() error {
	return errors.Join(
		needAmount("amount", i.Amount), checkAmount("unit", i.Unit), checkAmount("gross", i.Gross),
		checkAmount("total", i.Total), checkAmount("discount", i.Discount),
	)
}

func (p Payment) check() error {
	return errors.Join(
		checkAmount("value", p.Value), checkAmount("gatewayFee", p.GatewayFee),
		checkAmount("marketplaceFee", p.MarketplaceFee), checkTime("dueDate", p.DueDate),
	)
}

// OrderUpdate moves an order to a status, with what belongs to it. What is left
// out stays as it is.
//
//	StatusPaid       nothing else
//	StatusInvoiced   Invoice; Metadata may have number-of-packages and cdZipCode
//	StatusShipped    Tracking: Number, Carrier, ShippedDate
//	StatusDelivered  Tracking: DeliveredDate
//	StatusCancelled  CancelDetails for some marketplaces
//
// Source: OpenAPI v2 document, PUT /orders/{id} in its five forms, and official
// SDK.
type OrderUpdate struct {
	Status        OrderStatus `json:"status"`
	Invoice       *Invoice    `json:"invoice,omitempty"`
	Tracking      *Tracking   `json:"tracking,omitempty"`
	CancelDetails string      `json:"cancelDetails,omitempty"`
	Metadata      Metadata    `json:"metadata,omitempty"`
}

// Validate returns a [*FieldError] if the update cannot be right: a status that
// is none of the five, or one without what it announces, or an access key of
// 44 digits whose check digit is wrong.
func (u OrderUpdate) Validate() error {
	switch u.Status {
	case StatusPaid, StatusCancelled:
	case StatusInvoiced:
		if u.Invoice == nil || u.Invoice.empty() {
			return &FieldError{Field: "invoice", Reason: "is missing"}
		}
	case StatusShipped:
		if u.Tracking == nil || *u.Tracking == (Tracking{}) {
			return &FieldError{Field: "tracking", Reason: "is missing"}
		}
	case StatusDelivered:
		if u.Tracking == nil || u.Tracking.DeliveredDate == (Time{}) {
			return &FieldError{Field: "tracking.deliveredDate", Reason: "is missing"}
		}
	case "":
		return &FieldError{Field: "status", Reason: "is missing"}
	default:
		return &FieldError{Field: "status", Reason: "is none that an order can be moved to: " + quoteShort(string(u.Status))}
	}
	var errs []error
	if u.Invoice != nil {
		errs = append(errs, checkTime("invoice.date", u.Invoice.Date), checkAccessKey("invoice.accessKey", u.Invoice.AccessKey))
	}
	if t := u.Tracking; t != nil {
		errs = append(errs, checkTime("tracking.date", t.Date), checkTime("tracking.estimateDate", t.EstimateDate),
			checkTime("tracking.shippedDate", t.ShippedDate), checkTime("tracking.deliveredDate", t.DeliveredDate))
	}
	return errors.Join(errs...)
}

// empty says whether the invoice names no document at all.
func (i *Invoice) empty() bool {
	return i.AccessKey == "" && i.Number == "" && i.Series == "" && i.LinkNFe == "" && i.InvoiceLink == ""
}

// checkXML refuses what is no XML document. It is not parsed: the fiscal
// authority signed the bytes as they are.
func checkXML(xml []byte) error {
	if body := bytes.TrimPrefix(xml, []byte("\uFEFF")); kind(body) != '<' {
		return &FieldError{Field: "xml", Reason: "is not an XML document"}
	}
	return nil
}
