package drill

import (
	"encoding/json"
	"strings"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
)

// prepare makes ANYMARKET have what the operations name: a seller registers
// SKUs and ads before, and orders of channels are there when the ERP moves them
// on. It also finds the ads of prices that name none.
func prepare(s *anymarkettest.Server, ops []*operation) {
	w := world{s: s, ads: map[string][]int64{}, here: map[string]bool{}}
	for _, o := range ops { // names of the user's own come first, so that none is taken
		w.named(o)
	}
	for _, o := range ops {
		if o.op == opPrice && o.said.Ad == 0 {
			for _, ad := range w.adsOf(o) {
				o.targets = append(o.targets, adTarget(o.account, ad))
			}
		}
	}
	made := map[target]bool{}
	for _, o := range ops {
		if o.creates() {
			made[o.targets[0]] = true
		}
	}
	for _, o := range ops {
		switch {
		case o.op == opStatus && o.said.ID == 0 && !made[o.targets[0]]:
			w.order(o, 0, strings.ToUpper(o.said.Marketplace), o.said.MarketplaceID)
		case o.op == opMark && !made[o.targets[0]]:
			w.order(o, 0, s.Marketplace(), o.said.MarketplaceID)
		}
	}
}

type world struct {
	s    *anymarkettest.Server
	ads  map[string][]int64 // by account and lane
	here map[string]bool
}

// once says whether something of an account is to be made now.
func (w *world) once(o *operation, what string) bool {
	key := o.account + "\x00" + what
	was := w.here[key]
	w.here[key] = true
	return !was
}

// named makes what an operation names by an id.
func (w *world) named(o *operation) {
	a := w.s.For(o.account)
	switch {
	case o.op == opStock && o.said.ID != 0 && w.once(o, "sku "+o.said.ID.String()):
		a.AddSKU(anymarkettest.SKU{ID: int64(o.said.ID), PartnerID: skuOf(o.said.ID)})
	case o.op == opPrice && o.said.Ad != 0 && w.once(o, "ad "+o.said.Ad.String()):
		a.AddAd(anymarkettest.Ad{ID: int64(o.said.Ad), PartnerID: "ad-" + o.said.Ad.String(), Marketplace: ownMarketplace})
	case o.op == opStatus && o.said.ID != 0:
		w.order(o, o.said.ID, ownMarketplace, orderOf(o.said.ID))
	}
	if l := o.said.StockLocalID; o.op == opStock && l > 1 && w.once(o, "location "+l.String()) {
		a.AddLocation(anymarkettest.Location{ID: int64(l), Name: "Local " + l.String()})
	}
}

// order makes an order that came from a channel, or a sale that was made known
// before.
func (w *world) order(o *operation, id api.ID, marketplace, marketplaceID string) {
	if !w.once(o, "order "+o.lane) {
		return
	}
	doc := map[string]any{"marketPlace": marketplace, "marketPlaceId": marketplaceID}
	if id != 0 {
		doc["id"] = id
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err) // it is text
	}
	w.s.For(o.account).AddOrder(string(text))
}

// adsOf are the ads of a SKU in a marketplace: one, and of some SKUs two.
func (w *world) adsOf(o *operation) []int64 {
	key := o.account + "\x00" + o.lane
	if w.ads[key] == nil {
		ads := 1
		if len(w.ads)%7 == 0 {
			ads = 2
		}
		for range ads {
			w.ads[key] = append(w.ads[key], w.s.For(o.account).AddAd(anymarkettest.Ad{PartnerID: o.said.PartnerID, Marketplace: strings.ToUpper(o.said.Marketplace)}))
		}
	}
	return w.ads[key]
}
