package main

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/outbox"
)

// follower keeps ANYMARKET in step with the ERP.
type follower struct {
	config   anymarket.Config
	erp      sheet
	every    time.Duration // how often it looks for changes
	patience time.Duration // for what waits when it ends
	log      *slog.Logger
	out      io.Writer

	// done is what was handed over, by what it is about. It is lost when the
	// program ends, and then all rows are handed over again: they are values, so
	// that harms nothing.
	done map[target]string
	// longest is the longest time that a value waited for its delivery.
	longest time.Duration
}

// target is what a value is about: a stock, or with a marketplace a price.
type target struct{ account, sku, marketplace string }

// run follows until ctx ends.
func (f *follower) run(ctx context.Context) error {
	f.done = map[target]string{}
	f.config.Observer = f.observe
	f.config.RefreshStock = f.refresh
	c, err := anymarket.Open(ctx, f.config)
	if err != nil {
		return err
	}
	tick := time.NewTicker(f.every)
	defer tick.Stop()
	for ctx.Err() == nil {
		f.handOver(ctx, c)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.patience)
	defer cancel()
	f.handOver(ending, c)
	if err := c.Outbox().Drain(ending); err != nil {
		f.log.Info("the rest goes when this program runs again", slog.String("outbox", f.config.Outbox))
	}
	err = c.Shutdown(ending)
	s := c.Outbox().Stats()
	say(f.out, "accepted %d = delivered %d + superseded by a newer value %d + refused %d + discarded %d + waiting %d",
		s.Accepted, s.Delivered, s.Superseded, s.Dead, s.Cancelled, s.Waiting)
	say(f.out, "%d calls; a value waited %s at most", s.Calls, f.longest.Round(time.Millisecond))
	return err
}

// handOver accepts what has changed. What cannot be accepted now, say since the
// disk is full, is tried again the next time.
func (f *follower) handOver(ctx context.Context, c *anymarket.Client) {
	rows, err := f.erp.rows()
	if err != nil {
		f.log.Warn("the sheet is left for the next time", slog.Any("err", err))
		return
	}
	for _, r := range rows {
		shop := c.For(r.account)
		f.once(ctx, target{r.account, r.sku, ""}, r.quantity.String(), func() (anymarket.Receipt, error) {
			return shop.Stock.Set(ctx, anymarket.Stock{PartnerID: r.sku, Quantity: r.quantity})
		})
		if r.marketplace == "" {
			continue
		}
		f.once(ctx, target{r.account, r.sku, r.marketplace}, r.price.String()+" "+r.discountPrice.String(), func() (anymarket.Receipt, error) {
			return shop.Prices.Set(ctx, anymarket.Price{PartnerID: r.sku, Marketplace: r.marketplace, Price: r.price, DiscountPrice: r.discountPrice})
		})
	}
}

// once sets a value unless it was handed over already. When set returns it is
// on disk; when it is delivered is not this program's concern.
func (f *follower) once(ctx context.Context, about target, value string, set func() (anymarket.Receipt, error)) {
	if f.done[about] == value {
		return
	}
	r, err := set()
	log := f.log.With(slog.String("account", about.account), slog.String("sku", about.sku))
	switch {
	case err == nil:
		f.done[about] = value
		for _, warning := range r.Warnings {
			log.Warn("ANYMARKET may refuse this", slog.String("warning", warning))
		}
	case ctx.Err() == nil:
		log.Warn("not accepted", slog.Any("err", err))
	}
}

// refresh gives the stock as of now of what waited long. A SKU that the sheet
// does not have any more keeps the value that waits.
func (f *follower) refresh(_ context.Context, account string, items []anymarket.Stock) ([]anymarket.Stock, error) {
	rows, err := f.erp.rows()
	if err != nil {
		return nil, err
	}
	now := map[string]anymarket.Decimal{}
	for _, r := range rows {
		if r.account == account {
			now[r.sku] = r.quantity
		}
	}
	fresh := make([]anymarket.Stock, len(items))
	for i, item := range items {
		fresh[i] = anymarket.Stock{PartnerID: item.PartnerID, Quantity: now[item.PartnerID]}
	}
	return fresh, nil
}

// observe logs what a person may want to know. It is called by one goroutine
// at a time.
func (f *follower) observe(e outbox.Event) {
	log := f.log.With(slog.String("account", e.Account), slog.String("reason", e.Reason))
	switch e.Type {
	case outbox.EventDelivered:
		f.longest = max(f.longest, e.At.Sub(e.Entry.AcceptedAt))
	case outbox.EventGateClosed:
		log.Info("calls are held")
	case outbox.EventGateOpened:
		log.Info("calls may go")
	case outbox.EventAlarmCleared:
		log.Info("the alarm is over")
	case outbox.EventDead:
		log.Error("refused for good: correct the row, and the new value takes its place", slog.String("id", e.ID.String()))
	case outbox.EventParked, outbox.EventTrouble, outbox.EventAlarmRaised:
		log.Warn("please look", slog.String("event", e.Type.String()))
	default:
	}
}
