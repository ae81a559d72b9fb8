package outbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func TestErasedBuyerIsNowhereInTheFile(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
			// The other side may repeat what it was sent.
			return outboxtest.Reply{Mode: outboxtest.Bad, Reason: "refused: " + buyer}, carries(c, "refused")
		}
		r := orderRig(t, h, nil)
		r.run()
		delivered := r.create("delivered", "M-1", buyer)
		require.NoError(t, delivered.Wait(r.day()))
		refused := r.create("refused", "M-2", buyer)
		require.Error(t, refused.Wait(r.day()))
		parked := r.step("refused", "M-2", buyer)
		r.until(time.Hour, func() bool { return r.o.Stats().Parked == 1 })
		other := r.create("another", "M-3", "another body")
		require.NoError(t, other.Wait(r.day()))
		require.True(t, r.inFile())

		n, err := r.o.Erase(t.Context(), "order", "", "refused")
		require.NoError(t, err)
		require.Equal(t, 2, n)
		r.stands(refused, outbox.Cancelled)
		r.stands(parked, outbox.Cancelled)
		n, err = r.o.Erase(t.Context(), "status", "", "delivered")
		require.NoError(t, err)
		require.Zero(t, n)
		require.False(t, r.inFile())
		require.NoError(t, r.o.Check(t.Context()))
		r.crash()
		require.False(t, r.inFile())
		r.run()

		again := r.create("delivered", "M-1", "what does not tell who it is")
		require.True(t, again.Duplicate)
		require.Equal(t, delivered.ID(), again.ID())
		_, err = r.o.Accept(t.Context(), outbox.Entry{Kind: "order", Key: "another", Once: "M-3", Body: []byte("changed")})
		var conflict *outbox.ConflictError
		require.ErrorAs(t, err, &conflict, "nothing of the others was erased")
		require.Equal(t, 1, h.Creations("", "M-1"))
	})
}

func TestEraseRefusesWhatItCannotErase(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.SetMode(outboxtest.Hang)
		r := orderRig(t, h, nil)
		_, err := r.o.Erase(t.Context(), "stock", "", "sku")
		require.ErrorIs(t, err, outbox.ErrInvalid)
		_, err = r.o.Erase(t.Context(), "unknown", "", "sku")
		require.ErrorIs(t, err, outbox.ErrNotFound)
		r.run()
		r.create("order-1", "M-1", buyer)
		r.until(time.Minute, func() bool { return r.o.Stats().InFlight == 1 })
		_, err = r.o.Erase(t.Context(), "order", "", "order-1")
		require.ErrorIs(t, err, outbox.ErrState)
		r.stop()
	})
}
