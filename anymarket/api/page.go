package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Bounds of the page size.
//
// Source: OpenAPI v2 document; below 5 the host answers 400 (measured).
const (
	MinLimit = 5
	MaxLimit = 100
)

// SortDirection is the order of a list.
type SortDirection string

// Directions. Source: OpenAPI v2 document.
const (
	Ascending  SortDirection = "ASC"
	Descending SortDirection = "DESC"
)

// Paging says where a list begins and how it is sorted. The zero value is the
// first page, of the largest size, in the host's order.
//
// Rows that come or go while a list is read move the others: sort by something
// that does not change, bound the list by time where there is a filter for it,
// and expect a row twice.
//
// Source: OpenAPI v2 document.
type Paging struct {
	// Offset is the number of rows to skip.
	Offset int
	// Limit is the rows per page, 5 to 100. Defaults to 100.
	Limit int
	// Sort names the field to sort by.
	Sort          string
	SortDirection SortDirection
}

func (p Paging) filled() (Paging, error) {
	if p.Limit == 0 {
		p.Limit = MaxLimit
	}
	switch {
	case p.Limit < MinLimit || p.Limit > MaxLimit:
		return p, &FieldError{Field: "limit", Reason: fmt.Sprintf("is %d, allowed are %d to %d", p.Limit, MinLimit, MaxLimit)}
	case p.Offset < 0:
		return p, &FieldError{Field: "offset", Reason: "is negative"}
	case p.SortDirection != "" && p.SortDirection != Ascending && p.SortDirection != Descending:
		return p, &FieldError{Field: "sortDirection", Reason: "is neither ASC nor DESC"}
	default:
		return p, nil
	}
}

// addTo wants the defaults filled in.
func (p Paging) addTo(q url.Values) {
	q.Set("limit", strconv.Itoa(p.Limit))
	q.Set("offset", strconv.Itoa(p.Offset))
	setText(q, "sort", p.Sort)
	setText(q, "sortDirection", string(p.SortDirection))
}

// setText sets a parameter unless it is empty.
func setText(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	// Next says whether there are more, as far as the host tells: it links to a
	// next page or, where it sends no links at all, filled this one.
	Next bool
	// Total is the number of rows in all; zero if unknown. It is approximate for
	// long lists. Source: OpenAPI v2 document, /orders and /stocks.
	Total int64

	sum [sha256.Size]byte // of the rows, to recognize a page that comes again
}

// PageError is an error in the middle of a list. All rows before Offset were
// given out, so a list that starts there continues it.
type PageError struct {
	Offset int
	Err    error
}

// Error returns the reason with the place.
func (e *PageError) Error() string { return fmt.Sprintf("page at offset %d: %v", e.Offset, e.Err) }

// Unwrap returns Err.
func (e *PageError) Unwrap() error { return e.Err }

// pages lists all rows from start on. It advances by what came and not by links,
// whose hosts are not to be trusted with a token: they are known to say http.
// So a host that sends shorter pages than asked for is read in full.
//
// An error, a [*PageError], is the last that is given out.
func pages[T any](ctx context.Context, c *Client, start Paging, get func(context.Context, Paging) (Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		at, seen := start, map[[sha256.Size]byte]bool{}
		fail := func(err error) {
			var none T
			yield(none, &PageError{Offset: at.Offset, Err: err})
		}
		for range c.config.MaxPages {
			page, err := get(ctx, at)
			if err != nil {
				fail(err)
				return
			}
			if len(page.Items) == 0 {
				return
			}
			if seen[page.sum] {
				fail(ErrPageRepeated)
				return
			}
			seen[page.sum] = true
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if !page.Next {
				return
			}
			at.Offset += len(page.Items)
		}
		fail(ErrTooManyPages)
	}
}

// FetchPage makes a call whose answer is a page, and reads its rows leniently;
// missing names what a row has to have and lacks, empty if nothing.
func FetchPage[T any](ctx context.Context, c *Client, r Request, p Paging, missing func(T) string) (Page[T], error) {
	query := url.Values{}
	maps.Copy(query, r.Query)
	return getPage(ctx, c, target{route: r.Route, path: r.Path}, query, r.Header, p, parsePage(missing))
}

// getPage fetches one page.
func getPage[T any](ctx context.Context, c *Client, t target, q url.Values, header http.Header, p Paging, parse func([]byte, Paging) (Page[T], error)) (Page[T], error) {
	p, err := p.filled()
	if err != nil {
		return Page[T]{}, err
	}
	p.addTo(q)
	r := t.request(http.MethodGet)
	r.Query, r.Header = q, header
	return Fetch(ctx, c, r, func(body []byte) (Page[T], error) { return parse(body, p) })
}

// pageBody is the usual envelope. Of page, number is not used: documents
// disagree on whether it counts from 0 or 1.
type pageBody struct {
	Links *[]struct {
		Rel string `json:"rel"`
	} `json:"links"`
	Content *[]json.RawMessage `json:"content"`
	Page    *struct {
		TotalElements int64 `json:"totalElements"`
	} `json:"page"`
}

// parsePage reads {links, content, page}. An empty page may lack content, but
// an object with none of the three is no page: taking it for an empty one could
// make a look-up say that an order does not exist.
func parsePage[T any](missing func(T) string) func([]byte, Paging) (Page[T], error) {
	return func(body []byte, p Paging) (Page[T], error) {
		var b pageBody
		if err := Unmarshal(body, &b); err != nil {
			return Page[T]{}, err
		}
		if b.Links == nil && b.Content == nil && b.Page == nil {
			return Page[T]{}, errors.New("the answer has neither content nor page nor links")
		}
		var page Page[T]
		if b.Page != nil {
			page.Total = max(b.Page.TotalElements, 0)
		}
		if b.Content != nil {
			if err := page.take(*b.Content, missing); err != nil {
				return Page[T]{}, err
			}
		}
		if len(page.Items) == 0 {
			if page.Total > 0 && p.Offset == 0 {
				return Page[T]{}, fmt.Errorf("the answer has no rows and says that there are %d", page.Total)
			}
			return page, nil
		}
		if b.Links == nil {
			page.Next = len(page.Items) >= p.Limit
			return page, nil
		}
		for _, link := range *b.Links {
			page.Next = page.Next || strings.EqualFold(link.Rel, "next")
		}
		return page, nil
	}
}

// take decodes the rows.
func (p *Page[T]) take(rows []json.RawMessage, missing func(T) string) (err error) {
	h := sha256.New()
	for _, row := range rows {
		_, _ = h.Write(row) // never fails
	}
	h.Sum(p.sum[:0])
	p.Items, err = parseRows(rows, missing)
	return err
}
