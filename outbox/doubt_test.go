package outbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// late answers the first write of a body with a reset, and has it take effect
// that much later.
func late(body string, after time.Duration) func(outboxtest.Call) (outboxtest.Reply, bool) {
	done := false
	return func(c outboxtest.Call) (outboxtest.Reply, bool) {
		if done || c.Canary || c.LookUp || c.Bodies[0] != body {
			return outboxtest.Reply{}, false
		}
		done = true
		return outboxtest.Reply{Mode: outboxtest.Reset, Applied: true, After: after}, true
	}
}

const lateApply = 5*time.Minute + 30*time.Second // the default

func TestLateApplyDoesNotOutliveTheNewestValue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: late("old", 5*time.Minute)}
		r := newRig(t, h, nil)
		r.run()
		r.stock("sku", "old")
		time.Sleep(10 * time.Millisecond) // its call is over, its outcome unknown
		newest := r.stock("sku", "new")
		require.NoError(t, newest.Wait(r.day()))
		require.Equal(t, "new", h.Holds("", "sku"))
		rec := r.stands(newest, outbox.Done)
		require.True(t, rec.InDoubt)
		require.Equal(t, uint64(1), r.o.Stats().InDoubt)
		require.Zero(t, r.o.Stats().Waiting, "what is in doubt is delivered")
		start := time.Now()
		r.drain(time.Second)
		require.Zero(t, time.Since(start), "a drain does not wait for doubts")

		time.Sleep(5 * time.Minute)
		require.Equal(t, "old", h.Holds("", "sku"), "the late one has overwritten it")
		r.settled(10 * time.Minute)
		require.Equal(t, "new", h.Holds("", "sku"))
		require.GreaterOrEqual(t, time.Since(start), lateApply)
		require.Equal(t, uint64(1), r.o.Stats().Confirming)
		require.Equal(t, uint64(1), r.o.Stats().Delivered, "confirming is no second delivery")
		require.False(t, r.stands(newest, outbox.Done).InDoubt)
	})
}

// The value itself may be the late one; it goes at once, and once more.
func TestUnknownValueGoesAgainAndOnceMore(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: late("1", time.Minute)}
		r := newRig(t, h, nil)
		r.run()
		receipt := r.stock("sku", "1")
		require.NoError(t, receipt.Wait(r.day()))
		require.Len(t, h.Writes(), 2)
		r.settled(10 * time.Minute)
		require.Len(t, h.Writes(), 3)
		require.True(t, h.Writes()[2].Confirming)
	})
}

func TestDoubtSurvivesACrash(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: late("old", 5*time.Minute)}
		r := newRig(t, h, nil)
		r.run()
		r.stock("sku", "old")
		time.Sleep(10 * time.Millisecond)
		r.crash() // between the unknown outcome and the newer value
		r.run()
		newest := r.stock("sku", "new")
		require.NoError(t, newest.Wait(r.day()))
		r.crash() // between the delivery and the confirming call
		require.Equal(t, uint64(1), r.o.Stats().InDoubt)
		r.run()
		r.settled(20 * time.Minute)
		require.Equal(t, "new", h.Holds("", "sku"))
		require.Equal(t, uint64(1), r.o.Stats().Confirming)
	})
}

// A process that ends while the call is on the wire knows nothing of it.
func TestCrashOnTheWireIsADoubt(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
			return outboxtest.Reply{Mode: outboxtest.Hang, Applied: true, After: time.Minute}, !c.Canary && c.Bodies[0] == "old"
		}
		r := newRig(t, h, nil)
		r.run()
		r.stock("sku", "old")
		time.Sleep(time.Second)
		require.Equal(t, 1, r.o.Stats().InFlight)
		r.crash()
		newest := r.stock("sku", "new")
		r.run()
		require.NoError(t, newest.Wait(r.day()))
		require.Equal(t, "new", h.Holds("", "sku"))
		time.Sleep(2 * time.Minute)
		require.Equal(t, "old", h.Holds("", "sku"))
		r.settled(20 * time.Minute)
		require.Equal(t, "new", h.Holds("", "sku"))
	})
}

