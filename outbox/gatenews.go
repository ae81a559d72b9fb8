package outbox

import (
	"fmt"
	"time"
)

// changed grows with every change that may open or close something, or that
// is worth keeping. It takes no lock.
func (g *gate) changed() uint64 { return g.version.Load() }

// subject is what a change is about. Empty labels are hosts and accounts like
// any other, so they cannot say it.
type subject uint8

const (
	subjectAll subject = iota + 1
	subjectHost
	subjectAccount
)

// gateChange is one opening or closing. A closed gate whose reason changed is
// told again.
type gateChange struct {
	at            time.Time
	subject       subject
	host, account string
	open          bool
	reason        string // why it closed; for an opening, why it had been closed
}

// changes hands out the openings and closings since the last call, in order.
func (g *gate) changes() []gateChange {
	g.mu.Lock()
	defer g.mu.Unlock()
	news := g.news
	g.news = nil
	return news
}

func (g *gate) emitLocked(c gateChange) {
	g.news = append(g.news, c)
	g.version.Add(1)
}

// announceHostLocked compares what closes the host with what was said last.
// An opening restarts the pace of its accounts and has the suspended ones
// probed.
func (g *gate) announceHostLocked(now time.Time, h *hostGate) {
	why := causeNone
	switch {
	case h.window.holding:
		why = causeWindow
	case h.breaker.tripped:
		why = causeBreaker
	case h.retryUntil.After(now):
		why = causeHostRetry
	}
	if why == h.why {
		return
	}
	c := gateChange{at: now, subject: subjectHost, host: h.name, open: why == causeNone}
	if c.open {
		c.reason = openedReason(h.why)
		for _, a := range h.users {
			a.pace.restart(now)
			if s := &a.suspension; s.on && g.o.canary {
				s.next = now
			}
		}
	} else {
		c.reason = g.sentenceLocked(now, why, h, nil)
	}
	g.noteChangeLocked(c, h.why, why, h.window.w)
	h.why = why
	g.emitLocked(c)
}

func (g *gate) announceAccountLocked(now time.Time, a *accountGate) {
	why := causeNone
	switch {
	case a.pausing.on:
		why = causePaused
	case a.suspension.on:
		why = causeSuspended
	case a.throttle.until.After(now):
		why = causeAccountRetry
	}
	if why == a.why {
		return
	}
	c := gateChange{at: now, subject: subjectAccount, account: a.name, open: why == causeNone}
	if c.open {
		c.reason = openedReason(a.why)
	} else {
		c.reason = g.sentenceLocked(now, why, nil, a)
	}
	g.noteChangeLocked(c, a.why, why, Window{})
	a.why = why
	g.emitLocked(c)
}

// closedErrorLocked writes the sentence of a closure.
func (g *gate) closedErrorLocked(now time.Time, h *hostGate, a *accountGate, c closure) *ClosedError {
	return &ClosedError{Host: h.name, Account: a.name, Reason: g.sentenceLocked(now, c.why, h, a), Until: c.until}
}

// sentenceLocked says why and until when, in one sentence that is true at now.
// What the cause is not about may be nil.
func (g *gate) sentenceLocked(now time.Time, why cause, h *hostGate, a *accountGate) string {
	switch why {
	case causePausedAll:
		return "all accounts are paused by an operator" + becauseOf(g.pausing.reason)
	case causePaused:
		return label("account", a.name) + " is paused by an operator" + becauseOf(a.pausing.reason)
	case causeSuspended:
		return label("account", a.name) + " is suspended: its credential was refused, " + g.suspensionNextLocked(now, a)
	case causeWindow:
		w := h.window.w
		if now.Before(w.End) {
			return fmt.Sprintf("maintenance window %q until %s", w.Name, utc(w.End))
		}
		return fmt.Sprintf("maintenance window %q was planned to end at %s, waiting for the first successful canary", w.Name, utc(w.End))
	case causeBreaker:
		s := fmt.Sprintf("%s failed %d calls in a row, ", label("host", h.name), breakerFailures)
		if h.breaker.testing {
			return s + "one call is testing it now"
		}
		return s + nextProbe(now, h.breaker.until, h.canary.out != nil)
	case causeHostRetry:
		return fmt.Sprintf("%s asked to wait (Retry-After), until %s", label("host", h.name), utc(h.retryUntil))
	case causeAccountRetry:
		if a.throttle.named {
			return fmt.Sprintf("%s called too fast and was asked to wait (Retry-After), until %s", label("account", a.name), utc(a.throttle.until))
		}
		return fmt.Sprintf("%s called too fast and waits until %s", label("account", a.name), utc(a.throttle.until))
	default:
		return ""
	}
}

func (g *gate) suspensionNextLocked(now time.Time, a *accountGate) string {
	s := &a.suspension
	if g.o.canary && !s.probing && s.probeHost(now, a) == nil {
		return "next probe once its host may be called"
	}
	return nextProbe(now, s.next, s.probing)
}

func nextProbe(now, next time.Time, out bool) string {
	switch {
	case out:
		return "a probe is under way"
	case next.After(now):
		return "next probe at " + utc(next)
	default:
		return "its next probe is due"
	}
}

func openedReason(was cause) string {
	switch was {
	case causePausedAll, causePaused:
		return "an operator resumed it"
	case causeSuspended:
		return "its credential was accepted or replaced"
	case causeWindow:
		return "the maintenance window is over"
	case causeBreaker:
		return "it answers again"
	default:
		return "the time that it was to wait is over"
	}
}

// label names a host or an account; the empty label has no name to show.
func label(what, name string) string {
	if name == "" {
		return "the " + what
	}
	return what + " " + name
}

func becauseOf(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

func utc(t time.Time) string { return t.UTC().Format(time.RFC3339) }
