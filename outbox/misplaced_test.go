package outbox_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// TestValueUnderAnotherKeyIsADeadLetter: a value that is whole, but not where it
// was written, is not the entry that was accepted there.
func TestValueUnderAnotherKeyIsADeadLetter(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		path, ids := outboxFile(t, "one", "two", "three")
		withBolt(t, path, func(tx *bbolt.Tx) error {
			entries := tx.Bucket([]byte("entries"))
			key := func(i int) []byte { return binary.BigEndian.AppendUint64(nil, ids[i].Sequence()) }
			return entries.Put(key(2), append([]byte(nil), entries.Get(key(0))...))
		})
		h := &outboxtest.Host{}
		r := &rig{T: t, h: h, opts: stockOnly(h)}
		r.o = outboxtest.OpenFile(t, path, r.opts)
		r.run()
		r.drain(time.Minute)
		for i, want := range []outbox.State{outbox.Done, outbox.Done, outbox.Dead} {
			rec, err := r.o.Show(ids[i])
			require.NoError(t, err)
			require.Equal(t, want, rec.State, ids[i])
		}
		require.Len(t, h.Writes(), 2)
	})
}
