package outbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func TestStepOfADiscardedCreationIsRefusedAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := orderRig(t, h, nil)
		creation := r.create("order-1", "M-1", "{}")
		waits := r.step("order-1", "M-1", "paid")
		require.NoError(t, r.o.Discard(t.Context(), creation.ID(), "made by mistake"))
		r.stands(waits, outbox.Cancelled)
		_, err := r.o.Accept(t.Context(), outbox.Entry{Kind: "status", Key: "order-1", Once: "M-1", Body: []byte("shipped")})
		require.ErrorIs(t, err, outbox.ErrState)
		require.ErrorContains(t, err, "the creation that the step belongs to, "+creation.ID().String()+", was discarded")
		r.step("order-2", "M-2", "paid") // created by another program, perhaps
	})
}

func TestStepsFollowTheirCreationInOrder(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Latency: time.Second}
		r := orderRig(t, h, nil)
		r.create("order-1", "M-1", "{}")
		r.step("order-1", "M-1", "PAID")
		r.step("order-1", "M-1", "INVOICED")
		r.run()
		time.Sleep(1500 * time.Millisecond)
		r.crash()
		r.step("order-1", "M-1", "SHIPPED")
		r.run()
		r.drain(time.Hour)
		require.Equal(t, []string{"PAID", "INVOICED", "SHIPPED"}, h.Steps("", "order-1"))
		require.Equal(t, 1, h.Creations("", "M-1"))
		writes := h.Writes()
		for i, c := range writes[1:] {
			require.False(t, c.At.Before(writes[i].EndedAt), "two calls of a lane overlap")
			if c.Kind == "status" {
				require.Equal(t, "id-1", string(c.Creation.Data), "a step knows what its creation yielded")
			}
		}
	})
}

func TestRefusedStepParksTheLaterOnesOfItsLaneOnly(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
			return outboxtest.Reply{Mode: outboxtest.Bad, Reason: "no such transition"}, c.Kind == "status" && !c.LookUp && c.Bodies[0] == "BAD"
		}
		r := orderRig(t, h, nil)
		paid, bad := r.step("order-1", "", "PAID"), r.step("order-1", "", "BAD")
		shipped, delivered := r.step("order-1", "", "SHIPPED"), r.step("order-1", "", "DELIVERED")
		r.step("order-2", "", "PAID")
		r.step("order-2", "", "SHIPPED")
		r.run()
		parked := new(outbox.ParkedError)
		require.ErrorAs(t, delivered.Wait(r.day()), &parked)
		require.Contains(t, parked.Reason, bad.ID().String())
		r.drain(time.Minute)
		require.Equal(t, []string{"PAID"}, h.Steps("", "order-1"))
		require.Equal(t, []string{"PAID", "SHIPPED"}, h.Steps("", "order-2"))
		r.stands(paid, outbox.Done)
		require.Equal(t, "no such transition", r.stands(bad, outbox.Dead).Reason)
		require.Equal(t, uint64(2), r.o.Stats().Parked)
		shown := 0
		for rec, err := range r.o.Waiting() {
			require.NoError(t, err)
			require.Equal(t, outbox.Parked, rec.State)
			shown++
		}
		require.Equal(t, 2, shown)
		require.ErrorIs(t, r.o.Requeue(t.Context(), shipped.ID()), outbox.ErrState, "it waits for another")

		r.crash()
		r.run()
		require.Equal(t, uint64(2), r.o.Stats().Parked)
		_, err := r.o.Edit(t.Context(), bad.ID(), []byte("INVOICED"))
		require.NoError(t, err)
		r.drain(time.Minute)
		require.Equal(t, []string{"PAID", "INVOICED", "SHIPPED", "DELIVERED"}, h.Steps("", "order-1"), "at its old place")
	})
}

