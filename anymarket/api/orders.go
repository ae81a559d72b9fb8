package api

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// OrderFilter selects orders. The zero value is all.
//
// Source: OpenAPI v2 document for the first block, official SDK for the second;
// the third is seen with one third party. A filter that the host does not know
// may be ignored silently, so check the rows.
type OrderFilter struct {
	// CreatedAfter and CreatedBefore bound the creation.
	CreatedAfter, CreatedBefore time.Time
	Status                      OrderStatus
	// Marketplace is a word such as MERCADO_LIVRE.
	Marketplace string
	// MarketplaceID is the order's id in the marketplace.
	MarketplaceID  string
	IncludeQuoteID bool

	// PartnerID is the caller's own code of the order.
	PartnerID                string
	OrderNumberInMarketplace string
	TransmissionStatus       TransmissionStatus
	PaymentMethod            string
	// PaymentExpiredDate is a day; its time is not sent.
	PaymentExpiredDate time.Time

	UpdatedAfter, UpdatedBefore time.Time
	ShippingID                  string
}

func (f OrderFilter) query() (url.Values, error) {
	q := url.Values{}
	for _, d := range []struct {
		name string
		at   time.Time
	}{
		{"createdAfter", f.CreatedAfter},
		{"createdBefore", f.CreatedBefore},
		{"updatedAfter", f.UpdatedAfter},
		{"updatedBefore", f.UpdatedBefore},
	} {
		if err := checkTime(d.name, At(d.at)); err != nil {
			return nil, err
		}
		if !d.at.IsZero() {
			q.Set(d.name, d.at.Format(timeLayout))
		}
	}
	if backwards(f.CreatedAfter, f.CreatedBefore) {
		return nil, &FieldError{Field: "createdAfter", Reason: "is later than createdBefore"}
	}
	if backwards(f.UpdatedAfter, f.UpdatedBefore) {
		return nil, &FieldError{Field: "updatedAfter", Reason: "is later than updatedBefore"}
	}
	if !f.PaymentExpiredDate.IsZero() {
		q.Set("paymentExpiredDate", f.PaymentExpiredDate.Format(time.DateOnly))
	}
	if f.IncludeQuoteID {
		q.Set("includeQuoteId", "true")
	}
	setText(q, "status", string(f.Status))
	setText(q, "marketplace", f.Marketplace)
	setText(q, "marketplaceId", f.MarketplaceID)
	setText(q, "partnerId", f.PartnerID)
	setText(q, "orderNumberInMarketPlace", f.OrderNumberInMarketplace)
	setText(q, "transmissionStatus", string(f.TransmissionStatus))
	setText(q, "paymentMethod", f.PaymentMethod)
	setText(q, "shippingId", f.ShippingID)
	return q, nil
}

// backwards says whether a range is given and ends before it starts.
func backwards(after, before time.Time) bool {
	return !after.IsZero() && !before.IsZero() && after.After(before)
}

// Orders is made by [Client.Orders].
type Orders struct{ c *Client }

// header returns what order calls carry besides the usual.
func (s Orders) header() http.Header {
	if s.c.config.OmitOrderNewPattern {
		return nil
	}
	h := http.Header{}
	h.Set(headerNewPattern, "true")
	return h
}

func orderWithoutID(o Order) string { return noID(o.ID) }

// List lists orders from paging on, page by page as they are consumed.
//
// Source: OpenAPI v2 document and official SDK, GET /orders. Its total is
// approximate above 30,000 orders without filter.
func (s Orders) List(ctx context.Context, filter OrderFilter, paging Paging) iter.Seq2[Order, error] {
	return pages(ctx, s.c, paging, func(ctx context.Context, p Paging) (Page[Order], error) {
		return s.Page(ctx, filter, p)
	})
}

// Page fetches one page of orders.
func (s Orders) Page(ctx context.Context, filter OrderFilter, paging Paging) (Page[Order], error) {
	q, err := filter.query()
	if err != nil {
		return Page[Order]{}, err
	}
	return getPage(ctx, s.c, fixed("/orders"), q, s.header(), paging, parsePage(orderWithoutID))
}

// Get fetches an order.
//
// Source: OpenAPI v2 document and official SDK, GET /orders/{id}.
func (s Orders) Get(ctx context.Context, id ID) (Order, error) {
	segment, err := id.segment("id")
	if err != nil {
		return Order{}, err
	}
	r := fill("/orders/{id}", segment).request(http.MethodGet)
	r.Header = s.header()
	return Fetch(ctx, s.c, r, parseOne(orderWithoutID))
}

