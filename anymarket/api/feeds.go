package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
)

// FeedEntry says that an order changed. It has no data: get the order.
//
// Source: OpenAPI v2 document, /orders/feeds.
type FeedEntry struct {
	// ID is the order's.
	ID ID `json:"id"`
	// Token acknowledges this entry.
	Token string `json:"token"`
}

// UnmarshalJSON reads an entry leniently.
func (f *FeedEntry) UnmarshalJSON(data []byte) error {
	type plain FeedEntry
	*f = FeedEntry{}
	return Unmarshal(data, (*plain)(f))
}

// Feeds is made by [Client.Feeds]. There is no cursor: read, process,
// acknowledge, and read again until nothing comes or nothing new does. Entries
// come in random order and again until acknowledged, for 30 days.
type Feeds struct{ c *Client }

// Orders returns up to limit entries, 5 to 100; zero is 100.
//
// Source: OpenAPI v2 document, GET /orders/feeds. Editions disagree on the
// default size, so it is always sent.
func (s Feeds) Orders(ctx context.Context, limit int) ([]FeedEntry, error) {
	p, err := Paging{Limit: limit}.filled()
	if err != nil {
		return nil, err
	}
	r := fixed("/orders/feeds").request(http.MethodGet)
	r.Query = url.Values{"limit": {strconv.Itoa(p.Limit)}}
	return Fetch(ctx, s.c, r, parseArray(func(f FeedEntry) string {
		if f.Token == "" {
			return "token"
		}
		return noID(f.ID)
	}))
}

// AckOrder acknowledges an entry: all entries of the order, or those of one
// status if that is not empty. A token of an earlier reading is refused with
// 400 or 404; then the entry comes again.
//
// Source: OpenAPI v2 document, PUT /orders/feeds/{id}: 204.
func (s Feeds) AckOrder(ctx context.Context, entry FeedEntry, status OrderStatus) error {
	segment, err := entry.ID.segment("id")
	if entry.Token == "" {
		err = errors.Join(err, &FieldError{Field: "token", Reason: "is missing"})
	}
	if err != nil {
		return err
	}
	r, err := fill("/orders/feeds/{id}", segment).withJSON(http.MethodPut, struct {
		Token string `json:"token"`
	}{entry.Token})
	if err != nil {
		return err
	}
	r.Query = url.Values{}
	setText(r.Query, "status", string(status))
	return send(ctx, s.c, r)
}
