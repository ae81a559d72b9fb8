package outbox

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBreakerOpensAfterFiveFailuresInARow(t *testing.T) {
	for _, c := range []struct {
		name string
		r    report
		want bool // it opens
	}{
		{"unavailable read", report{verdict: Unavailable}, true},
		{"unavailable write", report{verdict: Unavailable, write: true}, true},
		{"unknown", report{verdict: Unknown, write: true}, true},
		{"no verdict", report{}, true},
		{"failed write", report{verdict: Failed, write: true}, true},
		{"failed read", report{verdict: Failed}, false},
		{"delivered", report{verdict: Delivered, write: true}, false},
		{"rejected", report{verdict: Rejected, write: true}, false},
		{"stopped", report{verdict: Unknown, stopped: true}, false},
		{"own fault", report{verdict: Unavailable, ownFault: true}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			gateTest(t, nil, func(r *gateRig) {
				for i := range breakerFailures {
					r.open("a")
					c.r.seq = uint64(i) // each another entry
					r.call("a", c.r)
				}
				require.Equal(t, c.want, r.g.closed(time.Now(), "h", "a") != nil)
			})
		})
	}
}

func TestSuccessStartsTheCountAnew(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		for range 3 {
			for range breakerFailures - 1 {
				r.call("a", report{verdict: Unavailable})
			}
			r.call("a", report{verdict: Rejected})
		}
		r.open("a")
	})
}

func TestNeutralReportsHideNoFailures(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		for i := range breakerFailures {
			r.open("a")
			r.call("a", report{verdict: Unavailable, seq: uint64(10 + i)})
			r.call("b", report{verdict: Unknown, stopped: true})
			r.call("b", report{verdict: Unavailable, ownFault: true})
			if r.g.closed(time.Now(), "h", "b") == nil {
				r.call("b", report{verdict: Failed})
			}
			if i == breakerFailures-2 {
				break
			}
		}
		r.open("a")
		r.call("a", report{verdict: Unavailable})
		r.closedBy("a", "failed 5 calls in a row")
	})
}

func TestOneEntryCountsOnce(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		for range 20 {
			r.call("a", report{verdict: Unknown, write: true, seq: 7})
		}
		r.open("a")
		for seq := range uint64(3) {
			r.call("a", report{verdict: Unknown, write: true, seq: 8 + seq})
		}
		r.open("a")
		r.call("a", report{verdict: Unknown, write: true, seq: 7}) // others failed in between
		r.closedBy("a", "failed 5 calls in a row")
	})
}

func TestCanaryThenOneRealCallCloseTheBreaker(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.trip()
		r.noneDue()
		require.Equal(t, time.Second, r.canary(Delivered), "the end of the pause is a canary")
		p := r.admit("a")
		c := r.closedBy("b", "one call is testing it now")
		require.Zero(t, c.Until)
		p.report(time.Now(), report{verdict: Delivered})
		r.open("b")
	})
}

func TestWithoutCanaryTheEndOfThePauseAllowsOneCall(t *testing.T) {
	gateTest(t, gateWithoutCanary, func(r *gateRig) {
		r.trip()
		_, at := r.g.peek(time.Now(), "h", "a")
		require.Equal(t, time.Now().Add(time.Second), at)
		time.Sleep(time.Second)
		r.noneDue()
		p := r.admit("a")
		r.closedBy("a", "one call is testing it now")
		p.report(time.Now(), report{verdict: Delivered})
		r.open("a")
	})
}

func TestPauseGrowsToTheCanaryIntervalAndStartsAnew(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		want := []time.Duration{1, 2, 4, 8, 16, 30, 30, 30}
		for range 2 {
			r.trip()
			for _, w := range want {
				require.Equal(t, w*time.Second, r.canary(Unavailable))
			}
			r.canary(Delivered)
			r.call("a", report{verdict: Delivered})
			r.open("a")
		}
	})
}

func TestPauseNeverExceedsTheCanaryIntervalWithJitter(t *testing.T) {
	for _, x := range []float64{0, 0.5, 0.999} {
		t.Run(fmt.Sprint(x), func(t *testing.T) {
			gateTest(t, func(o *gateOptions) { o.random = func() float64 { return x } }, func(r *gateRig) {
				r.trip()
				for range 20 {
					require.LessOrEqual(t, r.canary(Unavailable), gateTestInterval)
				}
				require.InDelta(t, gateTestInterval*9/10, r.canary(Unavailable), float64(gateTestInterval/10))
			})
		})
	}
}

