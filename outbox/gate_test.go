package outbox

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPauseClosesOneAccountUntilResumed(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.g.pause(time.Now(), "a", false, "stock-taking")
		c := r.closedBy("a", "account a is paused by an operator: stock-taking")
		require.Zero(t, c.Until)
		r.open("b")
		r.g.resume(time.Now(), "a", false)
		r.open("a")
	})
}

func TestPauseOfAllClosesAllAndLeavesSinglePauses(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.g.pause(time.Now(), "a", false, "one")
		r.g.pause(time.Now(), "", true, "migration")
		r.closedBy("a", "all accounts are paused by an operator: migration")
		r.closedBy("b", "migration")
		r.g.resume(time.Now(), "", true)
		r.closedBy("a", "account a is paused by an operator: one")
		r.open("b")
	})
}

func TestPrecedenceAndLatestEnd(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		now := time.Now()
		p1, p2, p3 := r.admit("a"), r.admit("a"), r.admit("a")
		p1.report(time.Now(), report{verdict: Throttled, retryAfter: 5 * time.Minute})
		c := r.closedBy("a", "account a called too fast and was asked to wait (Retry-After), until 2000-01-01T00:05:00Z")
		require.WithinDuration(t, now.Add(5*time.Minute), c.Until, time.Second)
		p2.report(time.Now(), report{verdict: Unavailable, retryAfter: 3 * time.Minute})
		c = r.closedBy("a", "host h asked to wait (Retry-After), until 2000-01-01T00:03:00Z")
		require.WithinDuration(t, now.Add(5*time.Minute), c.Until, time.Second, "until the latest of both")
		r.window = &Window{Name: "July", Start: now, End: now.Add(4 * time.Hour)}
		c = r.closedBy("a", `maintenance window "July" until 2000-01-01T04:00:00Z`)
		require.Equal(t, r.window.End, c.Until)
		p3.report(time.Now(), report{verdict: Unauthorized})
		c = r.closedBy("a", "account a is suspended: its credential was refused, next probe once its host may be called")
		require.Zero(t, c.Until, "the end of one cause is not known")
		r.g.pause(time.Now(), "a", false, "x")
		r.closedBy("a", "account a is paused")
	})
}

func TestPeekNamesTheMomentToAskAgain(t *testing.T) {
	gateTest(t, gateWithoutCanary, func(r *gateRig) {
		r.call("a", report{verdict: Throttled, retryAfter: time.Minute})
		open, at := r.g.peek(time.Now(), "h", "a")
		require.False(t, open)
		time.Sleep(time.Until(at))
		open, at = r.g.peek(time.Now(), "h", "a")
		require.True(t, open)
		require.Zero(t, at)
		r.g.pause(time.Now(), "a", false, "")
		_, at = r.g.peek(time.Now(), "h", "a")
		require.Zero(t, at, "only a change ends a pause")
	})
}

func TestPeekAllocatesNothingWhileOpen(t *testing.T) {
	g := newGate(gateOptions{canary: true, canaryInterval: gateTestInterval, startRate: 1, maxRate: 1, windows: func(string, time.Time) (Window, bool) {
		return Window{}, false
	}}, gateState{}, time.Now())
	now := time.Now()
	g.peek(now, "h", "a")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if open, _ := g.peek(now, "h", "a"); !open {
			t.Error("closed")
		}
	}))
}

func TestSecondReportIsIgnored(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		p := r.admit("a")
		for range 10 {
			p.report(time.Now(), report{verdict: Delivered, write: true})
		}
		require.Equal(t, uint64(1), r.g.writes("h"))
		p = r.admit("a")
		for range 10 {
			p.report(time.Now(), report{verdict: Unavailable})
		}
		r.open("a")
	})
}

func TestWritesAndSignsOfLifeCountOnlyProof(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.call("a", report{verdict: Delivered, write: true})
		r.call("a", report{verdict: Delivered}) // a read
		r.call("a", report{verdict: Rejected, write: true})
		r.call("a", report{verdict: Failed, write: true})
		r.call("a", report{verdict: Delivered, write: true, ownFault: true})
		r.call("a", report{verdict: Delivered, write: true, stopped: true})
		require.Equal(t, uint64(1), r.g.writes("h"))
		require.Equal(t, uint64(3), r.g.signsOfLife("h", "a"))
		require.Zero(t, r.g.signsOfLife("h", "b"))
		require.Zero(t, r.g.signsOfLife("other", "a"))
	})
}

func TestHostRetryAfterEndsWithCanary(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.call("a", report{verdict: Unavailable, retryAfter: 10 * time.Minute})
		r.closedBy("b", "host h asked to wait")
		require.Equal(t, gateTestInterval, r.canary(Delivered))
		r.open("b")
	})
}

