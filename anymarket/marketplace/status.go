package marketplace

import (
	"slices"
	"strconv"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// Status is the state of a sale. Unknown ones pass through when they are read.
type Status string

// Statuses of a sale, in the order in which they follow each other. A sale is
// created in one of the first two; any can be followed by the last, which none
// follows.
//
// Source: ANYMARKET's document for marketplaces.
const (
	StatusPending   Status = "PENDING"
	StatusPaid      Status = "PAID"
	StatusInvoiced  Status = "INVOICED"
	StatusShipped   Status = "SHIPPED"
	StatusDelivered Status = "DELIVERED"
	StatusCanceled  Status = "CANCELED"
)

// onTheWay are the statuses that follow each other.
func onTheWay() []Status {
	return []Status{StatusPending, StatusPaid, StatusInvoiced, StatusShipped, StatusDelivered}
}

// reached says whether a sale is at a status or beyond it.
func (s Status) reached(other Status) bool {
	way := onTheWay()
	at, wanted := slices.Index(way, s), slices.Index(way, other)
	return at >= 0 && wanted >= 0 && at >= wanted
}

// check refuses what is no status of a sale.
func (s Status) check() error {
	if s == StatusCanceled || slices.Contains(onTheWay(), s) {
		return nil
	}
	reason := "is no status of a sale: " + strconv.QuoteToASCII(string(s))
	if own := ofOrder(api.OrderStatus(s)); own != "" {
		reason = "is an order's word, not a sale's: " + string(s) + "; say " + string(own)
	}
	return &api.FieldError{Field: "status", Reason: reason}
}

// ofOrder is the word for an order's status that has another one there.
func ofOrder(s api.OrderStatus) Status {
	switch s {
	case api.StatusPaid:
		return StatusPaid
	case api.StatusShipped:
		return StatusShipped
	case api.StatusDelivered:
		return StatusDelivered
	default:
		return ""
	}
}