func TestDiscardedStepLetsTheLaterOnesGo(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: writes(outboxtest.Bad)}
		r := orderRig(t, h, nil)
		bad, next := r.step("order-1", "", "BAD"), r.step("order-1", "", "SHIPPED")
		r.run()
		require.Error(t, bad.Wait(r.day()))
		h.SetScript(nil)
		require.NoError(t, r.o.Discard(t.Context(), bad.ID(), "made by hand"))
		require.NoError(t, next.Wait(r.day()))
		require.Equal(t, "made by hand", r.stands(bad, outbox.Cancelled).Reason)
		require.ErrorIs(t, r.o.Discard(t.Context(), bad.ID(), ""), outbox.ErrNotFound)
		require.Equal(t, []string{"SHIPPED"}, h.Steps("", "order-1"))
	})
}

func TestStepsOfADeadCreationShareItsFate(t *testing.T) {
	t.Parallel()
	dead := func(t *testing.T) (r *rig, created outbox.Receipt, steps []outbox.Receipt) {
		t.Helper()
		h := &outboxtest.Host{Script: writes(outboxtest.Bad)}
		r = orderRig(t, h, nil)
		created = r.create("order-1", "M-1", "{}")
		steps = append(steps, r.step("order-1", "M-1", "PAID"))
		r.run()
		require.Error(t, created.Wait(r.day()))
		h.SetScript(nil)
		steps = append(steps, r.step("order-1", "M-1", "SHIPPED"))
		parked := new(outbox.ParkedError)
		for _, s := range steps {
			require.ErrorAs(t, s.Wait(r.day()), &parked)
			require.Contains(t, parked.Reason, created.ID().String())
		}
		return r, created, steps
	}
	t.Run("discarded", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			r, created, steps := dead(t)
			require.NoError(t, r.o.Discard(t.Context(), created.ID(), "sold elsewhere"))
			cancelled := new(outbox.CancelledError)
			for _, s := range append(steps, created) {
				require.ErrorAs(t, s.Wait(r.day()), &cancelled)
			}
			require.Equal(t, uint64(3), r.o.Stats().Cancelled)
			require.Empty(t, r.h.Steps("", "order-1"))
		})
	})
	t.Run("requeued", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			r, created, steps := dead(t)
			require.NoError(t, r.o.Requeue(t.Context(), created.ID()))
			for _, s := range steps {
				require.NoError(t, s.Wait(r.day()))
			}
			require.Equal(t, []string{"PAID", "SHIPPED"}, r.h.Steps("", "order-1"))
		})
	})
	t.Run("edited", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			r, created, steps := dead(t)
			edited, err := r.o.Edit(t.Context(), created.ID(), []byte(`{"total":1}`))
			require.NoError(t, err)
			require.Equal(t, created.ID(), edited.ID(), "a creation keeps its place")
			require.NoError(t, steps[1].Wait(r.day()))
			require.Equal(t, `{"total":1}`, effectOf(r.h, "order-1").Body)
			require.True(t, r.create("order-1", "M-1", `{"total":1}`).Duplicate, "the key stands for the edited body")
		})
	})
}

// effectOf is the first thing that took effect under a key.
func effectOf(h *outboxtest.Host, key string) outboxtest.Effect {
	for _, e := range h.Effects() {
		if e.Key == key {
			return e
		}
	}
	return outboxtest.Effect{}
}

func TestStepOfUnknownOutcomeIsCheckedBeforeItIsRepeated(t *testing.T) {
	t.Parallel()
	for _, mode := range []outboxtest.Mode{outboxtest.Reset, outboxtest.Busy, outboxtest.Broken} {
		for name, applied := range map[string]bool{"took effect": true, "did not": false} {
			t.Run(mode.String()+" "+name, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					h := &outboxtest.Host{}
					first := true
					h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
						ok := first && c.Kind == "status" && !c.LookUp
						first = first && !ok
						return outboxtest.Reply{Mode: mode, Applied: applied}, ok
					}
					r := orderRig(t, h, nil)
					r.run()
					receipt := r.step("order-1", "", "PAID")
					require.NoError(t, receipt.Wait(r.day()))
					require.Equal(t, []string{"PAID"}, h.Steps("", "order-1"))
					require.Len(t, h.LookUps(), 1)
					require.True(t, h.Calls()[1].LookUp)
				})
			})
		}
	}
}

