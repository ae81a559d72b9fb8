// Package redact takes buyer data out of JSON that people read.
//
// It goes by what may be seen, not by what may not: a member that is not known
// to be harmless is masked, so that one that ANYMARKET or a caller adds is
// masked too. Structure, names, true, false and null stay.
package redact

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Mask stands for what is not shown.
const Mask = "***"

// JSON returns a copy of a JSON document in which buyer data is masked: of
// orders and their steps there remain ids, items, amounts, dates, statuses, the
// invoice's key and the tracking. Members keep their order. ok is false if data
// is no JSON document; nothing is returned then.
func JSON(data []byte) (masked []byte, ok bool) {
	if !json.Valid(data) { // which also bounds how deep it is nested
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	m := masker{in: d}
	m.value("", "", false)
	return m.out.Bytes(), m.err == nil
}

type masker struct {
	in  *json.Decoder
	out bytes.Buffer
	err error
}

// value copies one value: that of the member name of the object that is itself
// the member parent. person says that it is part of what describes a person.
func (m *masker) value(parent, name string, person bool) {
	token, err := m.in.Token()
	if err != nil {
		m.err = err
		return
	}
	switch t := token.(type) {
	case json.Delim:
		m.out.WriteRune(rune(t))
		if t == '{' {
			m.members(name, person || isPerson(name))
		} else {
			m.elements(parent, name, person)
		}
	case bool:
		m.write(t)
	case nil:
		m.out.WriteString("null")
	default:
		if !shown(parent, name, person) {
			t = Mask
		}
		m.write(t)
	}
}

func (m *masker) members(parent string, person bool) {
	for first := true; m.err == nil && m.in.More(); first = false {
		token, err := m.in.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			m.err = err
			return
		}
		if !first {
			m.out.WriteByte(',')
		}
		m.write(name)
		m.out.WriteByte(':')
		m.value(parent, name, person)
	}
	m.close('}')
}

func (m *masker) elements(parent, name string, person bool) {
	for first := true; m.err == nil && m.in.More(); first = false {
		if !first {
			m.out.WriteByte(',')
		}
		m.value(parent, name, person)
	}
	m.close(']')
}

func (m *masker) close(bracket byte) {
	if m.err == nil {
		_, m.err = m.in.Token()
		m.out.WriteByte(bracket)
	}
}

func (m *masker) write(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		m.err = err
		return
	}
	m.out.Write(text)
}

// isPerson says whether a member describes a person. It takes any spelling that
// a decoder of orders would take.
func isPerson(name string) bool {
	for _, person := range []string{"buyer", "shipping", "billingAddress", "anymarketAddress", "pickup"} {
		if strings.EqualFold(name, person) {
			return true
		}
	}
	return false
}

// shown says whether a text or number may be seen.
func shown(parent, name string, person bool) bool {
	if person {
		switch name {
		case "documentType", "shipmentUserDocumentType", "promisedShippingTime", "promisedDispatchTime":
			return true
		default:
			return false
		}
	}
	switch parent + "." + name {
	case "product.title", "sku.title", "invoice.number", "invoice.series", "tracking.number", "tracking.url":
		return true
	}
	return harmless(name)
}

// harmless says whether a member of that name is harmless wherever it stands,
// except in what describes a person.
func harmless(name string) bool {
	switch name {
	case
		// Keys.
		"id", "idAccount", "partnerId", "partnerNumber", "externalId", "ean", "ad", "stockLocalId", "stockName",
		"marketPlace", "marketplace", "marketPlaceId", "marketplaceId", "marketPlaceNumber", "idInMarketPlace", "orderItemId",
		"subChannel", "subChannelNormalized", "accountName", "officialStoreId", "officialStoreName", "listingType",
		// Quantities and prices.
		"quantity", "cost", "additionalTime", "price", "discountPrice", "amount", "unit", "gross", "total", "discount",
		"freight", "sellerFreight", "interestValue", "value", "installments", "gatewayFee", "marketplaceFee",
		// States.
		"status", "transmissionStatus", "marketPlaceStatus", "marketPlaceStatusComplement", "marketPlaceShipmentStatus", "deliverStatus",
		"method", "paymentMethodNormalized", "paymentDetailNormalized",
		// Dates.
		"createdAt", "paymentDate", "cancelDate", "dueDate", "date", "estimateDate", "shippedDate", "deliveredDate",
		// The way of the goods.
		"accessKey", "cfop", "carrier", "shippingtype", "shippingCarrierNormalized", "shippingCarrierTypeNormalized", "number-of-packages",
		// Calls without a method of their own.
		"path", "route", "contentType":
		return true
	default:
		return false
	}
}
