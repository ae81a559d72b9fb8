package anymarkettest

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Callback is a registration: where ANYMARKET tells of changes.
type Callback struct {
	ID                                     int64
	URL, Token                             string
	Order, Product, Transmission, Question bool
	// Disabled says that ANYMARKET has turned it off, see
	// Options.CallbackDisableAfter.
	Disabled bool
}

type registration struct {
	Callback
	failures int // events in a row that it did not take
}

// Callbacks returns the registrations by id.
func (a *Account) Callbacks() []Callback {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.s.settleLocked(time.Now())
	out := []Callback{}
	for _, r := range sortedBy(a.callbacks) {
		out = append(out, r.Callback)
	}
	return out
}

// AddCallback registers a callback as the panel would, and returns its id.
func (a *Account) AddCallback(cb Callback) int64 {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	cb.ID = a.s.idLocked("callback", cb.ID)
	a.callbacks[cb.ID] = &registration{Callback: cb}
	return cb.ID
}

// RemoveCallback removes a registration as the panel would.
func (a *Account) RemoveCallback(id int64) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	delete(a.callbacks, id)
}

type callbackBody struct {
	ID           int64  `json:"id"`
	URL          string `json:"url"`
	Token        string `json:"token,omitempty"`
	Order        bool   `json:"orderActive"`
	Product      bool   `json:"productActive"`
	Transmission bool   `json:"transmissionActive"`
	Question     bool   `json:"questionActive"`
}

func (r *registration) body() callbackBody {
	return callbackBody{r.ID, r.URL, r.Token, r.Order && !r.Disabled, r.Product && !r.Disabled, r.Transmission && !r.Disabled, r.Question && !r.Disabled}
}

// listCallbacks answers GET /callbacks.
func listCallbacks(c *call) answer {
	if status := c.s.o.CallbackListing; status != 0 && status != http.StatusOK {
		return c.refuse(status, "Opera\u00e7\u00e3o n\u00e3o dispon\u00edvel")
	}
	out := []callbackBody{}
	for _, r := range sortedBy(c.a.callbacks) {
		out = append(out, r.body())
	}
	return paged(c, out)
}

// getCallback answers GET /callbacks/{id}.
func getCallback(c *call) answer {
	r := c.a.callbacks[c.pathID("id")]
	if r == nil {
		return c.missing(c.r.PathValue("id"))
	}
	return c.value(http.StatusOK, r.body())
}

// writeCallback answers POST /callbacks and PUT /callbacks/{id}.
func writeCallback(c *call) answer {
	var b callbackBody
	if err := c.decode(&b); err != nil {
		return c.refuse(http.StatusBadRequest, "JSON inv\u00e1lido: %v", err)
	}
	if u, err := url.Parse(b.URL); err != nil || b.URL == "" || len(b.URL) > 255 || u.Host == "" {
		return c.refuse(http.StatusUnprocessableEntity, "url inv\u00e1lida, com at\u00e9 255 caracteres")
	}
	cb := Callback{ID: c.pathID("id"), URL: b.URL, Token: b.Token, Order: b.Order, Product: b.Product, Transmission: b.Transmission, Question: b.Question}
	status := http.StatusOK
	switch {
	case c.r.Method == http.MethodPost:
		cb.ID = c.s.idLocked("callback", 0)
		status = http.StatusCreated
		if c.s.o.OtherSpelling {
			status = http.StatusOK
		}
	case c.a.callbacks[cb.ID] == nil:
		return c.missing(c.r.PathValue("id"))
	}
	r := &registration{Callback: cb}
	c.a.callbacks[cb.ID] = r
	c.effect(CallbackSet, itoa(cb.ID), string(c.body))
	return c.value(status, r.body())
}

// deleteCallback answers DELETE /callbacks/{id}.
func deleteCallback(c *call) answer {
	id := c.pathID("id")
	if c.a.callbacks[id] == nil {
		return c.missing(c.r.PathValue("id"))
	}
	delete(c.a.callbacks, id)
	c.effect(CallbackGone, itoa(id), "")
	return c.done()
}

// wants says whether the registration asked for events of a type.
func (r *registration) wants(kind string) bool {
	return !r.Disabled && map[string]bool{"ORDER": r.Order, "PRODUCT": r.Product, "TRANSMISSION": r.Transmission, "QUESTION": r.Question}[kind]
}

// emit tells of a change: to those who registered, else into the feed.
func (c *call) emit(kind string, id int64, event, status string) {
	regs := slices.DeleteFunc(sortedBy(c.a.callbacks), func(r *registration) bool { return !r.wants(kind) })
	if len(regs) == 0 || c.s.o.FeedAlways {
		c.a.toFeed(kind, id, status, c.now)
	}
	if c.s.closed {
		return
	}
	for _, r := range regs {
		e := change{a: c.a, reg: r, kind: kind, id: id, event: event, status: status}
		c.s.wg.Go(func() { c.s.push(e) })
		if c.s.o.CallbackTwice {
			c.s.wg.Go(func() { c.s.push(e) })
		}
	}
}
