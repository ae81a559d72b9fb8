package api

import "encoding/json"

// Buyer is who bought. Source: OpenAPI v2 document and official SDK.
type Buyer struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	// Document is a CPF, a CNPJ or another, as DocumentType says.
	Document                 string `json:"document,omitempty"`
	DocumentType             string `json:"documentType,omitempty"`
	DocumentNumberNormalized string `json:"documentNumberNormalized,omitempty"`
	Phone                    string `json:"phone,omitempty"`
	CellPhone                string `json:"cellPhone,omitempty"`
	MarketplaceID            string `json:"marketPlaceId,omitempty"`
	DateOfBirth              string `json:"dateOfBirth,omitempty"`
	CompanyStateTaxID        string `json:"companyStateTaxId,omitempty"`
}

// Address is where to ship or bill to. Source: OpenAPI v2 document and official
// SDK, the union of the three kinds of addresses.
type Address struct {
	Address                  string `json:"address,omitempty"`
	Street                   string `json:"street,omitempty"`
	Number                   string `json:"number,omitempty"`
	Comment                  string `json:"comment,omitempty"`
	Reference                string `json:"reference,omitempty"`
	Neighborhood             string `json:"neighborhood,omitempty"`
	City                     string `json:"city,omitempty"`
	State                    string `json:"state,omitempty"`
	StateNameNormalized      string `json:"stateNameNormalized,omitempty"`
	StateAcronymNormalized   string `json:"stateAcronymNormalized,omitempty"`
	Country                  string `json:"country,omitempty"`
	CountryAcronymNormalized string `json:"countryAcronymNormalized,omitempty"`
	CountryNameNormalized    string `json:"countryNameNormalized,omitempty"`
	ZipCode                  string `json:"zipCode,omitempty"`

	// Of shipping addresses.
	ReceiverName         string `json:"receiverName,omitempty"`
	PromisedShippingTime Time   `json:"promisedShippingTime,omitzero"`
	PromisedDispatchTime Time   `json:"promisedDispatchTime,omitzero"`

	// Of billing addresses.
	ShipmentUserName         string `json:"shipmentUserName,omitempty"`
	ShipmentUserDocument     string `json:"shipmentUserDocument,omitempty"`
	ShipmentUserDocumentType string `json:"shipmentUserDocumentType,omitempty"`
}

// Payment is one way in which an order is paid. Source: OpenAPI v2 document and
// official SDK.
type Payment struct {
	Method                  string  `json:"method,omitempty"`
	Value                   Decimal `json:"value,omitzero"`
	Installments            int     `json:"installments,omitempty"`
	Status                  string  `json:"status,omitempty"`
	MarketplaceID           string  `json:"marketplaceId,omitempty"`
	PaymentMethodNormalized string  `json:"paymentMethodNormalized,omitempty"`
	PaymentDetailNormalized string  `json:"paymentDetailNormalized,omitempty"`
	GatewayFee              Decimal `json:"gatewayFee,omitzero"`
	MarketplaceFee          Decimal `json:"marketplaceFee,omitzero"`
	DueDate                 Time    `json:"dueDate,omitzero"`
}

// OrderItem is one line of an order. Gross is amount times unit price, Total is
// gross less discount. Source: OpenAPI v2 document and official SDK.
type OrderItem struct {
	Product ProductRef `json:"product"`
	// SKU is matched by its PartnerID when an order is created.
	SKU       OrderSKU      `json:"sku"`
	Amount    Decimal       `json:"amount,omitzero"`
	Unit      Decimal       `json:"unit,omitzero"`
	Gross     Decimal       `json:"gross,omitzero"`
	Total     Decimal       `json:"total,omitzero"`
	Discount  Decimal       `json:"discount,omitzero"`
	Shippings ItemShippings `json:"shippings,omitempty"`
	Stocks    []ItemStock   `json:"stocks,omitempty"`
	// OrderItemID is ANYMARKET's key of the line; the two others the channel's.
	OrderItemID       string `json:"orderItemId,omitempty"`
	MarketplaceID     string `json:"marketPlaceId,omitempty"`
	IDInMarketplace   string `json:"idInMarketPlace,omitempty"`
	OfficialStoreID   string `json:"officialStoreId,omitempty"`
	OfficialStoreName string `json:"officialStoreName,omitempty"`
	ListingType       string `json:"listingType,omitempty"`
	FreeShipping      bool   `json:"freeShipping,omitempty"`
}

