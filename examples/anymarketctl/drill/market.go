package drill

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/marketplace"
)

// salesPerSecond is what a marketplace sells in a second of the drill, for all
// its sellers together.
const salesPerSecond = 7

// newMarket is what a marketplace does for its sellers on the same day: it makes
// sales known and moves them on.
func newMarket(seed uint64, s schedule) ([]*operation, error) {
	d := &day{schedule: s, rng: rng(seed, 11), shops: []*shop{
		{name: "ana", share: 0.4}, {name: "bia", share: 0.3}, {name: "caio", share: 0.2}, {name: "duda", share: 0.1},
	}}
	d.evenly(s.day().Seconds()*salesPerSecond, d.notify)
	slices.SortStableFunc(d.ops, func(a, b *operation) int { return cmp.Compare(a.at, b.at) })
	return d.ops, d.read()
}

// notify makes a sale and moves it on through the day. Each seller counts sales
// for itself, so that several have one of a number.
func (d *day) notify(at time.Duration) {
	s := d.shop()
	s.sales++
	id := fmt.Sprintf("2024-%06d", s.sales)
	status := marketplace.StatusPaid
	if d.rng.IntN(3) == 0 {
		status = marketplace.StatusPending
	}
	d.add(at, s, opNotify, map[string]any{"sale": d.sale(id, status, at)})
	mark := func(status marketplace.Status, member string, what map[string]any) {
		m := map[string]any{"marketPlaceId": id, member: what}
		if status != "" {
			m["status"] = status
		}
		d.add(at, s, opMark, m)
	}
	later := func() string {
		at += time.Duration(d.rng.ExpFloat64() * float64(d.day()/12))
		return d.date(at)
	}
	if status == marketplace.StatusPending && d.rng.IntN(4) > 0 {
		status = marketplace.StatusPaid
		mark(status, "paid", map[string]any{"date": later()})
	}
	if status == marketplace.StatusPending || d.rng.IntN(16) == 0 {
		mark(marketplace.StatusCanceled, "canceled", map[string]any{"date": later(), "code": "BUYER_CANCELED"})
		return
	}
	if d.rng.IntN(2) == 0 {
		mark(marketplace.StatusInvoiced, "invoiced", map[string]any{"date": later()})
	}
	if shipped := later(); at < d.day() {
		mark(marketplace.StatusShipped, "shipped", map[string]any{
			"shippedDate": shipped, "number": fmt.Sprintf("BR%09dBR", d.rng.IntN(1e9)), "carrier": "Correios",
		})
		mark("", "transmission", map[string]any{"success": true, "marketPlaceStatus": "enviado"})
	}
	if delivered := later(); at < d.day() {
		mark(marketplace.StatusDelivered, "delivered", map[string]any{"deliveredDate": delivered})
	}
}

// sale is one of up to four lines, whose sums agree.
func (d *day) sale(id string, status marketplace.Status, at time.Duration) map[string]any {
	var items []map[string]any
	cents := 0
	for range 1 + d.rng.IntN(4) {
		amount, unit := 1+d.rng.IntN(3), 990+d.rng.IntN(50_000)
		cents += amount * unit
		items = append(items, map[string]any{
			"sku": map[string]any{"partnerId": fmt.Sprintf("AD-%04d", d.rng.IntN(500))}, "amount": amount,
			"unit": money(unit), "gross": money(amount * unit), "total": money(amount * unit),
		})
	}
	total := money(cents + 1490)
	return map[string]any{
		"marketPlaceId": id, "marketPlaceNumber": strings.TrimPrefix(id, "2024-"), "createdAt": d.date(at),
		"status": status, "marketPlaceStatus": "novo", "productNet": money(cents), "freight": "14.90", "total": total,
		"buyer": d.buyer(), "items": items, "payments": []map[string]any{{"method": "PIX", "value": total}},
	}
}