func TestDutyToConfirmPassesToANewerValue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: late("old", 5*time.Minute)}
		r := newRig(t, h, nil)
		r.run()
		r.stock("sku", "old")
		time.Sleep(10 * time.Millisecond)
		middle := r.stock("sku", "middle")
		require.NoError(t, middle.Wait(r.day()))
		time.Sleep(time.Minute)
		newest := r.stock("sku", "new")
		require.NoError(t, newest.Wait(r.day()))
		require.False(t, r.stands(middle, outbox.Done).InDoubt)
		require.True(t, r.stands(newest, outbox.Done).InDoubt)
		r.crash()
		require.Equal(t, uint64(1), r.o.Stats().InDoubt)
		r.run()
		r.settled(20 * time.Minute)
		require.Equal(t, "new", h.Holds("", "sku"))
		bodies := []string{}
		for _, c := range h.Writes() {
			bodies = append(bodies, c.Bodies[0])
		}
		require.Equal(t, []string{"old", "middle", "new", "new"}, bodies, "no old value goes after a newer one")
	})
}

// The newer value has the duty from its acceptance on, not from its delivery.
func TestDutyToConfirmIsStoredWithTheNewerValue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: late("old", 5*time.Minute)}
		r := newRig(t, h, nil)
		r.run()
		r.stock("sku", "old")
		time.Sleep(10 * time.Millisecond)
		r.stop()
		r.stock("sku", "new")
		require.NoError(t, r.o.Check(t.Context()))
		r.crash()
		r.run()
		r.settled(20 * time.Minute)
		require.Equal(t, "new", h.Holds("", "sku"))
		require.Equal(t, uint64(1), r.o.Stats().Confirming)
	})
}

// Time during which the host is down proves nothing: what was queued inside it
// may be applied when it is back.
func TestConfirmingCallWaitsForProvenUptime(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: late("old", 2*time.Hour+time.Minute)}
		r := newRig(t, h, nil)
		r.run()
		r.stock("sku", "old")
		time.Sleep(10 * time.Millisecond)
		require.NoError(t, r.stock("sku", "new").Wait(r.day()))
		time.Sleep(time.Minute)
		h.SetMode(outboxtest.Refused)
		time.Sleep(2 * time.Hour)
		for _, c := range h.Writes() {
			require.False(t, c.Confirming, "at %s", c.At)
		}
		h.SetMode(outboxtest.Up)
		r.settled(20 * time.Minute)
		require.Equal(t, "new", h.Holds("", "sku"))
	})
}

// A confirming call that is refused leaves something uncertain there, which a
// person must see.
func TestRefusedConfirmingCallIsADeadLetter(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		first := late("1", time.Minute)
		h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
			if c.Confirming {
				return outboxtest.Reply{Mode: outboxtest.Bad}, true
			}
			return first(c)
		}
		r := newRig(t, h, nil)
		r.run()
		receipt := r.stock("sku", "1")
		require.NoError(t, receipt.Wait(r.day()))
		r.settled(10 * time.Minute)
		rec := r.stands(receipt, outbox.Dead)
		require.Contains(t, rec.Reason, "delivered before")
		require.Zero(t, r.o.Stats().Delivered)
	})
}

// A value in doubt stays under the newer ones. One that gave way may stand over
// there, so that nothing older may be put over it when the newest is refused.
func TestConfirmingCallHoldsWhatGaveWay(t *testing.T) {
	for _, good := range []bool{true, false} { // whether the one that gave way is
		t.Run(fmt.Sprint(good), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				h := &outboxtest.Host{}
				old, lost := late("old", time.Minute), false
				h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
					switch {
					case c.Canary:
						return outboxtest.Reply{}, false
					case c.Bodies[0] == "lost" && !lost:
						lost = true
						return outboxtest.Reply{Mode: outboxtest.Reset, Applied: good}, true
					case c.Bodies[0] == "newest", c.Bodies[0] == "lost" && !good:
						return outboxtest.Reply{Mode: outboxtest.Bad}, true
					}
					return old(c)
				}
				r := newRig(t, h, nil)
				r.run()
				r.stock("sku", "old")
				time.Sleep(10 * time.Millisecond)
				first := r.stock("sku", "first")
				require.NoError(t, first.Wait(r.day()))
				gaveWay := r.stock("sku", "lost")
				for len(h.Writes()) < 3 {
					time.Sleep(time.Millisecond)
				}
				newest := r.stock("sku", "newest")
				require.Error(t, newest.Wait(r.day()))
				r.crash()
				r.run()
				r.settled(10 * time.Minute)
				if good {
					require.Equal(t, "lost", h.Holds("", "sku"))
					require.False(t, r.stands(first, outbox.Done).InDoubt)
				} else {
					require.Contains(t, r.stands(first, outbox.Dead).Reason, "delivered before")
				}
				r.stands(gaveWay, outbox.Superseded)
				r.stands(newest, outbox.Dead)
				got := []string{}
				for _, w := range h.Writes() {
					got = append(got, w.Bodies[0])
				}
				require.Equal(t, []string{"old", "first", "lost", "newest", "lost"}, got)
			})
		})
	}
}

