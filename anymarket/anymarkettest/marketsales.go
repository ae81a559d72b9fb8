package anymarkettest

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"
)

// createSale answers POST /orders of a marketplace. The sale becomes an order
// of the seller.
func createSale(c *call) answer {
	doc := map[string]any{}
	if err := c.decode(&doc); err != nil {
		return c.refuse(http.StatusBadRequest, "JSON inv\u00e1lido: %v", err)
	}
	id, status := text(doc, "marketPlaceId"), text(doc, "status")
	if id == "" {
		return c.refuse(http.StatusBadRequest, "marketPlaceId \u00e9 obrigat\u00f3rio")
	}
	if status == "" {
		status = "PENDING"
	}
	switch {
	case ofSale(status) == "":
		return c.refuse(http.StatusBadRequest, "Status inv\u00e1lido: %s", status)
	case status != "PENDING" && status != "PAID" && !c.s.o.SalesInAnyStatus:
		return c.refuse(http.StatusBadRequest, "Somente pedidos pendentes ou pagos podem ser criados")
	case status == "PENDING" && c.s.o.NoPendingSales:
		return c.refuse(http.StatusBadRequest, "O seller n\u00e3o importa pedidos pendentes")
	}
	if len(c.salesOf(id)) > 0 && c.s.o.Duplicate != http.StatusCreated {
		return c.refuse(c.duplicateSale(), "J\u00e1 existe um pedido com o id [%s]", id)
	}
	if c.s.o.StrictOrders {
		if why := saleProblem(doc); why != "" {
			return c.refuse(http.StatusBadRequest, "%s", why)
		}
	}
	delete(doc, "id") // ANYMARKET gives it
	doc["status"], doc["marketPlace"] = ofSale(status), c.s.o.Marketplace
	o := c.create(doc)
	return c.value(http.StatusOK, c.sale(o.newest()))
}

// duplicateSale is the status for a sale that is there: 400, unless another
// one than that of orders was asked for.
func (c *call) duplicateSale() int {
	if c.s.o.Duplicate == http.StatusUnprocessableEntity {
		return http.StatusBadRequest
	}
	return c.s.o.Duplicate
}

// saleProblem says what a strict world refuses.
func saleProblem(doc map[string]any) string {
	for _, f := range []string{"marketPlaceNumber", "createdAt", "total"} {
		if text(doc, f) == "" {
			return f + " \u00e9 obrigat\u00f3rio"
		}
	}
	items, _ := doc["items"].([]any)
	if len(items) == 0 {
		return "items \u00e9 obrigat\u00f3rio"
	}
	for i, it := range items {
		item, _ := it.(map[string]any)
		if text(object(item, "sku"), "partnerId") == "" {
			return fmt.Sprintf("items[%d].sku.partnerId \u00e9 obrigat\u00f3rio", i)
		}
	}
	sum := new(big.Rat).Add(amount(doc, "productNet"), amount(doc, "freight"))
	sum.Add(sum, amount(doc, "interestValue")).Sub(sum, amount(doc, "discount"))
	if sum.Cmp(amount(doc, "total")) != 0 {
		return "O total n\u00e3o confere com productNet + freight + interestValue - discount"
	}
	paid := new(big.Rat)
	payments, _ := doc["payments"].([]any)
	for _, p := range payments {
		payment, _ := p.(map[string]any)
		paid.Add(paid, amount(payment, "value"))
	}
	if len(payments) > 0 && paid.Cmp(amount(doc, "total")) != 0 {
		return "A soma dos pagamentos n\u00e3o confere com o total"
	}
	return ""
}

// amount is a number in a document, zero if there is none.
func amount(doc map[string]any, field string) *big.Rat {
	if n, ok := doc[field].(json.Number); ok {
		if r, ok := new(big.Rat).SetString(n.String()); ok {
			return r
		}
	}
	return new(big.Rat)
}

// salesOf returns the sales with an id of the marketplace.
func (c *call) salesOf(id string) []*order {
	return c.a.byKey[orderKey{c.s.o.Marketplace, id}]
}

// getSale answers GET /orders/{id}. Where there are several, which the real API
// may never show, it gives them all.
func getSale(c *call) answer {
	id := c.r.PathValue("id")
	found := c.salesOf(id)
	if c.ignores("marketPlaceId") {
		found = nil
		for _, o := range sortedBy(c.a.orders) {
			if len(found) == 0 && text(o.newest(), "marketPlace") == c.s.o.Marketplace {
				found = []*order{o}
			}
		}
	}
	var shown []map[string]any
	for _, o := range found {
		if doc, ok := o.seen(c.now.Add(-c.s.o.LookupLag)); ok {
			shown = append(shown, c.sale(doc))
		}
	}
	switch len(shown) {
	case 0:
		return c.missing(id)
	case 1:
		return c.value(http.StatusOK, shown[0])
	default:
		return c.value(http.StatusOK, shown)
	}
}

// listSales answers GET /orders of a marketplace.
func listSales(c *call) answer {
	var after time.Time
	if v := c.param("createdAfter"); v != "" {
		var ok bool
		if after, ok = readDate(strings.ReplaceAll(v, " ", "+")); !ok {
			return c.refuse(http.StatusBadRequest, "Data inv\u00e1lida em createdAfter: %s", v)
		}
	}
	status := c.param("status")
	if status != "" && ofSale(status) == "" {
		return c.refuse(http.StatusBadRequest, "Status inv\u00e1lido: %s", status)
	}
	var found []map[string]any
	for _, o := range sortedBy(c.a.orders) {
		doc, ok := o.seen(c.now.Add(-c.s.o.LookupLag))
		if !ok || text(doc, "marketPlace") != c.s.o.Marketplace || status != "" && text(doc, "status") != ofSale(status) {
			continue
		}
		if created, _ := readDate(text(doc, "createdAt")); created.Before(after) {
			continue
		}
		found = append(found, c.sale(doc))
	}
	if c.param("sort") == "createdAt" {
		slices.SortStableFunc(found, func(x, y map[string]any) int {
			tx, _ := readDate(text(x, "createdAt"))
			ty, _ := readDate(text(y, "createdAt"))
			return tx.Compare(ty)
		})
	}
	return paged(c, found)
}
