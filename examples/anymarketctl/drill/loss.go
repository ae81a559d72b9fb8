package drill

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
)

// loss is what ANYMARKET had acknowledged and lost: it fell back to a moment of
// the day, as one does that comes back from a backup. Meanwhile it has taken
// orders of its own, which the ERP does not know.
type loss struct {
	backup, at time.Time
	// agreed is what both sides have to have in the end: what ANYMARKET had before,
	// and the orders of its own.
	agreed holdings
	// gone is what differed then, and own the orders of its own.
	gone differences
	own  map[target]bool
}

// holdings are the stock and the orders that ANYMARKET has at a moment.
type holdings struct {
	stock  map[target]any
	orders map[target]heldOrder
}

// heldOrder is an order that ANYMARKET has.
type heldOrder struct {
	id                         int64
	marketplace, marketplaceID string
	status                     api.OrderStatus
	takenAt                    time.Time
}

func holdingsOf(s *anymarkettest.Server) holdings {
	h := holdings{stock: stockOf(s), orders: map[target]heldOrder{}}
	for _, a := range s.Accounts() {
		for _, o := range a.Orders() {
			h.orders[orderTarget(a.Name(), o.MarketPlace, o.MarketPlaceID)] = heldOrder{
				id: o.ID, marketplace: o.MarketPlace, marketplaceID: o.MarketPlaceID, status: api.OrderStatus(o.Status), takenAt: o.At,
			}
		}
	}
	return h
}

// stockOf is the stock that ANYMARKET has.
func stockOf(s *anymarkettest.Server) map[target]any {
	out := map[target]any{}
	for _, a := range s.Accounts() {
		for _, row := range a.Stocks() {
			out[stockTarget(a.Name(), row.PartnerID, 0, api.ID(row.Location))] = numbers(map[string]json.Number{
				"quantity": json.Number(row.Quantity), "cost": json.Number(row.Cost), "additionalTime": json.Number(row.AdditionalTime),
			})
		}
	}
	return out
}

// differences are the stock, the orders and the statuses that are not as they
// were.
type differences struct {
	stock, orders, statuses map[target]bool
}

func (d differences) none() bool { return len(d.stock)+len(d.orders)+len(d.statuses) == 0 }

// since tells what of h is not there or is another now.
func (h holdings) since(now holdings) differences {
	d := differences{map[target]bool{}, map[target]bool{}, map[target]bool{}}
	for t, was := range h.stock {
		if is := now.stock[t]; !shows(is, was) || !shows(was, is) {
			d.stock[t] = true
		}
	}
	for t, was := range h.orders {
		switch is, ok := now.orders[t]; {
		case !ok:
			d.orders[t] = true
		case is.status != was.status:
			d.statuses[t] = true
		}
	}
	return d
}

// backupOf is the moment of the backup of an ANYMARKET that has done all this: it
// is so old that the newest of some of the stock and of some of the orders is
// younger.
func backupOf(done []anymarkettest.Effect) time.Time {
	type thing struct{ account, key string }
	type change struct {
		value string
		at    time.Time
	}
	stock, orders := map[thing]change{}, map[thing]change{}
	for _, e := range done {
		newest := stock
		switch e.Kind {
		case anymarkettest.StockSet:
		case anymarkettest.OrderCreated, anymarkettest.OrderChanged:
			newest = orders
		default:
			continue
		}
		at := thing{e.Account, e.Key}
		if e.Request != 0 && newest[at].value != e.Value { // else ANYMARKET had it before
			newest[at] = change{e.Value, e.At}
		}
	}
	backup := time.Now()
	for _, newest := range []map[thing]change{stock, orders} {
		var times []time.Time
		for _, c := range newest {
			times = append(times, c.at)
		}
		slices.SortFunc(times, time.Time.Compare)
		if n := len(times); n > 0 {
			if at := times[n-1-n/lostPart].Add(-1); at.Before(backup) {
				backup = at
			}
		}
	}
	return backup
}

// lostPart: at least one in so many is lost.
const lostPart = 8

// lose makes ANYMARKET fall back, and take orders of some accounts. It returns nil
// if that took nothing away.
func lose(s *anymarkettest.Server, accounts []string, backup time.Time) *loss {
	l := &loss{backup: backup, agreed: holdingsOf(s), own: map[target]bool{}}
	for _, a := range s.Accounts() {
		a.RollBack(l.backup)
	}
	l.at = time.Now()
	if l.gone = l.agreed.since(holdingsOf(s)); l.gone.none() {
		return nil
	}
	for _, account := range accounts {
		s.For(account).AddOrder(ownOrder)
	}
	for t, o := range holdingsOf(s).orders {
		if _, known := l.agreed.orders[t]; !known {
			l.own[t], l.agreed.orders[t] = true, o
		}
	}
	return l
}

// ownOrder came to ANYMARKET from a channel.
const ownOrder = `{"marketPlace":"MERCADO_LIVRE","marketPlaceId":"of its own","status":"PAID_WAITING_SHIP"}`

// known are the orders that the ERP knows.
func (l *loss) known() map[target]heldOrder {
	known := maps.Clone(l.agreed.orders)
	maps.DeleteFunc(known, func(t target, _ heldOrder) bool { return l.own[t] })
	return known
}

// actions are what recheck must say of each order that differs.
func (l *loss) actions() map[target]string {
	out := map[target]string{}
	for action, targets := range map[string]map[target]bool{actionRepush: l.gone.orders, actionAdvance: l.gone.statuses, actionImport: l.own} {
		for t := range targets {
			out[t] = action
		}
	}
	return out
}

// What makes both sides agree about an order, in the words of recheck.
const (
	actionRepush  = "repush"
	actionAdvance = "advance"
	actionImport  = "import"
)

// ids are the orders that there were, by account and id.
func (l *loss) ids() map[string]target {
	out := map[string]target{}
	for t, o := range l.agreed.orders {
		out[orderID(t.account, api.ID(o.id).String())] = t
	}
	return out
}

// live are changes that the ERP makes while what was lost is made good: of some
// of the SKUs whose stock was lost.
func (l *loss) live(truth []record, at func(n int) time.Duration) (ops []*operation, err error) {
	changed := map[target]bool{}
	for _, r := range slices.Backward(truth) {
		if r.op != opStock || r.acked.IsZero() || changed[r.targets[0]] || !l.gone.stock[r.targets[0]] {
			continue
		}
		changed[r.targets[0]] = true
		if len(changed)%liveOf != 1 {
			continue
		}
		o, err := r.withQuantity(liveQuantity + len(ops))
		if err != nil {
			return nil, err
		}
		o.at = at(len(ops))
		ops = append(ops, o)
		if len(ops) == maxLive {
			break
		}
	}
	return ops, nil
}

// Of the SKUs whose stock was lost every third is changed, to a quantity that
// none has else.
const (
	liveOf       = 3
	maxLive      = 80
	liveQuantity = 70_000
)

// withQuantity is the same stock with another quantity.
func (o *operation) withQuantity(quantity int) (*operation, error) {
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(o.line, &members); err != nil {
		return nil, err
	}
	again := map[string]any{"quantity": quantity}
	for _, name := range []string{"op", "account", "partnerId", "id", "stockLocalId"} {
		if v, ok := members[name]; ok {
			again[name] = v
		}
	}
	line, err := json.Marshal(again)
	if err != nil {
		return nil, err
	}
	return parse(line)
}
