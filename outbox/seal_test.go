package outbox_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

const buyer = "buyer 123.456.789-09" // nothing of whom may be read in a file

func keyOf(b byte) []byte { return bytes.Repeat([]byte{b}, outbox.KeySize) }

func withKeys(keys ...[]byte) func(*outbox.Options) {
	return func(o *outbox.Options) { o.Keys = keys }
}

// inFile says whether the outbox's file shows the buyer.
func (r *rig) inFile() bool {
	r.Helper()
	b, err := os.ReadFile(r.o.Path())
	require.NoError(r, err)
	return bytes.Contains(b, []byte(buyer))
}

func TestSealedBodiesAreReadableThroughTheOutboxAlone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.Script = by("bad", outboxtest.Reply{Mode: outboxtest.Bad})
		r := orderRig(t, h, withKeys(keyOf(1)))
		r.run()
		r.stock("sku", buyer)
		dead := r.stock("bad", buyer)
		order := r.create("order-1", "M-1", buyer)
		require.NoError(t, order.Wait(r.day()))
		require.Error(t, dead.Wait(r.day()))
		r.drain(time.Hour)
		require.Equal(t, buyer, h.Holds("", "sku"))
		require.False(t, r.inFile())
		require.NoError(t, r.o.PauseAll(t.Context(), "so that it waits"))
		waits := r.stock("waits", buyer)
		r.crash()
		require.False(t, r.inFile())
		require.Equal(t, buyer, string(r.stands(waits, outbox.Waiting).Body))
		require.Equal(t, buyer, string(r.stands(dead, outbox.Dead).Body))
		require.NoError(t, r.o.ResumeAll(t.Context()))
		r.run()
		r.drain(time.Hour)
		require.Equal(t, buyer, h.Holds("", "waits"))
		require.Equal(t, buyer, string(r.stands(waits, outbox.Done).Body))
		require.NoError(t, r.o.Check(t.Context()))
	})
}

func TestWrongKeyIsAnErrorAndNoLoss(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, withKeys(keyOf(1)))
		receipt := r.stock("sku", buyer)
		require.NoError(t, r.o.Close())
		before, err := os.ReadFile(r.o.Path())
		require.NoError(t, err)
		for name, keys := range map[string][][]byte{"another": {keyOf(2)}, "none": nil} {
			opts := r.opts
			opts.Keys = keys
			_, err := outbox.Open(r.o.Path(), opts)
			require.ErrorIs(t, err, outbox.ErrKeys, name)
		}
		after, err := os.ReadFile(r.o.Path())
		require.NoError(t, err)
		require.Equal(t, before, after)
		r.o = outboxtest.Reopen(t, r.o, r.opts)
		require.Equal(t, buyer, string(r.stands(receipt, outbox.Waiting).Body))
	})
}

func TestKeysThatCannotBeRightAreRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, nil)
		require.ErrorIs(t, r.o.Reseal(t.Context()), outbox.ErrState)
		require.NoError(t, r.o.Close())
		for name, keys := range map[string][][]byte{"short": {make([]byte, 31)}, "empty": {{}}, "twice": {keyOf(1), keyOf(2), keyOf(1)}} {
			opts := r.opts
			opts.Keys = keys
			_, err := outbox.Open(r.o.Path(), opts)
			require.ErrorIs(t, err, outbox.ErrInvalid, name)
			require.ErrorContains(t, err, "Keys")
		}
	})
}

func TestResealLeavesTheFirstKeyAlone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, nil)
		open := func(keys ...[]byte) {
			t.Helper()
			require.NoError(t, r.o.Close())
			r.opts.Keys = keys
			r.o = outboxtest.Reopen(t, r.o, r.opts)
		}
		r.run()
		delivered := r.stock("delivered", buyer)
		require.NoError(t, delivered.Wait(r.day()))
		require.NoError(t, r.o.PauseAll(t.Context(), "so that it waits"))
		plain := r.stock("plain", buyer)
		require.True(t, r.inFile(), "else what is tested here proves nothing")
		r.stop()
		open(keyOf(1))
		sealed := r.stock("sealed", buyer)
		open(keyOf(2), keyOf(1))
		newest := r.stock("newest", buyer)
		require.NoError(t, r.o.Reseal(t.Context()))
		require.False(t, r.inFile())
		require.NoError(t, r.o.Check(t.Context()))
		open(keyOf(2))
		for _, receipt := range []outbox.Receipt{plain, sealed, newest} {
			require.Equal(t, buyer, string(r.stands(receipt, outbox.Waiting).Body))
		}
		require.Equal(t, buyer, string(r.stands(delivered, outbox.Done).Body))
		require.NoError(t, r.o.ResumeAll(t.Context()))
		r.run()
		r.drain(time.Hour)
		require.Equal(t, buyer, h.Holds("", "sealed"))
	})
}
