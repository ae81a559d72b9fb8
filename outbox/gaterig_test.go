package outbox

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const gateTestInterval = 30 * time.Second

// gateRig drives a gate in a bubble: its calls wait for the pace, its canaries
// go when they are due.
type gateRig struct {
	*testing.T
	g      *gate
	o      gateOptions
	window *Window // what the source reports
}

func gateTest(t *testing.T, change func(*gateOptions), f func(r *gateRig)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &gateRig{T: t}
		r.o = gateOptions{
			canary: true, canaryInterval: gateTestInterval, startRate: 1000, maxRate: 1000,
			maxRetryAfter: 15 * time.Minute, probeInterval: time.Minute,
			random: func() float64 { return 0 },
			windows: func(string, time.Time) (Window, bool) {
				if r.window == nil {
					return Window{}, false
				}
				return *r.window, true
			},
		}
		if change != nil {
			change(&r.o)
		}
		r.g = newGate(r.o, gateState{}, time.Now())
		f(r)
	})
}

func gateWithoutCanary(o *gateOptions) { o.canary = false }

func (r *gateRig) admit(account string) *permit {
	r.Helper()
	for {
		p, at, closed := r.g.admit(time.Now(), "h", account)
		if p != nil {
			return p
		}
		require.Nil(r, closed)
		require.True(r, at.After(time.Now()), "the pace names a moment to come")
		time.Sleep(time.Until(at))
	}
}

func (r *gateRig) call(account string, rep report) {
	r.Helper()
	r.admit(account).report(time.Now(), rep)
}

func (r *gateRig) trip() {
	r.Helper()
	for range breakerFailures {
		r.call("a", report{verdict: Unavailable})
	}
	r.closedBy("a", "host h failed 5 calls in a row")
}

func (r *gateRig) closedBy(account, text string) *ClosedError {
	r.Helper()
	c := r.g.closed(time.Now(), "h", account)
	require.NotNil(r, c, "want the gate closed by %q", text)
	require.Contains(r, c.Reason, text)
	open, _ := r.g.peek(time.Now(), "h", account)
	require.False(r, open)
	p, at, err := r.g.admit(time.Now(), "h", account)
	require.Nil(r, p)
	require.Zero(r, at)
	require.Equal(r, c, err)
	return c
}

func (r *gateRig) open(account string) {
	r.Helper()
	require.Nil(r, r.g.closed(time.Now(), "h", account))
}

// due wants exactly one probe now.
func (r *gateRig) due() probe {
	r.Helper()
	ps, _ := r.g.probes(time.Now())
	require.Len(r, ps, 1)
	return ps[0]
}

func (r *gateRig) noneDue() (next time.Time) {
	r.Helper()
	ps, next := r.g.probes(time.Now())
	require.Empty(r, ps)
	return next
}

// canary sleeps until a probe is due and answers it; it says how long it slept.
func (r *gateRig) canary(v Verdict) time.Duration {
	r.Helper()
	start := time.Now()
	for {
		ps, next := r.g.probes(time.Now())
		if len(ps) > 0 {
			require.Len(r, ps, 1)
			r.g.reportProbe(time.Now(), ps[0], Answer{Result: Result{Verdict: v}})
			return time.Since(start)
		}
		require.False(r, next.IsZero(), "no canary is to come")
		time.Sleep(time.Until(next))
	}
}

func gateAnswer(v Verdict) Answer { return Answer{Result: Result{Verdict: v}} }
