package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
)

// FeedEntry says that an order, a product or a SKU changed. It has no data: get
// what changed.
//
// Source: OpenAPI v2 document, /orders/feeds and /transmissions/feeds; official
// SDK, ProductFeedClient.
type FeedEntry struct {
	// ID is that of the order, of the product or, in the feed of transmissions,
	// of the SKU.
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

const (
	orderFeed        = "/orders/feeds"
	productFeed      = "/products/feeds"
	transmissionFeed = "/transmissions/feeds"
)

// Orders returns up to limit entries of orders that changed, 5 to 100; zero is
// 100.
//
// Source: OpenAPI v2 document, GET /orders/feeds. Editions disagree on the
// default size, so it is always sent.
func (s Feeds) Orders(ctx context.Context, limit int) ([]FeedEntry, error) {
	return s.list(ctx, orderFeed, limit)
}

// Products returns up to limit entries of products that changed, 5 to 100; zero
// is 100.
//
// Source: official SDK and an earlier edition of the document, GET
// /products/feeds; it is not in the present one and may answer 404.
func (s Feeds) Products(ctx context.Context, limit int) ([]FeedEntry, error) {
	return s.list(ctx, productFeed, limit)
}

// Transmissions returns up to limit entries of SKUs of which an ad changed, 5 to
// 100; zero is 100. Only SKUs with an active ad are in it.
//
// Source: OpenAPI v2 document, GET /transmissions/feeds.
func (s Feeds) Transmissions(ctx context.Context, limit int) ([]FeedEntry, error) {
	return s.list(ctx, transmissionFeed, limit)
}

// AckOrder acknowledges an entry: all entries of the order, or those of one
// status if that is not empty. A token of an earlier reading is refused with
// 400 or 404; then the entry comes again.
//
// Source: OpenAPI v2 document, PUT /orders/feeds/{id}: 204.
func (s Feeds) AckOrder(ctx context.Context, entry FeedEntry, status OrderStatus) error {
	query := url.Values{}
	setText(query, "status", string(status))
	return s.ack(ctx, orderFeed, entry, query)
}

// AckProduct acknowledges an entry, see [Feeds.AckOrder].
//
// Source: official SDK and an earlier edition of the document, PUT
// /products/feeds/{id}.
func (s Feeds) AckProduct(ctx context.Context, entry FeedEntry) error {
	return s.ack(ctx, productFeed, entry, nil)
}

// AckTransmission acknowledges an entry, see [Feeds.AckOrder].
//
// Source: OpenAPI v2 document, PUT /transmissions/feeds/{id}: 204.
func (s Feeds) AckTransmission(ctx context.Context, entry FeedEntry) error {
	return s.ack(ctx, transmissionFeed, entry, nil)
}

func (s Feeds) list(ctx context.Context, path string, limit int) ([]FeedEntry, error) {
	p, err := Paging{Limit: limit}.filled()
	if err != nil {
		return nil, err
	}
	r := fixed(path).request(http.MethodGet)
	r.Query = url.Values{"limit": {strconv.Itoa(p.Limit)}}
	return Fetch(ctx, s.c, r, parseArray(func(f FeedEntry) string {
		if f.Token == "" {
			return "token"
		}
		return noID(f.ID)
	}))
}

func (s Feeds) ack(ctx context.Context, path string, entry FeedEntry, query url.Values) error {
	segment, err := entry.ID.segment("id")
	if entry.Token == "" {
		err = errors.Join(err, &FieldError{Field: "token", Reason: "is missing"})
	}
	if err != nil {
		return err
	}
	r, err := fill(path+"/{id}", segment).withJSON(http.MethodPut, struct {
		Token string `json:"token"`
	}{entry.Token})
	if err != nil {
		return err
	}
	r.Query = query
	return send(ctx, s.c, r)
}
