package outbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// The kinds of outage that the other side's own answers tell nothing in.
var outages = []outboxtest.Mode{outboxtest.Refused, outboxtest.Reset, outboxtest.Hang, outboxtest.Busy, outboxtest.HTML}

func names(prefix string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s%03d", prefix, i)
	}
	return out
}

// costNothing: whatever waits has not been charged for an attempt.
func (r *rig) costNothing() {
	r.Helper()
	for rec, err := range r.o.Waiting() {
		require.NoError(r, err)
		require.Zero(r, rec.Attempts, "%s: %s", rec.Key, rec.Reason)
		require.NotEqual(r, outbox.Parked, rec.State, rec.Reason)
	}
	require.Zero(r, r.o.Stats().Dead)
}

// since returns the calls that came at or after t.
func since(calls []outboxtest.Call, t time.Time) []outboxtest.Call {
	for i, c := range calls {
		if !c.At.Before(t) {
			return calls[i:]
		}
	}
	return nil
}

// paced: calls start at one a second and get faster by one a second each
// second, no more; and they do get faster.
func paced(t *testing.T, calls []outboxtest.Call) {
	t.Helper()
	first := calls[0].At
	per := make([]int, 6)
	for _, c := range calls {
		if s := int(c.At.Sub(first) / time.Second); s < len(per) {
			per[s]++
		}
	}
	for s, n := range per {
		require.LessOrEqual(t, n, s+2, "calls in second %d after the opening: %v", s, per)
	}
	require.Greater(t, per[5], per[0]+1, "the pace grows: %v", per)
}

func TestOutageOfEightHoursCostsNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range outages {
		t.Run(mode.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				h := &outboxtest.Host{}
				r := newRig(t, h, nil)
				r.run()
				keys := names("sku", 60)
				h.SetMode(mode)
				for hour := range 8 {
					r.stocks("", keys, fmt.Sprint("hour ", hour))
					time.Sleep(time.Hour)
					r.costNothing()
					if hour == 4 {
						r.crash()
						r.run()
					}
				}
				time.Sleep(7 * time.Second) // service comes back between two canaries
				require.Empty(t, h.Effects())
				r.costNothing()
				back := time.Now()
				h.SetMode(outboxtest.Up)
				r.drain(30 * time.Minute)

				after := since(h.Writes(), back)
				require.LessOrEqual(t, after[0].At.Sub(back), 2*canaryInterval+5*time.Second)
				paced(t, after)
				require.Zero(t, r.o.Stats().Dead)
				require.Equal(t, uint64(60), r.o.Stats().Delivered)
				for _, e := range h.Effects() {
					require.Equal(t, "hour 7", e.Body, "only the newest value goes")
				}
				require.Len(t, h.Values(), 60)
				r.settled(time.Hour)
			})
		})
	}
}

// A host that is just back is not struck at the pace that it bore before.
func TestPaceStartsLowWheneverTheGateOpens(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, nil)
		r.run()
		for range 3 {
			r.stocks("", names("sku", 150), "before")
			r.drain(time.Minute)
			last := h.Writes()[len(h.Writes())-20:]
			require.Less(t, last[19].At.Sub(last[0].At), 3*time.Second, "it got fast")
			h.SetMode(outboxtest.Refused)
			r.stocks("", names("sku", 60), "after")
			time.Sleep(time.Hour + 7*time.Second)
			back := time.Now()
			h.SetMode(outboxtest.Up)
			r.drain(10 * time.Minute)
			paced(t, since(h.Writes(), back))
		}
	})
}

// Without a canary the entries themselves find out; an outage is no fault of
// theirs then, either.
func TestOutageCostsNothingWithoutCanary(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) { o.Canary = nil })
		h.SetMode(outboxtest.Busy)
		r.stocks("", names("sku", 30), "1")
		r.run()
		time.Sleep(3 * time.Hour)
		r.costNothing()
		back := time.Now()
		h.SetMode(outboxtest.Up)
		r.drain(10 * time.Minute)
		require.LessOrEqual(t, since(h.Writes(), back)[0].At.Sub(back), 2*canaryInterval+5*time.Second)
	})
}

func TestApplicationThatFailsForHoursCostsNothing(t *testing.T) {
	t.Parallel()
	for name, canary := range map[string]outboxtest.Mode{"canary fails too": outboxtest.Broken, "canary succeeds": outboxtest.Up} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				h := &outboxtest.Host{}
				sick := true
				h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
					if c.Canary {
						return outboxtest.Reply{Mode: canary}, sick
					}
					return outboxtest.Reply{Mode: outboxtest.Broken}, sick
				}
				r := newRig(t, h, nil)
				r.run()
				r.stocks("", names("sku", 20), "1")
				time.Sleep(90 * time.Minute)
				r.crash()
				r.run()
				r.stocks("", names("sku", 20), "2")
				time.Sleep(90 * time.Minute)
				r.costNothing()
				sick = false
				back := time.Now()
				r.drain(10 * time.Minute)
				require.LessOrEqual(t, since(h.Writes(), back)[0].At.Sub(back), 2*canaryInterval+5*time.Second)
				require.Zero(t, r.o.Stats().Dead)
				require.Equal(t, uint64(20), r.o.Stats().Delivered)
				for _, v := range h.Values() {
					require.Equal(t, "2", v)
				}
			})
		})
	}
}

// An outage shorter than the pauses between entries' own tries is over for
// each of them within one canary interval.
func TestNothingComesLateAfterAnOutage(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, nil)
		h.SetMode(outboxtest.Busy)
		r.stock("alone", "1")
		r.run()
		time.Sleep(2 * time.Hour)
		h.SetMode(outboxtest.Up)
		back := time.Now()
		r.drain(time.Hour)
		require.LessOrEqual(t, time.Since(back), 2*canaryInterval+5*time.Second)
	})
}
