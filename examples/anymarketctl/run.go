package main

import (
	"errors"
	"fmt"
	"log/slog"
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
	c.Flags().BoolVar(&untilEmpty, "until-empty", false, "end when nothing waits but what is parked")
	return c
}

// delivered is how run ends.
type delivered struct {
	Delivered uint64 `json:"delivered"` // by this run
	Dead      uint64 `json:"dead"`      // by this run
	Waiting   uint64 `json:"waiting"`
	Parked    uint64 `json:"parked"`
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
	s, err := d.open(ctx, log)
	if err != nil {
		return err
	}
	log.Info("delivering", slog.String("outbox", s.own.Outbox().Path()))
	if untilEmpty {
		err = s.own.Outbox().Drain(ctx)
		if ctx.Err() != nil {
			err = nil // interrupted: what is left is told below
		}
	} else {
		<-ctx.Done()
	}
	stats := s.own.Outbox().Stats()
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	out := delivered{Delivered: done.Load(), Dead: dead.Load(), Waiting: stats.Waiting, Parked: stats.Parked}
	if err := out.print(c); err != nil {
		return err
	}
	switch {
	case !untilEmpty:
		return nil // it did what it was for; how all stands is told by status
	case out.Dead > 0:
		return &exit.Error{Code: exit.Refused}
	case out.Waiting > 0:
		return &exit.Error{Code: exit.Waiting}
	default:
		return nil
	}
}

func (d delivered) print(c *cobra.Command) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), d)
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "%d delivered, %d refused by ANYMARKET, %d left waiting, %d of them for a person\n",
		d.Delivered, d.Dead, d.Waiting, d.Parked)
	return err
}
