package drill

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
)

// Where orders and sales are made, and the beginning of where a sale is moved.
const (
	createRoute = "POST /orders"
	notifyRoute = "POST " + anymarkettest.MarketplacePath + "/orders"
	markRoute   = "PUT " + anymarkettest.MarketplacePath + "/orders/{id}/"
)

func creates(route string) bool { return route == createRoute || route == notifyRoute }

// remote is what ANYMARKET has and has seen.
type remote struct {
	log      []anymarkettest.Request
	carried  [][]carriage // by request
	effects  map[target][]sight
	refusals map[target][]sight
	state    map[target]any
	orders   map[target]int
}

// sight is a value that was seen at a target.
type sight struct {
	at      time.Time
	creates bool // an order or a sale
	value   any
}

// look takes in all that ANYMARKET can tell. Its orders are of one family: it
// plays for an ERP or for a marketplace. What it lost, if it did, is told too.
func look(s *anymarkettest.Server, made family, lost *loss) remote {
	r := remote{
		log: s.Log(), effects: map[target][]sight{}, refusals: map[target][]sight{},
		state: stockOf(s), orders: map[target]int{},
	}
	orders := map[string]target{} // by account and id
	if lost != nil {
		orders = lost.ids()
	}
	for _, a := range s.Accounts() {
		for _, ad := range a.Ads() {
			r.state[adTarget(a.Name(), ad.ID)] = numbers(map[string]json.Number{
				"price": json.Number(ad.Price), "discountPrice": json.Number(ad.Discount),
			})
		}
		for _, o := range a.Orders() {
			t := orderTarget(a.Name(), o.MarketPlace, o.MarketPlaceID)
			if made == familySale {
				t = target{familySale, a.Name(), o.MarketPlaceID}
			}
			r.orders[t]++
			orders[orderID(a.Name(), strconv.FormatInt(o.ID, 10))] = t
		}
	}
	for _, e := range s.Effects() {
		t, ok := changedBy(e, orders)
		if !ok {
			continue
		}
		if value, err := decodeItem(r.log[e.Request-1].Route, []byte(e.Value)); err == nil {
			r.effects[t] = append(r.effects[t], sight{at: e.At, creates: e.Kind == anymarkettest.OrderCreated, value: value})
		}
	}
	for _, q := range r.log {
		items := carried(q, orders)
		r.carried = append(r.carried, items)
		for _, c := range items {
			if c.refused {
				r.refusals[c.target] = append(r.refusals[c.target], c.sight)
			}
		}
	}
	return r
}

// changedBy is the target that an effect of a request changed.
func changedBy(e anymarkettest.Effect, orders map[string]target) (target, bool) {
	if e.Request == 0 {
		return target{}, false // ANYMARKET had it before
	}
	switch e.Kind {
	case anymarkettest.StockSet:
		return target{familyStock, e.Account, e.Key}, true
	case anymarkettest.AdPriceSet:
		return target{familyPrice, e.Account, e.Key}, true
	case anymarkettest.OrderCreated, anymarkettest.OrderChanged:
		t, ok := orders[orderID(e.Account, e.Key)]
		return t, ok
	default:
		return target{}, false
	}
}

func orderID(account, id string) string { return account + "\x00" + id }

// carriage is one item of a request.
type carriage struct {
	target
	sight

	refused bool // by ANYMARKET itself, for good
}

// carried are the items of a write.
func carried(q anymarkettest.Request, orders map[string]target) []carriage {
	var items []json.RawMessage
	switch q.Route {
	case "PUT /stocks", "POST /stocks", "PUT /skus/marketplaces/prices":
		if json.Unmarshal(q.Body, &items) != nil {
			return nil
		}
	case createRoute, notifyRoute, "PUT /orders/{id}":
		items = []json.RawMessage{q.Body}
	default:
		if !strings.HasPrefix(q.Route, markRoute) {
			return nil
		}
		items = []json.RawMessage{q.Body}
	}
	changed := map[target]bool{}
	for _, e := range q.Effects {
		if t, ok := changedBy(e, orders); ok {
			changed[t] = true
		}
	}
	var out []carriage
	for _, item := range items {
		c := carriage{sight: sight{at: q.At, creates: creates(q.Route)}}
		var err error
		if c.value, err = decodeItem(q.Route, item); err != nil {
			continue
		}
		if c.target, err = aim(q, item, orders); err == nil {
			c.refused = refused(q, len(items)) && !changed[c.target]
			out = append(out, c)
		}
	}
	return out
}

// decodeItem reads an item of a request. That of a mark says which one it was.
func decodeItem(route string, item []byte) (map[string]any, error) {
	value, err := decode(item)
	if which, ok := strings.CutPrefix(route, markRoute); ok && err == nil {
		value[markMember] = which
	}
	return value, err
}

// aim finds the target of an item.
func aim(q anymarkettest.Request, item []byte, orders map[string]target) (t target, err error) {
	var s struct {
		ID            api.ID `json:"id"`
		PartnerID     string `json:"partnerId"`
		StockLocalID  api.ID `json:"stockLocalId"`
		Marketplace   string `json:"marketPlace"`
		MarketplaceID string `json:"marketPlaceId"`
	}
	if err := json.Unmarshal(item, &s); err != nil {
		return t, err
	}
	if which, ok := strings.CutPrefix(q.Route, markRoute); ok {
		id := strings.TrimSuffix(strings.TrimPrefix(q.Path, anymarkettest.MarketplacePath+"/orders/"), "/"+which)
		id, err = url.PathUnescape(id)
		return target{familySale, q.Account, id}, err
	}
	switch q.Route {
	case notifyRoute:
		return target{familySale, q.Account, s.MarketplaceID}, nil
	case createRoute:
		return orderTarget(q.Account, s.Marketplace, s.MarketplaceID), nil
	case "PUT /orders/{id}":
		return orders[orderID(q.Account, q.Path[len("/orders/"):])], nil
	case "PUT /skus/marketplaces/prices":
		return adTarget(q.Account, int64(s.ID)), nil
	default:
		return stockTarget(q.Account, s.PartnerID, s.ID, s.StockLocalID), nil
	}
}

// refused says whether ANYMARKET itself refused a request of so many items for
// good. Of a batch that is refused as a whole it does not say which is at fault.
func refused(q anymarkettest.Request, items int) bool {
	if q.Fault != "" || q.AnsweredAt.IsZero() {
		return false
	}
	switch q.Status {
	case http.StatusOK: // items that had no effect
		return q.Route == "PUT /skus/marketplaces/prices"
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity:
		return items == 1
	default:
		return false
	}
}
