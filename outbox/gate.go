package outbox

import (
	"fmt"
	"maps"
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
	pausing  pauseHold // of all accounts
	news     []gateChange
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
	}
	return a
}

// sortedAccountsLocked makes what people read repeatable.
func (g *gate) sortedAccountsLocked() []*accountGate {
	all := make([]*accountGate, 0, len(g.accounts))
	for _, a := range g.accounts {
		all = append(all, a)
	}
	slices.SortFunc(all, func(x, y *accountGate) int { return strings.Compare(x.name, y.name) })
	return all
}

// permit is the right to make one call; it ends in its report.
type permit struct {
	g        *gate
	h        *hostGate
	a        *accountGate
	ticket   ticket
	trial    bool   // it tests a suspended account
	epoch    uint64 // of the account's suspension
	reported bool
}

// report is what a call proved.
type report struct {
	verdict    Verdict
	retryAfter time.Duration
	write      bool
	seq        uint64 // first entry of the call; 0 for reads and look-ups
	stopped    bool   // we were shutting down: tells nothing of the host
	ownFault   bool   // the entry's own fault: tells nothing of host or account
}

func (r report) outcome() outcome {
	switch {
	case r.stopped:
		return outcomeStopped
	case r.ownFault:
		return outcomeOwnFault
	case r.verdict == Failed && !r.write:
		return outcomeOdd
	case r.verdict.alive() && r.verdict != Failed:
		return outcomeGood
	default:
		return outcomeBad
	}
}

// report gives the permit back. A second report is ignored.
func (p *permit) report(now time.Time, r report) {
	g, h, a := p.g, p.h, p.a
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.reported {
		return
	}
	p.reported = true
	tripped := h.breaker.tripped
	h.breaker.report(now, p.ticket, r.outcome(), r.seq)
	if tripped || h.breaker.tripped || p.trial {
		g.version.Add(1) // a slot is free again, or the breaker's state is new
	}
	proved := !r.stopped && !r.ownFault
	if p.trial {
		wait := g.o.probeInterval
		if r.stopped {
			wait = 0
		}
		a.suspension.answered(now, r.verdict, proved, wait)
	}
	if proved {
		if r.write && r.verdict == Delivered {
			h.wrote++
		}
		if r.verdict == Delivered || r.verdict == Rejected {
			a.pace.success(now)
			a.throttle.row = 0
		}
		g.learnLocked(now, h, a, r.verdict, r.retryAfter, p.epoch)
	}
	g.announceAccountLocked(now, a)
	g.announceHostLocked(now, h)
}

// learnLocked is what calls and canaries have in common.
func (g *gate) learnLocked(now time.Time, h *hostGate, a *accountGate, v Verdict, retryAfter time.Duration, epoch uint64) {
	if v.alive() {
		h.odometer.sign(now)
	} else {
		h.odometer.failure()
	}
	switch v {
	case Delivered, Rejected:
		h.signs[a.name]++
	case Throttled:
		a.pace.throttle(now)
		a.throttle.hold(now, retryAfter, g.o.maxRetryAfter, g.o.random)
		g.version.Add(1) // the ceiling is worth keeping
	case Unauthorized:
		// An answer to a credential that was replaced meanwhile says nothing.
		if !a.suspension.on && a.suspension.epoch == epoch {
			a.suspension.begin(now, h, g.o)
		}
	default: // Failed, Unavailable, Unknown
		if until := now.Add(min(retryAfter, g.o.maxRetryAfter)); until.After(now) && until.After(h.retryUntil) {
			h.retrySince, h.retryUntil = now, until
		}
	}
}

// writes counts the delivered writes of a host.
func (g *gate) writes(host string) uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h := g.hosts[host]; h != nil {
		return h.wrote
	}
	return 0
}

// signsOfLife counts the answers that prove the host and this account's
// credential: its calls and canaries that were delivered or rejected.
func (g *gate) signsOfLife(host, account string) uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h := g.hosts[host]; h != nil {
		return h.signs[account]
	}
	return 0
}

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

func (g *gate) isSuspended(account string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.accounts[account]
	return a != nil && a.suspension.on
}

// GateStatus says whether calls of one account may go to one host now. There
// is one for each such pair that was used; both labels may be empty.
type GateStatus struct {
	Host    string
	Account string
	Open    bool
	// Reason is one sentence, empty while open.
	Reason string
	// Until is when it is expected to open; zero if that is not known.
	Until time.Time
	// Rate is the account's pace in calls a second, on all its hosts together.
	Rate float64
}

// status has one row for each pair of host and account, sorted by account
// within the order in which hosts came.
func (g *gate) status(now time.Time) []GateStatus {
	g.refreshAll(now)
	g.mu.Lock()
	defer g.mu.Unlock()
	var rows []GateStatus
	accounts := g.sortedAccountsLocked()
	for _, h := range g.order {
		for _, a := range accounts {
			if _, ok := h.signs[a.name]; !ok {
				continue
			}
			c := g.closureLocked(now, h, a)
			rows = append(rows, GateStatus{
				Host: h.name, Account: a.name, Open: c.why == causeNone,
				Reason: g.sentenceLocked(now, c.why, h, a), Until: c.until, Rate: a.pace.rate,
			})
		}
	}
	return rows
}

// gateState is what is kept beyond a restart. Suspensions, breakers and
// Retry-Afters are not: a new process finds out anew, carefully.
type gateState struct {
	Paused      bool                    `json:"paused,omitempty"` // all accounts
	PauseReason string                  `json:"pause_reason,omitempty"`
	Hosts       map[string]hostState    `json:"hosts,omitempty"`
	Accounts    map[string]accountState `json:"accounts,omitempty"`
}

type hostState struct {
	Uptime time.Duration `json:"uptime,omitempty"`
	Window windowState   `json:"window,omitzero"`
}

type accountState struct {
	Paused      bool    `json:"paused,omitempty"`
	PauseReason string  `json:"pause_reason,omitempty"`
	Ceiling     float64 `json:"ceiling,omitempty"` // learned, in calls a second
}

// state is what to store and hand to [newGate] later. It leaves out hosts and
// accounts of which nothing is worth keeping.
func (g *gate) state(now time.Time) gateState {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := gateState{
		Paused: g.pausing.on, PauseReason: g.pausing.reason,
		Hosts: map[string]hostState{}, Accounts: map[string]accountState{},
	}
	for name, h := range g.hosts {
		if hs := (hostState{Uptime: h.odometer.total, Window: h.window.state()}); hs != (hostState{}) {
			s.Hosts[name] = hs
		}
	}
	for name, a := range g.accounts {
		if as := (accountState{Paused: a.pausing.on, PauseReason: a.pausing.reason, Ceiling: a.pace.learned(now)}); as != (accountState{}) {
			s.Accounts[name] = as
		}
	}
	return s
}

// restoreLocked takes stored state as input: what cannot be right is ignored.
func (g *gate) restoreLocked(s gateState, now time.Time) {
	g.pausing = pauseHold{on: s.Paused, reason: s.PauseReason}
	for _, name := range slices.Sorted(maps.Keys(s.Hosts)) {
		h := g.hostLocked(name)
		h.odometer.total = max(0, s.Hosts[name].Uptime)
		h.window.past = s.Hosts[name].Window
	}
	for name, as := range s.Accounts {
		a := g.accountLocked(name)
		a.pausing = pauseHold{on: as.Paused, reason: as.PauseReason}
		a.pace = newPace(now, g.o.startRate, g.o.maxRate, as.Ceiling)
		if as.Paused {
			a.why = causePaused // no news, it was announced when it happened
		}
	}
}
