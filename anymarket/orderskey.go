package anymarket

import (
	"errors"
	"strings"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// OrderKey names an order in one of three ways: by ANYMARKET's id, by the key in
// its marketplace, or by the caller's own code. For the same order use always
// the same, since steps named in different ways are not kept in order with each
// other. Those named by the key wait for the creation of the order if it was
// stored here, and so do those named by the code that the creation gives.
type OrderKey struct {
	// ID is the order's in ANYMARKET.
	ID ID
	// Marketplace is a word such as ECOMMERCE, MarketplaceID the order's id
	// there.
	Marketplace, MarketplaceID string
	// PartnerID is the caller's own code of the order.
	PartnerID string
}

// String returns the key as lanes have it: it is stored and never changes.
func (k OrderKey) String() string {
	switch {
	case k.ID != 0:
		return k.ID.String()
	case k.PartnerID != "":
		return k.PartnerID
	default:
		return k.Marketplace + "/" + k.MarketplaceID
	}
}

// keyOfLane reads what String wrote for a key in a marketplace.
func keyOfLane(s string) (OrderKey, bool) {
	marketplace, id, ok := strings.Cut(s, "/")
	return OrderKey{Marketplace: marketplace, MarketplaceID: id}, ok
}

// validate refuses a key that names no order, or perhaps two.
func (k OrderKey) validate() error {
	byKey := k.Marketplace != "" || k.MarketplaceID != ""
	switch {
	case k.ID != 0 && byKey:
		return &api.FieldError{Field: "id", Reason: "is given, and so is marketPlace or marketPlaceId"}
	case k.PartnerID != "" && (k.ID != 0 || byKey):
		return &api.FieldError{Field: "partnerId", Reason: "is given, and so is id, marketPlace or marketPlaceId"}
	case k.ID < 0:
		return &api.FieldError{Field: "id", Reason: "is negative"}
	case k.PartnerID != "":
		return needText("partnerId", k.PartnerID)
	case k.ID == 0 && !byKey:
		return &api.FieldError{Field: "marketPlaceId", Reason: "is missing, and so are id and partnerId"}
	case k.ID != 0:
		return nil
	case strings.Contains(k.Marketplace, "/"):
		return &api.FieldError{Field: "marketPlace", Reason: "contains a slash"} // lanes could be mixed up
	default:
		return errors.Join(needText("marketPlace", k.Marketplace), needText("marketPlaceId", k.MarketplaceID))
	}
}

// names says whether an order is the one that is meant.
func (k OrderKey) names(o api.Order) bool {
	switch {
	case k.ID != 0:
		return o.ID == k.ID
	case k.PartnerID != "":
		return o.PartnerID == k.PartnerID
	default:
		return strings.EqualFold(o.Marketplace, k.Marketplace) && o.MarketplaceID == k.MarketplaceID
	}
}

// stepOrder is what is stored of whose a step is.
type stepOrder struct {
	ID            ID     `json:"id,omitzero"`
	Marketplace   string `json:"marketPlace,omitempty"`
	MarketplaceID string `json:"marketPlaceId,omitempty"`
	// PartnerID stands alone, or with the key of the creation that gives it.
	PartnerID string `json:"partnerId,omitempty"`
}

// orderOf is whose a step is that the caller names.
func orderOf(k OrderKey) (stepOrder, error) {
	k.Marketplace = strings.ToUpper(k.Marketplace)
	return stepOrder(k), k.validate()
}

// key is what the order is sought by.
func (o stepOrder) key() OrderKey {
	k := OrderKey(o)
	k.Marketplace = strings.ToUpper(k.Marketplace)
	if k.ID == 0 && k.MarketplaceID != "" {
		k.PartnerID = ""
	}
	return k
}

// stepKinds names the kinds of one sort of steps. Steps that name their order in
// different ways have lanes of their own: whose order it is is known only when
// they are sent.
type stepKinds string

func (s stepKinds) byKey() string       { return string(s) }
func (s stepKinds) byID() string        { return string(s) + ".id" }
func (s stepKinds) byPartnerID() string { return string(s) + ".partner" }

// of is the kind for a key.
func (s stepKinds) of(k OrderKey) string {
	switch {
	case k.ID != 0:
		return s.byID()
	case k.PartnerID != "":
		return s.byPartnerID()
	default:
		return s.byKey()
	}
}

// entry is one of these kinds, without a body.
func (s stepKinds) entry(k OrderKey) outbox.Entry {
	e := outbox.Entry{Kind: s.of(k), Key: k.String()}
	if e.Kind == s.byKey() {
		e.Once = e.Key
	}
	return e
}
