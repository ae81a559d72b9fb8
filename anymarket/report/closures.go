package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

// Closure is a time during which the gate was closed.
type Closure struct {
	From time.Time `json:"from"`
	// To is zero while it is closed.
	To      time.Time        `json:"to,omitzero"`
	Scope   outbox.GateScope `json:"scope"`
	Host    string           `json:"host,omitempty"`
	Account string           `json:"account,omitempty"`
	Cause   outbox.GateCause `json:"cause"`
	Reason  string           `json:"reason"`
	// Window is the one that closed it, if one did.
	Window outbox.Window `json:"window,omitzero"`
}

// place is what is opened and closed by itself. Delivery can stop while all
// accounts are paused, so the two are places of their own.
type place struct {
	scope         outbox.GateScope
	host, account string
	run           bool
}

// closuresOf makes closures of changes, in their order; those that touch the
// range are cut to it.
func closuresOf(changes []outbox.GateChange, from, to time.Time) []Closure {
	open := map[place]Closure{}
	closures := []Closure{}
	end := func(at place, when time.Time) {
		if c, ok := open[at]; ok {
			c.To = when
			delete(open, at)
			closures = append(closures, c)
		}
	}
	for _, g := range changes {
		at := place{g.Scope, g.Host, g.Account, g.Cause == outbox.CauseRun}
		if g.Cause == outbox.CauseRun && g.Open {
			// What had closed it is over but pauses, see outbox.CauseRun.
			for other, c := range open {
				if c.Cause != outbox.CausePause {
					end(other, g.At)
				}
			}
			continue
		}
		end(at, g.At) // one that closes for another reason begins anew
		if !g.Open {
			open[at] = Closure{
				From: g.At.UTC(), Scope: g.Scope, Host: g.Host, Account: g.Account,
				Cause: g.Cause, Reason: g.Reason, Window: g.Window,
			}
		}
	}
	for _, c := range open {
		closures = append(closures, c)
	}
	closures = slices.DeleteFunc(closures, func(c Closure) bool {
		return !c.From.Before(to) || !c.To.IsZero() && !c.To.After(from)
	})
	for i := range closures {
		c := &closures[i]
		if c.From.Before(from) {
			c.From = from
		}
		if c.To = c.To.UTC(); c.To.After(to) {
			c.To = to
		}
	}
	slices.SortFunc(closures, func(a, b Closure) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Cause, b.Cause))
	})
	return closures
}

// closedFor is for how long of the range some host, or all, could not be called.
func closedFor(closures []Closure, from, to time.Time) (closed time.Duration) {
	covered := from
	for _, c := range closures { // by their beginning
		if c.Scope == outbox.GateAccount {
			continue
		}
		start, end := c.From, c.To
		if end.IsZero() || end.After(to) {
			end = to
		}
		if start.Before(covered) {
			start = covered
		}
		if end.After(start) {
			closed += end.Sub(start)
			covered = end
		}
	}
	return closed
}
