package api

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

// StockItem sets the stock of one SKU at one location. The quantity is the new
// one, not a difference.
//
// Source: OpenAPI v2 document, /stocks; official SDK, StockItem.
type StockItem struct {
	// ID is the SKU's id in ANYMARKET. It or PartnerID is required.
	ID ID `json:"id,omitzero"`
	// PartnerID is the caller's code of the SKU.
	PartnerID string `json:"partnerId,omitempty"`
	// Quantity is required, not negative, and may have decimals. See [Qty].
	Quantity Decimal `json:"quantity"`
	// Cost is the average cost. Leave it out unless it is meant: for products
	// whose price is computed from the cost, it moves the selling price.
	Cost Decimal `json:"cost,omitzero"`
	// AdditionalTime is the cross-docking time in days. Left out, it stays as it
	// is. See [Int].
	AdditionalTime *int `json:"additionalTime,omitempty"`
	// StockLocalID is the location. Left out, it is the default location.
	StockLocalID ID `json:"stockLocalId,omitzero"`
}

// Validate returns a [*FieldError] if the item cannot be right.
func (s StockItem) Validate() error {
	if s.ID == 0 && s.PartnerID == "" {
		return &FieldError{Field: "partnerId", Reason: "is missing, and so is id"}
	}
	if s.PartnerID != "" {
		if err := needText("partnerId", s.PartnerID); err != nil {
			return err
		}
	}
	if s.ID < 0 {
		return &FieldError{Field: "id", Reason: "is negative"}
	}
	if s.StockLocalID < 0 {
		return &FieldError{Field: "stockLocalId", Reason: "is negative"}
	}
	if s.AdditionalTime != nil && *s.AdditionalTime < 0 {
		return &FieldError{Field: "additionalTime", Reason: "is negative"}
	}
	if err := needAmount("quantity", s.Quantity); err != nil {
		return err
	}
	return checkAmount("cost", s.Cost)
}

// StockRow is the stock of one SKU at one location, as listed.
//
// Source: OpenAPI v2 document, GET /stocks; official SDK, Stock.
type StockRow struct {
	SKU      StockSKU      `json:"stockKeepingUnit"`
	Location StockLocation `json:"stockLocal"`
	// Amount is on the shelf, ReservationAmount of that is sold or held, and
	// AvailableAmount is left to sell.
	Amount            Decimal `json:"amount"`
	ReservationAmount Decimal `json:"reservationAmount"`
	AvailableAmount   Decimal `json:"availableAmount"`
	// Cost is what the API calls price: the cost of the goods, no selling price.
	Cost            Decimal `json:"price"`
	Active          bool    `json:"active"`
	LastStockUpdate Time    `json:"lastStockUpdate"`
	// AdditionalTime is the cross-docking time in days.
	AdditionalTime int `json:"additionalTime"`
	// Raw is the row as it came.
	Raw json.RawMessage `json:"-"`
}

// StockSKU says which SKU a stock row is about.
type StockSKU struct {
	ID        ID     `json:"id"`
	Title     string `json:"title"`
	PartnerID string `json:"partnerId"`
}

// UnmarshalJSON reads a row leniently and keeps it.
func (s *StockRow) UnmarshalJSON(data []byte) error {
	type plain StockRow
	*s = StockRow{}
	if err := Unmarshal(data, (*plain)(s)); err != nil {
		return err
	}
	s.Raw = append(s.Raw, data...)
	return nil
}

