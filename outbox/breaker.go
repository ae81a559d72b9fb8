package outbox

import (
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/sony/gobreaker"
)

const (
	// breakerFailures in a row open the breaker.
	breakerFailures = 5
	// breakerPause is the first pause between probes.
	breakerPause = time.Second
	// breakerJitter is the part of a pause that chance may take off. Off, not
	// on, so that the cap holds with it; small, since the capped pause is also
	// what keeps real calls to a half-dead host at one per canary interval.
	breakerJitter = 0.1
	// breakerSettle is what to wait when gobreaker has not seen its own timeout
	// of a nanosecond pass yet, which takes a strictly later time.
	breakerSettle = time.Millisecond
)

// breaker stops calls to a host that fails.
//
//	          5 failures                 pause over, and a canary succeeded
//	closed ---------------> open(until) ------------------------> ready
//	  ^                      ^   ^   | canary failed: longer pause   | one call goes
//	  |                      |   +---+                               v
//	  +------ it succeeded --|---------------------------------- testing
//	                         +----- it failed: longer pause ---------+
//
// gobreaker counts and gives the slot of the one testing call; when it may be
// taken is decided here. Without canaries the end of the pause alone makes it
// ready. Guarded by the gate's mutex.
type breaker struct {
	cb       *gobreaker.TwoStepCircuitBreaker
	pauses   *backoff.ExponentialBackOff
	random   func() float64
	canaries bool

	generation uint64 // counts trips and closings, so that late answers are told
	tripped    bool
	ready      bool // tripped, and one call may test the host
	testing    bool // tripped, and that call is on its way
	// held: the pause follows a failed call, not a failed canary. No canary
	// shortens it, else a host that answers reads and fails writes would draw
	// writes as fast as canaries succeed.
	held  bool
	until time.Time
	pause time.Duration // the one that ends at until
	// lastSeq is the first entry of the last failed call, zero for a read.
	lastSeq uint64
}

// outcome is what a call means to the breaker.
type outcome uint8

const (
	outcomeGood outcome = iota
	outcomeBad
	// outcomeOdd: the host answered a read with an error of its own (Failed).
	// Neither a success nor a failure.
	outcomeOdd
	// outcomeOwnFault: the entry drew it, the canary proved the host alive.
	outcomeOwnFault
	// outcomeStopped: we were shutting down.
	outcomeStopped
)

// ticket is the breaker's part of a permit.
type ticket struct {
	done       func(success bool)
	generation uint64
	test       bool // it has the slot of the testing call
}

func newBreaker(o gateOptions) *breaker {
	b := &breaker{random: o.random, canaries: o.canary}
	b.pauses = backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(min(breakerPause, o.canaryInterval)),
		backoff.WithMultiplier(2),
		backoff.WithRandomizationFactor(0), // jitter is ours, see breakerJitter
		backoff.WithMaxInterval(o.canaryInterval),
		backoff.WithMaxElapsedTime(0),
	)
	b.cb = gobreaker.NewTwoStepCircuitBreaker(gobreaker.Settings{
		MaxRequests: 1,
		Timeout:     time.Nanosecond, // never the one that decides
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			if from == gobreaker.StateClosed && to == gobreaker.StateOpen {
				b.tripped = true
			}
		},
	})
	return b
}

// available says whether the breaker lets a call go.
func (b *breaker) available(now time.Time) bool {
	return !b.tripped || !b.testing && (b.ready || !b.canaries && !now.Before(b.until))
}

// settled says whether gobreaker would agree with available by now.
func (b *breaker) settled() bool {
	return !b.tripped || b.cb.State() != gobreaker.StateOpen
}

// take wants available and settled.
func (b *breaker) take() (ticket, error) {
	done, err := b.cb.Allow()
	if err != nil {
		return ticket{}, err
	}
	if b.tripped {
		b.ready, b.testing = true, true
	}
	return ticket{done: done, generation: b.generation, test: b.tripped}, nil
}

// report gives a ticket back. Answers to calls that left before the breaker
// last opened or closed say nothing new and are dropped.
func (b *breaker) report(now time.Time, t ticket, o outcome, seq uint64) {
	switch {
	case t.generation != b.generation:
	case t.test:
		b.reportTest(now, t, o)
	default:
		b.reportClosed(now, t, o, seq)
	}
}

func (b *breaker) reportClosed(now time.Time, t ticket, o outcome, seq uint64) {
	switch o {
	case outcomeGood:
		b.lastSeq = 0
		t.done(true)
	case outcomeBad:
		// The same entry failing again and again proves nothing about the host:
		// it counts once, however often it is tried.
		if seq != 0 && seq == b.lastSeq {
			return
		}
		b.lastSeq = seq
		t.done(false)
		if b.tripped {
			b.generation++
			b.hold(now, true)
		}
	case outcomeOdd, outcomeOwnFault, outcomeStopped:
		// gobreaker has no neutral report. Success would hide a row of failures,
		// failure would invent one; while it is closed an open ticket costs
		// nothing, so it is not told.
	}
}

func (b *breaker) reportTest(now time.Time, t ticket, o outcome) {
	b.testing = false
	switch o {
	case outcomeGood, outcomeOwnFault:
		t.done(true)
		b.tripped, b.ready, b.held, b.lastSeq = false, false, false, 0
		b.until, b.pause = time.Time{}, 0
		b.generation++
		b.pauses.Reset()
	case outcomeBad:
		t.done(false)
		b.hold(now, true)
	case outcomeOdd:
		// It did not prove that writes work again; but neither did it fail the
		// way that opened the breaker: the same pause once more.
		t.done(false)
		b.ready, b.held, b.until = false, true, now.Add(b.pause)
	case outcomeStopped:
		// The slot goes back by way of gobreaker's open state; ours stays ready.
		t.done(false)
	}
}

// hold begins the next, longer pause.
func (b *breaker) hold(now time.Time, held bool) {
	d := b.pauses.NextBackOff()
	b.pause = d - time.Duration(breakerJitter*b.random()*float64(d))
	b.ready, b.held, b.until = false, held, now.Add(b.pause)
}

// canary takes in the answer to a canary.
func (b *breaker) canary(now time.Time, alive bool) {
	if !b.tripped || b.testing || b.held && now.Before(b.until) {
		return
	}
	if alive {
		b.ready = true
		return
	}
	b.hold(now, false)
}

// canaryDue is when the breaker wants a canary; zero if it wants none.
func (b *breaker) canaryDue() time.Time {
	if !b.tripped || b.ready || b.testing {
		return time.Time{}
	}
	return b.until
}