// LookUp returns the orders with the key of a marketplace: none if there is
// none, one if there is, and more than one where the key is not unique after
// all. Rows of other keys are left out, and if there are no others the error is
// [ErrFilterIgnored], since nothing was proven.
//
// Source: OpenAPI v2 document and official SDK, GET
// /orders?marketplace=&marketplaceId=.
func (s Orders) LookUp(ctx context.Context, marketplace, marketplaceID string) ([]Order, error) {
	if err := needKey(marketplace, marketplaceID); err != nil {
		return nil, err
	}
	page, err := s.Page(ctx, OrderFilter{Marketplace: marketplace, MarketplaceID: marketplaceID}, Paging{})
	if err != nil {
		return nil, err
	}
	return verified("orders of "+quoteShort(marketplace)+" by marketplaceId "+quoteShort(marketplaceID), page.Items, func(o Order) bool {
		return strings.EqualFold(o.Marketplace, marketplace) && o.MarketplaceID == marketplaceID
	})
}

// LookUpByPartnerID is [Orders.LookUp] by the caller's own code of an order.
//
// Source: official SDK, GET /orders?partnerId=.
func (s Orders) LookUpByPartnerID(ctx context.Context, partnerID string) ([]Order, error) {
	if err := needText("partnerId", partnerID); err != nil {
		return nil, err
	}
	page, err := s.Page(ctx, OrderFilter{PartnerID: partnerID}, Paging{})
	if err != nil {
		return nil, err
	}
	return verified("orders by partnerId "+quoteShort(partnerID), page.Items, func(o Order) bool { return o.PartnerID == partnerID })
}

// Create creates an order and returns it. There is no key that would make a
// repetition harmless: when the outcome is unknown, or the answer is 400, 409
// or 422, use [Orders.LookUp] before anything else. See also
// [DuplicateOrderID].
//
// Source: OpenAPI v2 document, POST /orders: 201 with the order, 200 in an
// earlier edition.
func (s Orders) Create(ctx context.Context, order NewOrder) (Order, error) {
	if err := order.Validate(); err != nil {
		return Order{}, err
	}
	r, err := fixed("/orders").withJSON(http.MethodPost, order)
	if err != nil {
		return Order{}, err
	}
	r.Header = s.header()
	return Fetch(ctx, s.c, r, parseOne(orderWithoutID))
}

// Update moves an order to a status and returns it; the zero Order if the
// answer has no body. A status that the order has already is accepted (official
// SDK), one that it cannot go to is refused, with 422 most likely.
//
// Source: OpenAPI v2 document and official SDK, PUT /orders/{id}.
func (s Orders) Update(ctx context.Context, id ID, update OrderUpdate) (Order, error) {
	segment, err := id.segment("id")
	if err = errors.Join(err, update.Validate()); err != nil {
		return Order{}, err
	}
	r, err := fill("/orders/{id}", segment).withJSON(http.MethodPut, update)
	if err != nil {
		return Order{}, err
	}
	r.Header = s.header()
	return Change(ctx, s.c, r, parseOne(orderWithoutID))
}

// PutNFe hands over the XML of an order's NF-e, as it was signed. A refusal by
// the marketplace comes as status 500 with its text.
//
// Source: OpenAPI v2 document and official SDK, PUT /orders/{id}/nfe, media type
// application/xml.
func (s Orders) PutNFe(ctx context.Context, id ID, xml []byte) error {
	segment, err := id.segment("id")
	if err = errors.Join(err, checkXML(xml)); err != nil {
		return err
	}
	r := fill("/orders/{id}/nfe", segment).request(http.MethodPut)
	r.Body, r.ContentType, r.Header = xml, typeXML, s.header()
	return send(ctx, s.c, r)
}

// DuplicateOrderID returns the id of the order that the answer to a creation
// says is there already. It is read from prose and no more than a hint.
//
// Source: vendor's Magento module of 2017: the message ends with
// "[ID Anymarket: 123]".
func DuplicateOrderID(err error) (ID, bool) {
	var e *Error
	if !errors.As(err, &e) {
		return 0, false
	}
	const mark = "[ID Anymarket:"
	i := strings.LastIndex(e.Message, mark)
	if i < 0 {
		return 0, false
	}
	digits, _, closed := strings.Cut(e.Message[i+len(mark):], "]")
	var id ID
	if !closed || id.UnmarshalJSON([]byte(digits)) != nil || id == 0 {
		return 0, false
	}
	return id, true
}