func TestHostRetryAfterEndsByTimeAndIsCapped(t *testing.T) {
	gateTest(t, gateWithoutCanary, func(r *gateRig) {
		r.call("a", report{verdict: Unknown, write: true, retryAfter: 100 * time.Hour})
		c := r.closedBy("a", "host h asked to wait")
		require.Equal(t, time.Now().Add(15*time.Minute), c.Until)
		time.Sleep(time.Until(c.Until))
		r.open("a")
		r.call("a", report{verdict: Unavailable, retryAfter: -time.Hour})
		r.open("a")
	})
}

func TestAccountRetryAfterOutlivesCanary(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.call("a", report{verdict: Throttled, retryAfter: 10 * time.Minute})
		r.open("b")
		r.g.wantProof("h", true)
		r.canary(Delivered)
		r.closedBy("a", "account a called too fast")
		time.Sleep(10 * time.Minute)
		r.open("a")
	})
}

func TestChangesTellEveryOpeningAndClosing(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		before := r.g.changed()
		r.trip()
		r.canary(Delivered)
		r.call("a", report{verdict: Delivered})
		r.g.pause(time.Now(), "", true, "x")
		r.g.resume(time.Now(), "", true)
		var got []string
		for _, c := range r.g.changes() {
			require.NotEmpty(t, c.reason)
			got = append(got, fmt.Sprintf("%d %s/%s %v", c.subject, c.host, c.account, c.open))
		}
		require.Equal(t, []string{"2 h/ false", "2 h/ true", "1 / false", "1 / true"}, got)
		require.Empty(t, r.g.changes())
		require.Greater(t, r.g.changed(), before)
	})
}

func TestStateSurvivesRestart(t *testing.T) {
	gateTest(t, func(o *gateOptions) { o.startRate, o.maxRate = 8, 10 }, func(r *gateRig) {
		r.g.pause(time.Now(), "p", false, "one")
		r.g.pause(time.Now(), "", true, "all")
		r.g.resume(time.Now(), "", true)
		r.call("a", report{verdict: Delivered})
		time.Sleep(10 * time.Second)
		r.call("a", report{verdict: Delivered})
		r.call("a", report{verdict: Throttled})
		r.call("s", report{verdict: Unauthorized})
		learned := r.g.accounts["a"].pace.learned(time.Now())
		require.InDelta(t, 8.1, learned, 0.01, "0.9 of the rate that was too fast")

		b, err := json.Marshal(r.g.state(time.Now()))
		require.NoError(t, err)
		require.NotContains(t, string(b), `"s"`, "a restart probes suspended accounts anew: %s", b)
		var saved gateState
		require.NoError(t, json.Unmarshal(b, &saved))
		r.g = newGate(r.o, saved, time.Now())
		r.closedBy("p", "account p is paused by an operator: one")
		require.InDelta(t, 10*time.Second, r.g.uptime("h"), float64(time.Second))
		require.InDelta(t, learned, r.g.accounts["a"].pace.ceilingAt(time.Now()), 0.001)
		r.open("s")
		require.Empty(t, r.g.changes(), "a restart is no news")
	})
}

func TestStatusHasOneRowPerHostAndAccount(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		r.g.useAccount("h", "b")
		r.g.useAccount("h", "a")
		r.g.useAccount("", "")
		r.g.pause(time.Now(), "b", false, "x")
		require.Equal(t, []GateStatus{
			{Host: "h", Account: "a", Open: true, Rate: 1000},
			{Host: "h", Account: "b", Reason: "account b is paused by an operator: x", Rate: 1000},
			{Open: true, Rate: 1000},
		}, r.g.status(time.Now()))
	})
}

// Several goroutines call at once; the race detector is the judge.
func TestGateIsSafeForConcurrentUse(t *testing.T) {
	gateTest(t, nil, func(r *gateRig) {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for n := range 200 {
					now, account := time.Now(), fmt.Sprint(i%3)
					r.g.peek(now, "h", account)
					if p, _, _ := r.g.admit(now, "h", account); p != nil {
						p.report(now, report{verdict: Verdict(n%7 + 1), write: true, seq: uint64(n)})
					}
					due, _ := r.g.probes(now)
					for _, p := range due {
						r.g.reportProbe(now, p, gateAnswer(Delivered))
					}
					r.g.status(now)
					r.g.state(now)
					r.g.changes()
					time.Sleep(10 * time.Millisecond)
				}
			})
		}
		wg.Wait()
	})
}

