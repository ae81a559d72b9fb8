package outbox

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestUnauthorizedSuspendsThatAccountOnAllItsHosts(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.call("a", report{verdict: Unauthorized})
		require.True(t, r.g.isSuspended("a"))
		require.False(t, r.g.isSuspended("b"))
		r.closedBy("a", "account a is suspended: its credential was refused")
		r.open("b")
		require.NotNil(t, r.g.closed(time.Now(), "other", "a"))
		r.g.unsuspend(time.Now(), "a")
		r.open("a")
	})
}

func TestSuspendedAccountIsProbedAtOnceThenEveryInterval(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.g.useAccount("h", "b")
		r.call("a", report{verdict: Unauthorized})
		want := probe{host: "h", account: "a", suspended: true}
		require.Equal(t, want, r.due())
		r.noneDue() // it is out
		r.closedBy("a", "a probe is under way")
		for range 5 {
			r.g.reportProbe(time.Now(), want, gateAnswer(Unauthorized))
			r.closedBy("a", "next probe at")
			for next := r.noneDue(); ; {
				require.LessOrEqual(t, time.Until(next), time.Minute)
				time.Sleep(time.Until(next))
				ps, n := r.g.probes(time.Now())
				if len(ps) == 1 {
					require.Equal(t, want, ps[0])
					break
				}
				next = n
			}
		}
		r.g.reportProbe(time.Now(), want, gateAnswer(Rejected))
		r.open("a")
	})
}

func TestWhatEndsASuspension(t *testing.T) {
	for v, ends := range map[Verdict]bool{
		Delivered: true, Rejected: true, Throttled: true,
		Failed: false, Unavailable: false, Unauthorized: false, Unknown: false,
	} {
		t.Run(v.String(), func(t *testing.T) {
			gateTest(t, nil, func(r *gateRig) {
				r.call("a", report{verdict: Unauthorized})
				r.g.reportProbe(time.Now(), r.due(), gateAnswer(v))
				require.Equal(t, !ends, r.g.isSuspended("a"))
			})
		})
	}
}

func TestLateRefusalOfAnEarlierCredentialIsIgnored(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		p1, p2 := r.admit("a"), r.admit("a")
		p1.report(time.Now(), report{verdict: Unauthorized})
		r.g.unsuspend(time.Now(), "a")
		p2.report(time.Now(), report{verdict: Unauthorized})
		r.open("a")
		r.call("a", report{verdict: Unauthorized})
		require.True(t, r.g.isSuspended("a"))
	})
}

func TestSuspendedAccountIsProbedWhenItsHostOpens(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.g.useAccount("h", "b")
		r.call("a", report{verdict: Unauthorized})
		r.g.reportProbe(time.Now(), r.due(), gateAnswer(Unauthorized))
		r.window = &Window{Name: "w", Start: time.Now(), End: time.Now().Add(time.Hour)}
		for time.Now().Before(r.window.End.Add(-gateTestInterval)) {
			p := r.canaryAnd(Unavailable)
			require.Equal(t, "b", p.account, "nothing of the suspended one goes in a window")
		}
		r.closedBy("a", "next probe once its host may be called")
		r.canary(Delivered) // at the planned end
		r.open("b")
		require.Equal(t, probe{host: "h", account: "a", suspended: true}, r.due())
	})
}

func TestOpeningMakesTheProbeOfASuspendedAccountDue(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.call("a", report{verdict: Unauthorized})
		r.g.reportProbe(time.Now(), r.due(), gateAnswer(Unauthorized))
		r.call("b", report{verdict: Unavailable, retryAfter: 10 * time.Second})
		time.Sleep(10 * time.Second)
		require.Equal(t, probe{host: "h", account: "a", suspended: true}, r.due())
	})
}

func TestSuspendedAccountIsProbedThroughAHostThatMayBeCalled(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.g.useAccount("other", "a")
		p := r.admit("a")
		r.call("b", report{verdict: Unavailable, retryAfter: 10 * time.Second})
		p.report(time.Now(), report{verdict: Unauthorized})
		require.Equal(t, probe{host: "other", account: "a", suspended: true}, r.due())
	})
}

func TestCanaryFromBeforeTheRetryAfterDoesNotEndIt(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.g.useAccount("h", "a")
		r.g.wantProof("h", true)
		p := r.due()
		time.Sleep(time.Second)
		r.call("a", report{verdict: Unavailable, retryAfter: time.Minute})
		r.g.reportProbe(time.Now(), p, gateAnswer(Delivered))
		r.closedBy("a", "Retry-After")
	})
}

// canaryAnd is canary that says which probe it was.
func (r *gateRig) canaryAnd(v Verdict) probe {
	r.Helper()
	for {
		ps, next := r.g.probes(time.Now())
		if len(ps) > 0 {
			require.Len(r, ps, 1)
			r.g.reportProbe(time.Now(), ps[0], gateAnswer(v))
			return ps[0]
		}
		time.Sleep(time.Until(next))
	}
}

func TestWithoutCanaryOneRealCallTestsASuspendedAccount(t *testing.T) {
	gateTest(t, gateWithoutCanary, func(r *gateRig) {
		r.call("a", report{verdict: Unauthorized})
		for range 3 {
			_, at := r.g.peek(time.Now(), "h", "a")
			require.Equal(t, time.Now().Add(time.Minute), at)
			time.Sleep(time.Until(at))
			p := r.admit("a")
			r.closedBy("a", "a probe is under way")
			p.report(time.Now(), report{verdict: Unauthorized})
		}
		time.Sleep(time.Minute)
		r.call("a", report{verdict: Unknown, stopped: true})
		r.call("a", report{verdict: Delivered})
		require.False(t, r.g.isSuspended("a"))
		r.open("a")
	})
}

