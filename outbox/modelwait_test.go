package outbox_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// A creation of unknown outcome waits until it can neither arrive nor be hidden any
// more. That is no delay, even if its first look-up failed: nothing is due.
func TestWaitBetweenTwoLookUpsIsNotDue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) { o.Kinds = orders(h) })
		var lookUps atomic.Int32
		h.SetScript(func(c outboxtest.Call) (outboxtest.Reply, bool) {
			switch {
			case c.Canary:
				return outboxtest.Reply{}, false
			case c.LookUp:
				return outboxtest.Reply{Mode: outboxtest.Busy}, lookUps.Add(1) == 1
			default:
				return outboxtest.Reply{Mode: outboxtest.Reset}, lookUps.Load() == 0
			}
		})
		r.run()
		r.create("order", "order", "1")
		time.Sleep(time.Minute)
		require.Equal(t, int32(2), lookUps.Load())
		require.Zero(t, r.o.Stats().OldestDue)
		r.drain(time.Hour)
		require.Equal(t, 1, h.Creations("", "order"))
	})
}
