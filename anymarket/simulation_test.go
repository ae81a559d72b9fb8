package anymarket_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/simulation"
)

var plan = simulation.Flags()

// An ERP with three accounts sets stock and prices, makes orders and moves them,
// while everything goes wrong that may, see package simulation.
func TestSimulation(t *testing.T) {
	play(t, plan, 4, 32, func(_ *testing.T, s *simulation.Simulation) simulation.Program { return newShop(s, nil).program() })
}

// maker makes a program for a simulation.
type maker = func(*testing.T, *simulation.Simulation) simulation.Program

// play plays the seeds of the plan with a program, in storms of so many acts.
func play(t *testing.T, plan *simulation.Plan, storms, acts int, program maker) {
	t.Helper()
	t.Parallel()
	tally := simulation.NewTally()
	t.Cleanup(func() {
		t.Logf("from seed %d: %s", plan.First, tally)
		require.NoError(t, tally.Close(plan, "anymarket"))
	})
	for _, seed := range plan.Seeds() {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			wrong, log := simulate(t, seed, storms, acts, tally, program)
			if len(wrong) > 0 {
				t.Log(strings.Join(log, "\n"))
			}
			require.Empty(t, wrong, "seed %d", seed)
		})
	}
}

// simulate plays a seed.
func simulate(t *testing.T, seed uint64, storms, acts int, tally *simulation.Tally, program maker) (wrong, log []string) {
	t.Helper()
	rng := simulation.Rand(seed)
	world := simulation.World(rng)
	anymarkettest.RunWith(t, world, func(t *testing.T, server *anymarkettest.Server) {
		s, err := simulation.New(rng, world, server, t.TempDir(), synctest.Wait)
		require.NoError(t, err)
		wrong, log = s.Run(t.Context(), program(t, s), storms, acts, tally)
	})
	return wrong, log
}

// Outside of the model the simulation finds orders that are there twice, so it
// would find them inside.
func TestSimulationOutsideTheModel(t *testing.T) {
	t.Parallel()
	const first, last = 6, 60 // the first finds one as things are
	for seed := uint64(first); seed <= last; seed++ {
		wrong, _ := simulate(t, seed, 1, 60, simulation.NewTally(), func(_ *testing.T, s *simulation.Simulation) simulation.Program {
			return newShop(s, func(c *anymarket.Config) { c.LateApply, c.LookupLag = time.Millisecond, time.Millisecond }).program()
		})
		if strings.Contains(strings.Join(wrong, "\n"), "is there 2 times") {
			return
		}
	}
	t.Error("no order was there twice")
}

// shop is the program that is simulated.
type shop struct {
	*simulation.Simulation

	config anymarket.Config
	c      *anymarket.Client
	ads    bool               // prices are set by ad, else by SKU and marketplace
	ids    map[string][]int64 // of the ads, by account
	last   int64              // number that was given
}

const (
	skus     = 3 // of each account
	shopMart = "ECOMMERCE"
)

func newShop(s *simulation.Simulation, change func(*anymarket.Config)) *shop {
	p := &shop{Simulation: s, ads: s.Rand.IntN(2) == 0, ids: map[string][]int64{}}
	for _, account := range simulation.Accounts() {
		for n := range skus {
			ad := s.Server.For(account).AddAd(anymarkettest.Ad{PartnerID: skuOf(n), Marketplace: shopMart})
			p.ids[account] = append(p.ids[account], ad)
		}
	}
	p.config = anymarket.Config{
		Outbox: s.Path, Tokens: s.Token, BaseURL: s.Server.URL, Windows: s.Windows, Observer: s.Observe, MaxBatch: simulation.Pick(s.Rand, 0, 2),
	}
	if change != nil {
		change(&p.config)
	}
	return p
}

func skuOf(n int) string { return fmt.Sprint("SKU-", n) }

func (p *shop) program() simulation.Program {
	return simulation.Program{
		Start: p.start, Act: p.act, Wrong: p.wrong,
		Routes: []string{"POST /orders", "POST /orders", "GET /orders", "PUT /orders/{id}", "GET /orders/{id}", "PUT /stocks", "PUT /skus/marketplaces/prices"},
	}
}

func (p *shop) start(ctx context.Context) (simulation.Client, error) {
	config := p.config
	config.Transport = p.Wire()
	c, err := anymarket.Open(ctx, config)
	p.c = c
	return c, err
}

func (p *shop) wrong(settled bool) (wrong []string) {
	for _, account := range simulation.Accounts() {
		a := p.Server.For(account)
		wrong = append(wrong, p.Orders.Wrong(a, settled)...)
		for _, o := range a.Orders() {
			for _, step := range p.Orders.Moved(account, o.MarketPlaceID) {
				if settled && step == string(api.StatusInvoiced) && string(a.Fiscal()[o.ID]) != nfe {
					wrong = append(wrong, fmt.Sprintf("order %s of %s has no document", o.MarketPlaceID, account))
				}
			}
		}
	}
	return wrong
}

type do = func(ctx context.Context) (stored int, err error)

