package outbox_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func (r *rig) history() (events []outbox.Event) {
	r.Helper()
	for e, err := range r.o.History() {
		require.NoError(r, err)
		events = append(events, e)
	}
	return events
}

func TestHistoryIsKeptForItsRetention(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: by("guilty", outboxtest.Reply{Mode: outboxtest.Bad})}
		r := newRig(t, h, func(o *outbox.Options) { o.HistoryRetention = 24 * time.Hour })
		r.run()
		first, guilty := r.stock("first", "1"), r.stock("guilty", "1")
		time.Sleep(12 * time.Hour)
		second := r.stock("second", "1")
		time.Sleep(11 * time.Hour)
		r.stands(first, outbox.Done)
		time.Sleep(2 * time.Hour)
		_, err := r.o.Show(first.ID())
		require.ErrorIs(t, err, outbox.ErrNotFound)
		require.ErrorIs(t, first.Wait(r.day()), outbox.ErrNotFound)
		r.stands(second, outbox.Done)
		time.Sleep(48 * time.Hour)
		r.stands(guilty, outbox.Dead)
		events, err := r.o.Events(guilty.ID())
		require.NoError(t, err)
		require.NotEmpty(t, events, "what is not settled keeps its history")
		require.Len(t, r.history(), len(events))
	})
}

func TestHistoryIsBoundedInSize(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) { o.HistoryBytes = 64 << 10; o.Kinds[0].MaxBatch = 50 })
		r.run()
		body := string(bytes.Repeat([]byte("x"), 1000))
		for round := range 4 {
			last := r.stocks("", names("sku", 50), body)[49]
			time.Sleep(5 * time.Minute)
			require.LessOrEqual(t, r.o.Stats().HistoryBytes, int64(64<<10), "round %d", round)
			r.stands(last, outbox.Done)
		}
		events := r.history()
		require.NotEmpty(t, events)
		require.Greater(t, events[0].ID.Sequence(), uint64(100), "the oldest go first")
	})
}

// The clock of the host may jump; only stored moments notice, at opening.
func TestMomentThatAJumpingClockStoredHoldsNothingUp(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, nil)
		receipt := r.stock("sku", "1")
		require.NoError(t, r.o.Close())
		// Put in the part that an entry has once something happened to it: it
		// follows 7 bytes of head, kind, account and key, and a flag announces it.
		withBolt(t, r.o.Path(), func(tx *bbolt.Tx) error {
			entries := tx.Bucket([]byte("entries"))
			key := binary.BigEndian.AppendUint64(nil, receipt.ID().Sequence())
			old := entries.Get(key)
			at := 7
			for range 3 {
				at += 1 + int(old[at])
			}
			past := binary.AppendVarint([]byte{0, 0}, time.Now().AddDate(10, 0, 0).UnixNano()) // due then
			value := slices.Concat(old[:at], past, make([]byte, 6), old[at:])
			value[5] |= 1 << 6
			table := crc32.MakeTable(crc32.Castagnoli)
			binary.BigEndian.PutUint32(value, crc32.Update(crc32.Checksum(value[4:], table), table, key))
			return entries.Put(key, value)
		})
		r.o = outboxtest.Reopen(t, r.o, r.opts)
		require.Equal(t, 2010, r.stands(receipt, outbox.Waiting).DueAt.Year())
		r.run()
		r.drain(time.Minute)
		require.Equal(t, "1", h.Holds("", "sku"))
	})
}
