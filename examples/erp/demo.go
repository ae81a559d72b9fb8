package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

// The demonstration: a maintenance of two seconds stands for one of four hours,
// and all other times are as short.
const (
	length    = 2 * time.Second
	afterward = time.Second
	demoSKUs  = 12
)

// runDemo plays the ERP of two sellers through a maintenance.
func runDemo(ctx context.Context, logger *slog.Logger, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "erp-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := anymarkettest.New(anymarkettest.Options{Latency: 20 * time.Millisecond})
	defer func() { err = errors.Join(err, s.Close()) }()
	url, err := s.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	say(out, "no %s is set: a fake ANYMARKET is on %s", tokenVariable, url)

	calendar, end, err := announce(s, filepath.Join(dir, "windows.json"))
	if err != nil {
		return err
	}
	shops := newDemoShops(s, filepath.Join(dir, "stock.csv"))
	if err := shops.export(); err != nil {
		return err
	}
	f := follower{
		config: anymarket.Config{
			Outbox: filepath.Join(dir, "anymarket.db"), BaseURL: url, Windows: calendar,
			Tokens:    func(_ context.Context, account string) (string, error) { return s.For(account).Token(), nil },
			StartRate: 20, MaxRate: 50, CanaryInterval: 100 * time.Millisecond, Stale: 500 * time.Millisecond,
		},
		erp: sheet(shops.path), every: 50 * time.Millisecond, patience: 10 * time.Second, log: logger, out: out,
	}
	// It follows until the trade has ended, so that the last change counts.
	following, cancel := context.WithCancel(context.WithoutCancel(ctx))
	trading := make(chan error, 1)
	go func() {
		defer cancel()
		trading <- shops.trade(ctx, end.Add(afterward))
	}()
	err = f.run(following)
	if err := errors.Join(err, <-trading); err != nil {
		return err
	}
	return shops.compare(out)
}

// announce plans a maintenance that begins in a moment, and announces it.
func announce(s *anymarkettest.Server, path string) (*maintenance.Calendar, time.Time, error) {
	start := time.Now().Truncate(time.Second).Add(2 * time.Second)
	end := start.Add(length)
	s.MaintenanceAt(start, length)
	if _, err := maintenance.NewFile(path).Add(maintenance.Spec{Name: "announced", Start: start, End: end}); err != nil {
		return nil, time.Time{}, err
	}
	calendar, err := maintenance.FromFile(path)
	return calendar, end, err
}

// demoShops is the truth of two sellers.
type demoShops struct {
	s      *anymarkettest.Server
	path   string
	levels map[target]level
}

type level struct {
	quantity int
	cents    int // of the price
	ad       int64
}

func (l level) price() string { return fmt.Sprintf("%d.%02d", l.cents/100, l.cents%100) }

func newDemoShops(s *anymarkettest.Server, path string) *demoShops {
	d := &demoShops{s: s, path: path, levels: map[target]level{}}
	for _, account := range []string{"shop", "outlet"} {
		for i := range demoSKUs {
			at := target{account, "SKU-" + strconv.Itoa(i+1), "AMAZON"}
			ad := s.For(account).AddAd(anymarkettest.Ad{PartnerID: at.sku, Marketplace: at.marketplace})
			d.levels[at] = level{quantity: 100, cents: 9990, ad: ad}
		}
	}
	return d
}

// trade sells and reprices until a moment, or until ctx ends.
func (d *demoShops) trade(ctx context.Context, until time.Time) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for time.Now().Before(until) {
		for at, l := range d.levels { // in random order
			l.quantity = max(0, l.quantity-rand.IntN(3))
			if rand.IntN(4) == 0 {
				l.cents += rand.IntN(100)
			}
			d.levels[at] = l
			break
		}
		if err := d.export(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	return nil
}

// export replaces the sheet.
func (d *demoShops) export() error {
	f, err := os.Create(d.path + ".new")
	if err != nil {
		return err
	}
	records := [][]string{header()}
	for at, l := range d.levels {
		records = append(records, []string{at.account, at.sku, strconv.Itoa(l.quantity), at.marketplace, l.price(), l.price()})
	}
	if err := errors.Join(csv.NewWriter(f).WriteAll(records), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), d.path)
}

// compare holds what ANYMARKET has against the truth.
func (d *demoShops) compare(out io.Writer) error {
	var wrong []error
	for at, l := range d.levels {
		a := d.s.For(at.account)
		if stock, _ := a.Stock(at.sku, 0); stock.Quantity != strconv.Itoa(l.quantity) {
			wrong = append(wrong, fmt.Errorf("%s of %s: ANYMARKET has stock %q, the ERP %d", at.sku, at.account, stock.Quantity, l.quantity))
		}
		if ad, _ := a.Price(l.ad); ad.Price != l.price() {
			wrong = append(wrong, fmt.Errorf("%s of %s: ANYMARKET has price %q, the ERP %s", at.sku, at.account, ad.Price, l.price()))
		}
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	say(out, "ANYMARKET has what the ERP has: %d stocks and prices", len(d.levels))
	return nil
}
