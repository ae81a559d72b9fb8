package outbox

import (
	"time"
)

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