// StockLocation is a place where stock is kept.
//
// Source: OpenAPI v2 document, /stocks/locals; official SDK, StockLocal.
type StockLocation struct {
	ID             ID     `json:"id"`
	Name           string `json:"name"`
	Virtual        bool   `json:"virtual"`
	DefaultLocal   bool   `json:"defaultLocal"`
	Distributor    string `json:"distributor"`
	PriorityPoints int    `json:"priorityPoints"`
	ZipCode        string `json:"zipCode"`
	// Raw is the location as it came.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON reads a location leniently and keeps it.
func (s *StockLocation) UnmarshalJSON(data []byte) error {
	type plain StockLocation
	*s = StockLocation{}
	if err := Unmarshal(data, (*plain)(s)); err != nil {
		return err
	}
	s.Raw = append(s.Raw, data...)
	return nil
}

// StockFilter selects stock rows. The zero value is all.
//
// Source: OpenAPI v2 document, GET /stocks.
type StockFilter struct {
	SKUID ID
	// PartnerID is the caller's code of the SKU.
	PartnerID    string
	StockLocalID ID
	// HasReservation, if set, wants rows with or without reserved stock.
	HasReservation *bool
}

func (f StockFilter) query() url.Values {
	q := url.Values{}
	setID(q, "idSku", f.SKUID)
	setText(q, "sku", f.PartnerID)
	setID(q, "idStockLocal", f.StockLocalID)
	if f.HasReservation != nil {
		q.Set("hasReservation", strconv.FormatBool(*f.HasReservation))
	}
	return q
}

// setID sets a parameter unless the id is none.
func setID(q url.Values, name string, id ID) {
	if id != 0 {
		q.Set(name, id.String())
	}
}

// Stocks is made by [Client.Stocks].
type Stocks struct{ c *Client }

// Put sets stock, one call for all items. No largest number of items is
// documented; 50 is careful. Whether the good items of a refused call took
// effect is not documented either: since quantities are absolute, send them
// again.
//
// Source: OpenAPI v2 document and official SDK, PUT /stocks: 204 without body.
func (s Stocks) Put(ctx context.Context, items ...StockItem) error {
	return s.write(ctx, http.MethodPut, items)
}

// PutJSON is [Stocks.Put] for items that are JSON already, each as a [StockItem]
// is written. They are sent as they are, and are not
// checked for more than being JSON.
func (s Stocks) PutJSON(ctx context.Context, items ...[]byte) error {
	if len(items) == 0 {
		return noItems()
	}
	size := 1
	for i, item := range items {
		if !json.Valid(item) {
			return &FieldError{Field: fmt.Sprintf("[%d]", i), Reason: "is not JSON"}
		}
		size += len(item) + 1
	}
	body := make([]byte, 0, size)
	for i, item := range items {
		body = append(append(body, "[,"[min(i, 1)]), item...)
	}
	r := fixed("/stocks").request(http.MethodPut)
	r.Body = append(body, ']')
	return send(ctx, s.c, r)
}

// Create sets the stock of SKUs at locations where they had none. Whether
// [Stocks.Put] does that too is not documented.
//
// Source: OpenAPI v2 document and official SDK, POST /stocks.
func (s Stocks) Create(ctx context.Context, items ...StockItem) error {
	return s.write(ctx, http.MethodPost, items)
}

func (s Stocks) write(ctx context.Context, method string, items []StockItem) error {
	if err := validateAll(items); err != nil {
		return err
	}
	r, err := fixed("/stocks").withJSON(method, items)
	if err != nil {
		return err
	}
	return send(ctx, s.c, r)
}

// validateAll checks the items of a bulk call, of which there must be some.
func validateAll[T interface{ Validate() error }](items []T) error {
	if len(items) == 0 {
		return noItems()
	}
	for i, item := range items {
		if err := item.Validate(); err != nil {
			return within(fmt.Sprintf("[%d].", i), err)
		}
	}
	return nil
}

func noItems() error { return &FieldError{Field: "items", Reason: "is empty"} }

// List lists stock rows from paging on, page by page as they are consumed.
//
// Source: OpenAPI v2 document and official SDK, GET /stocks. Its total is
// approximate above 50,000 rows.
func (s Stocks) List(ctx context.Context, filter StockFilter, paging Paging) iter.Seq2[StockRow, error] {
	return pages(ctx, s.c, paging, func(ctx context.Context, p Paging) (Page[StockRow], error) {
		return s.Page(ctx, filter, p)
	})
}

// Page fetches one page of stock rows.
func (s Stocks) Page(ctx context.Context, filter StockFilter, paging Paging) (Page[StockRow], error) {
	return getPage(ctx, s.c, fixed("/stocks"), filter.query(), nil, paging, parsePage(anything[StockRow]))
}

// Locations returns all locations. It is the cheapest read there is.
//
// Source: OpenAPI v2 document and official SDK, GET /stocks/locals.
func (s Stocks) Locations(ctx context.Context) ([]StockLocation, error) {
	return Fetch(ctx, s.c, fixed("/stocks/locals").request(http.MethodGet),
		parseArray(func(l StockLocation) string { return noID(l.ID) }))
}
