package outbox

import (
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// tx is a transaction over all buckets.
type tx struct {
	bolt    *bbolt.Tx
	buckets [bucketCount]*bbolt.Bucket // those opened so far, see bucket
	copied  *changes
	now     time.Time // when it began
	bytes   []byte    // see scratch
	seals   *seals
	// err is the first failure of a write; it fails the whole transaction.
	err   error
	wrote bool
}

// bucket opens a bucket when it is needed first: most transactions need one or
// two. It is nil if the file has no such bucket.
func (t *tx) bucket(i int) *bbolt.Bucket {
	if t.buckets[i] == nil {
		b := t.bolt.Bucket([]byte(bucketNames()[i]))
		if b == nil {
			return nil
		}
		b.FillPercent = fillPercent
		t.buckets[i] = b
	}
	return t.buckets[i]
}

// view runs fn in a read transaction. fn must be quick and must not write: a
// reader keeps the pages that are freed meanwhile from being used again.
func (s *store) view(fn func(t *tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return ErrClosed
	}
	return s.db.View(func(b *bbolt.Tx) error { return fn(&tx{bolt: b, seals: s.seals}) })
}

// begin starts the one write transaction; the committer alone calls it.
func (s *store) begin() (*tx, error) {
	b, err := s.db.Begin(true)
	if err != nil {
		return nil, err
	}
	t := &tx{bolt: b, now: time.Now(), bytes: s.bytes[:0], seals: s.seals}
	if s.copied != nil {
		t.copied = new(changes)
		t.bytes = nil // they are kept beyond the transaction
	}
	return t, nil
}

// lastCommit is the number of the last transaction that readers see.
func (s *store) lastCommit() (n int, err error) {
	err = s.view(func(t *tx) error { n = t.bolt.ID(); return nil })
	return n, err
}

// fillPercent: keys grow, so pages are filled from the left and get no more.
const fillPercent = 1.0

// get returns bytes that are valid until the transaction ends.
func (t *tx) get(bucket int, key []byte) []byte { return t.bucket(bucket).Get(key) }

// entry reads an entry. Its bytes are valid until the transaction ends.
func (t *tx) entry(bucket int, seq uint64) (stored, error) {
	key := seqKey(seq)
	return t.seals.decode(key, t.get(bucket, key))
}

func (t *tx) putEntry(bucket int, s *stored) {
	s = t.seals.seal(s)
	t.put(bucket, t.key(s.seq), s.encodeIn(t.scratch(s.maxSize())))
}

func (t *tx) put(bucket int, key, value []byte) {
	t.wrote = true
	if err := t.bucket(bucket).Put(key, value); err != nil && t.err == nil {
		t.err = fmt.Errorf("put into %s: %w", bucketNames()[bucket], err)
	}
	t.copied.add(bucket, key, value)
}

func (t *tx) delete(bucket int, key []byte) {
	t.wrote = true
	if err := t.bucket(bucket).Delete(key); err != nil && t.err == nil {
		t.err = fmt.Errorf("delete from %s: %w", bucketNames()[bucket], err)
	}
	t.copied.add(bucket, key, nil)
}

// next returns the bucket's next number.
func (t *tx) next(bucket int) uint64 {
	t.wrote = true
	n, err := t.bucket(bucket).NextSequence()
	if err != nil && t.err == nil {
		t.err = fmt.Errorf("number in %s: %w", bucketNames()[bucket], err)
	}
	return n
}

// scratch returns an empty slice for n bytes to put. bbolt refers to them until
// the transaction ends; after that they are used again, which spares most of
// the garbage of accepting.
func (t *tx) scratch(n int) []byte {
	have := len(t.bytes)
	if cap(t.bytes)-have < n {
		have, t.bytes = 0, make([]byte, 0, max(n, min(2*cap(t.bytes), maxScratch), 4<<10))
	}
	t.bytes = t.bytes[:have+n]
	return t.bytes[have : have : have+n]
}

// key is the key of an entry, for a transaction that writes.
func (t *tx) key(seq uint64) []byte { return binary.BigEndian.AppendUint64(t.scratch(8), seq) }

// maxScratch is the most memory in bytes kept for the next transaction.
const maxScratch = maxGroupBytes

// commit makes the transaction durable.
func (s *store) commit(t *tx) error {
	if err := t.bolt.Commit(); err != nil {
		return err
	}
	if t.copied == nil && cap(t.bytes) <= maxScratch {
		s.bytes = t.bytes
	}
	if s.copied != nil {
		s.copied.append(t.copied)
	}
	return nil
}

// room is what stored data takes in bytes, and the bytes of the file that are
// in use or free for use again.
func (s *store) room() (used, size int64) {
	if err := s.view(func(t *tx) error { used, size = t.room(); return nil }); err != nil {
		return 0, 0
	}
	return used, size
}

func (t *tx) room() (used, size int64) {
	size = t.bolt.Size()
	st := t.bolt.DB().Stats()
	return size - int64(st.FreePageN+st.PendingPageN)*int64(t.bolt.DB().Info().PageSize), size
}
