package outbox_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// plan is a source of windows that can be changed.
type plan struct {
	mu sync.Mutex
	w  *outbox.Window
}

func (p *plan) set(w *outbox.Window) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.w = w
}

func (p *plan) at(_ string, now time.Time) (outbox.Window, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w == nil || now.Before(p.w.Start) || !now.Before(p.w.End) {
		return outbox.Window{}, false
	}
	return *p.w, true
}

func windowRig(t *testing.T, h *outboxtest.Host, length time.Duration) *rig {
	t.Helper()
	p := &plan{}
	p.set(&outbox.Window{Name: "July", Start: time.Now().Add(time.Minute), End: time.Now().Add(time.Minute + length)})
	r := newRig(t, h, func(o *outbox.Options) { o.Windows = p.at })
	r.run()
	time.Sleep(time.Minute + time.Second)
	return r
}

// fourHours after the rig's window began, less the second that is past.
const fourHours = 4*time.Hour - time.Second

func TestWindowHoldsUntilItsPlannedEnd(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := windowRig(t, h, 4*time.Hour)
		h.SetMode(outboxtest.HTML)
		r.stocks("", names("sku", 30), "1")
		time.Sleep(time.Hour)
		r.crash()
		r.run()
		closed := r.o.Closed("", "")
		require.NotNil(t, closed)
		require.True(t, strings.Contains(closed.Reason, `"July"`) && !closed.Until.IsZero(), closed.Reason)
		time.Sleep(fourHours - time.Hour)
		require.Empty(t, h.Writes(), "nothing but canaries is sent")
		back := time.Now()
		h.SetMode(outboxtest.Up)
		r.drain(10 * time.Minute)
		require.LessOrEqual(t, h.Writes()[0].At.Sub(back), 2*canaryInterval+5*time.Second)
		paced(t, h.Writes())
	})
}

func TestWindowEndsEarlyOnlyAfterAFailureAndTwoSuccesses(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := windowRig(t, h, 4*time.Hour)
		r.stock("sku", "1")
		time.Sleep(time.Hour)
		require.Empty(t, h.Writes(), "canaries that succeed show that the maintenance begins late")
		h.SetMode(outboxtest.Busy)
		time.Sleep(time.Hour + 7*time.Second) // between two canaries
		back := time.Now()
		h.SetMode(outboxtest.Up)
		r.drain(10 * time.Minute)
		require.LessOrEqual(t, h.Writes()[0].At.Sub(back), 2*canaryInterval+5*time.Second)
		ok := since(h.Canaries(), back)
		require.Len(t, ok, 2)
		require.GreaterOrEqual(t, ok[1].At.Sub(ok[0].At), time.Second)
		r.crash() // what ended does not hold again
		r.run()
		r.stock("sku", "2")
		r.drain(time.Minute)
	})
}

func TestWindowThatOverrunsIsMoreWaiting(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := windowRig(t, h, 4*time.Hour)
		h.SetMode(outboxtest.Refused)
		r.stock("sku", "1")
		time.Sleep(fourHours + 3*time.Hour + 7*time.Second) // between two canaries
		require.Empty(t, h.Writes())
		r.costNothing()
		back := time.Now()
		h.SetMode(outboxtest.Up)
		r.drain(10 * time.Minute)
		require.LessOrEqual(t, h.Writes()[0].At.Sub(back), canaryInterval+5*time.Second, "one success opens it")
		require.Len(t, since(h.Canaries(), back), 1)
	})
}

func TestPauseOutlivesARestart(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, nil)
		require.NoError(t, r.o.Pause(t.Context(), "a", "stock-taking"))
		r.stocks("a", []string{"sku"}, "1")
		r.stocks("b", []string{"sku"}, "1")
		r.crash()
		r.run()
		time.Sleep(time.Hour)
		require.Empty(t, h.Holds("a", "sku"))
		require.Equal(t, "1", h.Holds("b", "sku"))
		require.Contains(t, r.o.Closed("", "a").Reason, "stock-taking")
		require.NoError(t, r.o.PauseAll(t.Context(), "migration"))
		require.NoError(t, r.o.Resume(t.Context(), "a"))
		r.restart()
		r.run()
		time.Sleep(time.Hour)
		require.Empty(t, h.Holds("a", "sku"))
		require.NoError(t, r.o.ResumeAll(t.Context()))
		start := time.Now()
		r.drain(time.Minute)
		require.LessOrEqual(t, time.Since(start), 2*time.Second)
	})
}

func TestSuspendedAccountHoldsUpNobodyElse(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		times := func(refused bool) (r *rig, at []time.Duration) {
			h := &outboxtest.Host{}
			if refused {
				h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
					return outboxtest.Reply{Mode: outboxtest.Denied}, c.Account == "bad"
				}
			}
			r = newRig(t, h, nil)
			start := time.Now()
			r.stocks("bad", names("sku", 20), "1")
			r.stocks("good", names("sku", 40), "1")
			r.run()
			time.Sleep(5 * time.Minute)
			for _, e := range h.Effects() {
				if e.Account == "good" {
					at = append(at, e.At.Sub(start))
				}
			}
			return r, at
		}
		_, without := times(false)
		r, with := times(true)
		require.Len(t, with, 40)
		for i := range with {
			require.InDelta(t, without[i], with[i], float64(time.Millisecond), "call %d", i)
		}
		require.True(t, r.o.IsSuspended("bad"))
		require.Equal(t, []string{"bad"}, r.o.Stats().Suspended)
		require.Equal(t, uint64(20), r.o.Stats().Waiting, "its entries are kept")
		r.costNothing()
		calls := 0
		for _, c := range r.h.Calls() {
			if c.Account == "bad" {
				calls++
			}
		}
		require.LessOrEqual(t, calls, 2+6, "and tested once a minute")
		r.h.SetScript(nil)
		r.o.Unsuspend("bad")
		start := time.Now()
		r.drain(time.Minute)
		require.LessOrEqual(t, time.Since(start), 30*time.Second)
	})
}

func TestSuspensionEndsByAProbe(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.SetMode(outboxtest.Denied)
		r := newRig(t, h, nil)
		r.stocks("a", names("sku", 5), "1")
		r.run()
		time.Sleep(12 * time.Hour)
		r.costNothing()
		require.Len(t, h.Writes(), 1)
		h.SetMode(outboxtest.Up)
		start := time.Now()
		r.drain(10 * time.Minute)
		require.LessOrEqual(t, time.Since(start), time.Minute+10*time.Second)
	})
}

func TestThrottledAccountWaitsAndSlowsDown(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		n := 0
		h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
			if c.Canary {
				return outboxtest.Reply{}, false
			}
			n++
			return outboxtest.Reply{Mode: outboxtest.Limited, RetryAfter: time.Minute}, n == 30
		}
		r := newRig(t, h, nil)
		r.stocks("a", names("sku", 100), "1")
		r.run()
		r.drain(10 * time.Minute)
		w := h.Writes()
		require.Len(t, w, 101)
		require.GreaterOrEqual(t, w[30].At.Sub(w[29].At), time.Minute)
		require.Greater(t, w[31].At.Sub(w[30].At), 3*w[29].At.Sub(w[28].At)/2, "at half the pace")
	})
}
