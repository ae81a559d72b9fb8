package anymarkettest

import (
	"net/http"
	"path"
	"strings"
)

// mark is what one of the calls that move a sale wants and writes.
type mark struct {
	status   string // of the order, after it; empty leaves it
	required []string
	// change is what the body writes into the order.
	change func(body map[string]any) map[string]any
}

// marks are those of the API for marketplaces, by the last part of their path.
func marks() map[string]mark {
	type body = map[string]any
	return map[string]mark{
		"markAsPaid": {status: "PAID_WAITING_SHIP", change: func(b body) body {
			return pick(b, "date", "paymentDate", "payments", "payments")
		}},
		"markAsInvoiced": {status: "INVOICED", change: func(b body) body {
			return body{"invoice": pick(b, "date", "date")}
		}},
		"markAsShipped": {status: "PAID_WAITING_DELIVERY", required: []string{"shippedDate"}, change: func(b body) body {
			out := pick(b, "status", "marketPlaceShipmentStatus")
			out["tracking"] = pick(b, "shippedDate", "shippedDate", "url", "url", "number", "number", "carrier", "carrier", "estimateDate", "estimateDate")
			return out
		}},
		"markAsDelivered": {status: "CONCLUDED", required: []string{"deliveredDate"}, change: func(b body) body {
			return body{"tracking": pick(b, "deliveredDate", "deliveredDate")}
		}},
		"markAsCanceled": {status: "CANCELED", required: []string{"date"}, change: func(b body) body {
			return pick(b, "date", "cancelDate", "code", "cancellationCode")
		}},
		"transmissionStatus": {required: []string{"success", "marketPlaceStatus"}, change: func(b body) body {
			out := pick(b, "marketPlaceStatus", "marketPlaceStatus", "errorMessage", "errorMsg")
			out["transmissionStatus"] = "ERROR"
			if strings.EqualFold(flag(b["success"]), "true") {
				out["transmissionStatus"] = "OK"
			}
			return out
		}},
	}
}

// pick takes fields of a body under other names, given in pairs.
func pick(body map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for i := 0; i+1 < len(names); i += 2 {
		if v, ok := body[names[i]]; ok {
			out[names[i+1]] = v
		}
	}
	return out
}

// flag is a truth value, also as text, as one marketplace sends it.
func flag(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "true"
		}
		return "false"
	case string:
		return v
	default:
		return ""
	}
}

// markSale answers PUT /orders/{id}/… of a marketplace.
func markSale(c *call) answer {
	m := marks()[path.Base(c.r.URL.Path)]
	found := c.salesOf(c.r.PathValue("id"))
	if len(found) == 0 {
		return c.missing(c.r.PathValue("id"))
	}
	body := map[string]any{}
	if err := c.decode(&body); err != nil {
		return c.refuse(http.StatusBadRequest, "JSON inv\u00e1lido: %v", err)
	}
	for _, f := range m.required {
		if text(body, f) == "" && flag(body[f]) == "" {
			return c.refuse(http.StatusBadRequest, "%s \u00e9 obrigat\u00f3rio", f)
		}
	}
	o := found[0]
	from := text(o.newest(), "status")
	if m.status != "" && !allowed(from, m.status) {
		if c.s.o.SilentMarks {
			return c.marked(o)
		}
		return c.refuse(http.StatusBadRequest, "O pedido j\u00e1 est\u00e1 %s", ofOrder(from))
	}
	change := m.change(body)
	if m.status != "" {
		change["status"] = m.status
	}
	c.change(o, change)
	return c.marked(o)
}

// marked is the answer to a mark that was taken.
func (c *call) marked(o *order) answer {
	if c.s.o.OtherSpelling {
		return c.done()
	}
	return c.value(http.StatusOK, c.sale(o.newest()))
}
