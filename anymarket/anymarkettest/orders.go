package anymarkettest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Order is what ANYMARKET has of an order.
type Order struct {
	ID                         int64
	MarketPlace, MarketPlaceID string
	PartnerID                  string
	Status                     string
	At                         time.Time // when it was created here
	Request                    int       // by which request; 0 for what the test added
	Steps                      []Step    // its changes, in order
	JSON                       []byte    // as reads show it
}

// Step is one change of an order.
type Step struct {
	At      time.Time
	Request int
	Status  string // after it
}

// order keeps the versions of a document, so that reads can lag.
type order struct {
	id       int64
	versions []version
	request  int
	steps    []Step
}

// orderKey is what tells orders apart outside of ANYMARKET.
type orderKey struct{ marketPlace, id string }

type version struct {
	at  time.Time
	doc map[string]any
}

func (o *order) newest() map[string]any { return o.versions[len(o.versions)-1].doc }

// seen is the newest version that is as old as t.
func (o *order) seen(t time.Time) (map[string]any, bool) {
	for _, v := range slices.Backward(o.versions) {
		if !v.at.After(t) {
			return v.doc, true
		}
	}
	return nil, false
}

func text(doc map[string]any, field string) string {
	switch v := doc[field].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	default:
		return ""
	}
}

func object(doc map[string]any, field string) map[string]any {
	m, _ := doc[field].(map[string]any)
	return m
}

// Orders returns all orders by id. Two with the same MarketPlace and
// MarketPlaceID are a duplicate, possible where Options.Duplicate is 201.
func (a *Account) Orders() []Order {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.s.settleLocked(time.Now())
	out := []Order{}
	for _, o := range sortedBy(a.orders) {
		out = append(out, o.truth())
	}
	return out
}

func (o *order) truth() Order {
	d := o.newest()
	b, err := json.Marshal(d)
	if err != nil {
		panic(err) // it came out of JSON
	}
	return Order{
		ID: o.id, MarketPlace: text(d, "marketPlace"), MarketPlaceID: text(d, "marketPlaceId"), PartnerID: text(d, "partnerId"),
		Status: text(d, "status"), At: o.versions[0].at, Request: o.request, Steps: slices.Clone(o.steps), JSON: b,
	}
}

// Order returns the first order of a marketplace with an id there.
func (a *Account) Order(marketPlace, marketPlaceID string) (Order, bool) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.s.settleLocked(time.Now())
	if os := a.byKey[orderKey{marketPlace, marketPlaceID}]; len(os) > 0 {
		return os[0].truth(), true
	}
	return Order{}, false
}

// AddOrder adds an order as a marketplace would, with its events, and returns
// its id. Doc is JSON; what it leaves out is filled in. It panics if doc is no
// JSON object.
func (a *Account) AddOrder(doc string) int64 {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	now := time.Now()
	a.s.settleLocked(now)
	c := &call{s: a.s, a: a, now: now, body: []byte(doc)}
	d := map[string]any{}
	if err := c.decode(&d); err != nil {
		panic(fmt.Sprintf("anymarkettest: order: %v", err))
	}
	return c.create(d).id
}

// SetOrder changes fields of an order as ANYMARKET itself would, with the
// events. A status moves freely here. It panics if there is no such order or
// doc is no JSON object.
func (a *Account) SetOrder(id int64, doc string) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	now := time.Now()
	a.s.settleLocked(now)
	c := &call{s: a.s, a: a, now: now, body: []byte(doc)}
	d := map[string]any{}
	if err := c.decode(&d); err != nil {
		panic(fmt.Sprintf("anymarkettest: order: %v", err))
	}
	o := a.orders[id]
	if o == nil {
		panic(fmt.Sprintf("anymarkettest: no order %d", id))
	}
	c.change(o, d)
}

// createOrder answers POST /orders.
func createOrder(c *call) answer {
	doc := map[string]any{}
	if err := c.decode(&doc); err != nil {
		return c.refuse(http.StatusBadRequest, "JSON inv\u00e1lido: %v", err)
	}
	if field := c.missingField(doc); field != "" {
		return c.refuse(http.StatusUnprocessableEntity, "%s \u00e9 obrigat\u00f3rio", field)
	}
	if status := text(doc, "status"); status != "" && rank(status) < 0 {
		return c.refuse(http.StatusUnprocessableEntity, "Status inv\u00e1lido: %s", status)
	}
	mp, id := text(doc, "marketPlace"), text(doc, "marketPlaceId")
	if os := c.a.byKey[orderKey{mp, id}]; len(os) > 0 && c.s.o.Duplicate != http.StatusCreated {
		return c.refuse(c.s.o.Duplicate, "J\u00e1 existe uma venda do %s cadastrada com o c\u00f3digo %s [ID Anymarket: %d]", mp, id, os[0].id)
	}
	delete(doc, "id") // ANYMARKET gives it
	o := c.create(doc)
	return c.value(http.StatusCreated, c.order(o.newest()))
}

// missingField names a field that this world wants.
func (c *call) missingField(doc map[string]any) string {
	fields := []string{"marketPlace", "marketPlaceId"}
	if c.s.o.StrictOrders {
		fields = append(fields, "marketPlaceNumber", "createdAt", "transmissionStatus", "status", "marketPlaceStatus", "total")
	}
	for _, f := range fields {
		if text(doc, f) == "" {
			return f
		}
	}
	if !c.s.o.StrictOrders {
		return ""
	}
	for _, f := range []string{"name", "documentType", "document", "email", "phone"} {
		if text(object(doc, "buyer"), f) == "" {
			return "buyer." + f
		}
	}
	items, _ := doc["items"].([]any)
	if len(items) == 0 {
		return "items"
	}
	for i, it := range items {
		item, _ := it.(map[string]any)
		for _, f := range []string{"amount", "unit", "gross", "total"} {
			if text(item, f) == "" {
				return fmt.Sprintf("items[%d].%s", i, f)
			}
		}
		if text(object(item, "sku"), "partnerId") == "" {
			return fmt.Sprintf("items[%d].sku.partnerId", i)
		}
	}
	return ""
}

