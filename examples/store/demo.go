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
	"time"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
)

// The demonstration: an outage of a second and a half that nobody announced
// stands for one of hours, and all other times are as short.
const (
	outageAfter = 700 * time.Millisecond
	outageFor   = 1500 * time.Millisecond
	demoSales   = 12
	refusedSale = 3 // ANYMARKET refuses it
	changedSale = 5 // it is sold once more, with another total
	// In life each invoice has its own.
	demoAccessKey = "35240712345678000195550010000001231000001230"
)

// runDemo plays a shop through an outage.
func runDemo(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "store-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// 201: this ANYMARKET would take an order twice if it were sent twice.
	s := anymarkettest.New(anymarkettest.Options{Latency: 20 * time.Millisecond, Outage: anymarkettest.BadGateway, Duplicate: 201, Script: refuse})
	defer func() { err = errors.Join(err, s.Close()) }()
	url, err := s.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	say(out, "no ANYMARKET_TOKEN is set: a fake ANYMARKET is on %s", url)
	s.MaintenanceAt(time.Now().Add(outageAfter), outageFor)

	path := filepath.Join(dir, "sales.ndjson")
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	// It sells until the trade has ended, so that the last event counts.
	selling, cancel := context.WithCancel(context.WithoutCancel(ctx))
	trading := make(chan error, 1)
	go func() {
		defer cancel()
		trading <- errors.Join(trade(ctx, file), file.Close())
	}()
	shop := shop{
		config: anymarket.Config{
			Outbox: filepath.Join(dir, "anymarket.db"), BaseURL: url, Token: s.Token(),
			StartRate: 20, MaxRate: 50, CanaryInterval: 100 * time.Millisecond, MinBackoff: 50 * time.Millisecond,
			LateApply: 200 * time.Millisecond, LookupLag: 100 * time.Millisecond,
		},
		journal: journal(path), every: 20 * time.Millisecond, checkout: 100 * time.Millisecond, patience: 10 * time.Second, out: out,
	}
	err = shop.run(selling)
	if err := errors.Join(err, <-trading); err != nil {
		return err
	}
	return compare(s, out)
}

func refuse(r anymarkettest.Request) (anymarkettest.Fault, bool) {
	if r.Route != "POST /orders" || !strings.Contains(string(r.Body), saleID(refusedSale)) {
		return anymarkettest.Fault{}, false
	}
	return anymarkettest.Fault{Status: 422, Body: `{"code":"422","message":"the SKU is not for sale"}`}, true
}

func saleID(n int) string { return fmt.Sprintf("SALE-%03d", n) }

// trade writes the shop's journal, an event in a tenth of a second.
func trade(ctx context.Context, w io.Writer) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var events []event
	for n := 1; n <= demoSales; n++ {
		sold := demoOrder(n)
		events = append(events, event{Order: &sold})
		if n == changedSale {
			changed := sold
			changed.Total = anymarket.Qty(1)
			events = append(events, event{Order: &changed})
		}
		events = append(events,
			event{Sale: sold.MarketplaceID, Step: &api.OrderUpdate{Status: api.StatusPaid}},
			event{Sale: sold.MarketplaceID, Step: &api.OrderUpdate{Status: api.StatusInvoiced, Invoice: &api.Invoice{
				AccessKey: demoAccessKey, Number: fmt.Sprint(n), Series: "1", Date: api.At(time.Now()),
			}}},
		)
	}
	for _, e := range events {
		if err := json.NewEncoder(w).Encode(e); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

func demoOrder(n int) api.NewOrder {
	id, price := saleID(n), anymarket.Qty(int64(10*n))
	return api.NewOrder{
		Marketplace: marketplace, MarketplaceID: id, MarketplaceNumber: id, CreatedAt: api.At(time.Now()),
		Status: api.StatusPending, TransmissionStatus: api.TransmissionOK, MarketplaceStatus: "new", Total: price,
		Buyer: api.Buyer{Name: "Ana", DocumentType: "CPF", Document: "12345678909", Email: "ana@example.com", Phone: "11999999999"},
		Items: []api.OrderItem{{
			SKU: api.OrderSKU{PartnerID: "SKU-1", Title: "Shirt"}, Product: api.ProductRef{Title: "Shirt"},
			Amount: api.Qty(1), Unit: price, Gross: price, Total: price, Shippings: api.ItemShippings{{ShippingType: "PAC"}},
		}},
	}
}

// compare holds what ANYMARKET has against what was sold.
func compare(s *anymarkettest.Server, out io.Writer) error {
	var wrong []error
	found := map[string]int{}
	for _, o := range s.Orders() {
		found[o.MarketPlaceID]++
		if o.Status != string(api.StatusInvoiced) {
			wrong = append(wrong, fmt.Errorf("%s is %s in ANYMARKET, not invoiced", o.MarketPlaceID, o.Status))
		}
	}
	for n := 1; n <= demoSales; n++ {
		want := 1
		if n == refusedSale {
			want = 0
		}
		if found[saleID(n)] != want {
			wrong = append(wrong, fmt.Errorf("%s is %d times in ANYMARKET, not %d", saleID(n), found[saleID(n)], want))
		}
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	say(out, "ANYMARKET has each of %d orders once, paid and invoiced", len(found))
	return nil
}
