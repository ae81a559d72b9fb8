package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

const (
	skus        = 5000
	changeEvery = 5 * time.Millisecond
	orderEvery  = 2 * time.Second
	sampleEvery = 5 * time.Second
	settleIn    = 2 * time.Minute // what waits at the end of the load
)

func sku(i int) string { return fmt.Sprintf("SKU-%04d", i) }

// client is the program that is soaked.
type client struct {
	settings
	stock map[string]int64 // that was accepted last
	took  []time.Duration  // by the accepts since the last sample
	end   end
	out   *json.Encoder
}

// load makes changes and orders for a while, each from one place, and says now
// and then what that took.
func load(ctx context.Context, s settings) error {
	c := &client{settings: s, stock: map[string]int64{}, out: json.NewEncoder(os.Stdout)}
	for until := time.Now().Add(s.length); time.Now().Before(until); {
		if err := c.life(ctx, until); err != nil {
			return err
		}
		c.end.Restarts++
	}
	c.end.Stock = c.stock
	return c.out.Encode(map[string]end{"end": c.end})
}

// life is the time from one start of the client to the next, or to the end.
func (c *client) life(ctx context.Context, until time.Time) (err error) {
	const rate = 40
	a, err := anymarket.Open(ctx, anymarket.Config{
		Outbox: c.outbox, BaseURL: c.url, Token: c.token, MaxRate: rate, CanaryInterval: 2 * time.Second,
		LateApply: 10 * time.Second, LookupLag: 2 * time.Second,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }() //nolint:contextcheck // closing is not to be given up
	changes, orders, samples := time.NewTicker(changeEvery), time.NewTicker(orderEvery), time.NewTicker(sampleEvery)
	defer changes.Stop()
	defer orders.Stop()
	defer samples.Stop()
	over := time.NewTimer(min(c.restart, time.Until(until)))
	defer over.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changes.C:
			err = c.change(ctx, a)
		case <-orders.C:
			err = c.order(ctx, a)
		case <-samples.C:
			err = c.measure(a)
		case <-over.C:
			if time.Now().Before(until) {
				return nil
			}
			settling, cancel := context.WithTimeout(ctx, settleIn)
			defer cancel()
			return a.Outbox().Drain(settling)
		}
		if err != nil {
			return err
		}
	}
}

func (c *client) change(ctx context.Context, a *anymarket.Client) error {
	key, n := sku(rand.IntN(skus)), int64(c.end.Changes) //nolint:gosec // chance, no secret
	start := time.Now()
	if _, err := a.Stock.Set(ctx, anymarket.Stock{PartnerID: key, Quantity: anymarket.Qty(n)}); err != nil {
		return err
	}
	c.took = append(c.took, time.Since(start))
	c.stock[key] = n
	c.end.Changes++
	return nil
}

// order makes a sale that is paid at once.
func (c *client) order(ctx context.Context, a *anymarket.Client) error {
	id := fmt.Sprintf("S-%06d", len(c.end.Orders))
	price := api.Qty(10)
	_, err := a.Orders.Create(ctx, api.NewOrder{
		Marketplace: "ECOMMERCE", MarketplaceID: id, MarketplaceNumber: id, CreatedAt: api.Time{Time: time.Now()},
		Status: api.StatusPaid, TransmissionStatus: api.TransmissionOK, MarketplaceStatus: "paid", Total: price,
		Buyer: api.Buyer{Name: "Maria", Email: "maria@example.com", Document: "52998224725", DocumentType: "CPF", Phone: "4433221100"},
		Items: []api.OrderItem{{
			Product: api.ProductRef{Title: "Cadeira"}, SKU: api.OrderSKU{PartnerID: sku(0), Title: "Cadeira azul"},
			Amount: api.Qty(1), Unit: price, Gross: price, Total: price, Shippings: api.ItemShippings{{ShippingType: "PAC"}},
		}},
		Payments: []api.Payment{{Method: "PIX", Value: price, Installments: 1}},
	})
	if err == nil {
		c.end.Orders = append(c.end.Orders, id)
	}
	return err
}

// measure says a sample.
func (c *client) measure(a *anymarket.Client) error {
	slices.Sort(c.took)
	s := sample{Stats: a.Outbox().Stats(), Goroutines: runtime.NumGoroutine()}
	if n := len(c.took); n > 0 {
		s.Accept, s.SlowAccept = c.took[n/2], c.took[n*99/100]
	}
	c.took = c.took[:0]
	m := memory()
	s.Heap = m.HeapAlloc
	return c.out.Encode(map[string]sample{"sample": s})
}

// memory is what is in use after a collection.
func memory() (m runtime.MemStats) {
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m
}

// sample is a moment of the client.
type sample struct {
	outbox.Stats
	Heap               uint64
	Goroutines         int
	Accept, SlowAccept time.Duration // half of the accepts since the sample before took no longer, and 99 of 100
}

func (s sample) String() string {
	return fmt.Sprintf("heap %5.1f MiB  goroutines %3d  waiting %5d  dead %d  file %6.1f MiB  of history %6.1f MiB  accept %s, p99 %s",
		mib(s.Heap), s.Goroutines, s.Waiting, s.Dead, mib(s.FileBytes), mib(s.HistoryBytes), s.Accept.Round(time.Microsecond), s.SlowAccept.Round(time.Microsecond))
}

func mib[T uint64 | int64](n T) float64 { return float64(n) / (1 << 20) }

// end is what the client knows in the end.
type end struct {
	Changes, Restarts int
	Orders            []string
	Stock             map[string]int64
}
