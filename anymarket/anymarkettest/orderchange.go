package anymarkettest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// rank is the place of a status on its way; -1 is no status of an order.
func rank(status string) int {
	return slices.Index([]string{"PENDING", "PAID_WAITING_SHIP", "INVOICED", "PAID_WAITING_DELIVERY", "CONCLUDED", "CANCELED", "DELIVERY_ISSUE"}, status)
}

// allowed is the transition table: forward only, anything may be cancelled,
// nothing leaves CANCELED, and staying is no move.
func allowed(from, to string) bool {
	switch {
	case from == to:
		return true
	case from == "CANCELED" || to == "PENDING" || to == "DELIVERY_ISSUE":
		return false
	case from == "DELIVERY_ISSUE": // nothing is known
		return true
	default:
		return rank(from) < rank(to)
	}
}

// changeOrder answers PUT /orders/{id}.
func changeOrder(c *call) answer {
	o := c.a.orders[c.pathID("id")]
	if o == nil {
		return c.missing(c.r.PathValue("id"))
	}
	doc := map[string]any{}
	if err := c.decode(&doc); err != nil {
		return c.refuse(http.StatusBadRequest, "JSON inv\u00e1lido: %v", err)
	}
	from, to := text(o.newest(), "status"), text(doc, "status")
	partner := text(o.newest(), "partnerId")
	switch {
	case to != "" && rank(to) < 0:
		return c.refuse(http.StatusUnprocessableEntity, "Status inv\u00e1lido: %s", to)
	case to != "" && !allowed(from, to):
		return c.refuse(http.StatusUnprocessableEntity, "N\u00e3o \u00e9 poss\u00edvel alterar o status de %s para %s", from, to)
	case partner != "" && text(doc, "partnerId") != "" && text(doc, "partnerId") != partner:
		return c.refuse(http.StatusUnprocessableEntity, "partnerId n\u00e3o pode ser alterado")
	}
	if field := c.missingStep(to, doc); field != "" {
		return c.refuse(http.StatusUnprocessableEntity, "%s \u00e9 obrigat\u00f3rio", field)
	}
	c.change(o, doc)
	return c.value(http.StatusOK, c.order(o.newest()))
}

// missingStep names a field that the new status wants; unless this world is
// strict, only what the schema does.
func (c *call) missingStep(status string, doc map[string]any) string {
	want := map[string][]string{
		"INVOICED":              {"invoice.accessKey", "invoice.date"},
		"PAID_WAITING_DELIVERY": {"tracking.number", "tracking.carrier", "tracking.shippedDate"},
		"CONCLUDED":             {"tracking.deliveredDate"},
	}[status]
	if c.s.o.StrictOrders && status == "INVOICED" {
		want = append(slices.Clone(want), "invoice.number", "invoice.series")
	}
	for _, path := range want {
		part, field, _ := strings.Cut(path, ".")
		if text(object(doc, part), field) == "" {
			return path
		}
	}
	return ""
}

// change makes a new version; fields left out keep their values.
func (c *call) change(o *order, doc map[string]any) {
	old := o.newest()
	next := maps.Clone(old)
	for f, v := range doc {
		if slices.Contains([]string{"id", "idAccount", "marketPlace", "marketPlaceId", "createdAt"}, f) {
			continue
		}
		part, isObject := v.(map[string]any)
		if before := object(old, f); isObject && before != nil {
			merged := maps.Clone(before)
			maps.Copy(merged, part)
			v = merged
		}
		next[f] = v
	}
	next["lastUpdate"] = c.date(c.now)
	o.versions = append(o.versions, version{c.now, next})
	status := text(next, "status")
	o.steps = append(o.steps, Step{At: c.now, Request: c.n, Status: status})
	c.effect(OrderChanged, itoa(o.id), string(c.body))
	event := "UPDATE"
	if status != text(old, "status") {
		event = status
	}
	c.emit("ORDER", o.id, event, status)
}

// orderDocument answers PUT /orders/{id}/nfe, POST /orders/{id}/fiscalDocument,
// and what else is below an order.
func orderDocument(c *call) answer {
	what := c.r.PathValue("what")
	xml := c.r.Method == http.MethodPut && what == "nfe"
	if !xml && (c.r.Method != http.MethodPost || what != "fiscalDocument") {
		return noRoute(c)
	}
	o := c.a.orders[c.pathID("id")]
	switch {
	case o == nil:
		return c.missing(c.r.PathValue("id"))
	case xml && mediaType(c) != "application/xml", !xml && mediaType(c) != "multipart/form-data":
		return c.refuse(http.StatusUnsupportedMediaType, "Content-Type n\u00e3o suportado: %s", c.r.Header.Get("Content-Type"))
	case len(c.body) == 0:
		return c.refuse(http.StatusBadRequest, "Documento vazio")
	case c.s.o.NFeRefusal != "":
		return c.refuse(http.StatusInternalServerError, "%s", c.s.o.NFeRefusal)
	}
	c.a.fiscal[o.id] = c.body
	c.effect(FiscalReceipt, itoa(o.id), string(c.body))
	return c.value(http.StatusOK, map[string]any{"id": o.id})
}
