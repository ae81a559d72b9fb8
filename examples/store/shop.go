package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// shop tells ANYMARKET of its sales.
type shop struct {
	config   anymarket.Config
	journal  journal
	every    time.Duration // how often it looks at the journal
	checkout time.Duration // how long a buyer waits to hear that the order arrived
	patience time.Duration // for what is open when it ends
	out      io.Writer

	c *anymarket.Client
	// A shop keeps these in its own tables: after a restart a receipt is rebuilt
	// from its id.
	open      []opened        // what has no end yet
	takenBack map[string]bool // sales that ended as refused
}

type opened struct {
	what   string
	id     outbox.ID
	parked bool
}

// run sells until ctx ends.
func (s *shop) run(ctx context.Context) error {
	s.takenBack = map[string]bool{}
	done, err := s.journal.handled()
	if err != nil {
		return err
	}
	if s.c, err = anymarket.Open(ctx, s.config); err != nil {
		return err
	}
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for ctx.Err() == nil {
		s.look(ctx)
		if done, err = s.handOver(ctx, done); err != nil {
			break
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.patience)
	defer cancel()
	if err == nil {
		_, err = s.handOver(ending, done)
	}
	s.finish(ending)
	err = errors.Join(err, s.c.Shutdown(ending))
	stats := s.c.Outbox().Stats()
	say(s.out, "accepted %d = delivered %d + refused %d + taken back %d + waiting %d",
		stats.Accepted, stats.Delivered, stats.Dead, stats.Cancelled, stats.Waiting)
	return err
}

// finish waits until all has ended but what waits for a decision, or ctx ends.
func (s *shop) finish(ctx context.Context) {
	for {
		drained := s.c.Outbox().Drain(ctx) == nil
		before := len(s.open)
		s.look(ctx)
		if !drained || len(s.open) == before {
			return
		}
		// What was taken back may have let something else go on.
	}
}

// handOver accepts the events after the first done ones, and returns how many
// are done now. An error says that the journal is wrong.
func (s *shop) handOver(ctx context.Context, done int) (int, error) {
	events, wrong := s.journal.after(done)
	for _, e := range events {
		var err error
		if e.Order != nil {
			err = s.sell(ctx, *e.Order)
		} else {
			err = s.step(ctx, e.Sale, *e.Step)
		}
		var invalid *api.FieldError
		switch {
		case errors.As(err, &invalid):
			s.say("event %d can never be right: %v", done+1, err)
		case err != nil: // say the disk is full, or ctx ended
			s.say("event %d is left for the next time: %v", done+1, err)
			return done, nil
		}
		done++
		if err := s.journal.handle(done); err != nil {
			s.say("event %d may be handed over again: %v", done, err)
		}
	}
	return done, wrong
}

// marketplace of all sales of a store in ANYMARKET.
const marketplace = "ECOMMERCE"

// sell stores an order and waits a moment for its delivery, as a buyer would.
func (s *shop) sell(ctx context.Context, order api.NewOrder) error {
	r, err := s.c.Orders.Create(ctx, order)
	var conflict *outbox.ConflictError
	if errors.As(err, &conflict) {
		s.say("%s was sold before, with another %v: that stands, this does not", order.MarketplaceID, conflict.Fields)
		return nil
	}
	if err != nil {
		return err
	}
	o := opened{what: order.MarketplaceID, id: r.ID()}
	atCheckout, cancel := context.WithTimeout(ctx, s.checkout)
	defer cancel()
	if err := r.Wait(atCheckout); errors.Is(err, context.DeadlineExceeded) {
		s.say("%s is safe on disk, and goes when ANYMARKET can take it", o.what)
	}
	if !s.ended(ctx, &o) {
		s.open = append(s.open, o)
	}
	return nil
}

// step stores what happened to a sale. It goes after the order itself.
func (s *shop) step(ctx context.Context, sale string, step api.OrderUpdate) error {
	if s.takenBack[sale] {
		s.say("%s %s: was taken back before", sale, step.Status)
		return nil
	}
	r, err := s.c.Orders.SetStatus(ctx, anymarket.OrderKey{Marketplace: marketplace, MarketplaceID: sale}, step)
	if err != nil {
		return err
	}
	s.open = append(s.open, opened{what: fmt.Sprint(sale, " ", step.Status), id: r.ID()})
	return nil
}

// look takes out of open what has come to its end.
func (s *shop) look(ctx context.Context) {
	var open []opened
	for _, o := range s.open {
		if !s.ended(ctx, &o) {
			open = append(open, o)
		}
	}
	s.open = open
}

// ended says what has become of an entry, and does what a shop does about it.
// It is false while that is not known.
func (s *shop) ended(ctx context.Context, o *opened) bool {
	receipt := s.c.Receipt(o.id)
	if state, err := receipt.State(); err == nil && state == outbox.Waiting {
		return false
	}
	ctx = context.WithoutCancel(ctx) // it waits for nothing
	err := receipt.Wait(ctx)
	var (
		dead      *outbox.DeadError
		parked    *outbox.ParkedError
		cancelled *outbox.CancelledError
	)
	switch {
	case err == nil:
		s.say("%s: ANYMARKET has it", o.what)
		return true
	case errors.As(err, &dead):
		// A person could correct it with Edit, or let it be tried again with
		// Requeue. This shop takes the sale back, and the steps go with it.
		s.say("%s: ANYMARKET refuses it, so it is taken back: %s", o.what, dead.Reason)
		if err := s.c.Outbox().Discard(ctx, dead.ID, "the shop took it back"); err != nil {
			s.say("%s: %v", o.what, err)
			return false
		}
		s.takenBack[o.what] = true
		return true
	case errors.As(err, &cancelled):
		s.say("%s: taken back", o.what)
		return true
	case errors.As(err, &parked) && !o.parked:
		// It goes on by itself when what it waits for does, or when a person
		// decides: Requeue, Edit or Discard.
		s.say("%s: waits for a decision: %s", o.what, parked.Reason)
		o.parked = true
	}
	return false
}

func (s *shop) say(format string, args ...any) { say(s.out, format, args...) }
