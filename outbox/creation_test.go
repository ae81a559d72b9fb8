package outbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

const lookupLag = time.Minute // the default

func orderRig(t *testing.T, h *outboxtest.Host, change func(*outbox.Options)) *rig {
	t.Helper()
	return newRig(t, h, func(o *outbox.Options) {
		o.Kinds = append(o.Kinds, orders(h)...)
		if change != nil {
			change(o)
		}
	})
}

// once answers the first write of a creation with a reply.
func once(reply outboxtest.Reply) func(outboxtest.Call) (outboxtest.Reply, bool) {
	done := false
	return func(c outboxtest.Call) (outboxtest.Reply, bool) {
		if done || c.Kind != "order" || c.LookUp {
			return outboxtest.Reply{}, false
		}
		done = true
		return reply, true
	}
}

func TestCreationThatTookEffectUnseenIsFound(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: once(outboxtest.Reply{Mode: outboxtest.Reset, Applied: true})}
		r := orderRig(t, h, nil)
		r.run()
		receipt := r.create("order-1", "M-1", "{}")
		require.NoError(t, receipt.Wait(r.day()))
		require.Equal(t, 1, h.Creations("", "M-1"))
		require.Len(t, h.Writes(), 1)
		require.Len(t, h.LookUps(), 1)
		events, err := r.o.Events(receipt.ID())
		require.NoError(t, err)
		last := events[len(events)-1]
		require.Equal(t, outbox.EventDelivered, last.Type)
		require.True(t, last.Duplicate && last.LookUp)
	})
}

// Model M at its limits: applied as late as can be, seen as late as can be.
func TestCreationThatArrivesLateIsNotSentAgain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{LookupLag: lookupLag, Script: once(outboxtest.Reply{Mode: outboxtest.Reset, Applied: true, After: lateApply})}
		r := orderRig(t, h, nil)
		r.run()
		receipt := r.create("order-1", "M-1", "{}")
		require.NoError(t, receipt.Wait(r.day()))
		require.Equal(t, 1, h.Creations("", "M-1"))
		require.Len(t, h.Writes(), 1)
	})
}

func TestLostCreationIsSentOnceMoreAfterTwoEmptyLookUps(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: once(outboxtest.Reply{Mode: outboxtest.Reset})}
		r := orderRig(t, h, nil)
		r.run()
		receipt := r.create("order-1", "M-1", "{}")
		time.Sleep(time.Second)
		require.True(t, r.stands(receipt, outbox.Waiting).Unknown)
		require.NoError(t, receipt.Wait(r.day()))
		require.Equal(t, 1, h.Creations("", "M-1"))
		require.Len(t, h.Writes(), 2)
		require.Len(t, h.LookUps(), 2)
		again := h.Writes()[1].At
		require.GreaterOrEqual(t, again.Sub(h.Writes()[0].EndedAt), lateApply+lookupLag)
		require.GreaterOrEqual(t, h.LookUps()[1].At.Sub(h.LookUps()[0].At), lookupLag)
		require.False(t, again.Before(h.LookUps()[1].At))
		require.Less(t, again.Sub(h.Writes()[0].At), lateApply+lookupLag+2*canaryInterval, "and soon then")
		require.Equal(t, uint64(2), r.o.Stats().LookUps)
	})
}

// What is queued inside a host that is down may be applied when it is back.
func TestTimeWithoutServiceProvesNothingOfACreation(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: once(outboxtest.Reply{Mode: outboxtest.Reset, Applied: true, After: 3*time.Hour + 5*time.Minute})}
		r := orderRig(t, h, nil)
		r.run()
		receipt := r.create("order-1", "M-1", "{}")
		time.Sleep(time.Minute)
		h.SetMode(outboxtest.Refused)
		time.Sleep(90 * time.Minute)
		r.crash()
		r.run()
		time.Sleep(90 * time.Minute)
		h.SetMode(outboxtest.Up)
		require.NoError(t, receiptOf(r, receipt).Wait(r.day()))
		require.Equal(t, 1, h.Creations("", "M-1"))
		require.Len(t, h.Writes(), 1)
	})
}

// receiptOf is the receipt in the outbox as it was opened again.
func receiptOf(r *rig, receipt outbox.Receipt) outbox.Receipt { return r.o.Receipt(receipt.ID()) }

func TestCreationOnTheWireAtACrashIsLookedUp(t *testing.T) {
	t.Parallel()
	for name, applied := range map[string]bool{"it took effect": true, "it did not": false} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				h := &outboxtest.Host{Script: once(outboxtest.Reply{Mode: outboxtest.Hang, Applied: applied})}
				r := orderRig(t, h, nil)
				r.run()
				receipt := r.create("order-1", "M-1", "{}")
				time.Sleep(time.Second)
				require.Len(t, h.Writes(), 1)
				r.crash()
				require.True(t, r.stands(receipt, outbox.Waiting).Unknown)
				r.run()
				require.NoError(t, receiptOf(r, receipt).Wait(r.day()))
				require.Equal(t, 1, h.Creations("", "M-1"))
			})
		})
	}
}

// A process that does not know the kind, and opens the file after the crash,
// leaves it to one that does: what was on the wire is not forgotten.
func TestCreationOnTheWireOfAKindThatIsNotConfigured(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: once(outboxtest.Reply{Mode: outboxtest.Hang, Applied: true})}
		r := orderRig(t, h, nil)
		r.run()
		receipt := r.create("order-1", "M-1", "{}")
		time.Sleep(time.Second)
		require.Len(t, h.Writes(), 1)
		known := r.opts.Kinds
		r.opts.Kinds = []outbox.Kind{h.Value("stock")}
		r.crash()
		require.False(t, r.stands(receipt, outbox.Parked).Unknown)
		r.restart()
		r.opts.Kinds = known
		r.restart()
		require.True(t, r.stands(receipt, outbox.Waiting).Unknown)
		r.run()
		require.NoError(t, receiptOf(r, receipt).Wait(r.day()))
		require.Equal(t, 1, h.Creations("", "M-1"))
		require.Len(t, h.Writes(), 1)
	})
}

