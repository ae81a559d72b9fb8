package outbox

import (
	"encoding/binary"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
)

// bare is the least that can be stored durably with bbolt by many callers at
// once: one bucket, growing keys, group commit. What Accept costs is measured
// against it, see BenchmarkAccept.
type bare struct {
	db *bbolt.DB
	// committing is held by the one that commits.
	committing sync.Mutex

	mu   sync.Mutex // guards next
	next *bareGroup // those that wait
}

// bareGroup is what one transaction stores.
type bareGroup struct {
	values [][]byte
	done   chan struct{}
	err    error
}

func openBare(tb testing.TB) *bare {
	tb.Helper()
	db, err := bbolt.Open(filepath.Join(tb.TempDir(), "bare.db"), 0o600, boltOptions(false))
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, db.Close()) })
	require.NoError(tb, db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("entries"))
		return err
	}))
	return &bare{db: db}
}

// put returns when the value is durable. The first of a group commits it as
// soon as the group before is done.
func (b *bare) put(value []byte) error {
	b.mu.Lock()
	g := b.next
	first := g == nil
	if first {
		g = &bareGroup{done: make(chan struct{})}
		b.next = g
	}
	g.values = append(g.values, value)
	if len(g.values) == maxGroup {
		b.next = nil
	}
	b.mu.Unlock()
	if !first {
		<-g.done
		return g.err
	}
	b.committing.Lock()
	runtime.Gosched()
	b.mu.Lock()
	if b.next == g {
		b.next = nil
	}
	b.mu.Unlock()
	g.err = b.commit(g.values)
	b.committing.Unlock()
	close(g.done)
	return g.err
}

func (b *bare) commit(values [][]byte) error {
	return b.db.Update(func(tx *bbolt.Tx) error {
		entries := tx.Bucket([]byte("entries"))
		entries.FillPercent = fillPercent
		for _, v := range values {
			seq, err := entries.NextSequence()
			if err != nil {
				return err
			}
			if err := entries.Put(binary.BigEndian.AppendUint64(nil, seq), v); err != nil {
				return err
			}
		}
		return nil
	})
}

// commits counts the transactions so far.
func (b *bare) commits(tb testing.TB) (n int) {
	tb.Helper()
	require.NoError(tb, b.db.View(func(tx *bbolt.Tx) error { n = tx.ID(); return nil }))
	return n
}