func TestContradictedStepIsADeadLetter(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.SetMode(outboxtest.Reset)
		r := orderRig(t, h, func(o *outbox.Options) {
			o.Kinds[2].Resolve = func(context.Context, outbox.Lease) outbox.Resolution {
				return outbox.Resolution{Result: outbox.Result{Verdict: outbox.Delivered, Reason: "the order is cancelled there"}, Finding: outbox.Contradicted}
			}
		})
		r.run()
		require.ErrorContains(t, r.step("order-1", "", "SHIPPED").Wait(r.day()), "cancelled there")
	})
}

func TestStepWithoutResolverIsParkedAfterAnUnknownOutcome(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.SetMode(outboxtest.Reset)
		r := orderRig(t, h, func(o *outbox.Options) { o.Kinds[2].Resolve = nil })
		r.run()
		receipt := r.step("order-1", "", "PAID")
		parked := new(outbox.ParkedError)
		require.ErrorAs(t, receipt.Wait(r.day()), &parked)
		require.Len(t, h.Writes(), 1)
		h.SetMode(outboxtest.Up)
		require.NoError(t, r.o.Requeue(t.Context(), receipt.ID()))
		require.NoError(t, receipt.Wait(r.day()))
	})
}

// A shop may say of a sale that it is paid before it hands over the sale.
func TestCreationGoesBeforeItsStepsThatCameFirst(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: once(outboxtest.Reply{Mode: outboxtest.Bad})}
		r := orderRig(t, h, nil)
		early := r.step("order-1", "M-1", "paid")
		creation := r.create("order-1", "M-1", "{}")
		late := r.step("order-1", "M-1", "sent")
		r.run()
		r.until(time.Minute, func() bool { return r.o.Stats().Dead == 1 })
		for range 2 {
			require.Contains(t, r.stands(early, outbox.Parked).Reason, creation.ID().String())
			require.Contains(t, r.stands(late, outbox.Parked).Reason, creation.ID().String())
			require.NoError(t, r.o.Check(t.Context()))
			r.crash()
			r.run()
		}
		require.NoError(t, r.o.Requeue(t.Context(), creation.ID()))
		r.drain(time.Hour)
		require.Equal(t, 1, h.Creations("", "M-1"))
		require.Equal(t, []string{"paid", "sent"}, h.Steps("", "order-1"))
	})
}

// Nor is it held by such a step that was refused meanwhile.
func TestCreationIsNotHeldByItsStepsThatCameFirst(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		refuse := true
		h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
			return outboxtest.Reply{Mode: outboxtest.Bad}, refuse && c.Kind == "status" && !c.LookUp
		}
		r := orderRig(t, h, nil)
		r.run()
		early := r.step("order-1", "M-1", "paid")
		require.Error(t, early.Wait(r.day()))
		r.stop()
		creation := r.create("order-1", "M-1", "{}")
		behind := r.step("order-1", "M-1", "packed")
		r.crash()
		require.NoError(t, r.o.Check(t.Context()))
		r.stands(creation, outbox.Waiting)
		r.run()
		r.until(time.Hour, func() bool { return h.Creations("", "M-1") == 1 })
		r.until(time.Hour, func() bool { return r.show(creation).State == outbox.Done })
		r.stands(behind, outbox.Parked)
		refuse = false
		require.NoError(t, r.o.Requeue(t.Context(), early.ID()))
		r.drain(time.Hour)
		require.Equal(t, []string{"paid", "packed"}, h.Steps("", "order-1"))
	})
}
