package marketplace

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// toSale is a request to a sale, or to something below it.
func toSale(method, id, below string) (api.Request, error) {
	segment, err := api.PathSegment("marketPlaceId", id)
	if err != nil {
		return api.Request{}, err
	}
	return api.Request{Method: method, Path: "/orders/" + segment + below, Route: "/orders/{marketPlaceId}" + below}, nil
}

// createSale sends a body made of a [NewSale] that was checked.
//
// Source: ANYMARKET's document for marketplaces, POST /orders: 200 with the
// order.
func createSale(ctx context.Context, c *api.Client, id string, body []byte) (Sale, error) {
	r := api.Request{Method: http.MethodPost, Path: "/orders", Body: body}
	return api.Fetch(ctx, c, r, func(body []byte) (Sale, error) {
		sales, err := salesIn(body)
		switch {
		case err != nil:
			return Sale{}, err
		case len(sales) != 1 || sales[0].MarketplaceID != id:
			return Sale{}, errors.New("the answer is not the sale that was created")
		default:
			return sales[0], nil
		}
	})
}

// lookUpSale returns the sales with an id: none, one, or several where the id is
// not unique after all. Rows of other ids are left out, and if there are no
// others the error is [api.ErrFilterIgnored], since nothing was proven.
//
// Source: ANYMARKET's document for marketplaces, GET /orders/{marketPlaceId}. How
// it would show several is not known; a list is understood.
func lookUpSale(ctx context.Context, c *api.Client, id string) ([]Sale, error) {
	r, err := toSale(http.MethodGet, id, "")
	if err != nil {
		return nil, err
	}
	sales, err := api.Fetch(ctx, c, r, salesIn)
	var answer *api.Error
	if errors.As(err, &answer) && answer.Status == http.StatusNotFound && answer.Shape == api.ShapeAPI {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []Sale
	for _, s := range sales {
		if s.MarketplaceID == id {
			found = append(found, s)
		}
	}
	if len(sales) > 0 && found == nil {
		return nil, fmt.Errorf("sale: %w", api.ErrFilterIgnored)
	}
	return found, nil
}

// pageOfSales fetches one page.
//
// Source: ANYMARKET's document for marketplaces, GET /orders.
func pageOfSales(ctx context.Context, c *api.Client, f SaleFilter, p api.Paging) (api.Page[Sale], error) {
	q := url.Values{}
	if f.Status != "" {
		if err := f.Status.check(); err != nil {
			return api.Page[Sale]{}, err
		}
		q.Set("status", string(f.Status))
	}
	if !f.CreatedAfter.IsZero() {
		q.Set("createdAfter", f.CreatedAfter.Format("2006-01-02T15:04:05-07:00"))
	}
	return api.FetchPage(ctx, c, api.Request{Path: "/orders", Route: "/orders", Query: q}, p, saleWithoutID)
}

func saleWithoutID(s Sale) string { return unless(s.MarketplaceID != "", "marketPlaceId") }

// sendMark sends a body made of what a mark says. The answer to a mark is not
// documented: any JSON but an error is taken, and no content. An empty body
// under another status proves nothing.
//
// Source: ANYMARKET's document for marketplaces, PUT
// /orders/{marketPlaceId}/markAs… and /transmissionStatus.
func sendMark(ctx context.Context, c *api.Client, id string, m mark, body []byte) error {
	r, err := toSale(http.MethodPut, id, "/"+string(m))
	if err != nil {
		return err
	}
	r.Body = body
	_, err = api.Change(ctx, c, r, noError)
	return err
}

// noError refuses an error that came under a status of success.
func noError(body []byte) (struct{}, error) {
	var e struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	if err := api.Unmarshal(body, &e); err != nil {
		return struct{}{}, err
	}
	if e.Code != "" && e.Message != "" && !strings.HasPrefix(e.Code, "2") {
		return struct{}{}, errors.New("an error under a success status")
	}
	return struct{}{}, nil
}

// salesIn reads one sale or a list of them.
func salesIn(body []byte) ([]Sale, error) { return rowsIn(body, saleWithoutID) }

// rowsIn reads an array, a page, or an object that stands for itself. Missing
// names what a row has to have and lacks.
func rowsIn[T any](body []byte, missing func(T) string) ([]T, error) {
	rows := []json.RawMessage{body}
	if body = bytes.TrimSpace(body); bytes.HasPrefix(body, []byte("[")) {
		if err := json.Unmarshal(body, &rows); err != nil {
			return nil, err
		}
	} else {
		var page struct {
			Content []json.RawMessage `json:"content"`
			Page    json.RawMessage   `json:"page"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, err
		}
		if page.Content != nil || page.Page != nil {
			rows = page.Content // left out of an empty page
		}
	}
	out := make([]T, len(rows))
	for i, row := range rows {
		if err := json.Unmarshal(row, &out[i]); err != nil {
			return nil, err
		}
		if what := missing(out[i]); what != "" {
			return nil, errors.New("the answer has no " + what)
		}
	}
	return out, nil
}
