package drill

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// What an ERP does in a second of the drill, in all accounts together.
const (
	stockPerSecond = 140
	pricePerSecond = 50
	orderPerSecond = 9
	skusPerSecond  = 19 // so that each changes some ten times
)

// shop is one account of the day and how it names things.
type shop struct {
	name     string
	share    float64 // of all that happens
	skus     int
	stock    []int    // by SKU, in pieces
	located  bool     // gives a location with its stock
	byAd     bool     // names prices by ad
	channels []string // its marketplaces
	sales    int      // if it is a seller in a marketplace
}

// day generates what the ERP of some shops does.
type day struct {
	schedule
	rng   *rand.Rand
	shops []*shop
	ops   []*operation
	sales int
}

// newDay is the same day for the same seed and schedule, but for its date.
func newDay(seed uint64, s schedule) ([]*operation, error) {
	d := &day{schedule: s, rng: rng(seed, 1), shops: []*shop{
		{name: "", share: 0.6, byAd: true, channels: []string{"MERCADO_LIVRE", "ECOMMERCE"}},
		{name: "norte", share: 0.25, channels: []string{"SHOPEE", "MAGALU"}},
		{name: "sul", share: 0.15, located: true, channels: []string{"AMAZON"}},
	}}
	seconds := s.day().Seconds()
	for _, shop := range d.shops {
		shop.skus = max(4, int(seconds*skusPerSecond*shop.share))
		shop.stock = make([]int, shop.skus)
		for i := range shop.stock {
			shop.stock[i] = d.rng.IntN(200)
		}
	}
	d.evenly(seconds*stockPerSecond, d.changeStock)
	d.evenly(seconds*pricePerSecond, d.changePrice)
	d.evenly(seconds*orderPerSecond, d.sell)
	slices.SortStableFunc(d.ops, func(a, b *operation) int { return cmp.Compare(a.at, b.at) })
	return d.ops, d.read()
}

// read parses the day as if a user had written it.
func (d *day) read() error {
	for i, o := range d.ops {
		parsed, err := parse(o.line)
		if err != nil {
			return fmt.Errorf("operation %d of the day: %w", i+1, err)
		}
		parsed.at = o.at
		d.ops[i] = parsed
	}
	return nil
}

// evenly lets something happen so many times, over the whole day.
func (d *day) evenly(times float64, happen func(at time.Duration)) {
	for i := range int(times) {
		happen(time.Duration((float64(i) + d.rng.Float64()) / times * float64(d.day())))
	}
}

// shop picks one by its share.
func (d *day) shop() *shop {
	x := d.rng.Float64()
	for _, s := range d.shops {
		if x -= s.share; x < 0 {
			return s
		}
	}
	return d.shops[0]
}

// sku picks one of a shop, the hot ones far more often.
func (d *day) sku(s *shop) int { return int(float64(s.skus) * math.Pow(d.rng.Float64(), 3)) }

func code(s *shop, sku int) string { return fmt.Sprintf("%sSKU-%04d", s.prefix(), sku+1) }

func (s *shop) prefix() string {
	if s.name == "" {
		return ""
	}
	return s.name + "-"
}

// add writes an operation down.
func (d *day) add(at time.Duration, s *shop, op string, members map[string]any) {
	members["op"] = op
	if s.name != "" {
		members["account"] = s.name
	}
	line, err := json.Marshal(members)
	if err != nil {
		panic(err) // it is made of text and numbers
	}
	d.ops = append(d.ops, &operation{at: min(at, d.day()), line: line})
}

// changeStock changes the stock of a SKU.
func (d *day) changeStock(at time.Duration) {
	s := d.shop()
	d.stockOf(at, s, d.sku(s))
}

// stockOf sells some pieces, sells out, or loads again.
func (d *day) stockOf(at time.Duration, s *shop, i int) {
	switch x := d.rng.Float64(); {
	case x < 0.06:
		s.stock[i] = 0
	case x < 0.15 || s.stock[i] == 0:
		s.stock[i] = 20 + d.rng.IntN(300)
	default:
		s.stock[i] -= min(s.stock[i], 1+d.rng.IntN(3))
	}
	m := map[string]any{"partnerId": code(s, i), "quantity": d.number(float64(s.stock[i]), 0)}
	if s.located {
		m["stockLocalId"] = 1 + i%2
	}
	if d.rng.IntN(8) == 0 {
		m["cost"] = d.number(5+d.rng.Float64()*200, 2)
	}
	if d.rng.IntN(12) == 0 {
		m["additionalTime"] = d.rng.IntN(6)
	}
	d.add(at, s, opStock, m)
	if d.rng.IntN(4) == 0 { // one sale brings another
		d.stockOf(at+d.fast(time.Duration(d.rng.Int64N(int64(4*time.Minute)))), s, i)
	}
}

// number is written as a number or as text: both are fine.
func (d *day) number(x float64, decimals int) any {
	text := fmt.Sprintf("%.*f", decimals, x)
	if d.rng.IntN(3) == 0 {
		return text
	}
	return json.Number(text)
}

func (d *day) changePrice(at time.Duration) {
	s := d.shop()
	i := d.sku(s)
	price := 10 + d.rng.Float64()*900
	m := map[string]any{"price": d.number(price, 2), "discountPrice": d.number(price*(0.7+0.3*d.rng.Float64())-0.01, 2)}
	channel := d.rng.IntN(len(s.channels))
	if s.byAd {
		m["ad"] = 1000 + i*len(s.channels) + channel
	} else {
		m["partnerId"], m["marketplace"] = code(s, i), s.channels[channel]
	}
	d.add(at, s, opPrice, m)
}
