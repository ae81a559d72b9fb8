package outbox

import (
	"slices"
	"time"
)

// odometer counts the time during which a host is proven up: the time between
// two signs of life with no failure in between, if it is short enough. It
// never runs backwards, and a clock that does adds nothing. Guarded by the
// gate's mutex.
type odometer struct {
	total   time.Duration
	last    time.Time     // latest sign of life; zero before the first
	broken  bool          // a failure came after it
	longest time.Duration // between two signs of life that prove the time between
}

func (o *odometer) sign(now time.Time) {
	if d := now.Sub(o.last); !o.last.IsZero() && !o.broken && d > 0 && d <= o.longest {
		o.total += d
	}
	o.broken = false
	if now.After(o.last) {
		o.last = now
	}
}

func (o *odometer) failure() { o.broken = true }

// suspension keeps an account from calling whose credential was refused. It is
// not kept beyond a restart: a new process may have a new credential. Guarded
// by the gate's mutex.
type suspension struct {
	on      bool
	host    *hostGate // that refused it
	next    time.Time // of its probe; without canaries, of a real call
	probing bool
	// epoch counts its ends, so that late answers to an earlier credential are
	// told apart.
	epoch uint64
}

// begin suspends. A canary may be made at once; without canaries the probe is
// a real call, and one was refused just now.
func (s *suspension) begin(now time.Time, h *hostGate, o gateOptions) {
	s.on, s.host, s.next = true, h, now
	if !o.canary {
		s.next = now.Add(o.probeInterval)
	}
}

func (s *suspension) end() {
	s.on, s.probing, s.host = false, false, nil
	s.epoch++
}

// trialDue says whether a real call may test the account.
func (s *suspension) trialDue(now time.Time, canaries bool) bool {
	return !canaries && !s.probing && !now.Before(s.next)
}

// answered takes in the answer to a probe, or to a canary that was made with
// the account anyway.
func (s *suspension) answered(now time.Time, v Verdict, proved bool, wait time.Duration) {
	if !s.on {
		return
	}
	if proved && (v == Delivered || v == Rejected || v == Throttled) {
		s.end()
		return
	}
	s.probing, s.next = false, now.Add(wait)
}

// canaryState is the canary of one host. Guarded by the gate's mutex.
type canaryState struct {
	out    *accountGate // with whose credential one is out; nil if none is
	sent   time.Time    // when the last one went
	epoch  uint64       // of that account's suspension then
	turn   int          // index in users of who is next
	wanted bool         // to keep the odometer running
}

// probe is a canary to be made now.
type probe struct {
	host, account string
	suspended     bool // it tests the account, not the host
}

// useAccount says that there is such a pair of host and account, so that its
// credential can be used for canaries.
func (g *gate) useAccount(host, account string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pairLocked(host, account)
}

// wantProof keeps canaries going while the gate is open and the host is silent.
func (g *gate) wantProof(host string, want bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h := g.hostLocked(host); h.canary.wanted != want {
		h.canary.wanted = want
		g.version.Add(1)
	}
}

// uptime is the time during which the host was proven up, see [odometer].
func (g *gate) uptime(host string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h := g.hosts[host]; h != nil {
		return h.odometer.total
	}
	return 0
}

// windowPoll is how often a window that holds is looked up, to notice that its
// source took it back or moved it.
const windowPoll = time.Second