// Two values that gave way before the sweep came: the one on the wire gives way
// first, and yet the older one's value is not put over its own.
func TestConfirmingCallHoldsTheNewerOfTwoThatGaveWay(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		old, sent := late("old", time.Minute), map[string]bool{}
		h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
			if c.Canary {
				return outboxtest.Reply{}, false
			}
			body := c.Bodies[0]
			before := sent[body]
			sent[body] = true
			switch {
			case body == "newest":
				return outboxtest.Reply{Mode: outboxtest.Bad}, true
			case body == "older" && !before:
				return outboxtest.Reply{Mode: outboxtest.Reset, Applied: true}, true
			case body == "newer" && !before:
				time.Sleep(100 * time.Millisecond)
				return outboxtest.Reply{Mode: outboxtest.Reset, Applied: true}, true
			}
			return old(c)
		}
		r := newRig(t, h, func(o *outbox.Options) { o.StartRate, o.MaxRate = 100, 100 })
		r.run()
		r.stock("sku", "old")
		time.Sleep(10 * time.Millisecond)
		first := r.stock("sku", "first")
		require.NoError(t, first.Wait(r.day()))
		older := r.stock("sku", "older")
		time.Sleep(50 * time.Millisecond)
		newer := r.stock("sku", "newer")
		time.Sleep(50 * time.Millisecond)
		r.stands(older, outbox.Superseded)
		newest := r.stock("sku", "newest")
		require.Error(t, newest.Wait(r.day()))
		r.settled(10 * time.Minute)
		require.Equal(t, "newer", h.Holds("", "sku"))
		r.stands(first, outbox.Done)
		r.stands(newer, outbox.Superseded)
		bodies := []string{}
		for _, w := range h.Writes() {
			bodies = append(bodies, w.Bodies[0])
		}
		require.Equal(t, []string{"old", "first", "older", "newer", "newest", "newer"}, bodies)
	})
}

// A value that goes without what it covers leaves out what the one in doubt below
// it said: that one's confirming call is owed, also after its moment.
func TestValueThatWentAloneOwesTheConfirmingCallBelowIt(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		const held = 20 * time.Minute
		lost, begin := late(`{"cost":1,"quantity":1}`, time.Minute), time.Now()
		h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
			switch {
			case c.Canary:
				return outboxtest.Reply{}, false
			case strings.Contains(c.Bodies[0], "refused"):
				return outboxtest.Reply{Mode: outboxtest.Bad}, true
			case strings.Contains(c.Bodies[0], `"quantity":3`) && time.Since(begin) < held:
				return outboxtest.Reply{Mode: outboxtest.Limited}, true // it is up all the time
			}
			return lost(c)
		}
		r := mergeRig(t, h)
		r.run()
		r.stock("sku", `{"cost":1,"quantity":1}`)
		time.Sleep(10 * time.Millisecond)
		inDoubt := r.stock("sku", `{"cost":2,"quantity":2}`)
		require.NoError(t, inDoubt.Wait(r.day()))
		r.stock("sku", `{"cost":"refused"}`)
		newest := r.stock("sku", `{"quantity":3}`)
		require.NoError(t, newest.Wait(r.day()))
		r.settled(time.Hour)
		require.JSONEq(t, `{"cost":2,"quantity":3}`, h.Holds("", "sku"))
	})
}
