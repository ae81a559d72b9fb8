package outbox_test

import (
	"encoding/binary"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// outboxFile makes an outbox file with entries in it, as one process left it.
func outboxFile(t *testing.T, bodies ...string) (path string, receipts []outbox.ID) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "outbox.db")
	o, err := outbox.Open(path, stockOnly(&outboxtest.Host{}))
	require.NoError(t, err)
	for _, b := range bodies {
		r, err := o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: b, Body: []byte(b)})
		require.NoError(t, err)
		receipts = append(receipts, r.ID())
	}
	require.NoError(t, o.Close())
	return path, receipts
}

func stockOnly(h *outboxtest.Host) outbox.Options {
	return outbox.Options{Kinds: []outbox.Kind{h.Value("stock")}, MinFree: -1}
}

// withBolt changes a file behind the outbox's back.
func withBolt(t *testing.T, path string, change func(tx *bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(change))
	require.NoError(t, db.Close())
}

func TestFileThatIsNotOursIsRefusedAndLeftUntouched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		make func(t *testing.T, path string)
		says string
	}{
		"another program's bbolt file": {func(t *testing.T, path string) {
			withBolt(t, path, func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("x")); return err })
		}, "another program's file"},
		"not bbolt": {func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte("SQLite format 3\x00 and so on"), 0o600))
		}, "no valid meta page"},
		"empty": {func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, nil, 0o600))
		}, "no valid meta page"},
		"truncated": {func(t *testing.T, path string) {
			file, _ := outboxFile(t, "1")
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, b[:4*os.Getpagesize()+100], 0o600))
		}, "truncated at"},
		"newer format": {func(t *testing.T, path string) {
			file, _ := outboxFile(t, "1")
			withBolt(t, file, func(tx *bbolt.Tx) error {
				meta := tx.Bucket([]byte("meta"))
				v := append([]byte(nil), meta.Get([]byte("format"))...)
				v[6] = 3
				sum := crc32.Update(crc32.Checksum(v[4:], crc32.MakeTable(crc32.Castagnoli)), crc32.MakeTable(crc32.Castagnoli), []byte("format"))
				binary.BigEndian.PutUint32(v, sum)
				return meta.Put([]byte("format"), v)
			})
			require.NoError(t, os.Rename(file, path))
		}, "format 3, this program knows 2"},
		"a directory": {func(t *testing.T, path string) {
			require.NoError(t, os.Mkdir(path, 0o700))
		}, "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "outbox.db")
			c.make(t, path)
			before, _ := os.ReadFile(path) // a directory has no bytes
			_, err := outbox.Open(path, stockOnly(&outboxtest.Host{}))
			require.ErrorIs(t, err, outbox.ErrFormat)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, path)
			after, _ := os.ReadFile(path)
			require.Equal(t, before, after)
			_, err = outbox.Open(path, stockOnly(&outboxtest.Host{}))
			require.ErrorIs(t, err, outbox.ErrFormat, "and again, so the lock was given back")
		})
	}
}

// bbolt keeps no checksums of what it stores; ours notice a flipped bit.
func TestFlippedBitMakesThatEntryAloneADeadLetter(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		path, ids := outboxFile(t, "one", "two", "three")
		var kept []byte
		withBolt(t, path, func(tx *bbolt.Tx) error {
			entries := tx.Bucket([]byte("entries"))
			key := binary.BigEndian.AppendUint64(nil, ids[1].Sequence())
			kept = append([]byte(nil), entries.Get(key)...)
			kept[len(kept)-1] ^= 4
			return entries.Put(key, kept)
		})
		h := &outboxtest.Host{}
		r := &rig{T: t, h: h, opts: stockOnly(h)}
		r.o = outboxtest.OpenFile(t, path, r.opts)
		r.run()
		r.drain(time.Minute)
		require.Equal(t, "one", h.Holds("", "one"))
		require.Equal(t, "three", h.Holds("", "three"))
		require.Len(t, h.Values(), 2)
		rec, err := r.o.Show(ids[1])
		require.NoError(t, err)
		require.Equal(t, outbox.Dead, rec.State)
		require.Contains(t, rec.Reason, "checksum")
		require.Equal(t, kept, rec.Unreadable, "with its bytes")
		require.ErrorIs(t, r.o.Requeue(t.Context(), ids[1]), outbox.ErrState)
		r.crash()
		require.Equal(t, uint64(1), r.o.Stats().Dead)
		require.NoError(t, r.o.Discard(t.Context(), ids[1], "looked at"))
		require.Zero(t, r.o.Stats().Dead)
	})
}

// TestMissingFolderIsAnError: a folder made in passing would have to be made
// durable in its own parent before a receipt could be given.
func TestMissingFolderIsAnError(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "missing")
	_, err := outbox.Open(filepath.Join(folder, "shop.db"), stockOnly(&outboxtest.Host{}))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoDirExists(t, folder)
}
