package outbox

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func gatePaced(o *gateOptions) { o.startRate, o.maxRate = 1, 10 }

// spin makes calls as fast as the pace allows and counts them.
func (r *gateRig) spin(d time.Duration) (n int) {
	for end := time.Now().Add(d); ; n++ {
		p, at, closed := r.g.admit(time.Now(), "h", "a")
		if closed != nil {
			at = closed.Until
		}
		if p == nil {
			if !at.Before(end) {
				time.Sleep(time.Until(end))
				return n
			}
			time.Sleep(time.Until(at))
			n--
			continue
		}
		p.report(time.Now(), report{verdict: Delivered, write: true})
	}
}

func TestPaceRisesByOneEachGoodSecond(t *testing.T) {
	gateTest(t, gatePaced, func(r *gateRig) {
		for i := range 15 {
			r.spin(time.Second)
			_, _ = r.g.peek(time.Now(), "h", "a")
			require.InDelta(t, min(2+i, 10), r.g.accounts["a"].pace.rate, 0.001, "after second %d", i)
		}
	})
}

func TestPaceReachesItsRate(t *testing.T) {
	gateTest(t, gatePaced, func(r *gateRig) {
		r.spin(time.Minute)
		require.InDelta(t, 600, r.spin(time.Minute), 6)
	})
}

func TestPaceStaysWhileNothingSucceeds(t *testing.T) {
	gateTest(t, gatePaced, func(r *gateRig) {
		for range 4 {
			r.call("a", report{verdict: Failed, write: true})
			time.Sleep(10 * time.Second)
		}
		require.Equal(t, 1.0, r.g.accounts["a"].pace.rate)
	})
}

func TestThrottledHalvesOnceASecondAndLearns(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	p := newPace(now, 1, 10, 0)
	p.set(now, 8)
	p.throttle(now)
	p.throttle(now.Add(900 * time.Millisecond))
	require.Equal(t, 4.0, p.rate)
	require.InDelta(t, 7.2, p.learned(now), 1e-9)
	p.throttle(now.Add(time.Second))
	require.Equal(t, 2.0, p.rate)
	require.InDelta(t, 3.6, p.learned(now.Add(time.Second)), 1e-9)
	for i := range 10 {
		p.throttle(now.Add(time.Duration(2+i) * time.Second))
	}
	require.Equal(t, 0.25, p.rate, "a quarter of the start rate is the floor")
}

func TestThrottledSecondDoesNotRaiseThePace(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	p := newPace(now, 4, 10, 0)
	p.success(now)
	p.throttle(now)
	p.roll(now.Add(time.Second))
	require.Equal(t, 2.0, p.rate)
	p.success(now.Add(time.Second))
	p.roll(now.Add(2 * time.Second))
	require.Equal(t, 3.0, p.rate)
}

func TestLearnedCeilingHoldsAndCreeps(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	p := newPace(now, 1, 10, 6)
	for range 20 {
		p.success(now)
		now = now.Add(time.Second)
		p.roll(now)
	}
	require.InDelta(t, 6+0.5*20.0/60, p.rate, 0.01)
	require.InDelta(t, 6.5, p.ceilingAt(time.Unix(1060, 0)), 1e-9)
	require.Equal(t, 10.0, p.ceilingAt(time.Unix(1000+480, 0)))
	require.Zero(t, p.learned(time.Unix(1000+480, 0)))
	require.InDelta(t, 6, p.ceilingAt(time.Unix(900, 0)), 1e-9, "a clock that goes back takes nothing off")
}

func TestStartIsNotAboveTheLearnedCeiling(t *testing.T) {
	t.Parallel()
	require.Equal(t, 0.5, newPace(time.Now(), 1, 10, 0.5).rate)
	require.Equal(t, 0.25, newPace(time.Now(), 1, 10, 0.01).rate)
	require.Equal(t, 1.0, newPace(time.Now(), 1, 10, 99).rate)
}

// A server that allows 7 calls a second: what we lose to learning is bounded.
func TestLearningTheCeilingCostsLittle(t *testing.T) {
	gateTest(t, gatePaced, func(r *gateRig) {
		tokens, last, delivered := 7.0, time.Now(), 0
		start := time.Now()
		for time.Since(start) < 10*time.Minute {
			p, at, closed := r.g.admit(time.Now(), "h", "a")
			if closed != nil {
				at = closed.Until
			}
			if p == nil {
				time.Sleep(time.Until(at))
				continue
			}
			tokens = min(7, tokens+7*time.Since(last).Seconds())
			last = time.Now()
			if tokens < 1 {
				p.report(time.Now(), report{verdict: Throttled, write: true})
				continue
			}
			tokens--
			delivered++
			p.report(time.Now(), report{verdict: Delivered, write: true})
		}
		require.Greater(t, float64(delivered), 7*600/1.4, "design section 9")
	})
}

