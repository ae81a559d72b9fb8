package outbox

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// announce reports a window of four hours from now on.
func (r *gateRig) announce() {
	r.g.useAccount("h", "a")
	r.window = &Window{Name: "July", Start: time.Now(), End: time.Now().Add(4 * time.Hour)}
	r.closedBy("a", `maintenance window "July" until 2000-01-01T04:00:0`)
}

func TestWindowHoldsThoughCanarySucceedsEarly(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.announce()
		for time.Now().Before(r.window.End.Add(-time.Second)) {
			r.closedBy("a", "maintenance window")
			r.canary(Delivered)
		}
	})
}

func TestWindowEndsEarlyAfterAFailureAndTwoSuccesses(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.announce()
		require.Zero(t, r.canary(Delivered), "the first goes at once")
		require.Equal(t, gateTestInterval, r.canary(Unavailable))
		require.Equal(t, gateTestInterval, r.canary(Unauthorized), "a 401 is a sign of life")
		require.Equal(t, windowConfirm, r.canary(Unavailable))
		require.Equal(t, gateTestInterval, r.canary(Delivered), "the row began anew")
		r.closedBy("a", "maintenance window")
		r.g.unsuspend(time.Now(), "a")
		require.Equal(t, windowConfirm, r.canary(Failed), "an error of its own is a sign of life")
		r.open("a")
		time.Sleep(time.Hour)
		r.open("a")
	})
}

func TestWindowOverrunWaitsForOneSuccess(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.announce()
		end := r.window.End
		time.Sleep(7 * time.Second) // so that canaries and end are out of step
		for time.Now().Before(end.Add(-gateTestInterval)) {
			r.canary(Unavailable)
		}
		r.canary(Unavailable)
		require.Equal(t, end, time.Now(), "one goes at the planned end")
		r.window = nil // its source forgets it at its end
		c := r.closedBy("a", `maintenance window "July" was planned to end at 2000-01-01T04:00:00Z, waiting for the first successful canary`)
		require.Zero(t, c.Until)
		_, at := r.g.peek(time.Now(), "h", "a")
		require.Zero(t, at)
		for range 100 {
			require.Equal(t, gateTestInterval, r.canary(Unavailable))
		}
		r.canary(Delivered)
		r.open("a")
	})
}

func TestWindowStillReportedAfterItsEndDoesNotHoldAgain(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.announce()
		time.Sleep(time.Until(r.window.End))
		r.canary(Delivered)
		r.open("a")
		time.Sleep(time.Hour)
		r.open("a")
	})
}

func TestWindowTakenBackOpensAtOnce(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.announce()
		r.canary(Unavailable)
		r.window = nil
		r.open("a")
	})
}

func TestWindowTakenBackIsNoticedWithoutCalls(t *testing.T) {
	gateTest(t, gateWithoutCanary, func(r *gateRig) {
		r.announce()
		r.g.changes()
		next := r.noneDue()
		require.Equal(t, time.Now().Add(windowPoll), next)
		r.window = nil
		time.Sleep(time.Until(next))
		r.noneDue()
		require.Len(t, r.g.changes(), 1)
	})
}

func TestWindowFollowsItsEnd(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.announce()
		r.canary(Unavailable)
		r.window.End = r.window.End.Add(time.Hour)
		r.closedBy("a", "until 2000-01-01T05:00:00Z")
		r.window.End = time.Now().Add(10 * time.Minute)
		require.Equal(t, r.window.End, r.closedBy("a", "until 2000-01-01T00:10:0").Until)
		require.Equal(t, gateTestInterval, r.canary(Delivered))
		require.Equal(t, windowConfirm, r.canary(Delivered), "the failure before the move counts")
		r.open("a")
	})
}

func TestWindowWithoutCanaryOpensAtItsEnd(t *testing.T) {
	gateTest(t, gateWithoutCanary, func(r *gateRig) {
		r.announce()
		_, at := r.g.peek(time.Now(), "h", "a")
		require.Equal(t, r.window.End, at)
		time.Sleep(time.Until(at) - time.Nanosecond)
		r.closedBy("a", "maintenance window")
		time.Sleep(time.Nanosecond)
		r.open("a")
	})
}

func (r *gateRig) restart() {
	r.Helper()
	b, err := json.Marshal(r.g.state(time.Now()))
	require.NoError(r, err)
	var saved gateState
	require.NoError(r, json.Unmarshal(b, &saved))
	r.g = newGate(r.o, saved, time.Now())
	r.g.useAccount("h", "a")
}

func TestWindowEndedEarlyStaysOpenAfterRestart(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.announce()
		r.canary(Unavailable)
		r.canary(Delivered)
		r.canary(Delivered)
		r.restart()
		r.open("a")
		for _, end := range []time.Duration{-time.Hour, 0} {
			w := *r.window
			w.End = w.End.Add(end)
			r.window = &w
			r.open("a")
		}
		w := *r.window
		w.End = w.End.Add(2 * time.Hour)
		r.window = &w
		r.closedBy("a", "until 2000-01-01T05:00:00Z")
		r.canary(Delivered)
		r.canary(Delivered)
		r.open("a") // an extension cannot hold against canaries
	})
}

func TestAnotherWindowHoldsAfterAnEarlyEnd(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.announce()
		r.canary(Unavailable)
		r.canary(Delivered)
		r.canary(Delivered)
		time.Sleep(time.Hour)
		r.window = &Window{Name: "second", Start: time.Now(), End: time.Now().Add(time.Hour)}
		r.closedBy("a", `"second"`)
		r.canary(Delivered)
		r.canary(Delivered)
		r.closedBy("a", `"second"`) // it has to fail itself first
	})
}

func TestWindowKeepsItsFailureOverRestart(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.announce()
		r.canary(Unavailable)
		r.restart()
		require.Zero(t, r.canary(Delivered))
		require.Equal(t, windowConfirm, r.canary(Delivered))
		r.open("a")
	})
}

func TestWindowRestartsThePace(t *testing.T) {
	gateTest(t, func(o *gateOptions) { o.startRate, o.maxRate = 1, 10 }, func(r *gateRig) {
		for range 30 {
			r.call("a", report{verdict: Delivered})
		}
		require.Greater(t, r.g.accounts["a"].pace.rate, 5.0)
		r.announce()
		r.window = nil
		r.open("a")
		require.Equal(t, 1.0, r.g.accounts["a"].pace.rate)
	})
}

func TestStaleWindowAnswersAreDropped(t *testing.T) {
	t.Parallel()
	now := time.Now()
	h := windowHold{canaries: true}
	h.refresh(now, Window{Start: now, End: now.Add(time.Hour)}, true)
	h.refresh(now.Add(-time.Millisecond), Window{}, false)
	require.True(t, h.holding)
	h.canary(now.Add(time.Minute), now.Add(-time.Second), false)
	require.False(t, h.failed, "a canary from before the window proves nothing about it")
}