// probes hands out the canaries that are due, each once until it is reported,
// and says when to ask again; zero means after a change only. It must be asked
// without canaries too, to notice the ends of windows. A paused account lends
// its credential to no canary: nothing of it is to be sent.
//
// A probe that a shutdown cut short proves nothing and is not reported.
func (g *gate) probes(now time.Time) (due []probe, next time.Time) {
	g.refreshAll(now)
	g.mu.Lock()
	defer g.mu.Unlock()
	ask := func(at time.Time) {
		if at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for _, h := range g.order {
		at := g.canaryDueLocked(now, h)
		if !at.IsZero() && !at.After(now) {
			if a := g.canaryAccountLocked(now, h); a != nil {
				h.canary.out, h.canary.sent, h.canary.epoch = a, now, a.suspension.epoch
				due = append(due, probe{host: h.name, account: a.name})
			}
		}
		ask(at)
		ask(h.retryUntil)
		if h.window.holding {
			ask(now.Add(windowPoll))
		} else if g.o.windows != nil {
			ask(now.Add(g.o.canaryInterval))
		}
	}
	for _, a := range g.byName {
		s := &a.suspension
		if !s.on || s.probing || !g.o.canary || a.pausing.on || g.pausing.on {
			continue
		}
		h := s.probeHost(now, a)
		switch {
		case h == nil: // its opening makes it due
		case s.next.After(now):
			ask(s.next)
		default:
			s.probing = true
			due = append(due, probe{host: h.name, account: a.name, suspended: true})
		}
	}
	return due, next
}

// refreshAll looks up the windows of all hosts, outside the mutex.
func (g *gate) refreshAll(now time.Time) {
	g.mu.Lock()
	hosts := slices.Clip(g.order)
	g.mu.Unlock()
	for _, h := range hosts {
		w, ok := g.window(h.name, now)
		g.mu.Lock()
		h.window.refresh(now, w, ok)
		g.announceHostLocked(now, h)
		for _, a := range h.users {
			g.announceAccountLocked(now, a)
		}
		g.mu.Unlock()
	}
}

// canaryDueLocked is when the host wants its next canary; zero if it wants none.
func (g *gate) canaryDueLocked(now time.Time, h *hostGate) time.Time {
	c := &h.canary
	if !g.o.canary || c.out != nil {
		return time.Time{}
	}
	if h.window.holding {
		return h.window.canaryDue(c.sent, g.o.canaryInterval)
	}
	due := h.breaker.canaryDue()
	if h.retryUntil.After(now) {
		if at := later(h.retrySince, c.sent).Add(g.o.canaryInterval); due.IsZero() || at.Before(due) {
			due = at
		}
	}
	if !due.IsZero() || !c.wanted {
		return due
	}
	last := later(h.odometer.last, c.sent)
	if last.IsZero() {
		return now
	}
	return last.Add(g.o.canaryInterval)
}

// canaryAccountLocked takes the accounts of a host in turn: those that may
// call, else one that waits for its Retry-After, else a suspended one, whose
// 401 is a sign of life too.
func (g *gate) canaryAccountLocked(now time.Time, h *hostGate) *accountGate {
	if g.pausing.on {
		return nil
	}
	var best *accountGate
	rank, turn := 3, 0
	for i := range h.users {
		k := (h.canary.turn + i) % len(h.users)
		a, r := h.users[k], 0
		switch {
		case a.pausing.on:
			continue
		case a.suspension.on:
			r = 2
		case a.throttle.until.After(now):
			r = 1
		}
		if r < rank {
			best, rank, turn = a, r, k+1
		}
	}
	h.canary.turn = turn
	return best
}

// probeHost is where the account can be tested: the host that refused it, else
// another one that it calls; nil while none of them may be called.
func (s *suspension) probeHost(now time.Time, a *accountGate) *hostGate {
	if s.host != nil && s.host.callable(now) {
		return s.host
	}
	for _, h := range a.hosts {
		if h.callable(now) {
			return h
		}
	}
	return nil
}

// callable leaves the account out.
func (h *hostGate) callable(now time.Time) bool {
	return !h.window.holding && h.breaker.available(now) && !h.retryUntil.After(now)
}

// reportProbe takes in the answer to a probe that was handed out. Any answer
// of the host itself is a sign of life, a 401 too.
func (g *gate) reportProbe(now time.Time, p probe, ans Answer) {
	w, ok := g.window(p.host, now)
	g.mu.Lock()
	defer g.mu.Unlock()
	h, a := g.hosts[p.host], g.accounts[p.account]
	if h == nil || a == nil {
		return
	}
	h.window.refresh(now, w, ok)
	if p.suspended {
		s := &a.suspension
		if !s.on || !s.probing {
			return
		}
		s.answered(now, ans.Verdict, true, g.o.probeInterval)
		g.learnLocked(now, h, a, ans.Verdict, ans.RetryAfter, s.epoch)
	} else {
		if h.canary.out != a {
			return
		}
		h.canary.out = nil
		g.canaryAnsweredLocked(now, h, a, ans)
	}
	g.announceAccountLocked(now, a)
	g.announceHostLocked(now, h)
	g.version.Add(1)
}

func (g *gate) canaryAnsweredLocked(now time.Time, h *hostGate, a *accountGate, ans Answer) {
	alive := ans.Verdict.alive()
	h.window.canary(now, h.canary.sent, alive)
	h.breaker.canary(now, alive)
	if alive && !h.canary.sent.Before(h.retrySince) {
		h.retryUntil = time.Time{}
	}
	if ans.Verdict == Failed {
		ans.RetryAfter = 0 // a sign of life has ended the host's Retry-After
	}
	g.learnLocked(now, h, a, ans.Verdict, ans.RetryAfter, h.canary.epoch)
	// The canary also was a probe of an account that is suspended, be it by
	// this very answer.
	if s := &a.suspension; !s.probing && s.epoch == h.canary.epoch {
		s.answered(now, ans.Verdict, true, g.o.probeInterval)
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
