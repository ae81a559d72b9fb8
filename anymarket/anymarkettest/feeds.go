package anymarkettest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// feedLife is how long an entry stays, from its first reading, else from its
// last change.
const feedLife = 30 * 24 * time.Hour

// feedKey tells entries of a feed apart: one for each status of a thing.
type feedKey struct {
	id     int64
	status string
}

type feedEntry struct {
	token string // another one at each change
	since time.Time
	read  bool
}

// FeedItem is an entry of a feed that nobody has acknowledged.
type FeedItem struct {
	ID            int64
	Status, Token string
}

// Feed returns the entries of a feed: ORDER, PRODUCT or TRANSMISSION.
func (a *Account) Feed(kind string) []FeedItem {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	now := time.Now()
	a.s.settleLocked(now)
	out := []FeedItem{}
	for _, k := range a.feedKeys(kind, now) {
		out = append(out, FeedItem{ID: k.id, Status: k.status, Token: a.feeds[kind][k].token})
	}
	return out
}

// AddFeed puts a change into a feed, as the panel or another program would make
// one.
func (a *Account) AddFeed(kind string, id int64, status string) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.toFeed(kind, id, status, time.Now())
}

func (a *Account) toFeed(kind string, id int64, status string, now time.Time) {
	if only := a.s.o.FeedStatuses; kind == "ORDER" && len(only) > 0 && !slices.Contains(only, status) {
		return
	}
	if a.feeds[kind] == nil {
		a.feeds[kind] = map[feedKey]*feedEntry{}
	}
	a.feeds[kind][feedKey{id, status}] = &feedEntry{token: a.s.uuidLocked(), since: now}
}

// feedKeys are the live entries of a feed, in order; the rest is dropped.
func (a *Account) feedKeys(kind string, now time.Time) []feedKey {
	var keys []feedKey
	for k, e := range a.feeds[kind] {
		if now.Sub(e.since) > feedLife {
			delete(a.feeds[kind], k)
			continue
		}
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y feedKey) int {
		if x.id != y.id {
			return int(x.id - y.id)
		}
		return rank(x.status) - rank(y.status)
	})
	return keys
}

// listFeed answers GET /orders/feeds and its like, in random order.
func listFeed(kind string) handler {
	return func(c *call) answer {
		_, limit, bad := c.limits()
		if bad != nil {
			return *bad
		}
		keys := c.a.feedKeys(kind, c.now)
		if status := c.param("status"); status != "" {
			keys = slices.DeleteFunc(keys, func(k feedKey) bool { return k.status != status })
		}
		c.s.rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		out := []map[string]any{}
		for _, k := range cut(keys, 0, limit) {
			e := c.a.feeds[kind][k]
			if !e.read {
				e.read, e.since = true, c.now
			}
			out = append(out, map[string]any{"id": k.id, "token": e.token})
		}
		return c.value(http.StatusOK, out)
	}
}

// ackFeed answers PUT /orders/feeds/{id} and its like.
func ackFeed(kind string) handler {
	return func(c *call) answer {
		var b struct {
			Token string `json:"token"`
		}
		if err := c.decode(&b); err != nil || b.Token == "" {
			return c.refuse(http.StatusBadRequest, "token \u00e9 obrigat\u00f3rio")
		}
		return c.ack(kind, c.pathID("id"), b.Token, c.param("status"))
	}
}

// ack takes out the entries of an id, those of a status only if one is given.
func (c *call) ack(kind string, id int64, token, status string) answer {
	found, right := false, false
	var hit []feedKey
	for _, k := range c.a.feedKeys(kind, c.now) {
		if k.id == id && (status == "" || k.status == status) {
			found = true
			right = right || c.a.feeds[kind][k].token == token
			hit = append(hit, k)
		}
	}
	switch {
	case !found:
		return c.missing(id)
	case !right:
		return c.refuse(http.StatusBadRequest, "Token inv\u00e1lido para o registro %d", id)
	}
	for _, k := range hit {
		delete(c.a.feeds[kind], k)
	}
	c.effect(FeedAcked, itoa(id), string(c.body))
	return c.done()
}

// ackBatch answers PUT /orders/feeds/batch, whose contract is uncertain.
func ackBatch(c *call) answer {
	raws, bad := c.batch()
	if bad != nil {
		return *bad
	}
	for _, raw := range raws {
		var it struct {
			ID     json.Number `json:"id"`
			Token  string      `json:"token"`
			Status string      `json:"status"`
		}
		if err := json.Unmarshal(raw, &it); err != nil {
			return c.refuse(http.StatusBadRequest, "JSON inv\u00e1lido: %v", err)
		}
		if a := c.ack("ORDER", number(it.ID), it.Token, it.Status); a.status >= 400 {
			return a
		}
	}
	return c.done()
}
