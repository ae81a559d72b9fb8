package outbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// steadily accepts two values of their own every five seconds, so that the
// host has something to serve for a while.
func (r *rig) steadily(rounds int, prefix string) (receipts []outbox.Receipt) {
	r.Helper()
	for _, key := range names(prefix, rounds) {
		receipts = append(receipts, r.stocks("", []string{key + "a", key + "b"}, "1")...)
		time.Sleep(5 * time.Second)
	}
	return receipts
}

// lateness is how long after its acceptance each of the entries was delivered,
// on average.
func (r *rig) lateness(receipts []outbox.Receipt) time.Duration {
	r.Helper()
	var sum time.Duration
	for _, receipt := range receipts {
		rec := r.stands(receipt, outbox.Done)
		events, err := r.o.Events(receipt.ID())
		require.NoError(r, err)
		for _, e := range events {
			if e.Type == outbox.EventDelivered {
				sum += e.At.Sub(rec.AcceptedAt)
			}
		}
	}
	return sum / time.Duration(len(receipts))
}

// amongOthers delivers one value, ahead of a backlog and a steady trickle of
// others, and says how late the others were.
func amongOthers(t *testing.T, h *outboxtest.Host, batch int, key string) (r *rig, one outbox.Receipt, others time.Duration) {
	t.Helper()
	r = newRig(t, h, func(o *outbox.Options) { o.Kinds[0].MaxBatch = batch; o.MaxAttempts = 4 })
	one = r.stock(key, "1")
	receipts := r.stocks("", names("backlog", 60), "1")
	r.run()
	receipts = append(receipts, r.steadily(40, "live")...)
	r.drain(time.Hour)
	return r, one, r.lateness(receipts)
}

// An entry that alone draws answers which blame the host or the account is a
// dead letter in the end, and the others do not notice.
func TestEntryThatAloneDrawsHostErrorsIsADeadLetter(t *testing.T) {
	t.Parallel()
	for _, mode := range []outboxtest.Mode{outboxtest.BadGateway, outboxtest.Denied, outboxtest.Reset, outboxtest.HTML} {
		t.Run(mode.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				_, _, without := amongOthers(t, &outboxtest.Host{Latency: 100 * time.Millisecond}, 1, "fine")
				h := &outboxtest.Host{Latency: 100 * time.Millisecond, Script: by("guilty", outboxtest.Reply{Mode: mode})}
				r, guilty, with := amongOthers(t, h, 1, "guilty")
				r.stands(guilty, outbox.Dead)
				require.Equal(t, uint64(1), r.o.Stats().Dead)
				require.Equal(t, uint64(140), r.o.Stats().Delivered)
				require.Empty(t, r.o.Stats().Suspended)
				t.Logf("others were delivered after %s on average, %s without the guilty one", with, without)
				require.Less(t, with, without+time.Second, "one call's turn is lost at most")
			})
		})
	}
}

// In a batch it takes the others with it, until they are told apart.
func TestEntryThatDrawsHostErrorsForItsBatchIsADeadLetter(t *testing.T) {
	t.Parallel()
	for _, mode := range []outboxtest.Mode{outboxtest.BadGateway, outboxtest.Denied, outboxtest.Reset} {
		t.Run(mode.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				h := &outboxtest.Host{Latency: 100 * time.Millisecond, Script: by("guilty", outboxtest.Reply{Mode: mode})}
				r, guilty, with := amongOthers(t, h, 50, "guilty")
				r.stands(guilty, outbox.Dead)
				require.Equal(t, uint64(1), r.o.Stats().Dead)
				require.Equal(t, uint64(140), r.o.Stats().Delivered)
				require.Empty(t, r.o.Stats().Suspended)
				t.Logf("others were delivered after %s on average", with)
				require.Less(t, with, 4*time.Second)
			})
		})
	}
}

// When the whole host draws them, it is not the entry.
func TestEntryIsNotBlamedForAHostThatServesNobody(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) { // reads work, writes do not
			return outboxtest.Reply{Mode: outboxtest.BadGateway}, !c.Canary && time.Now().Hour() < 6
		}
		r := newRig(t, h, nil)
		r.run()
		r.stocks("", names("sku", 20), "1")
		time.Sleep(5 * time.Hour)
		r.costNothing()
		require.Less(t, len(h.Writes()), 700, "writes that fail go as rarely as canaries, though reads succeed")
		r.drain(3 * time.Hour)
		require.Equal(t, uint64(20), r.o.Stats().Delivered)
	})
}

// An application error of one entry, while the host serves others, costs
// attempts; the pauses grow and outlive a restart.
func TestFailedEntryBacksOffAndDiesAfterItsAttempts(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.Script = by("guilty", outboxtest.Reply{Mode: outboxtest.Broken, Reason: "cannot compute"})
		r := newRig(t, h, func(o *outbox.Options) { o.MaxAttempts = 4; o.MinBackoff = time.Minute; o.MaxBackoff = time.Hour })
		r.run()
		guilty := r.stock("guilty", "1")
		r.steadily(60, "first")
		rec := r.stands(guilty, outbox.Waiting)
		require.Positive(t, rec.Attempts)
		require.True(t, rec.DueAt.After(time.Now()))
		due := rec.DueAt
		calls := len(carrying(h.Writes(), "guilty"))
		r.crash()
		r.run()
		time.Sleep(time.Until(due) - time.Second)
		require.Len(t, carrying(h.Writes(), "guilty"), calls, "the pause outlives a restart")
		r.steadily(200, "then")
		rec = r.stands(guilty, outbox.Dead)
		require.Equal(t, "cannot compute", rec.Reason)
		require.Equal(t, 4, rec.Attempts)
		require.NoError(t, r.o.Requeue(t.Context(), guilty.ID()))
		require.Zero(t, r.show(guilty).Attempts, "a requeued one begins anew")
		h.SetScript(nil)
		r.drain(time.Minute)
	})
}
