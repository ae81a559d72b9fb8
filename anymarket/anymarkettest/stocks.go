package anymarkettest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Location is a place of stock.
type Location struct {
	ID      int64
	Name    string
	Virtual bool
	Default bool
	ZipCode string
}

// Stock is what ANYMARKET has of a SKU at a location.
type Stock struct {
	PartnerID      string
	Location       int64
	Quantity, Cost string // as they came; Cost is empty if none did
	AdditionalTime string
	At             time.Time // when it was applied
	Request        int       // by which request
	Writes         int       // how many there were
}

type rowKey struct{ sku, location int64 }

// row remembers its writes, so that reads can lag.
type row struct{ writes []Stock }

// AddLocation adds a location and returns its id; location 1 is there.
func (a *Account) AddLocation(l Location) int64 {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.addLocationLocked(l)
}

func (a *Account) addLocationLocked(l Location) int64 {
	for l.ID == 0 || a.locations[l.ID].ID != 0 {
		l.ID = int64(len(a.locations)) + 1 + l.ID
	}
	a.locations[l.ID] = l
	return l.ID
}

// Stock returns the stock of a SKU at a location; 0 is the default one.
func (a *Account) Stock(partnerID string, location int64) (Stock, bool) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.s.settleLocked(time.Now())
	s := a.skuByCode(partnerID)
	if s == nil {
		return Stock{}, false
	}
	if location == 0 {
		location = a.defaultLocation()
	}
	r := a.rows[rowKey{s.ID, location}]
	if r == nil {
		return Stock{}, false
	}
	return r.writes[len(r.writes)-1], true
}

// Stocks returns all rows, by SKU and location.
func (a *Account) Stocks() []Stock {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.s.settleLocked(time.Now())
	var out []Stock
	for _, k := range a.rowKeys() {
		w := a.rows[k].writes
		out = append(out, w[len(w)-1])
	}
	return out
}

func (a *Account) rowKeys() []rowKey {
	keys := make([]rowKey, 0, len(a.rows))
	for k := range a.rows {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y rowKey) int {
		if x.sku != y.sku {
			return int(x.sku - y.sku)
		}
		return int(x.location - y.location)
	})
	return keys
}

func (a *Account) defaultLocation() int64 {
	for _, l := range sortedBy(a.locations) {
		if l.Default {
			return l.ID
		}
	}
	return 1
}

// stockItem is an item as it comes.
type stockItem struct {
	ID             json.Number     `json:"id"`
	PartnerID      string          `json:"partnerId"`
	Quantity       json.RawMessage `json:"quantity"`
	Cost           json.RawMessage `json:"cost"`
	AdditionalTime json.RawMessage `json:"additionalTime"`
	StockLocalID   json.Number     `json:"stockLocalId"`
}

// writeStocks answers PUT and POST /stocks.
func writeStocks(c *call) answer {
	raws, bad := c.batch()
	if bad != nil {
		return *bad
	}
	for i, t := range batchItems(c, raws, c.stockItem) {
		if t.err != nil {
			return c.refuse(http.StatusUnprocessableEntity, "Item %d: %v", i+1, t.err)
		}
	}
	return c.done()
}

// writeStocksBatch answers PUT /stocks/batch, which applies what is good.
func writeStocksBatch(c *call) answer {
	raws, bad := c.batch()
	if bad != nil {
		return *bad
	}
	success, errs := map[string]string{}, map[string]string{}
	for i, raw := range raws {
		apply, err := c.stockItem(raw)
		var item stockItem
		_ = json.Unmarshal(raw, &item) // stockItem has said what is wrong with it
		key := item.PartnerID
		if s := c.a.skus[number(item.ID)]; s != nil {
			key = s.PartnerID
		}
		if err != nil {
			errs[key] = fmt.Sprintf("Item %d: %v", i+1, err)
			continue
		}
		apply()
		success[key] = "OK"
	}
	switch body := map[string]any{"success": success, "errors": errs}; c.s.o.StockMaps {
	case Maps204:
		return c.done()
	case Maps207:
		return c.value(http.StatusMultiStatus, body)
	default:
		return c.value(http.StatusOK, body)
	}
}

// batch reads an array and bounds it.
func (c *call) batch() ([]json.RawMessage, *answer) {
	var raws []json.RawMessage
	if err := c.decode(&raws); err != nil || raws == nil {
		a := c.refuse(http.StatusBadRequest, "JSON inv\u00e1lido: %v", err)
		return nil, &a
	}
	if m := c.s.o.MaxBatch; m > 0 && len(raws) > m {
		a := c.refuse(c.s.o.MaxBatchStatus, "Quantidade m\u00e1xima de itens excedida: %d, m\u00e1ximo %d", len(raws), m)
		return nil, &a
	}
	return raws, nil
}

// try is what became of an item.
type try struct{ err error }

// batchItems checks all items, and applies those that Options.Batch says.
func batchItems(c *call, raws []json.RawMessage, item func(json.RawMessage) (apply func(), err error)) []try {
	tries := make([]try, len(raws))
	applies := make([]func(), len(raws))
	first := len(raws)
	for i, raw := range raws {
		applies[i], tries[i].err = item(raw)
		if tries[i].err != nil && first == len(raws) {
			first = i
		}
	}
	for i, apply := range applies {
		if tries[i].err == nil && (first == len(raws) || c.s.o.Batch == Partial || c.s.o.Batch == Prefix && i < first) {
			apply()
		}
	}
	return tries
}

