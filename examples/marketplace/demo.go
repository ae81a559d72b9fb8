package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
)

// The demonstration: a maintenance of two seconds stands for one of four hours,
// and all other times are as short.
const (
	length    = 2 * time.Second
	saleEvery = 200 * time.Millisecond
	demoSales = 15
)

// runDemo plays the sales of three sellers through a maintenance, against a
// fake that takes a sale twice if it is sent twice.
func runDemo(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "marketplace-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := anymarkettest.New(anymarkettest.Options{Duplicate: 201, Latency: 20 * time.Millisecond})
	defer func() { err = errors.Join(err, s.Close()) }()
	address, err := s.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	say(out, "no ANYMARKET_APP_ID is set: a fake ANYMARKET is on %s", address)

	start := time.Now().Add(time.Second)
	s.MaintenanceAt(start, length)
	windows, err := maintenance.New(maintenance.Window{Name: "announced", Start: start, End: start.Add(length)})
	if err != nil {
		return err
	}
	// The second sale is taken, and its answer lost.
	s.Fail(anymarkettest.Fault{}, anymarkettest.Fault{Route: "POST " + anymarkettest.MarketplacePath + "/orders", Mode: anymarkettest.Reset, Applied: true})
	config := marketplace.Config{
		Outbox: filepath.Join(dir, "sales.db"), AppID: s.AppID(), Windows: windows,
		BaseURL:   strings.TrimSuffix(address, "/v2") + anymarkettest.MarketplacePath,
		Tokens:    func(_ context.Context, seller string) (string, error) { return s.For(seller).Token(), nil },
		StartRate: 20, MaxRate: 50, CanaryInterval: 100 * time.Millisecond,
		LateApply: 300 * time.Millisecond, LookupLag: 100 * time.Millisecond,
	}
	events, written := io.Pipe()
	var trading sync.WaitGroup
	trading.Go(func() { written.CloseWithError(trade(ctx, written)) })
	defer trading.Wait()
	defer func() { _ = events.Close() }() // ends the trade if nobody follows any more
	if err := deliver(ctx, config, events, out); err != nil {
		return err
	}
	return compare(s, out)
}

func sellers() []string { return []string{"ana", "bia", "caio"} }

// trade writes what happens: sales, and that they are shipped.
func trade(ctx context.Context, w io.Writer) error {
	lines := json.NewEncoder(w)
	for n := range demoSales {
		seller, id := sellers()[n%len(sellers())], fmt.Sprintf("S-%d", n/len(sellers())+1)
		for _, e := range []event{
			{Seller: seller, Sold: demoSale(id)},
			{Seller: seller, Sale: id, Shipped: &marketplace.Shipped{ShippedDate: api.At(time.Now()), Number: "BR" + id, Carrier: "Correios"}},
		} {
			if err := lines.Encode(e); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil // an end as any other
		case <-time.After(saleEvery):
		}
	}
	return nil
}

func demoSale(id string) *marketplace.NewSale {
	price := api.Qty(90)
	return &marketplace.NewSale{
		MarketplaceID: id, MarketplaceNumber: id, CreatedAt: api.At(time.Now()),
		Status: marketplace.StatusPaid, MarketplaceStatus: "pago",
		ProductNet: price, Freight: api.Qty(10), Total: api.Qty(100),
		Buyer:    api.Buyer{Name: "Fulana", DocumentType: "CPF", Document: "00000000191"},
		Payments: []api.Payment{{Method: "PIX", Value: api.Qty(100)}},
		Items:    []marketplace.Item{{SKU: api.OrderSKU{PartnerID: "AD-1"}, Amount: api.Qty(1), Unit: price, Gross: price, Total: price}},
	}
}

// compare says whether ANYMARKET has each sale once, and shipped.
func compare(s *anymarkettest.Server, out io.Writer) error {
	shipped := map[string]int{}
	for _, seller := range sellers() {
		for _, o := range s.For(seller).Orders() {
			if o.Status == "PAID_WAITING_DELIVERY" {
				shipped[seller+" "+o.MarketPlaceID]++
			}
		}
	}
	for sale, times := range shipped {
		if times != 1 {
			return fmt.Errorf("sale %s is there %d times", sale, times)
		}
	}
	say(out, "ANYMARKET has %d of %d sales, each once and shipped", len(shipped), demoSales)
	return nil
}