// create stores a new order, with what ANYMARKET fills in.
func (c *call) create(doc map[string]any) *order {
	o := &order{id: c.s.idLocked("order", number(json.Number(text(doc, "id")))), request: c.n}
	sent := string(c.body)
	doc["id"] = o.id
	doc["idAccount"] = c.a.num
	for f, v := range map[string]any{
		"accountName": c.a.name, "createdAt": c.date(c.now), "status": "PENDING", "transmissionStatus": "OK",
	} {
		if _, ok := doc[f]; !ok {
			doc[f] = v
		}
	}
	items, _ := doc["items"].([]any)
	for _, it := range items {
		if item, ok := it.(map[string]any); ok {
			item["orderItemId"] = itoa(c.s.idLocked("item", 0))
		}
	}
	doc["lastUpdate"] = c.date(c.now)
	o.versions = []version{{c.now, doc}}
	c.a.orders[o.id] = o
	k := orderKey{text(doc, "marketPlace"), text(doc, "marketPlaceId")}
	c.a.byKey[k] = append(c.a.byKey[k], o)
	c.effect(OrderCreated, itoa(o.id), sent)
	c.emit("ORDER", o.id, "CREATE", text(doc, "status"))
	return o
}

// order is a document as reads show it.
func (c *call) order(doc map[string]any) map[string]any {
	out := maps.Clone(doc)
	if !c.s.o.OtherSpelling {
		return out
	}
	if v, ok := out["deliverStatus"]; ok {
		delete(out, "deliverStatus")
		out["deliveryStatus"] = v
	}
	items, _ := out["items"].([]any)
	items = slices.Clone(items)
	for i, it := range items {
		item, _ := it.(map[string]any)
		if list, ok := item["shippings"].([]any); ok && len(list) > 0 {
			item = maps.Clone(item)
			item["shippings"] = list[0]
			items[i] = item
		}
	}
	if items != nil {
		out["items"] = items
	}
	return out
}

// getOrder answers GET /orders/{id}.
func getOrder(c *call) answer {
	if o := c.a.orders[c.pathID("id")]; o != nil {
		if doc, ok := o.seen(c.now.Add(-c.s.o.LookupLag)); ok {
			return c.value(http.StatusOK, c.order(doc))
		}
	}
	return c.missing(c.r.PathValue("id"))
}

// orderPart answers GET /orders/{id}/{what}: the quote, or the vendor's own
// look-up by marketplace and id.
func orderPart(c *call) answer {
	what := c.r.PathValue("what")
	if what == "quote-id" && c.a.orders[c.pathID("id")] != nil {
		return c.value(http.StatusOK, map[string]any{"quoteId": "Q" + c.r.PathValue("id"), "price": 0})
	}
	if a, refused := c.restricted(); refused {
		return a
	}
	for _, o := range sortedBy(c.a.orders) {
		doc, ok := o.seen(c.now.Add(-c.s.o.LookupLag))
		if ok && text(doc, "marketPlace") == c.r.PathValue("id") && text(doc, "marketPlaceId") == what {
			return c.value(http.StatusOK, c.order(doc))
		}
	}
	return c.missing(what)
}

// listOrders answers GET /orders.
func listOrders(c *call) answer {
	bounds := map[string]time.Time{}
	for _, name := range []string{"createdAfter", "createdBefore", "updatedAfter", "updatedBefore"} {
		if v := c.param(name); v != "" {
			// A + that was not escaped arrives as a space.
			t, ok := readDate(strings.ReplaceAll(v, " ", "+"))
			if !ok {
				return c.refuse(http.StatusUnprocessableEntity, "Data inv\u00e1lida em %s: %s", name, v)
			}
			bounds[name] = t
		}
	}
	outside := func(t time.Time, after, before string) bool {
		a, okA := bounds[after]
		b, okB := bounds[before]
		return okA && t.Before(a) || okB && t.After(b)
	}
	var found []map[string]any
	for _, o := range sortedBy(c.a.orders) {
		doc, ok := o.seen(c.now.Add(-c.s.o.LookupLag))
		if !ok {
			continue
		}
		created, _ := readDate(text(doc, "createdAt"))
		updated, _ := readDate(text(doc, "lastUpdate"))
		if outside(created, "createdAfter", "createdBefore") || outside(updated, "updatedAfter", "updatedBefore") {
			continue
		}
		match := true
		for name, field := range map[string]string{
			"status": "status", "marketplace": "marketPlace", "marketplaceId": "marketPlaceId", "partnerId": "partnerId",
			"orderNumberInMarketPlace": "marketPlaceNumber", "transmissionStatus": "transmissionStatus",
		} {
			v := c.param(name)
			match = match && (v == "" || v == text(doc, field))
		}
		if match {
			found = append(found, c.order(doc))
		}
	}
	if by := c.param("sort"); by == "createdAt" {
		slices.SortStableFunc(found, func(x, y map[string]any) int {
			tx, _ := readDate(text(x, by))
			ty, _ := readDate(text(y, by))
			return tx.Compare(ty)
		})
	}
	if c.param("sortDirection") == "DESC" {
		slices.Reverse(found)
	}
	return paged(c, found)
}