// stockItem checks an item; apply writes it.
func (c *call) stockItem(raw json.RawMessage) (apply func(), err error) {
	var it stockItem
	if err := json.Unmarshal(raw, &it); err != nil {
		return nil, fmt.Errorf("item inv\u00e1lido: %w", err)
	}
	for _, f := range []struct {
		name  string
		value json.RawMessage
	}{{"quantity", it.Quantity}, {"cost", it.Cost}, {"additionalTime", it.AdditionalTime}} {
		if f.value != nil && !nonNegative(f.value) {
			return nil, fmt.Errorf("%s inv\u00e1lido: %s", f.name, f.value)
		}
	}
	if it.Quantity == nil && it.Cost == nil {
		return nil, fmt.Errorf("quantity \u00e9 obrigat\u00f3rio")
	}
	location := number(it.StockLocalID)
	if location == 0 {
		location = c.a.defaultLocation()
	}
	if c.a.locations[location].ID == 0 {
		return nil, fmt.Errorf("local de estoque %d n\u00e3o encontrado", location)
	}
	sku, err := c.a.skuFor(number(it.ID), it.PartnerID)
	if err != nil {
		return nil, err
	}
	if c.s.o.PutNeedsRow && c.r.Method == http.MethodPut && (sku == nil || c.a.rows[rowKey{sku.ID, location}] == nil) {
		return nil, fmt.Errorf("SKU %s sem estoque no local %d", it.PartnerID, location)
	}
	return func() {
		if sku == nil { // the catalog is open; an earlier item may have made it
			if sku = c.a.skuByCode(it.PartnerID); sku == nil {
				sku = c.a.addSKULocked(SKU{PartnerID: it.PartnerID})
			}
		}
		c.a.writeRow(c, sku, location, it, raw)
	}, nil
}

func (a *Account) writeRow(c *call, sku *SKU, location int64, it stockItem, raw json.RawMessage) {
	k := rowKey{sku.ID, location}
	r := a.rows[k]
	if r == nil {
		r = &row{}
		a.rows[k] = r
	}
	w := Stock{PartnerID: sku.PartnerID, Location: location, Quantity: "0"}
	if n := len(r.writes); n > 0 {
		w = r.writes[n-1]
	}
	for _, f := range []struct {
		to   *string
		from json.RawMessage
	}{{&w.Quantity, it.Quantity}, {&w.Cost, it.Cost}, {&w.AdditionalTime, it.AdditionalTime}} {
		if f.from != nil {
			*f.to = string(f.from)
		}
	}
	w.At, w.Request = c.now, c.n
	w.Writes++
	r.writes = append(r.writes, w)
	c.effect(StockSet, fmt.Sprintf("%s@%d", sku.PartnerID, location), raw)
}

// listStocks answers GET /stocks.
func listStocks(c *call) answer {
	idSku, idLocal, code := c.param("idSku"), c.param("idStockLocal"), c.param("sku")
	var rows []map[string]any
	for _, k := range c.a.rowKeys() {
		s, l := c.a.skus[k.sku], c.a.locations[k.location]
		if idSku != "" && idSku != itoa(k.sku) || idLocal != "" && idLocal != itoa(k.location) || code != "" && code != s.PartnerID {
			continue
		}
		w, ok := c.a.rows[k].seen(c.now.Add(-c.s.o.StockLag))
		if !ok {
			continue
		}
		rows = append(rows, map[string]any{
			"stockKeepingUnit": map[string]any{"id": s.ID, "title": s.Title, "partnerId": s.PartnerID},
			"stockLocal":       c.location(l),
			"amount":           json.Number(w.Quantity), "reservationAmount": 0, "availableAmount": json.Number(w.Quantity),
			"price": orZero(w.Cost), "active": true, "lastStockUpdate": c.date(w.At), "additionalTime": orZero(w.AdditionalTime),
		})
	}
	return paged(c, rows)
}

// seen is the newest write that is as old as t.
func (r *row) seen(t time.Time) (Stock, bool) {
	for _, w := range slices.Backward(r.writes) {
		if !w.At.After(t) {
			return w, true
		}
	}
	return Stock{}, false
}

func (c *call) location(l Location) map[string]any {
	return map[string]any{
		"id": l.ID, "oi": map[string]string{"value": c.a.oi}, "name": l.Name, "virtual": l.Virtual, "distributor": false,
		"defaultLocal": l.Default, "priorityPoints": 0, "zipCode": l.ZipCode,
	}
}

// nonNegative wants a JSON number, as ANYMARKET's document does.
func nonNegative(raw json.RawMessage) bool {
	f, err := strconv.ParseFloat(string(raw), 64)
	return err == nil && f >= 0 && len(raw) <= 40 && !strings.HasPrefix(string(raw), "-")
}

func orZero(text string) json.Number {
	if text == "" {
		return "0"
	}
	return json.Number(text)
}

func number(n json.Number) int64 {
	i, err := n.Int64()
	if err != nil {
		return 0
	}
	return i
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
