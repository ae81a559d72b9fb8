package outbox_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func batchRig(t *testing.T, h *outboxtest.Host) *rig {
	t.Helper()
	return newRig(t, h, func(o *outbox.Options) { o.Kinds[0].MaxBatch = 50 })
}

func TestRefusedBatchIsSplitUntilTheGuiltyStandAlone(t *testing.T) {
	t.Parallel()
	for _, at := range []int{0, 12, 24, 25, 37, 49} {
		t.Run(fmt.Sprint("guilty at ", at), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				keys := names("sku", 50)
				h := &outboxtest.Host{Script: by(keys[at], outboxtest.Reply{Mode: outboxtest.Bad, Reason: "negative"})}
				r := batchRig(t, h)
				receipts := r.stocks("", keys, "1")
				r.run()
				r.drain(time.Minute)
				require.LessOrEqual(t, len(h.Writes()), 13)
				require.Equal(t, uint64(49), r.o.Stats().Delivered)
				require.Equal(t, "negative", r.stands(receipts[at], outbox.Dead).Reason)
				require.Len(t, h.Values(), 49)
				for _, e := range h.Effects() {
					require.NotEqual(t, keys[at], e.Key)
				}
				require.Len(t, h.Effects(), 49, "each is applied once")
			})
		})
	}
}

func TestVerdictsPerEntryNeedOneCall(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
			items := make([]outboxtest.Mode, len(c.Keys))
			if i := slices.Index(c.Keys, "sku017"); i >= 0 {
				items[i] = outboxtest.Bad
			}
			return outboxtest.Reply{Items: items}, true
		}
		r := batchRig(t, h)
		receipts := r.stocks("", names("sku", 50), "1")
		r.run()
		r.drain(time.Minute)
		require.Len(t, h.Writes(), 1)
		require.Equal(t, uint64(49), r.o.Stats().Delivered)
		r.stands(receipts[17], outbox.Dead)
	})
}

// An answer about another number of entries is about none of them.
func TestAnswerOfAnotherLengthIsAnUnknownOutcome(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		first := true
		h.Script = func(outboxtest.Call) (outboxtest.Reply, bool) {
			ok := first
			first = false
			return outboxtest.Reply{Items: make([]outboxtest.Mode, 3)}, ok
		}
		r := batchRig(t, h)
		r.stocks("", names("sku", 5), "1")
		r.run()
		r.drain(time.Minute)
		require.Equal(t, uint64(5), r.o.Stats().InDoubt)
		r.settled(15 * time.Minute)
		require.Len(t, h.Values(), 5)
	})
}

// Half of a batch is given back, not lost, when the gate closes meanwhile.
func TestGateThatClosesWhileABatchIsSplitLosesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Latency: 100 * time.Millisecond, Script: by("sku007", outboxtest.Reply{Mode: outboxtest.Bad})}
		r := batchRig(t, h)
		receipts := r.stocks("", names("sku", 50), "1")
		r.run()
		time.Sleep(1050 * time.Millisecond) // the first half is on the wire
		require.NoError(t, r.o.Pause(t.Context(), "", "stock-taking"))
		time.Sleep(time.Hour)
		calls := len(h.Writes())
		require.Equal(t, 2, calls)
		require.Zero(t, r.o.Stats().InFlight)
		require.Equal(t, uint64(50), r.o.Stats().Waiting+r.o.Stats().Delivered)
		require.NoError(t, r.o.Resume(t.Context(), ""))
		r.drain(time.Minute)
		r.stands(receipts[7], outbox.Dead)
		require.Equal(t, uint64(49), r.o.Stats().Delivered)
	})
}

// Entries that came later travel with those that are ready.
func TestBatchesAreFull(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := batchRig(t, h)
		r.stocks("", names("sku", 230), "1")
		r.run()
		r.drain(time.Minute)
		require.Len(t, h.Writes(), 5, "the least possible")
	})
}

// A kind's accounts never share a call.
func TestBatchIsOfOneAccount(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := batchRig(t, h)
		for _, account := range []string{"a", "b"} {
			r.stocks(account, names("sku", 30), "of "+account)
		}
		r.run()
		r.drain(time.Minute)
		require.Len(t, h.Writes(), 2)
		for k, v := range h.Values() {
			require.Equal(t, "of "+k.Account, v)
		}
		require.Equal(t, outbox.Stats{}.Dead, r.o.Stats().Dead)
	})
}
