package outbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// change is one committed write; value is nil for a removal.
type change struct {
	bucket     int
	key, value []byte
}

// changes are what is committed while a copy is made. The nil one collects
// nothing.
type changes struct{ list []change }

func (c *changes) add(bucket int, key, value []byte) {
	if c != nil {
		c.list = append(c.list, change{bucket, key, value})
	}
}

func (c *changes) append(more *changes) { c.list = append(c.list, more.list...) }

func (c *changes) take() []change {
	list := c.list
	c.list = nil
	return list
}

const (
	copyKeys  = 5000    // keys put in one transaction of a copy
	copyBytes = 4 << 20 // and bytes
	fewEnough = 2000    // changes that may be left for the moment when nothing is committed
)

// Compact writes what is stored into a new file that takes the old one's
// place: bbolt reuses the room that settled entries took, but never gives it
// back. Accepting goes on meanwhile, but for a moment at the end. Run does it
// when more than half of a file of more than 64 MiB is free.
func (o *Outbox) Compact(ctx context.Context) (err error) {
	s := o.store
	var snapshot *bbolt.Tx
	var mine *changes // another one in its place means that the file was rebuilt meanwhile
	err = o.exclusively(ctx, func() error {
		if err := o.usable(); err != nil {
			return err
		}
		if s.copied != nil {
			return fmt.Errorf("%w: a compaction is under way", ErrState)
		}
		if snapshot, err = s.db.Begin(false); err != nil {
			return err
		}
		mine = new(changes)
		s.copied = mine
		return nil
	})
	if err != nil {
		return err
	}
	fresh, err := s.newCopy()
	if err == nil {
		err = copyAll(ctx, snapshot, fresh)
	}
	err = errors.Join(err, snapshot.Rollback())
	for left := fewEnough; err == nil && left >= fewEnough; {
		var list []change
		err = o.exclusively(ctx, func() error { list = mine.take(); return nil })
		left = len(list)
		if err == nil {
			err = applyChanges(fresh, list)
		}
	}
	if err == nil {
		err = s.syncCopy(fresh)
	}
	var old *bbolt.DB
	swapErr := o.exclusively(context.WithoutCancel(ctx), func() error {
		if s.copied != mine {
			return fmt.Errorf("%w: the outbox was rebuilt meanwhile", ErrState)
		}
		s.copied = nil
		if err != nil {
			return nil //nolint:nilerr // it is returned below; this only ends the collecting
		}
		if err := o.usable(); err != nil {
			return err
		}
		if err := applyChanges(fresh, mine.take()); err != nil {
			return err
		}
		old, err = o.takeOver(fresh)
		return err
	})
	if err = errors.Join(err, swapErr); err != nil && old == nil {
		return errors.Join(fmt.Errorf("compact: %w", err), s.dropCopy(fresh))
	}
	return errors.Join(err, old.Close())
}

// compactIfWorthIt is run by keepHouse.
func (o *Outbox) compactIfWorthIt(ctx context.Context) error {
	const worth = 64 << 20
	used, size := o.store.room()
	if size < worth || used > size/2 {
		return nil
	}
	return o.Compact(ctx)
}

// Rebuild copies what is stored into a new file after a commit failed: the old
// file may hold pages that are not on disk and never get there. It refuses to
// if what it reads is not whole, and then the outbox stays stopped. It does
// nothing if no commit failed. Run does it by itself.
func (o *Outbox) Rebuild(ctx context.Context) error {
	return o.exclusively(ctx, func() error {
		o.mu.Lock()
		broken, closed := o.broken, o.closed
		o.mu.Unlock()
		switch {
		case closed:
			return ErrClosed
		case broken == nil:
			return nil
		}
		s := o.store
		fresh, err := s.newCopy()
		if err == nil {
			err = s.guard(func() error {
				return s.view(func(t *tx) error {
					// Copied first, so that every page has been read under guard:
					// bbolt looks in a goroutine of its own.
					if err := copyAll(ctx, t.bolt, fresh); err != nil {
						return err
					}
					var found error
					for err := range t.bolt.Check() { // to the end, or its goroutine stays
						if found == nil {
							found = fmt.Errorf("%w: %s: %w", ErrFormat, s.path, err)
						}
					}
					return found
				})
			})
		}
		if err == nil {
			err = s.syncCopy(fresh)
		}
		var old *bbolt.DB
		if err == nil {
			old, err = o.takeOver(fresh)
		}
		if err != nil {
			if old == nil {
				err = errors.Join(err, s.dropCopy(fresh))
			}
			return fmt.Errorf("rebuild: %w", err)
		}
		s.copied = nil // a compaction's copy is of the old file
		if err := errors.Join(o.reload(), old.Close()); err != nil {
			return fmt.Errorf("rebuild: %w", err)
		}
		o.mu.Lock()
		o.broken = nil
		o.mu.Unlock()
		o.wakeAll() // what came with the commit that failed can be looked up now
		return nil
	})
}