func TestLookUpThatFailsLeavesTheOutcomeUnknown(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		lost, start := once(outboxtest.Reply{Mode: outboxtest.Reset}), time.Now()
		modes := []outboxtest.Mode{outboxtest.Busy, outboxtest.Broken, outboxtest.Bad, outboxtest.HTML}
		n := 0
		h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
			if c.LookUp && time.Since(start) < time.Hour {
				n++
				return outboxtest.Reply{Mode: modes[n%len(modes)]}, true
			}
			return lost(c)
		}
		r := orderRig(t, h, nil)
		r.run()
		receipt := r.create("order-1", "M-1", "{}")
		time.Sleep(59 * time.Minute)
		require.Len(t, h.Writes(), 1)
		require.True(t, r.stands(receipt, outbox.Waiting).Unknown)
		require.Greater(t, len(h.LookUps()), 10)
		require.NoError(t, receipt.Wait(r.day()))
		require.Equal(t, 1, h.Creations("", "M-1"))
	})
}

func TestAmbiguousCreationIsParkedWithItsMatches(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: once(outboxtest.Reply{Mode: outboxtest.Reset})}
		r := orderRig(t, h, func(o *outbox.Options) {
			o.Kinds[1].Resolve = func(context.Context, outbox.Lease) outbox.Resolution {
				return outbox.Resolution{Result: outbox.Result{Verdict: outbox.Delivered}, Finding: outbox.Ambiguous, Matches: []string{"id-7", "id-9"}}
			}
		})
		r.run()
		receipt := r.create("order-1", "M-1", "{}")
		parked := new(outbox.ParkedError)
		require.ErrorAs(t, receipt.Wait(r.day()), &parked)
		require.Contains(t, parked.Reason, "id-7, id-9")
		require.Equal(t, uint64(1), r.o.Stats().Parked)
		time.Sleep(time.Hour)
		require.Len(t, h.Writes(), 1)
	})
}

func TestCreationWithoutResolverIsParkedAfterAnUnknownOutcome(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: once(outboxtest.Reply{Mode: outboxtest.Reset})}
		r := orderRig(t, h, func(o *outbox.Options) { o.Kinds[1].Resolve = nil })
		r.run()
		receipt := r.create("order-1", "M-1", "{}")
		parked := new(outbox.ParkedError)
		require.ErrorAs(t, receipt.Wait(r.day()), &parked)
		require.Contains(t, parked.Reason, "ask a person")
		time.Sleep(time.Hour)
		require.Len(t, h.Writes(), 1)
		require.NoError(t, r.o.Requeue(t.Context(), receipt.ID())) // a person has looked
		require.NoError(t, receipt.Wait(r.day()))
		require.Equal(t, 1, h.Creations("", "M-1"))
	})
}

func TestRefusedCreationIsLookedUpBeforeItIsDead(t *testing.T) {
	t.Parallel()
	for name, there := range map[string]bool{"it is there": true, "it is not": false} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				h := &outboxtest.Host{Script: once(outboxtest.Reply{Mode: outboxtest.Bad, Reason: "already exists", Applied: there})}
				r := orderRig(t, h, nil)
				r.run()
				receipt := r.create("order-1", "M-1", "{}")
				err := receipt.Wait(r.day())
				require.Len(t, h.LookUps(), 1)
				require.Len(t, h.Writes(), 1)
				if there {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, "already exists")
				r.stands(receipt, outbox.Dead)
			})
		})
	}
}

// Each time its outcome stays unknown and nothing is there: a person must look
// in the end.
func TestCreationIsNotSentForEver(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
			return outboxtest.Reply{Mode: outboxtest.Reset}, c.Kind == "order" && !c.LookUp
		}
		r := orderRig(t, h, nil)
		r.run()
		receipt := r.create("order-1", "M-1", "{}")
		parked := new(outbox.ParkedError)
		require.ErrorAs(t, receipt.Wait(r.day()), &parked)
		require.Contains(t, parked.Reason, "ask a person")
		require.Len(t, h.Writes(), 3)
		require.Zero(t, h.Creations("", "M-1"))
	})
}

// An earlier file may have sent what is older than this one.
func TestOldCreationIsLookedUpFirstInAYoungFile(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := orderRig(t, h, nil)
		r.create("order-1", "M-1", "{}") // as sent by an earlier file
		stop := outboxtest.Run(t, r.o)
		r.drain(time.Minute)
		stop()
		require.Empty(t, h.LookUps(), "a new sale needs no look-up")

		again := orderRig(t, h, nil)
		receipt := again.accept(outbox.Entry{Kind: "order", Key: "order-1", Once: "M-1", MadeAt: time.Now().Add(-time.Hour)})
		fresh := again.accept(outbox.Entry{Kind: "order", Key: "order-2", Once: "M-2"}) // unknown age counts as old
		again.run()
		require.NoError(t, receipt.Wait(r.day()))
		require.NoError(t, fresh.Wait(r.day()))
		require.Equal(t, 1, h.Creations("", "M-1"))
		require.Equal(t, 1, h.Creations("", "M-2"))
		require.Len(t, h.LookUps(), 2)
		require.Len(t, h.Writes(), 2)
	})
}
