package outbox

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// gate answers "may we call now, and if not, why and until when" for every
// call, reads included. It is a pure state machine: time comes in as `now`, it
// starts no goroutine and sets no timer, so whoever uses it must ask again at
// the moments it names and whenever [gate.changed] grew.
//
// What closes it, by precedence: an operator's pause, an account's suspension,
// a host's window, its breaker, a Retry-After. Each is a small type of its own;
// the gate composes them and writes the sentence. Safe for concurrent use.
type gate struct {
	o       gateOptions
	version atomic.Uint64

	mu       sync.Mutex // guards everything below, and all types the gate is made of
	hosts    map[string]*hostGate
	order    []*hostGate // hosts as they came, so that probes are fair and repeatable
	accounts map[string]*accountGate
	byName   []*accountGate // the same, sorted, so that what people read is repeatable
	pausing  pauseHold      // of all accounts
	news     []gateChange
	log      gateLog
}

type gateOptions struct {
	canary         bool // there is a canary function
	canaryInterval time.Duration
	// windows returns the window in force; may be nil. It is called outside
	// the gate's mutex.
	windows            func(host string, now time.Time) (Window, bool)
	startRate, maxRate float64
	maxRetryAfter      time.Duration
	probeInterval      time.Duration  // between probes of a suspended account
	random             func() float64 // [0,1), for jitter; defaults to math/rand
}

// hostGate is what the gate knows of one host.
type hostGate struct {
	name       string
	window     windowHold
	breaker    *breaker
	retrySince time.Time // when the host asked to be left alone
	retryUntil time.Time
	odometer   odometer
	wrote      uint64 // writes delivered
	canary     canaryState
	users      []*accountGate    // who calls this host, in turn for canaries
	signs      map[string]uint64 // answers that proved host and credential, by account
	why        cause             // as last announced
}

// accountGate is what the gate knows of one account, on all its hosts.
type accountGate struct {
	name       string
	pausing    pauseHold
	suspension suspension
	throttle   throttle
	pace       *pace
	hosts      []*hostGate
	why        cause // as last announced
}

// pauseHold is an operator's pause; it ends only by the operator.
type pauseHold struct {
	on     bool
	reason string
}

func newGate(o gateOptions, saved gateState, now time.Time) *gate {
	if o.random == nil {
		o.random = rand.Float64
	}
	g := &gate{o: o, hosts: map[string]*hostGate{}, accounts: map[string]*accountGate{}}
	g.restoreLocked(saved, now)
	return g
}

// cause is what closes a gate, in order of precedence.
type cause uint8

const (
	causeNone cause = iota
	causePausedAll
	causePaused
	causeSuspended
	causeWindow
	causeBreaker
	causeHostRetry
	causeAccountRetry
)

// closure gathers all that closes a gate at one moment. The sentence is about
// the first cause by precedence; the times are about all of them together.
type closure struct {
	why cause
	// until is when the last known end is past; zero as soon as the end of one
	// cause is not known, because a promise that leaves it out would be false.
	until time.Time
	// at is when asking again is worth it; zero as soon as one cause ends only
	// with a change.
	at              time.Time
	endless, silent bool
}

func (c *closure) add(why cause, until, at time.Time) {
	if c.why == causeNone {
		c.why = why
	}
	c.endless = c.endless || until.IsZero()
	c.silent = c.silent || at.IsZero()
	if until.After(c.until) {
		c.until = until
	}
	if at.After(c.at) {
		c.at = at
	}
	if c.endless {
		c.until = time.Time{}
	}
	if c.silent {
		c.at = time.Time{}
	}
}

func (g *gate) closureLocked(now time.Time, h *hostGate, a *accountGate) (c closure) {
	if g.pausing.on {
		c.add(causePausedAll, time.Time{}, time.Time{})
	}
	if a.pausing.on {
		c.add(causePaused, time.Time{}, time.Time{})
	}
	if s := &a.suspension; s.on && !s.trialDue(now, g.o.canary) {
		at := s.next
		if g.o.canary || s.probing {
			at = time.Time{} // its probe's answer is the change
		}
		c.add(causeSuspended, time.Time{}, at)
	}
	if h.window.holding {
		until := h.window.until(now)
		c.add(causeWindow, until, until)
	}
	if b := h.breaker; !b.available(now) {
		until, at := b.until, b.until
		if b.testing || !until.After(now) {
			until = time.Time{}
		}
		if g.o.canary || b.testing {
			at = time.Time{} // the answer to the canary or the call is the change
		}
		c.add(causeBreaker, until, at)
	}
	if h.retryUntil.After(now) {
		c.add(causeHostRetry, h.retryUntil, h.retryUntil)
	}
	if a.throttle.until.After(now) {
		c.add(causeAccountRetry, a.throttle.until, a.throttle.until)
	}
	return c
}

// admit takes the right to make one call now. It returns exactly one of: a
// permit; a *ClosedError; or neither and at, when the pace allows the next
// call. A permit must be reported, once.
func (g *gate) admit(now time.Time, host, account string) (p *permit, at time.Time, closed *ClosedError) {
	w, ok := g.window(host, now)
	g.mu.Lock()
	defer g.mu.Unlock()
	h, a := g.pairLocked(host, account)
	g.refreshLocked(now, h, a, w, ok)
	if c := g.closureLocked(now, h, a); c.why != causeNone {
		return nil, time.Time{}, g.closedErrorLocked(now, h, a, c)
	}
	if at := h.readyLocked(now, a); !at.IsZero() {
		return nil, at, nil
	}
	t, err := h.breaker.take()
	if err != nil {
		return nil, now.Add(breakerSettle), nil
	}
	a.pace.take(now)
	p = &permit{g: g, h: h, a: a, ticket: t, epoch: a.suspension.epoch}
	if a.suspension.on {
		a.suspension.probing, p.trial = true, true
	}
	return p, time.Time{}, nil
}