// OrderSKU names the SKU of a line.
type OrderSKU struct {
	ID         ID     `json:"id,omitzero"`
	PartnerID  string `json:"partnerId,omitempty"`
	ExternalID string `json:"externalId,omitempty"`
	Title      string `json:"title,omitempty"`
	EAN        string `json:"ean,omitempty"`
}

// ItemStock says from which location goods of a line come.
type ItemStock struct {
	StockLocalID ID      `json:"stockLocalId,omitzero"`
	Amount       Decimal `json:"amount,omitzero"`
	StockName    string  `json:"stockName,omitempty"`
}

// ItemShippings are the shipments of a line. They go out as an array and come in
// as an array or as a single object. Source: the OpenAPI v2 document shows both.
type ItemShippings []ItemShipping

// ItemShipping is one shipment of a line.
type ItemShipping struct {
	ID           ID     `json:"id,omitzero"`
	ShippingType string `json:"shippingtype,omitempty"`
	Carrier      string `json:"shippingCarrierNormalized,omitempty"`
	CarrierType  string `json:"shippingCarrierTypeNormalized,omitempty"`
}

// UnmarshalJSON reads an array or an object; it never fails.
func (s *ItemShippings) UnmarshalJSON(data []byte) error {
	*s = nil
	if c := kind(data); c != '[' && c != '{' {
		return nil
	}
	var list struct {
		List []ItemShipping `json:"list"`
	}
	// As a list it has the loose decoding of any list.
	if Unmarshal([]byte(`{"list":`+string(data)+`}`), &list) == nil {
		*s = list.List
	}
	return nil
}

// Invoice is the fiscal document of an order. The document's schema requires
// AccessKey and Date, its prose Number and Series too. Source: OpenAPI v2
// document and official SDK.
type Invoice struct {
	// AccessKey has 44 digits in Brazil.
	AccessKey         string          `json:"accessKey,omitempty"`
	Series            string          `json:"series,omitempty"`
	Number            string          `json:"number,omitempty"`
	Date              Time            `json:"date,omitzero"`
	CFOP              string          `json:"cfop,omitempty"`
	CompanyStateTaxID string          `json:"companyStateTaxId,omitempty"`
	LinkNFe           string          `json:"linkNfe,omitempty"`
	InvoiceLink       string          `json:"invoiceLink,omitempty"`
	ExtraDescription  string          `json:"extraDescription,omitempty"`
	FiscalMetadata    json.RawMessage `json:"fiscalMetadata,omitempty"`
}

// Tracking is the way of an order's goods. Number, Carrier and ShippedDate are
// required by the document to ship, DeliveredDate to conclude. Source: OpenAPI v2
// document and official SDK.
type Tracking struct {
	Number  string `json:"number,omitempty"`
	Carrier string `json:"carrier,omitempty"`
	// CarrierDocument is the carrier's CNPJ.
	CarrierDocument string `json:"carrierDocument,omitempty"`
	URL             string `json:"url,omitempty"`
	Date            Time   `json:"date,omitzero"`
	EstimateDate    Time   `json:"estimateDate,omitzero"`
	ShippedDate     Time   `json:"shippedDate,omitzero"`
	DeliveredDate   Time   `json:"deliveredDate,omitzero"`
}

// Pickup is where the buyer collects the goods. Source: OpenAPI v2 document.
type Pickup struct {
	ID            ID     `json:"id,omitzero"`
	Description   string `json:"description,omitempty"`
	PartnerID     ID     `json:"partnerId,omitzero"`
	MarketplaceID string `json:"marketplaceId,omitempty"`
	ReceiverName  string `json:"receiverName,omitempty"`
}

// Quote is the freight quote behind an order. Source: OpenAPI v2 document.
type Quote struct {
	QuoteID string  `json:"quoteId,omitempty"`
	Price   Decimal `json:"price,omitzero"`
}
