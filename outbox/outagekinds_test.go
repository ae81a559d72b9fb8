package outbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// Whether a creation reached a host that then went down is not known; it is
// made once all the same, and its steps follow.
func TestOutageOfEightHoursMakesEachCreationOnce(t *testing.T) {
	t.Parallel()
	for _, mode := range outages {
		t.Run(mode.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				h := &outboxtest.Host{}
				n := 0
				h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
					// Every second of the first creations took effect before it went down.
					n++
					return outboxtest.Reply{Mode: mode, Applied: n%2 == 0 && mode != outboxtest.Refused}, c.Kind == "order" && !c.LookUp && c.At.Hour() < 8
				}
				r := orderRig(t, h, nil)
				h.SetMode(mode)
				orders := names("order", 20)
				for _, key := range orders {
					r.create(key, key, "{}")
					r.step(key, key, "PAID")
				}
				r.run()
				time.Sleep(4 * time.Hour)
				r.costNothing()
				r.crash()
				r.run()
				time.Sleep(4*time.Hour + 7*time.Second)
				r.costNothing()
				back := time.Now()
				h.SetMode(outboxtest.Up)
				r.drain(time.Hour)
				require.LessOrEqual(t, afterCanaries(h, back).Sub(back), 2*canaryInterval+5*time.Second)
				for _, key := range orders {
					require.Equal(t, 1, h.Creations("", key), key)
					require.Equal(t, []string{"PAID"}, h.Steps("", key))
				}
				require.Equal(t, uint64(40), r.o.Stats().Delivered)
			})
		})
	}
}

// afterCanaries is when the first real call came.
func afterCanaries(h *outboxtest.Host, t time.Time) time.Time {
	for _, c := range since(h.Calls(), t) {
		if !c.Canary {
			return c.At
		}
	}
	return time.Time{}
}

// Entries that travel together are not longer in coming back.
func TestOutageOfEightHoursCostsABatchNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range outages {
		t.Run(mode.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				h := &outboxtest.Host{}
				r := newRig(t, h, func(o *outbox.Options) { o.Kinds[0].MaxBatch = 50 })
				h.SetMode(mode)
				r.stocks("a", names("sku", 120), "1")
				r.stocks("b", names("sku", 7), "1")
				r.run()
				time.Sleep(4 * time.Hour)
				r.crash()
				r.run()
				time.Sleep(4*time.Hour + 7*time.Second)
				r.costNothing()
				calls := len(h.Writes())
				require.Less(t, calls, 2*8*60*2, "writes are as rare as canaries")
				back := time.Now()
				h.SetMode(outboxtest.Up)
				r.drain(time.Hour)
				require.LessOrEqual(t, afterCanaries(h, back).Sub(back), 2*canaryInterval+5*time.Second)
				require.LessOrEqual(t, time.Since(back), 3*canaryInterval)
				require.Len(t, h.Values(), 127)
				require.LessOrEqual(t, len(since(h.Writes(), back)), 8, "batches stay full")
			})
		})
	}
}