func (o *Outbox) rebuildIfBroken(ctx context.Context) error {
	o.mu.Lock()
	broken := o.broken
	o.mu.Unlock()
	if broken == nil {
		return nil
	}
	if err := o.Rebuild(ctx); err != nil {
		return err
	}
	o.tell(Event{Type: EventTrouble, At: time.Now(), Reason: "the outbox was rebuilt into a new file after: " + broken.Error()})
	return nil
}

// takeOver makes a synced copy the outbox. Only while nothing is committed.
// When it returns an old file, the copy is in its place even if there is an
// error: then the new name may not survive a power cut, and the outbox is
// stopped until it is rebuilt.
func (o *Outbox) takeOver(fresh *bbolt.DB) (old *bbolt.DB, err error) {
	s := o.store
	if err := s.displaced(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err // somebody wants that file
	}
	if err := fresh.Update(func(to *bbolt.Tx) error {
		return s.db.View(func(from *bbolt.Tx) error {
			for _, name := range bucketNames() {
				if err := to.Bucket([]byte(name)).SetSequence(from.Bucket([]byte(name)).Sequence()); err != nil {
					return err
				}
			}
			return nil
		})
	}); err != nil {
		return nil, err
	}
	opened, err := os.Stat(s.path + ".new")
	if err == nil {
		err = os.Rename(s.path+".new", s.path)
	}
	if err != nil {
		return nil, err
	}
	s.opened = opened
	s.mu.Lock()
	old, s.db = s.db, fresh
	s.mu.Unlock()
	if err := syncDir(filepath.Dir(s.path)); err != nil {
		o.mu.Lock()
		o.broken = err
		o.mu.Unlock()
		return old, fmt.Errorf("%w: sync directory: %w", ErrUnknown, err)
	}
	return old, nil
}

// newCopy makes an empty file beside the outbox. It is synced once, at the end.
func (s *store) newCopy() (*bbolt.DB, error) {
	if err := os.Remove(s.path + ".new"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	db, err := bbolt.Open(s.path+".new", 0o600, boltOptions(true))
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range bucketNames() {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// syncCopy makes a copy durable; from here on each of its commits is.
func (s *store) syncCopy(db *bbolt.DB) error {
	db.NoSync = s.noSync
	if s.noSync {
		return nil
	}
	return db.Sync()
}

func (s *store) dropCopy(db *bbolt.DB) error {
	if db == nil {
		return nil
	}
	err := os.Remove(s.path + ".new")
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(db.Close(), err)
}

// copyAll copies every key. Each value must match its checksum, except in
// entries, where what does not will become a dead letter.
func copyAll(ctx context.Context, from *bbolt.Tx, to *bbolt.DB) error {
	for bucket, name := range bucketNames() {
		c := from.Bucket([]byte(name)).Cursor()
		var list []change
		bytes := 0
		for k, v := c.First(); k != nil; k, v = c.Next() {
			if err := ctx.Err(); err != nil {
				return err
			}
			if _, _, err := verified(k, v); err != nil && bucket != inEntries {
				return fmt.Errorf("%w: %s/%x: %w", ErrFormat, name, k, err)
			}
			list = append(list, change{bucket, k, v})
			if bytes += len(k) + len(v); len(list) < copyKeys && bytes < copyBytes {
				continue
			}
			if err := applyChanges(to, list); err != nil {
				return err
			}
			list, bytes = list[:0], 0
		}
		if err := applyChanges(to, list); err != nil {
			return err
		}
	}
	return nil
}

// applyChanges commits changes to a copy, in their order.
func applyChanges(to *bbolt.DB, list []change) error {
	if len(list) == 0 {
		return nil
	}
	return to.Update(func(b *bbolt.Tx) error {
		t := &tx{bolt: b}
		for _, c := range list {
			if c.value == nil {
				t.delete(c.bucket, c.key)
			} else {
				t.put(c.bucket, c.key, c.value)
			}
		}
		return t.err
	})
}