func TestThrottledWithoutRetryAfterDoubles(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60} {
			r.call("a", report{verdict: Throttled})
			c := r.closedBy("a", "account a called too fast and waits until")
			require.Equal(t, want*time.Second, time.Until(c.Until))
			time.Sleep(time.Until(c.Until))
		}
		r.call("a", report{verdict: Delivered})
		r.call("a", report{verdict: Throttled})
		require.Equal(t, time.Second, time.Until(r.closedBy("a", "too fast").Until), "a success starts anew")
	})
}

func TestCallsThrottledTogetherDoubleOnce(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		ps := []*permit{r.admit("a"), r.admit("a"), r.admit("a"), r.admit("a")}
		for _, p := range ps {
			p.report(time.Now(), report{verdict: Throttled})
		}
		require.Equal(t, time.Second, time.Until(r.closedBy("a", "too fast").Until))
	})
}

func TestAccountRetryAfterIsCappedAndJittered(t *testing.T) {
	gateTest(t, func(o *gateOptions) { o.random = func() float64 { return 0.999999 } }, func(r *gateRig) {
		r.call("a", report{verdict: Throttled, retryAfter: 100 * time.Hour})
		c := r.closedBy("a", "Retry-After")
		require.InDelta(t, 15*time.Minute*11/10, time.Until(c.Until), float64(time.Second))
		r.call("b", report{verdict: Throttled, retryAfter: -time.Hour})
		require.Less(t, time.Until(r.closedBy("b", "waits until").Until), 2*time.Second, "negative counts as none")
	})
}

func TestBreakerClosingRestartsThePaceOfAllItsAccounts(t *testing.T) {
	gateTest(t, gatePaced, func(r *gateRig) {
		r.g.useAccount("h", "b")
		r.g.accountLocked("b").pace.set(time.Now(), 9)
		r.spin(20 * time.Second)
		r.trip()
		require.Greater(t, r.g.accounts["a"].pace.rate, 5.0)
		r.canary(Delivered)
		r.call("a", report{verdict: Delivered})
		require.Equal(t, 1.0, r.g.accounts["a"].pace.rate)
		require.Equal(t, 1.0, r.g.accounts["b"].pace.rate)
	})
}

func TestHostRetryAfterEndRestartsThePace(t *testing.T) {
	gateTest(t, gatePaced, func(r *gateRig) {
		r.spin(20 * time.Second)
		r.call("a", report{verdict: Unavailable, retryAfter: 10 * time.Second})
		time.Sleep(10 * time.Second)
		r.open("a")
		require.Equal(t, 1.0, r.g.accounts["a"].pace.rate)
	})
}

// What the other side says that it still takes is spread over the time that it
// named, so that it need not refuse any.
func TestNamedLimitIsSpread(t *testing.T) {
	gateTest(t, gatePaced, func(r *gateRig) {
		r.spin(time.Minute)
		r.g.limit(time.Now(), "a", 60, time.Minute)
		require.InDelta(t, 60, r.spin(time.Minute), 1)
		require.Greater(t, r.spin(70*time.Second), 600, "afterwards it is as fast as before within seconds")
		r.g.limit(time.Now(), "a", 1_000_000, time.Minute)
		require.InDelta(t, 600, r.spin(time.Minute), 6, "it never quickens the pace")
		r.g.limit(time.Now(), "a", 0, 30*time.Second)
		require.Zero(t, r.spin(30*time.Second))
		r.spin(15 * time.Second)
		require.Zero(t, r.g.accounts["a"].pace.learned(time.Now()), "nothing was refused")
	})
}

func TestLimitThatCannotBeMeantIsIgnored(t *testing.T) {
	gateTest(t, gatePaced, func(r *gateRig) {
		r.spin(time.Minute)
		for _, l := range []struct {
			calls  int
			within time.Duration
		}{{-1, time.Minute}, {5, 0}, {0, -time.Hour}, {1, time.Second}} {
			r.g.limit(time.Now(), "a", l.calls, l.within)
		}
		require.InDelta(t, 600, r.spin(time.Minute), 6)
		r.g.limit(time.Now(), "a", 0, 1000*time.Hour)
		require.LessOrEqual(t, r.spin(2*time.Minute), 600)
		require.Positive(t, r.spin(time.Second), "held for a minute at most, and a tenth")
	})
}