func TestFirstCallLeavesWithinTwoIntervalsOfServiceBeingBack(t *testing.T) {
	for _, outage := range []time.Duration{5 * time.Second, time.Minute, 4*time.Hour + 7*time.Second} {
		t.Run(outage.String(), func(t *testing.T) {
			gateTest(t, nil, func(r *gateRig) {
				r.trip()
				back := time.Now().Add(outage)
				for time.Now().Before(back) {
					_, next := r.g.probes(time.Now())
					if next.After(back) {
						break
					}
					r.canary(Unavailable)
				}
				time.Sleep(time.Until(back))
				r.canary(Delivered)
				r.admit("a")
				require.LessOrEqual(t, time.Since(back), 2*gateTestInterval+5*time.Second)
			})
		})
	}
}

func TestHalfDeadHostGetsOneRealCallPerCanaryInterval(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.trip()
		r.g.wantProof("h", true)
		calls := 0
		start := time.Now()
		for time.Since(start) < time.Hour {
			r.canary(Delivered)
			if p, _, _ := r.g.admit(time.Now(), "h", "a"); p != nil {
				calls++
				p.report(time.Now(), report{verdict: Failed, write: true, seq: uint64(calls)})
			}
		}
		require.LessOrEqual(t, calls, int(time.Hour/gateTestInterval)+6, "5 to grow the pause")
		require.GreaterOrEqual(t, calls, int(time.Hour/gateTestInterval)-6)
	})
}

func TestCanaryDoesNotShortenThePauseAfterARealCallFailed(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.trip()
		for range 4 {
			r.canary(Delivered)
			r.call("a", report{verdict: Unavailable})
		}
		b := r.g.hosts["h"].breaker
		require.Equal(t, 16*time.Second, b.pause)
		b.canary(time.Now().Add(15*time.Second), true)
		r.closedBy("a", "next probe at")
		b.canary(time.Now().Add(16*time.Second), true)
		r.open("a")
	})
}

func TestStoppedTestGivesTheSlotBackUnchanged(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.trip()
		r.canary(Delivered)
		pause := r.g.hosts["h"].breaker.pause
		r.call("a", report{verdict: Unknown, stopped: true})
		// gobreaker wants a strictly later time; admit waits that millisecond.
		open, at := r.g.peek(time.Now(), "h", "a")
		require.False(t, open)
		require.Equal(t, time.Now().Add(time.Millisecond), at)
		r.call("a", report{verdict: Unknown, stopped: true})
		require.Equal(t, pause, r.g.hosts["h"].breaker.pause)
		r.call("a", report{verdict: Delivered})
		r.open("a")
	})
}

func TestOwnFaultInTheTestClosesTheBreaker(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.trip()
		r.canary(Delivered)
		r.call("a", report{verdict: Unavailable, ownFault: true})
		r.open("a")
		require.False(t, r.g.hosts["h"].breaker.tripped)
	})
}

func TestFailedReadInTheTestRepeatsThePauseWithoutGrowth(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.trip()
		for range 3 {
			require.Equal(t, time.Second, r.canary(Delivered))
			r.call("a", report{verdict: Failed})
			r.closedBy("a", "next probe at")
		}
	})
}

func TestLateAnswersDoNotMoveTheBreaker(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		late := []*permit{r.admit("a"), r.admit("a"), r.admit("a")}
		r.trip()
		late[0].report(time.Now(), report{verdict: Delivered})
		r.closedBy("a", "next probe at")
		late[1].report(time.Now(), report{verdict: Unavailable})
		require.Equal(t, time.Second, r.canary(Delivered), "no longer pause")
		r.call("a", report{verdict: Delivered})
		late[2].report(time.Now(), report{verdict: Unavailable})
		for range breakerFailures - 1 {
			r.call("a", report{verdict: Unavailable})
		}
		r.open("a")
	})
}

func TestEachHostHasItsOwnBreaker(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.trip()
		require.Nil(t, r.g.closed(time.Now(), "other", "a"))
	})
}
