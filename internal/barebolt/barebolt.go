//go:build unix

package barebolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"go.etcd.io/bbolt"
)

const (
	// fillPercent: keys grow, so pages need no room for keys in between.
	fillPercent = 0.95
	// maxGroup is the most operations of a transaction.
	maxGroup = 4096
	// initialMmap saves remapping while the file grows. On Windows the file would
	// have that size on disk.
	initialMmap = 1 << 30
)

// Options are those of bbolt with which all of this module's measurements are
// made: a map as free list, which is not written, since a written one makes
// every commit dear after a large drain.
func Options() *bbolt.Options {
	return &bbolt.Options{FreelistType: bbolt.FreelistMapType, NoFreelistSync: true, InitialMmapSize: initialMmap}
}

// Store keeps values. It is safe for concurrent use.
type Store struct {
	db *bbolt.DB
	// committing is held by the one that commits.
	committing sync.Mutex

	mu   sync.Mutex // guards next
	next *group     // those that wait
}

// group is what one transaction commits.
type group struct {
	values  [][]byte
	first   uint64 // key of the first value
	deletes [][]uint64
	done    chan struct{}
	err     error
}

// Open opens the file at path, made anew if there is none.
func Open(path string) (*Store, error) {
	db, err := bbolt.Open(path, 0o600, Options())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucketName())
		return err
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Store{db: db}, nil
}

func bucketName() []byte { return []byte("entries") }

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Put returns the key of the value when it is durable.
func (s *Store) Put(value []byte) (key uint64, err error) {
	s.mu.Lock()
	g, leads := s.joinLocked()
	place := len(g.values)
	g.values = append(g.values, value)
	s.mu.Unlock()
	err = s.commit(g, leads)
	return g.first + uint64(place), err
}

// Delete returns when the values of the keys are gone durably.
func (s *Store) Delete(keys []uint64) error {
	s.mu.Lock()
	g, leads := s.joinLocked()
	g.deletes = append(g.deletes, keys)
	s.mu.Unlock()
	return s.commit(g, leads)
}

// Commits counts the transactions over the life of the file.
func (s *Store) Commits() (n int, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error { n = tx.ID(); return nil })
	return n, err
}

// joinLocked returns the group that waits, a new one if that is full. Whoever
// began it leads it.
func (s *Store) joinLocked() (g *group, leads bool) {
	if g = s.next; g != nil && len(g.values)+len(g.deletes) < maxGroup {
		return g, false
	}
	s.next = &group{done: make(chan struct{})}
	return s.next, true
}

// commit returns when the group is committed. Its leader does that as soon as
// the group before is done.
func (s *Store) commit(g *group, leads bool) error {
	if !leads {
		<-g.done
		return g.err
	}
	s.committing.Lock()
	runtime.Gosched() // those that are about to ask get into this group
	s.mu.Lock()
	if s.next == g {
		s.next = nil
	}
	s.mu.Unlock()
	g.err = s.write(g)
	s.committing.Unlock()
	close(g.done)
	return g.err
}

func (s *Store) write(g *group) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		entries := tx.Bucket(bucketName())
		entries.FillPercent = fillPercent
		g.first = entries.Sequence() + 1
		for _, value := range g.values {
			key, err := entries.NextSequence()
			if err != nil {
				return err
			}
			if err := entries.Put(binary.BigEndian.AppendUint64(nil, key), value); err != nil {
				return err
			}
		}
		for _, keys := range g.deletes {
			for _, key := range keys {
				if err := entries.Delete(binary.BigEndian.AppendUint64(nil, key)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
