package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// ending is how send ends.
type ending struct {
	Accepted   int    `json:"accepted"` // duplicates included
	Duplicates int    `json:"duplicates"`
	Refused    int    `json:"refused"`  // when they were to be accepted
	Unstored   int    `json:"unstored"` // or perhaps stored
	Dead       int    `json:"dead"`     // of those accepted
	Waiting    uint64 `json:"waiting"`  // in the whole outbox
	Parked     uint64 `json:"parked"`   // of them
	// Gates says why calls do not go.
	Gates     []string     `json:"gates,omitempty"`
	Suspended []suspension `json:"suspended,omitempty"`
}

// finish waits for delivery, for at most --drain, and looks how all stands.
func (s *sender) finish(ctx context.Context) (ending, error) {
	status, err := s.drain(ctx, time.Now().Add(s.delivery.drain))
	if err != nil {
		return ending{}, err
	}
	e := ending{
		Accepted: s.stored, Duplicates: s.duplicates, Refused: s.refused, Unstored: s.unstored,
		Waiting: status.Waiting, Parked: status.Parked,
	}
	for _, g := range status.Gates {
		if !g.Open && !slices.Contains(e.Gates, g.Reason) {
			e.Gates = append(e.Gates, g.Reason)
		}
	}
	ctx, cancel := lingering(ctx)
	defer cancel()
	if e.Suspended, err = suspensions(ctx, s.session.Client, status.Suspended); err != nil {
		return e, err
	}
	if status.Dead > 0 {
		for dead, err := range s.session.List(ctx, admin.Filter{State: outbox.Dead.String()}) {
			if err != nil {
				return e, err
			}
			if s.accepted.has(dead.ID) {
				e.Dead++
			}
		}
	}
	return e, nil
}

// drain waits until nothing waits but what is parked.
func (s *sender) drain(ctx context.Context, deadline time.Time) (admin.Status, error) {
	if s.session.own != nil {
		draining, cancel := context.WithDeadline(ctx, deadline)
		defer cancel()
		drained := s.session.own.Outbox().Drain(draining) == nil
		status, err := s.status(ctx)
		if drained {
			status.Waiting = status.Parked // what others handed over since is theirs to wait for
		}
		return status, err
	}
	for {
		status, err := s.status(ctx)
		switch {
		case err == nil && (status.Waiting == status.Parked || !time.Now().Before(deadline)):
			return status, nil
		case ctx.Err() != nil:
			return status, err
		case err == nil:
			select {
			case <-ctx.Done():
			case <-time.After(pollInterval):
			}
		default:
			err := s.reconnect(ctx, err)
			switch {
			case errors.Is(err, errNoToken): // all is stored; somebody else has to deliver it
				if s.session, err = s.delivery.look(ctx, s.log); err != nil {
					return status, err
				}
				return s.status(ctx)
			case err != nil:
				return status, err
			case s.session.own != nil:
				return s.drain(ctx, deadline)
			}
		}
	}
}

func (s *sender) status(ctx context.Context) (admin.Status, error) {
	ctx, cancel := lingering(ctx)
	defer cancel()
	return s.session.Status(ctx)
}

func (e ending) print(c *cobra.Command) error {
	if asJSON(c) {
		return printJSON(c.ErrOrStderr(), e)
	}
	words := []string{fmt.Sprintf("%d accepted", e.Accepted)}
	add := func(n uint64, format string) {
		if n > 0 {
			words = append(words, fmt.Sprintf(format, n))
		}
	}
	add(uint64(e.Duplicates), "%d of them accepted before")
	add(uint64(e.Refused), "%d refused")
	add(uint64(e.Unstored), "%d not accepted, or not known to be")
	add(uint64(e.Dead), "%d refused by ANYMARKET (list --state dead)")
	add(e.Waiting, "%d left waiting")
	add(e.Parked, "%d of them for a person (list --state parked)")
	lines := []string{strings.Join(words, ", ")}
	for _, reason := range e.Gates {
		lines = append(lines, printable(reason))
	}
	for _, s := range e.Suspended {
		lines = append(lines, s.String())
	}
	_, err := fmt.Fprintln(c.ErrOrStderr(), strings.Join(lines, "\n"))
	return err
}

// verdict is the exit code.
func (e ending) verdict() error {
	switch {
	case e.Unstored > 0:
		return &exit.Error{Code: exit.Failed}
	case len(e.Suspended) > 0:
		return &exit.Error{Code: exit.Alarm}
	case e.Refused > 0 || e.Dead > 0:
		return &exit.Error{Code: exit.Refused}
	case e.Waiting > 0:
		return &exit.Error{Code: exit.Waiting}
	default:
		return nil
	}
}

// idRuns is a set of ids that mostly follow each other.
type idRuns []struct{ first, last uint64 }

func (r *idRuns) add(id outbox.ID) {
	n := id.Sequence()
	if i := len(*r) - 1; i >= 0 && (*r)[i].last+1 == n {
		(*r)[i].last = n
		return
	}
	*r = append(*r, struct{ first, last uint64 }{n, n})
}

func (r idRuns) has(id outbox.ID) bool {
	n := id.Sequence()
	for _, run := range r {
		if run.first <= n && n <= run.last {
			return true
		}
	}
	return false
}
