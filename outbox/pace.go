package outbox

import (
	"time"

	"golang.org/x/time/rate"
)

const (
	// paceFloor is the part of the start rate below which nothing slows.
	paceFloor = 0.25
	// paceBelow is how far below the rate that was too fast the ceiling lies.
	paceBelow = 0.9
	// paceCreep is the part of the highest rate by which a learned ceiling
	// rises in a minute, so that one bad minute does not slow us for ever.
	paceCreep = 0.05
	// throttlePause is the first wait after a throttled call that named none.
	throttlePause = time.Second
	// throttleLongest is the longest of them.
	throttleLongest = time.Minute
	// limitShortest is the shortest time over which a count of calls is spread:
	// such times come in whole seconds, and a short one could be half of it.
	limitShortest = 5 * time.Second
	// throttleJitter is the part of a wait that chance may add.
	throttleJitter = 0.1
)

// pace is how fast an account may call: it starts low, rises by one call a
// second for each second in which a call succeeded and none was throttled, and
// halves when one is. The rate that was too fast leaves a ceiling a little
// below it, which creeps up again. Guarded by the gate's mutex.
type pace struct {
	start, max float64
	rate       float64
	lim        *rate.Limiter

	ceiling   float64 // learned at learnedAt; zero means none
	learnedAt time.Time

	second    time.Time // start of the second that is being watched
	succeeded bool      // in it
	throttled bool      // in it
	slowedAt  time.Time

	// named is the rate that the other side's count allows until namedUntil.
	named      float64
	namedUntil time.Time
}

func newPace(now time.Time, start, highest, ceiling float64) *pace {
	p := &pace{start: start, max: highest, learnedAt: now, second: now}
	if ceiling > 0 && ceiling < highest {
		p.ceiling = max(ceiling, start*paceFloor)
	}
	p.rate = min(start, p.ceilingAt(now))
	p.lim = rate.NewLimiter(rate.Limit(p.rate), 1)
	return p
}

// ceilingAt is the highest rate allowed now.
func (p *pace) ceilingAt(now time.Time) float64 {
	ceiling := p.max
	if p.ceiling != 0 {
		creep := paceCreep * p.max * max(0, now.Sub(p.learnedAt).Minutes())
		ceiling = min(p.ceiling+creep, p.max)
	}
	if now.Before(p.namedUntil) {
		ceiling = min(ceiling, p.named)
	}
	return ceiling
}

// learned is the ceiling worth keeping; zero if there is none.
func (p *pace) learned(now time.Time) float64 {
	if c := p.ceilingAt(now); c < p.max && !now.Before(p.namedUntil) {
		return c
	}
	return 0
}

// wait is how long until the next call may go; zero if one may now. It adds a
// nanosecond, because the limiter cuts fractions off and must agree then.
func (p *pace) wait(now time.Time) time.Duration {
	p.roll(now)
	d := time.Duration((1 - p.lim.TokensAt(now)) / p.rate * float64(time.Second))
	if d <= 0 {
		return 0
	}
	return d + time.Nanosecond
}

// take wants wait to be zero.
func (p *pace) take(now time.Time) { p.lim.AllowN(now, 1) }

func (p *pace) success(now time.Time) {
	p.roll(now)
	p.succeeded = true
}

// throttle slows down, at most once a second: what was on the wire already was
// sent at the same rate and teaches nothing new.
func (p *pace) throttle(now time.Time) {
	p.roll(now)
	p.throttled = true
	if !p.slowedAt.IsZero() && now.Sub(p.slowedAt) < time.Second {
		return
	}
	floor := p.start * paceFloor
	p.slowedAt, p.learnedAt = now, now
	p.ceiling = max(p.rate*paceBelow, floor)
	p.set(now, max(p.rate/2, floor))
}

// limit spreads what the other side still takes over the time that it named.
func (p *pace) limit(now time.Time, calls int, within time.Duration) {
	p.roll(now)
	p.named = max(float64(calls)/within.Seconds(), p.start*paceFloor)
	p.namedUntil = now.Add(within)
	p.set(now, min(p.rate, p.ceilingAt(now)))
}

// restart is for a gate that opens: a host that is just back must not be
// struck by the whole backlog at the old rate.
func (p *pace) restart(now time.Time) {
	p.second, p.succeeded, p.throttled = now, false, false
	p.set(now, min(p.start, p.ceilingAt(now)))
}

// roll closes the seconds that are past. Those without a success change nothing.
func (p *pace) roll(now time.Time) {
	if p.second.IsZero() {
		p.second = now
	}
	n := now.Sub(p.second) / time.Second
	if n < 1 {
		return
	}
	if p.succeeded && !p.throttled {
		p.set(now, min(p.rate+1, p.ceilingAt(now)))
	}
	p.second = p.second.Add(n * time.Second) //nolint:durationcheck // n is a count
	p.succeeded, p.throttled = false, false
}

func (p *pace) set(now time.Time, r float64) {
	if r != p.rate {
		p.rate = r
		p.lim.SetLimitAt(now, rate.Limit(r))
	}
}

// throttle is an account's Retry-After. Guarded by the gate's mutex.
type throttle struct {
	until time.Time
	named bool // the other side named the time
	row   int  // waits in a row that we had to choose ourselves
}

// hold begins or prolongs the wait after a throttled call.
func (t *throttle) hold(now time.Time, retryAfter, longest time.Duration, random func() float64) {
	d := min(retryAfter, longest)
	if retryAfter <= 0 {
		// Calls that were on the wire together are one throttling, not many.
		if !now.Before(t.until) || t.row == 0 {
			t.row = min(t.row+1, 8)
		}
		d = min(throttlePause<<(t.row-1), throttleLongest, longest)
	}
	d += time.Duration(throttleJitter * random() * float64(d))
	if until := now.Add(d); until.After(t.until) {
		t.until, t.named = until, retryAfter > 0
	}
}
