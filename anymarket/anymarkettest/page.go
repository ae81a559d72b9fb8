package anymarkettest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// limits reads offset and limit; a nil answer means that they are fine.
func (c *call) limits() (offset, limit int, bad *answer) {
	number := func(name string, def int) (int, bool) {
		text := c.param(name)
		if text == "" {
			return def, true
		}
		n, err := strconv.Atoi(text)
		return n, err == nil
	}
	refused := func(format string, args ...any) (int, int, *answer) {
		a := c.refuse(http.StatusBadRequest, format, args...)
		return 0, 0, &a
	}
	offset, ok1 := number("offset", 0)
	limit, ok2 := number("limit", c.s.o.DefaultLimit)
	switch {
	case !ok1 || !ok2 || offset < 0:
		return refused("Pagina\u00e7\u00e3o inv\u00e1lida")
	case limit < 5:
		return refused("O n\u00famero m\u00ednimo permitido por p\u00e1gina \u00e9 5")
	case limit > 100 && c.s.o.RefuseBigLimit:
		return refused("O n\u00famero m\u00e1ximo permitido por p\u00e1gina \u00e9 100")
	}
	return offset, min(limit, 100), nil
}

// cut returns the items of a page.
func cut[T any](items []T, offset, limit int) []T {
	if offset >= len(items) {
		return nil
	}
	return items[offset:min(offset+limit, len(items))]
}

// paged answers with one page of items in the envelope of most lists.
func paged[T any](c *call, items []T) answer {
	offset, limit, bad := c.limits()
	if bad != nil {
		return *bad
	}
	content := cut(items, offset, limit)
	links := []map[string]string{}
	link := func(rel string, offset int) {
		links = append(links, map[string]string{"rel": rel, "href": c.href(offset, limit)})
	}
	if offset+len(content) < len(items) && len(content) > 0 {
		link("next", offset+limit)
	}
	if offset > 0 {
		link("prev", max(0, offset-limit))
	}
	env := map[string]any{
		"links": links,
		"page": map[string]int{
			"size": limit, "totalElements": len(items),
			"totalPages": (len(items) + limit - 1) / limit, "number": c.s.o.PageBase + offset/limit,
		},
	}
	if len(content) > 0 || c.s.o.EmptyContent {
		env["content"] = append([]T{}, content...)
	}
	return c.value(http.StatusOK, env)
}

// href is the address of another page, as Options.Links says.
func (c *call) href(offset, limit int) string {
	q := c.r.URL.Query()
	q.Del("gumgaToken")
	q.Set("offset", strconv.Itoa(offset))
	q.Set("limit", strconv.Itoa(limit))
	u := url.URL{Scheme: "http", Host: c.r.Host, Path: c.r.URL.Path, RawPath: c.r.URL.RawPath, RawQuery: q.Encode()}
	switch c.s.o.Links {
	case LinksForeign:
		u.Host = "elsewhere.test"
	case LinksSame:
		if !c.s.log[c.n-1].Plain {
			u.Scheme = "https"
		}
	case LinksHTTP:
	}
	return u.String()
}

// date formats a moment as the world does.
func (c *call) date(t time.Time) string { return c.s.date(t) }

func (s *Server) date(t time.Time) string {
	if s.o.OtherSpelling {
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return t.In(time.FixedZone("", -3*60*60)).Format("2006-01-02T15:04:05-07:00") // Brazil
}

// readDate reads a date with an offset.
func readDate(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// sortedBy orders items by an id.
func sortedBy[T any](items map[int64]T) []T {
	ids := make([]int64, 0, len(items))
	for id := range items {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	out := make([]T, len(ids))
	for i, id := range ids {
		out[i] = items[id]
	}
	return out
}
