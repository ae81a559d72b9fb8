package marketplace

import (
	"github.com/anymarket-go/sdk/anymarket/api"
)

// What marks say. Their sources are ANYMARKET's document for marketplaces; the
// fields Payments and Code are seen with one marketplace. Invoices, shipments
// and deliveries are for marketplaces that do the logistics themselves.
type (
	// Paid says that a sale was paid.
	Paid struct {
		Date     api.Time      `json:"date,omitzero"`
		Payments []api.Payment `json:"payments,omitempty"`
	}

	// Invoiced says that a sale was invoiced.
	Invoiced struct {
		Date api.Time `json:"date,omitzero"`
	}

	// Shipped says that a sale is on its way. ShippedDate is required.
	Shipped struct {
		ShippedDate api.Time `json:"shippedDate,omitzero"`
		// Number is that of the carrier, by which the way can be followed at URL.
		Number       string   `json:"number,omitempty"`
		URL          string   `json:"url,omitempty"`
		Carrier      string   `json:"carrier,omitempty"`
		EstimateDate api.Time `json:"estimateDate,omitzero"`
		// Status is the marketplace's word for the state of the shipment.
		Status string `json:"status,omitempty"`
	}

	// Delivered says that a sale arrived. DeliveredDate is required.
	Delivered struct {
		DeliveredDate api.Time `json:"deliveredDate,omitzero"`
	}

	// Canceled says that a sale was cancelled. Date is required.
	Canceled struct {
		Date api.Time `json:"date,omitzero"`
		// Code is the reason, such as BUYER_CANCELED.
		Code string `json:"code,omitempty"`
	}

	// Transmission says whether a change of a sale by ANYMARKET reached the
	// marketplace.
	Transmission struct {
		Success bool `json:"success"`
		// MarketplaceStatus is the sale's status in the marketplace, in its own
		// word. Required.
		MarketplaceStatus string `json:"marketPlaceStatus"`
		ErrorMessage      string `json:"errorMessage,omitempty"`
	}
)

// mark is one of the calls that move a sale, by the last part of its path. It
// is stored and never changes.
type mark string

const (
	markPaid         mark = "markAsPaid"
	markInvoiced     mark = "markAsInvoiced"
	markShipped      mark = "markAsShipped"
	markDelivered    mark = "markAsDelivered"
	markCanceled     mark = "markAsCanceled"
	markTransmission mark = "transmissionStatus"
)

// said is what a mark says, of which ANYMARKET can be asked whether it is there.
type said interface {
	// missing names a field that has to be there; empty if none does.
	missing() string
	// shownBy says whether the sale shows it.
	shownBy(s Sale) bool
}

// empty returns what a mark says, to be decoded into; nil if there is no such
// mark.
func (m mark) empty() said {
	switch m {
	case markPaid:
		return &Paid{}
	case markInvoiced:
		return &Invoiced{}
	case markShipped:
		return &Shipped{}
	case markDelivered:
		return &Delivered{}
	case markCanceled:
		return &Canceled{}
	case markTransmission:
		return &Transmission{}
	default:
		return nil
	}
}

func (*Paid) missing() string     { return "" }
func (*Invoiced) missing() string { return "" }
func (m *Shipped) missing() string {
	return unless(!m.ShippedDate.IsZero(), "shippedDate")
}

func (m *Delivered) missing() string {
	return unless(!m.DeliveredDate.IsZero(), "deliveredDate")
}

func (m *Canceled) missing() string { return unless(!m.Date.IsZero(), "date") }

func (m *Transmission) missing() string {
	return unless(m.MarketplaceStatus != "", "marketPlaceStatus")
}

// unless returns the name of a field that is not there.
func unless(there bool, field string) string {
	if there {
		return ""
	}
	return field
}

// The status alone does not prove a mark that says more: the seller may have
// moved the sale too. A date counts where the sale shows one.

func (m *Paid) shownBy(s Sale) bool {
	return s.Status.reached(StatusPaid) && agrees(s.PaymentDate, m.Date)
}

func (m *Invoiced) shownBy(s Sale) bool {
	return s.Status.reached(StatusInvoiced) && (s.Invoice == nil || agrees(s.Invoice.Date, m.Date))
}

func (m *Shipped) shownBy(s Sale) bool {
	switch there := s.Tracking; {
	case !s.Status.reached(StatusShipped) || there == nil:
		return false
	case m.Number != "":
		return there.Number == m.Number
	default:
		return there.Carrier == m.Carrier && there.URL == m.URL && there.ShippedDate.Equal(m.ShippedDate.Time)
	}
}

func (m *Delivered) shownBy(s Sale) bool {
	return s.Status.reached(StatusDelivered) && (s.Tracking == nil || agrees(s.Tracking.DeliveredDate, m.DeliveredDate))
}

func (m *Canceled) shownBy(s Sale) bool { return s.Status == StatusCanceled }

func (m *Transmission) shownBy(s Sale) bool {
	want := api.TransmissionError
	if m.Success {
		want = api.TransmissionOK
	}
	return s.TransmissionStatus == want && s.MarketplaceStatus == m.MarketplaceStatus
}

// agrees says whether a date that is there is the one that was said.
func agrees(there, said api.Time) bool {
	return there.IsZero() || said.IsZero() || there.Equal(said.Time)
}