// peek is admit without taking: could a call go now, and if not, when is it
// worth asking again. Zero means that only a change (see [gate.changed]) opens
// it. It does not allocate while the gate is open.
func (g *gate) peek(now time.Time, host, account string) (open bool, at time.Time) {
	w, ok := g.window(host, now)
	g.mu.Lock()
	defer g.mu.Unlock()
	h, a := g.pairLocked(host, account)
	g.refreshLocked(now, h, a, w, ok)
	if c := g.closureLocked(now, h, a); c.why != causeNone {
		return false, c.at
	}
	at = h.readyLocked(now, a)
	return at.IsZero(), at
}

// readyLocked is the part of the answer that is a matter of a moment and no
// closed gate: zero if a call may go now, else when.
func (h *hostGate) readyLocked(now time.Time, a *accountGate) time.Time {
	if !h.breaker.settled() {
		return now.Add(breakerSettle)
	}
	if wait := a.pace.wait(now); wait > 0 {
		return now.Add(wait)
	}
	return time.Time{}
}

// closed says why no call of the account may go to the host now; nil if one
// may. The pace closes nothing.
func (g *gate) closed(now time.Time, host, account string) *ClosedError {
	w, ok := g.window(host, now)
	g.mu.Lock()
	defer g.mu.Unlock()
	h, a := g.pairLocked(host, account)
	g.refreshLocked(now, h, a, w, ok)
	c := g.closureLocked(now, h, a)
	if c.why == causeNone {
		return nil
	}
	return g.closedErrorLocked(now, h, a, c)
}

// window asks outside the mutex, because the answer is the embedder's code.
func (g *gate) window(host string, now time.Time) (Window, bool) {
	if g.o.windows == nil {
		return Window{}, false
	}
	return g.o.windows(host, now)
}

// refreshLocked notices what time and the window's source changed by themselves.
func (g *gate) refreshLocked(now time.Time, h *hostGate, a *accountGate, w Window, ok bool) {
	h.window.refresh(now, w, ok)
	g.announceHostLocked(now, h)
	g.announceAccountLocked(now, a)
}

// pause closes the gate for an account, or for all of them (account is ignored
// then), until the operator resumes the same. A resume of all leaves accounts
// paused that were paused one by one.
func (g *gate) pause(now time.Time, account string, all bool, reason string) {
	g.setPause(now, account, all, pauseHold{on: true, reason: reason})
}

// resume ends what pause began.
func (g *gate) resume(now time.Time, account string, all bool) {
	g.setPause(now, account, all, pauseHold{})
}

func (g *gate) setPause(now time.Time, account string, all bool, p pauseHold) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !all {
		a := g.accountLocked(account)
		a.pausing = p
		g.announceAccountLocked(now, a)
		g.version.Add(1)
		return
	}
	if g.pausing.on != p.on {
		g.pausing = p
		c := gateChange{at: now, subject: subjectAll, open: !p.on, reason: openedReason(causePausedAll)}
		if p.on {
			c.reason = g.sentenceLocked(now, causePausedAll, nil, nil)
			g.noteChangeLocked(c, causeNone, causePausedAll, Window{})
		} else {
			g.noteChangeLocked(c, causePausedAll, causeNone, Window{})
		}
		g.emitLocked(c)
	}
	g.pausing = p // a second pause may give another reason
	g.version.Add(1)
}

func (g *gate) pairLocked(host, account string) (*hostGate, *accountGate) {
	h, a := g.hostLocked(host), g.accountLocked(account)
	if _, ok := h.signs[account]; !ok {
		h.signs[account] = 0
		h.users = append(h.users, a)
		a.hosts = append(a.hosts, h)
		g.version.Add(1) // there may be an account for a canary now
	}
	return h, a
}

func (g *gate) hostLocked(name string) *hostGate {
	h := g.hosts[name]
	if h == nil {
		h = &hostGate{name: name, signs: map[string]uint64{}, breaker: newBreaker(g.o)}
		h.window.canaries = g.o.canary
		h.odometer.longest = 2 * g.o.canaryInterval
		g.hosts[name] = h
		g.order = append(g.order, h)
	}
	return h
}

func (g *gate) accountLocked(name string) *accountGate {
	a := g.accounts[name]
	if a == nil {
		a = &accountGate{name: name, pace: newPace(time.Time{}, g.o.startRate, g.o.maxRate, 0)}
		g.accounts[name] = a
		i, _ := slices.BinarySearchFunc(g.byName, name, func(x *accountGate, name string) int { return strings.Compare(x.name, name) })
		g.byName = slices.Insert(g.byName, i, a)
	}
	return a
}

// unsuspend is for a credential that was replaced, or an operator's demand.
func (g *gate) unsuspend(now time.Time, account string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.accountLocked(account)
	if a.suspension.on {
		a.suspension.end()
		g.announceAccountLocked(now, a)
	}
}

// limit is [Outbox.Limit].
func (g *gate) limit(now time.Time, account string, calls int, within time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.accountLocked(account)
	switch {
	case within <= 0 || calls < 0:
	case calls == 0:
		a.throttle.hold(now, within, throttleLongest, g.o.random) // if it was wrong, an answer says so
		g.version.Add(1)
		g.announceAccountLocked(now, a)
	case within >= limitShortest:
		a.pace.limit(now, calls, within)
	}
}

func (g *gate) isSuspended(account string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.accounts[account]
	return a != nil && a.suspension.on
}
