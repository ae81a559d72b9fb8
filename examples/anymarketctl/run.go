package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/outbox"
)

func runCommand() *cobra.Command {
	d := new(delivery)
	var untilEmpty bool
	c := &cobra.Command{
		Use:   "run --outbox FILE --base-url URL",
		Short: "Deliver what waits, until interrupted",
		Long: `Deliver what waits, until interrupted. Meanwhile send hands its operations over,
and the commands that look and operate go through this process. An interruption
is its normal end, with exit code 0; with --until-empty the code tells whether
something was refused, or is left waiting.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := d.check(c); err != nil {
				return err
			}
			return deliver(c, d, untilEmpty)
		},
	}
	d.bind(c)
	c.Flags().DurationVar(&d.drain, "drain", 30*time.Second, "how long to wait for calls on the wire at the end")
	c.Flags().BoolVar(&untilEmpty, "until-empty", false, "end when nothing waits but for a person: what is parked, or lacks a token")
	return c
}

// delivered is how run ends.
type delivered struct {
	Delivered uint64 `json:"delivered"` // by this run
	Dead      uint64 `json:"dead"`      // by this run
	Waiting   uint64 `json:"waiting"`
	Parked    uint64 `json:"parked"`

	Suspended []suspension `json:"suspended,omitempty"`
}

func deliver(c *cobra.Command, d *delivery, untilEmpty bool) error {
	ctx, log := c.Context(), newLogger(c)
	var done, dead atomic.Uint64
	d.observer = func(e outbox.Event) {
		switch e.Type {
		case outbox.EventDelivered:
			done.Add(1)
		case outbox.EventDead:
			dead.Add(1)
		default:
		}
	}
	s, err := d.openAlone(ctx, log)
	if err != nil {
		return err
	}
	log.Info("delivering", slog.String("outbox", s.own.Outbox().Path()))
	if untilEmpty {
		err = drain(ctx, s.own.Outbox())
	} else {
		<-ctx.Done()
	}
	stats := s.own.Outbox().Stats()
	moment, cancel := lingering(ctx)
	defer cancel()
	suspended, listErr := suspensions(moment, s.Client, stats.Suspended)
	if err := errors.Join(err, listErr, s.Close()); err != nil {
		return err
	}
	out := delivered{Delivered: done.Load(), Dead: dead.Load(), Waiting: stats.Waiting, Parked: stats.Parked, Suspended: suspended}
	if err := out.print(c); err != nil {
		return err
	}
	switch {
	case !untilEmpty:
		return nil // it did what it was for; how all stands is told by status
	case len(out.Suspended) > 0:
		return &exit.Error{Code: exit.Alarm}
	case out.Dead > 0:
		return &exit.Error{Code: exit.Refused}
	case out.Waiting > 0:
		return &exit.Error{Code: exit.Waiting}
	default:
		return nil
	}
}

// drain waits until nothing waits but for a person: what is parked, or is of an
// account that needs another token. What is left after an interruption is no
// error.
func drain(ctx context.Context, o *outbox.Outbox) error {
	ctx, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	defer func() {
		stop()
		watch.Wait()
	}()
	watch.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if onlySuspended(o) {
				stop()
			}
		}
	})
	err := o.Drain(ctx)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// onlySuspended says whether accounts are suspended and nothing else is left to
// deliver.
func onlySuspended(o *outbox.Outbox) bool {
	s := o.Stats()
	if len(s.Suspended) == 0 || s.InFlight > 0 || s.InDoubt > 0 {
		return false
	}
	for r, err := range o.Waiting() {
		if err != nil || r.State == outbox.Waiting && !slices.Contains(s.Suspended, r.Account) {
			return false
		}
	}
	return true
}

func (d delivered) print(c *cobra.Command) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), d)
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "%d delivered, %d refused by ANYMARKET, %d left waiting, %d of them for a person\n",
		d.Delivered, d.Dead, d.Waiting, d.Parked)
	for _, s := range d.Suspended {
		if err == nil {
			_, err = fmt.Fprintln(c.OutOrStdout(), s)
		}
	}
	return err
}
