package main

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/callback"
)

// sweepFlags say which feeds callback serve sweeps.
type sweepFlags struct {
	direct

	types       []string
	acknowledge bool
	interval    time.Duration
	maxRate     float64
}

func (s *sweepFlags) bind(c *cobra.Command) {
	s.direct.bind(c)
	f := c.Flags()
	f.StringSliceVar(&s.types, "sweep", nil, "`TYPES` whose feeds are swept: order, product, transmission, those that callbacks are registered for")
	f.BoolVar(&s.acknowledge, "acknowledge", false, "take out of the feeds what is in the inbox; not where another program reads them")
	f.DurationVar(&s.interval, "sweep-interval", 15*time.Minute, "time between two sweeps")
	f.Float64Var(&s.maxRate, "max-rate", 1, "the most calls a second of an account")
}

func (s *sweepFlags) check() error {
	switch {
	case len(s.types) > 0 && s.baseURL == "":
		return usage("--sweep wants --base-url")
	case len(s.types) == 0 && s.baseURL != "":
		return usage("--base-url is that for --sweep, which is missing")
	case s.interval <= 0:
		return usage("--sweep-interval: %s, want more than 0", s.interval)
	case !(s.maxRate > 0):
		return usage("--max-rate: %v, want more than 0", s.maxRate)
	default:
		return nil
	}
}

// sweepers are one for each account; end lets their connections go.
func (s *sweepFlags) sweepers(inbox *callback.Receiver, accounts map[string]string, log *slog.Logger) (all []*callback.Sweeper, end func(), err error) {
	if len(s.types) == 0 {
		return nil, func() {}, nil
	}
	var types []callback.Type
	for _, t := range s.types {
		types = append(types, callback.Type(strings.ToUpper(t)))
	}
	client, err := s.clients(log)
	if err != nil {
		return nil, nil, err
	}
	for oi, account := range accounts {
		sweeper, err := callback.NewSweeper(callback.SweeperConfig{
			Receiver: inbox, Feeds: client(account).Feeds(), OI: oi, Types: types, Acknowledge: s.acknowledge,
			Interval: s.interval, MaxRate: s.maxRate, Logger: log.With(slog.String("account", account)),
		})
		if err != nil {
			return nil, nil, usage("--sweep: %w", err)
		}
		all = append(all, sweeper)
	}
	return all, client("").CloseIdleConnections, nil
}

// asUsage makes an error of what the user typed of one about a field.
func asUsage(err error) error {
	if wrong := (*api.FieldError)(nil); errors.As(err, &wrong) {
		return usage("%w", err)
	}
	return err
}