func (p *shop) act() do {
	account := simulation.Pick(p.Rand, simulation.Accounts()...)
	switch n := p.Rand.IntN(16); {
	case n < 5:
		return p.setStock(account)
	case n < 8:
		return p.setPrice(account)
	case n < 11:
		return p.create(account)
	default:
		return p.move(account)
	}
}

// one is the act of storing one entry.
func one(store func(context.Context) (anymarket.Receipt, error)) do {
	return func(ctx context.Context) (int, error) {
		r, err := store(ctx)
		if err != nil || r.Duplicate {
			return 0, err
		}
		return 1, nil
	}
}

// number is one that was not there before.
func (p *shop) number() int64 { p.last++; return p.last }

// setStock sets the stock of some SKUs, one in eight of them sold out.
func (p *shop) setStock(account string) do {
	var all []anymarket.Stock
	var targets []simulation.Target
	for n := range skus {
		if n > 0 && p.Rand.IntN(2) == 0 {
			continue
		}
		stock := anymarket.Stock{PartnerID: skuOf(n), Quantity: anymarket.Qty(p.number())}
		if p.Rand.IntN(8) == 0 {
			stock.Quantity = anymarket.Qty(0)
		}
		fields := simulation.Fields{"quantity": stock.Quantity.String()}
		if p.Rand.IntN(3) == 0 {
			stock.Cost = anymarket.Qty(p.number())
			fields["cost"] = stock.Cost.String()
		}
		if p.Rand.IntN(3) == 0 {
			stock.AdditionalTime = api.Int(int(p.number()))
			fields["additionalTime"] = fmt.Sprint(*stock.AdditionalTime)
		}
		target := simulation.StockOf(account, stock.PartnerID)
		p.Values.Say(target, fields)
		all, targets = append(all, stock), append(targets, target)
	}
	return func(ctx context.Context) (int, error) {
		receipts, err := p.c.For(account).Stock.SetAll(ctx, all)
		for i, r := range receipts {
			p.Values.Stored(targets[i], r.ID())
		}
		return len(receipts), err
	}
}

func (p *shop) setPrice(account string) do {
	n := p.Rand.IntN(skus)
	price := anymarket.Price{Price: anymarket.Qty(1_000_000 + p.number()), DiscountPrice: anymarket.Qty(p.number())}
	if p.ads {
		price.Ad = anymarket.ID(p.ids[account][n])
	} else {
		price.PartnerID, price.Marketplace = skuOf(n), shopMart
	}
	target := simulation.PriceOf(account, p.ids[account][n])
	p.Values.Say(target, simulation.Fields{"price": price.Price.String(), "discountPrice": price.DiscountPrice.String()})
	return one(func(ctx context.Context) (anymarket.Receipt, error) {
		r, err := p.c.For(account).Prices.Set(ctx, price)
		if err == nil {
			p.Values.Stored(target, r.ID())
		}
		return r, err
	})
}

// create makes an order, or one that is there already.
func (p *shop) create(account string) do {
	made := p.Orders.Made(account)
	id := fmt.Sprint("S-", len(made)) // the same numbers for all accounts
	if len(made) > 0 && p.Rand.IntN(5) == 0 {
		id = simulation.Pick(p.Rand, made...)
	} else {
		p.Orders.Make(account, id)
	}
	o := order(id)
	o.CreatedAt = api.At(time.Date(2000, 1, 1, 0, len(id), 0, 0, time.UTC)) // the same each time
	return one(func(ctx context.Context) (anymarket.Receipt, error) { return p.c.For(account).Orders.Create(ctx, o) })
}

// move stores the next step of an order, its document or its cancellation.
func (p *shop) move(account string) do {
	made := p.Orders.Made(account)
	if len(made) == 0 {
		return p.create(account)
	}
	id := simulation.Pick(p.Rand, made...)
	updates := []api.OrderUpdate{
		{Status: api.StatusPaid},
		invoiced(accessKey),
		{Status: api.StatusShipped, Tracking: &api.Tracking{Number: "BR1", Carrier: "C", ShippedDate: api.At(time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC))}},
		{Status: api.StatusDelivered, Tracking: &api.Tracking{DeliveredDate: api.At(time.Date(2000, 1, 3, 0, 0, 0, 0, time.UTC))}},
		{Status: api.StatusCancelled},
	}
	last := len(updates) - 1
	moved := p.Orders.Moved(account, id)
	n := len(moved)
	if n >= last || n > 0 && moved[n-1] == string(updates[last].Status) {
		return p.create(account)
	}
	if p.Rand.IntN(10) == 0 {
		n = last
	}
	p.Orders.Move(account, id, string(updates[n].Status))
	key := anymarket.OrderKey{Marketplace: shopMart, MarketplaceID: id}
	return func(ctx context.Context) (int, error) {
		orders := p.c.For(account).Orders
		if _, err := orders.SetStatus(ctx, key, updates[n]); err != nil {
			return 0, err
		}
		if updates[n].Status != api.StatusInvoiced {
			return 1, nil
		}
		if _, err := orders.SendInvoiceXML(ctx, key, []byte(nfe)); err != nil {
			return 1, err
		}
		return 2, nil
	}
}
