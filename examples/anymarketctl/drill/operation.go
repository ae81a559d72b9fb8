package drill

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
)

// The operations of send.
const (
	opStock  = "stock.set"
	opPrice  = "price.set"
	opCreate = "order.create"
	opStatus = "order.status"
	opNotify = "sale.notify"
	opMark   = "sale.mark"
)

// operation is one line of the ERP, and what it must bring about.
type operation struct {
	at   time.Duration // into the day
	line []byte

	op      string
	account string
	// lane is what the newest of wins, or what keeps its order, in the client.
	lane string
	// want is what the effect must show, as decoded JSON.
	want map[string]any
	// targets are what it changes in ANYMARKET. One that names a price by SKU
	// and marketplace changes all ads there; they are known once ANYMARKET is
	// set up.
	targets []target

	said said
}

// family is what sort of thing a target is.
type family string

const (
	familyStock family = "stock"
	familyPrice family = "price"
	familyOrder family = "order"
	familySale  family = "sale"
)

// inOrder says whether all counts, in its order, and not only the newest.
func (f family) inOrder() bool { return f == familyOrder || f == familySale }

// target is one thing that ANYMARKET has.
type target struct {
	family  family
	account string
	name    string // SKU@location, the ad, marketplace/id of the order, or id of the sale
}

// said is an operation as it is written.
type said struct {
	Op      string `json:"op"`
	Account string `json:"account"`

	PartnerID      string      `json:"partnerId"`
	ID             api.ID      `json:"id"`
	StockLocalID   api.ID      `json:"stockLocalId"`
	Quantity       api.Decimal `json:"quantity"`
	Cost           api.Decimal `json:"cost"`
	AdditionalTime api.Decimal `json:"additionalTime"`

	Ad            api.ID      `json:"ad"`
	Marketplace   string      `json:"marketplace"`
	Price         api.Decimal `json:"price"`
	DiscountPrice api.Decimal `json:"discountPrice"`

	Order         *api.NewOrder   `json:"order"`
	MarketplaceID string          `json:"marketPlaceId"`
	Status        api.OrderStatus `json:"status"`
	CancelDetails string          `json:"cancelDetails"`

	Sale *marketplace.NewSale `json:"sale"`
	marks
}

// The order of an id and the SKU of one get names of our own in ANYMARKET.
const ownMarketplace = "ECOMMERCE"

func orderOf(id api.ID) string { return "order-" + id.String() }
func skuOf(id api.ID) string   { return "sku-" + id.String() }

// parse reads a line. An error says that the client must refuse it as well.
func parse(line []byte) (*operation, error) {
	o := &operation{line: line}
	d := json.NewDecoder(bytes.NewReader(line))
	if err := d.Decode(&o.said); err != nil {
		return o, err
	}
	s := &o.said
	o.op, o.account = s.Op, s.Account
	switch s.Op {
	case opStock:
		return o, o.stock()
	case opPrice:
		return o, o.price()
	case opCreate:
		if s.Order == nil {
			return o, fmt.Errorf("order is missing")
		}
		return o, o.order(s.Order.Marketplace, s.Order.MarketplaceID, s.Order)
	case opStatus:
		update, err := o.update()
		if err != nil {
			return o, err
		}
		if s.ID != 0 {
			return o, o.order(ownMarketplace, orderOf(s.ID), update)
		}
		return o, o.order(s.Marketplace, s.MarketplaceID, update)
	case opNotify:
		if s.Sale == nil {
			return o, fmt.Errorf("sale is missing")
		}
		return o, o.sale(s.Sale.MarketplaceID, s.Sale)
	case opMark:
		content, err := s.mark(string(s.Status))
		if err != nil {
			return o, err
		}
		return o, o.sale(s.MarketplaceID, content)
	default:
		return o, fmt.Errorf("unknown operation %q", s.Op)
	}
}

func (o *operation) stock() error {
	s := o.said
	if s.PartnerID == "" && s.ID == 0 || !s.Quantity.IsSet() {
		return fmt.Errorf("partnerId or quantity is missing")
	}
	t := stockTarget(o.account, s.PartnerID, s.ID, s.StockLocalID)
	o.lane, o.targets = t.name, []target{t}
	o.want = numbers(map[string]json.Number{
		"quantity": text(s.Quantity), "cost": text(s.Cost), "additionalTime": text(s.AdditionalTime),
	})
	return nil
}

func (o *operation) price() error {
	s := o.said
	if !s.Price.IsSet() || !s.DiscountPrice.IsSet() {
		return fmt.Errorf("price or discountPrice is missing")
	}
	o.want = numbers(map[string]json.Number{"price": text(s.Price), "discountPrice": text(s.DiscountPrice)})
	switch {
	case s.Ad != 0:
		o.lane = s.Ad.String()
		o.targets = []target{adTarget(o.account, int64(s.Ad))}
	case s.PartnerID != "" && s.Marketplace != "":
		o.lane = strings.ToUpper(s.Marketplace) + "/" + s.PartnerID
	default:
		return fmt.Errorf("ad, or partnerId and marketplace, is missing")
	}
	return nil
}

// update is what a step says. Its parts are read as leniently as the client
// reads them: a number may be text, and text a number.
func (o *operation) update() (api.OrderUpdate, error) {
	var parts api.Order
	err := json.Unmarshal(o.line, &parts)
	return api.OrderUpdate{
		Status: o.said.Status, CancelDetails: o.said.CancelDetails,
		Invoice: parts.Invoice, Tracking: parts.Tracking, Metadata: parts.Metadata,
	}, err
}

func orderTarget(account, marketplace, id string) target {
	return target{familyOrder, account, strings.ToUpper(marketplace) + "/" + id}
}

// stockTarget names a SKU by its code or its id, and a location or the default
// one.
func stockTarget(account, code string, id, location api.ID) target {
	if id != 0 {
		code = skuOf(id)
	}
	if location == 0 {
		location = 1
	}
	return target{familyStock, account, code + "@" + location.String()}
}

func adTarget(account string, ad int64) target {
	return target{familyPrice, account, strconv.FormatInt(ad, 10)}
}

func (o *operation) order(marketplace, id string, content any) error {
	if marketplace == "" || id == "" {
		return fmt.Errorf("the key of the order is missing")
	}
	t := orderTarget(o.account, marketplace, id)
	o.lane, o.targets = t.name, []target{t}
	body, err := json.Marshal(content) // what the client knows of it
	if err != nil {
		return err
	}
	o.want, err = decode(body)
	if order, ok := content.(*api.NewOrder); ok && err == nil {
		o.want["marketPlace"] = strings.ToUpper(order.Marketplace)
	}
	return err
}

// key is what a step names its order by.
func (o *operation) key() string {
	if o.said.ID != 0 {
		return o.said.ID.String()
	}
	return o.lane
}

// creates says whether it makes an order or a sale.
func (o *operation) creates() bool { return o.op == opCreate || o.op == opNotify }

// ofMarketplace says whether it is one of a marketplace, which has a client of
// its own.
func (o *operation) ofMarketplace() bool { return strings.HasPrefix(o.said.Op, "sale.") }

// text is the number, empty if there is none.
func text(d api.Decimal) json.Number { return json.Number(d.String()) }

// numbers are the members that are given.
func numbers(given map[string]json.Number) map[string]any {
	out := map[string]any{}
	for name, n := range given {
		if n != "" {
			out[name] = n
		}
	}
	return out
}