// Random calls, answers, windows and pauses. Properties: a host whose breaker
// is open has at most one call out; a closed gate has a sentence; the odometer
// never runs backwards; neither admit nor probes stop the world: once all
// succeeds, every account gets through.
func TestRandomSequencesKeepTheInvariants(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			gateTest(t, func(o *gateOptions) {
				o.canary = seed%3 != 0
				o.startRate, o.maxRate = 2, 10
				o.random = rand.New(rand.NewPCG(seed, 2)).Float64
			}, func(r *gateRig) { gateRandomRun(r, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func gateRandomRun(r *gateRig, rnd *rand.Rand) {
	type call struct {
		p    *permit
		test bool
	}
	var calls []call
	var out []probe
	var up time.Duration
	accounts := []string{"a", "b", "c"}
	verdict := func() Verdict { return Verdict(rnd.IntN(8)) } // 0 is no verdict
	for range 1500 {
		now, account := time.Now(), accounts[rnd.IntN(3)]
		switch rnd.IntN(12) {
		case 0, 1, 2:
			open, _ := r.g.peek(now, "h", account)
			tripped := r.g.hosts["h"].breaker.tripped
			p, at, closed := r.g.admit(now, "h", account)
			require.Equal(r, open, p != nil, "peek and admit agree")
			switch {
			case p != nil:
				if tripped {
					for _, c := range calls {
						require.False(r, c.test, "two calls test the host")
					}
				}
				calls = append(calls, call{p, tripped})
			case closed != nil:
				require.NotEmpty(r, closed.Reason)
				require.True(r, closed.Until.IsZero() || closed.Until.After(now), "%s until %s", closed.Reason, closed.Until)
			default:
				require.True(r, at.After(now))
			}
		case 3, 4, 5:
			if len(calls) > 0 {
				i := rnd.IntN(len(calls))
				calls[i].p.report(now, report{
					verdict: verdict(), write: rnd.IntN(2) == 0, seq: uint64(rnd.IntN(3)),
					retryAfter: time.Duration(rnd.IntN(3)-1) * 10 * time.Second,
					stopped:    rnd.IntN(20) == 0, ownFault: rnd.IntN(20) == 0,
				})
				calls = append(calls[:i], calls[i+1:]...)
			}
		case 6, 7:
			due, next := r.g.probes(now)
			require.True(r, next.IsZero() || next.After(now))
			out = append(out, due...)
			seen := map[probe]bool{}
			hosts := 0
			for _, p := range out {
				require.False(r, seen[p], "%v is out twice", p)
				seen[p] = true
				if !p.suspended {
					hosts++
				}
			}
			require.LessOrEqual(r, hosts, 1)
		case 8:
			if len(out) > 0 {
				r.g.reportProbe(now, out[0], gateAnswer(verdict()))
				out = out[1:]
			}
		case 9:
			time.Sleep(time.Duration(rnd.IntN(20000)) * time.Millisecond)
		case 10:
			switch rnd.IntN(8) {
			case 0:
				r.window = &Window{Name: "w", Start: now, End: now.Add(time.Duration(rnd.IntN(600)) * time.Second)}
			case 1:
				r.window = nil
			case 2:
				r.g.pause(now, account, rnd.IntN(3) == 0, "x")
			case 3:
				r.g.resume(now, account, rnd.IntN(3) == 0)
			case 4:
				r.g.wantProof("h", rnd.IntN(2) == 0)
			}
		case 11:
			for _, c := range r.g.changes() {
				require.NotEmpty(r, c.reason)
			}
		}
		u := r.g.uptime("h")
		require.GreaterOrEqual(r, u, up)
		up = u
	}
	// All is well from here on, and everything ends.
	r.window = nil
	for _, c := range calls {
		c.p.report(time.Now(), report{verdict: Delivered})
	}
	for _, p := range out {
		r.g.reportProbe(time.Now(), p, gateAnswer(Delivered))
	}
	r.g.resume(time.Now(), "", true)
	for _, a := range accounts {
		r.g.resume(time.Now(), a, false)
	}
	through := map[string]bool{}
	for start := time.Now(); len(through) < 3; time.Sleep(100 * time.Millisecond) {
		require.Less(r, time.Since(start), 30*time.Minute, "still closed: %+v", r.g.status(time.Now()))
		due, _ := r.g.probes(time.Now())
		for _, p := range due {
			r.g.reportProbe(time.Now(), p, gateAnswer(Delivered))
		}
		for _, a := range accounts {
			if p, _, _ := r.g.admit(time.Now(), "h", a); p != nil {
				p.report(time.Now(), report{verdict: Delivered})
				through[a] = true
			}
		}
	}
}
