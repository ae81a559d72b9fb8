package drill

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// sell makes an order and moves it on through the day. One in four came from a
// channel: it is in ANYMARKET, and the ERP knows its id.
func (d *day) sell(at time.Duration) {
	s := d.shop()
	d.sales++
	key := map[string]any{}
	if d.rng.IntN(4) == 0 {
		key["id"] = 500_000 + d.sales
	} else {
		channel, id := s.channels[0], fmt.Sprintf("%s2024-%06d", s.prefix(), d.sales)
		d.add(at, s, opCreate, map[string]any{"order": d.order(s, channel, id, at)})
		key["marketplace"], key["marketPlaceId"] = channel, id
	}
	step := func(status api.OrderStatus, with string, what any) {
		at += time.Duration(d.rng.ExpFloat64() * float64(d.day()/12))
		m := map[string]any{"status": status}
		maps.Copy(m, key)
		if with != "" {
			m[with] = what
		}
		d.add(at, s, opStatus, m)
	}
	if d.rng.IntN(16) == 0 {
		step(api.StatusCancelled, "", nil)
		return
	}
	step(api.StatusPaid, "", nil)
	if d.rng.IntN(20) == 0 {
		step(api.StatusCancelled, "", nil)
		return
	}
	date := func() string { return d.date(at) }
	step(api.StatusInvoiced, "invoice", map[string]any{
		"accessKey": d.accessKey(at), "number": strconv.Itoa(d.sales), "series": "1", "date": date(),
	})
	if at < d.day() {
		step(api.StatusShipped, "tracking", map[string]any{
			"number": fmt.Sprintf("BR%09dBR", d.rng.IntN(1e9)), "carrier": "Correios", "shippedDate": date(),
		})
	}
	if at < d.day() {
		step(api.StatusDelivered, "tracking", map[string]any{"deliveredDate": date()})
	}
}

// date is a moment of the day as an ERP in Brazil writes it.
func (d *day) date(at time.Duration) string {
	return d.at(at).In(time.FixedZone("", -3*60*60)).Format("2006-01-02T15:04:05-07:00")
}

// order is a sale of up to four lines.
func (d *day) order(s *shop, channel, id string, at time.Duration) map[string]any {
	var items []map[string]any
	cents := 0
	for range 1 + d.rng.IntN(4) {
		amount, unit := 1+d.rng.IntN(3), 990+d.rng.IntN(50_000)
		cents += amount * unit
		items = append(items, map[string]any{
			"sku": map[string]any{"partnerId": code(s, d.sku(s))}, "amount": amount,
			"unit": money(unit), "gross": money(amount * unit), "total": money(amount * unit),
		})
	}
	return map[string]any{
		"marketPlace": channel, "marketPlaceId": id, "marketPlaceNumber": id, "partnerId": "P" + id,
		"createdAt": d.date(at), "transmissionStatus": "OK", "status": api.StatusPending, "marketPlaceStatus": "new",
		"gross": money(cents), "total": money(cents + 1490), "freight": "14.90",
		"buyer": d.buyer(), "items": items,
	}
}

// buyer is somebody who does not exist.
func (d *day) buyer() map[string]any {
	name := []string{"Ana", "Bruno", "Carla", "Davi", "Elisa"}[d.rng.IntN(5)] + " " + []string{"Souza", "Lima", "Rocha"}[d.rng.IntN(3)]
	return map[string]any{
		"name": name, "documentType": "CPF", "document": d.cpf(), "phone": "44999990000",
		"email": strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@example.com",
	}
}

func money(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

// accessKey is the key of an NF-e: state, month, company, model, series,
// number, form, code, and a check digit.
func (d *day) accessKey(at time.Duration) string {
	company := checked(checked(fmt.Sprintf("%08d0001", d.rng.IntN(1e8)), 9), 9)
	return checked("41"+d.at(at).Format("0601")+company+"55"+"001"+fmt.Sprintf("%09d1%08d", d.sales, d.rng.IntN(1e8)), 9)
}

// cpf is the number of a buyer who does not exist.
func (d *day) cpf() string {
	return checked(checked(fmt.Sprintf("%09d", d.rng.IntN(1e9)), 11), 11)
}

// checked appends the check digit of Brazilian documents: modulo 11, with
// weights that rise from 2 on the right to highest and begin again.
func checked(digits string, highest int) string {
	sum := 0
	for i := range len(digits) {
		sum += int(digits[len(digits)-1-i]-'0') * (2 + i%(highest-1))
	}
	if r := sum % 11; r >= 2 {
		return digits + strconv.Itoa(11-r)
	}
	return digits + "0"
}
