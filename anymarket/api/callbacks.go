package api

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
)

// Callback is an address that ANYMARKET posts a notice to when something
// changes. Notices have no data and no signature.
//
// Source: OpenAPI v2 document and official SDK, Callback.
type Callback struct {
	// ID is ANYMARKET's; it is not sent.
	ID ID `json:"id,omitzero"`
	// URL has at most 255 bytes. Put something secret in its path.
	URL string `json:"url"`
	// Token is described as the account's token. Leave it out unless it is
	// meant.
	Token              Secret `json:"token,omitempty"`
	OrderActive        bool   `json:"orderActive"`
	ProductActive      bool   `json:"productActive"`
	TransmissionActive bool   `json:"transmissionActive"`
	QuestionActive     bool   `json:"questionActive"`
	// Raw is the callback as it came, its token included: do not log it.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON reads a callback leniently and keeps it.
func (b *Callback) UnmarshalJSON(data []byte) error {
	type plain Callback
	*b = Callback{}
	if err := Unmarshal(data, (*plain)(b)); err != nil {
		return err
	}
	b.Raw = append(b.Raw, data...)
	return nil
}

// Validate returns a [*FieldError] if the callback cannot be right.
func (b Callback) Validate() error {
	u, err := url.Parse(b.URL)
	switch {
	case b.URL == "":
		return &FieldError{Field: "url", Reason: "is missing"}
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return &FieldError{Field: "url", Reason: "is not an http or https address"}
	default:
		return nil
	}
}

func callbackWithoutID(b Callback) string { return noID(b.ID) }

// Callbacks is made by [Client.Callbacks].
type Callbacks struct{ c *Client }

// List lists the callbacks of the account.
//
// Source: official SDK and an earlier edition of the document, GET /callbacks;
// it is not in the present one and may answer 404 or 405.
func (s Callbacks) List(ctx context.Context) iter.Seq2[Callback, error] {
	return pages(ctx, s.c, Paging{}, s.Page)
}

// Page fetches one page of callbacks. See [Callbacks.List].
func (s Callbacks) Page(ctx context.Context, paging Paging) (Page[Callback], error) {
	return getPage(ctx, s.c, fixed("/callbacks"), url.Values{}, nil, paging, parsePage(callbackWithoutID))
}

// Get fetches a callback.
//
// Source: OpenAPI v2 document and official SDK, GET /callbacks/{id}.
func (s Callbacks) Get(ctx context.Context, id ID) (Callback, error) {
	segment, err := id.segment("id")
	if err != nil {
		return Callback{}, err
	}
	return Fetch(ctx, s.c, fill("/callbacks/{id}", segment).request(http.MethodGet), parseOne(callbackWithoutID))
}

// Create registers a callback and returns it with its id; the zero Callback if
// the answer has no body.
//
// Source: OpenAPI v2 document and official SDK, POST /callbacks: 201, or 200.
func (s Callbacks) Create(ctx context.Context, callback Callback) (Callback, error) {
	return s.write(ctx, http.MethodPost, fixed("/callbacks"), callback)
}

// Update replaces a callback and returns it; the zero Callback if the answer has
// no body.
//
// Source: OpenAPI v2 document and official SDK, PUT /callbacks/{id}.
func (s Callbacks) Update(ctx context.Context, id ID, callback Callback) (Callback, error) {
	segment, err := id.segment("id")
	if err != nil {
		return Callback{}, err
	}
	return s.write(ctx, http.MethodPut, fill("/callbacks/{id}", segment), callback)
}

func (s Callbacks) write(ctx context.Context, method string, t target, callback Callback) (Callback, error) {
	callback.ID = 0
	if err := callback.Validate(); err != nil {
		return Callback{}, err
	}
	r, err := t.withJSON(method, callback)
	if err != nil {
		return Callback{}, err
	}
	return Change(ctx, s.c, r, parseOne(callbackWithoutID))
}

// Delete removes a callback.
//
// Source: OpenAPI v2 document and official SDK, DELETE /callbacks/{id}: 204.
func (s Callbacks) Delete(ctx context.Context, id ID) error {
	segment, err := id.segment("id")
	if err != nil {
		return err
	}
	return send(ctx, s.c, fill("/callbacks/{id}", segment).request(http.MethodDelete))
}