func TestCanaryTakesAccountsInTurnAndAvoidsSuspendedOnes(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		for _, a := range []string{"a", "b", "c", "d"} {
			r.g.useAccount("h", a)
		}
		r.g.wantProof("h", true)
		for _, want := range []string{"a", "b", "c", "d", "a", "b"} {
			require.Equal(t, want, r.canaryAnd(Delivered).account)
		}
		r.g.accountLocked("c").suspension.on = true
		r.g.accountLocked("c").suspension.probing = true // not its own probes here
		r.g.pause(time.Now(), "d", false, "x")
		r.call("b", report{verdict: Throttled, retryAfter: time.Hour})
		for range 3 {
			require.Equal(t, "a", r.canaryAnd(Delivered).account)
		}
		r.g.pause(time.Now(), "a", false, "x")
		require.Equal(t, "b", r.canaryAnd(Delivered).account, "rather one that waits than a suspended one")
		r.g.pause(time.Now(), "b", false, "x")
		require.Equal(t, "c", r.canaryAnd(Delivered).account, "a suspended one rather than none")
		r.g.pause(time.Now(), "c", false, "x")
		time.Sleep(time.Hour)
		r.noneDue()
	})
}

func TestSuspendedCanaryAccountCannotKeepTheHostClosed(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		p := r.admit("a")
		r.trip()
		p.report(time.Now(), report{verdict: Unauthorized})
		require.Equal(t, time.Second, r.canary(Unauthorized), "the only account is suspended, its 401 is a sign of life")
		require.True(t, r.g.isSuspended("a"))
		p2 := r.canaryAnd(Delivered)
		require.True(t, p2.suspended)
		r.call("a", report{verdict: Delivered})
		r.open("a")
	})
}

func TestCanaryRefusalSuspendsItsAccount(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.g.useAccount("h", "a")
		r.g.wantProof("h", true)
		r.canary(Unauthorized)
		require.True(t, r.g.isSuspended("a"))
		r.noneDue() // it was probed just now
	})
}

func TestNoCanaryWithoutNeed(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.call("a", report{verdict: Delivered})
		for range 100 {
			time.Sleep(gateTestInterval)
			r.noneDue()
		}
	})
}

func TestWantProofMakesCanariesOnlyWhileTheHostIsSilent(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.g.useAccount("h", "a")
		r.g.wantProof("h", true)
		r.canary(Delivered)
		for range 10 {
			time.Sleep(gateTestInterval - time.Second)
			r.call("a", report{verdict: Delivered})
			r.noneDue()
		}
		require.Equal(t, gateTestInterval, r.canary(Delivered))
		r.g.wantProof("h", false)
		time.Sleep(time.Hour)
		r.noneDue()
	})
}

func TestProbeIsHandedOutOnceUntilItIsReported(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.trip()
		time.Sleep(time.Second)
		p := r.due()
		r.closedBy("a", "a probe is under way")
		for range 10 {
			time.Sleep(gateTestInterval)
			r.noneDue()
		}
		r.g.reportProbe(time.Now(), p, gateAnswer(Unavailable))
		pause := r.g.hosts["h"].breaker.until
		r.g.reportProbe(time.Now(), p, gateAnswer(Delivered))
		require.Equal(t, pause, r.g.hosts["h"].breaker.until)
		r.closedBy("a", "next probe at")
	})
}

func TestProbesNameWhenToAskAgain(t *testing.T) {
	gateTest(t, func(o *gateOptions) { o.windows = nil }, func(r *gateRig) {
		require.Zero(t, r.noneDue())
		r.trip()
		require.Equal(t, time.Now().Add(time.Second), r.noneDue())
	})
}

func TestOdometerCountsProvenTimeOnly(t *testing.T) {
	t.Parallel()
	start := time.Unix(1000, 0)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	const fail = -1
	type step struct{ at, kind, want int }
	for name, steps := range map[string][]step{
		"first sign proves nothing":          {{10, 0, 0}},
		"time between signs":                 {{0, 0, 0}, {30, 0, 30}, {31, 0, 31}, {91, 0, 91}},
		"too long a silence":                 {{0, 0, 0}, {61, 0, 0}, {62, 0, 1}},
		"failure in between":                 {{0, 0, 0}, {10, 0, 10}, {12, fail, 10}, {20, 0, 10}, {25, 0, 15}},
		"clock goes back adds nothing":       {{100, 0, 0}, {110, 0, 10}, {50, 0, 10}, {60, 0, 10}, {111, 0, 11}},
		"failure before the first is no use": {{0, fail, 0}, {10, 0, 0}, {20, 0, 10}},
	} {
		t.Run(name, func(t *testing.T) {
			o := odometer{longest: 60 * time.Second}
			for i, s := range steps {
				if s.kind == fail {
					o.failure()
				} else {
					o.sign(at(s.at))
				}
				require.Equal(t, time.Duration(s.want)*time.Second, o.total, "step %d", i)
			}
		})
	}
}

func TestUptimeRunsOnCanariesAndStopsInAnOutage(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.g.useAccount("h", "a")
		r.g.wantProof("h", true)
		r.canary(Delivered)
		for range 10 {
			r.canary(Failed)
		}
		require.Equal(t, 10*gateTestInterval, r.g.uptime("h"))
		for range 10 {
			r.canary(Unavailable)
		}
		r.canary(Delivered)
		require.Equal(t, 10*gateTestInterval, r.g.uptime("h"))
		r.canary(Delivered)
		require.Equal(t, 11*gateTestInterval, r.g.uptime("h"))
		r.call("a", report{verdict: Unknown, write: true})
		r.canary(Delivered)
		require.Equal(t, 11*gateTestInterval, r.g.uptime("h"), "a call failed in between")
	})
}
