package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"github.com/anymarket-go/sdk/internal/crash/demo"
)

func options(c config) *bbolt.Options {
	return &bbolt.Options{Timeout: time.Second, NoSync: c.bug == bugNoSync, FreelistType: bbolt.FreelistMapType}
}

// open makes sure that a store that exists is whole and stays: it is made under
// another name, synced, renamed, and its directory synced.
func open(c config) (*bbolt.DB, error) {
	path := filepath.Join(c.dir, "db")
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && c.bug != bugRawInit {
		if err := create(c, path); err != nil {
			return nil, err
		}
	}
	if c.bug != bugRawInit && c.bug != bugNoDirSync {
		if err := syncDir(c.dir); err != nil {
			return nil, err
		}
	}
	db, err := bbolt.Open(path, 0o600, options(c))
	if err != nil {
		return nil, err
	}
	if err := db.Update(buckets); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func create(c config, path string) error {
	tmp := path + ".new"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db, err := bbolt.Open(tmp, 0o600, options(c))
	if err != nil {
		return err
	}
	if err := errors.Join(db.Update(buckets), db.Close()); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

func syncDir(d string) error {
	f, err := os.Open(d)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func buckets(tx *bbolt.Tx) error {
	for _, name := range []string{demo.Pending, demo.Meta} {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	return nil
}

// rebuild is the way on after a failed sync. What the kernel shows of the old
// file may not be on disk and never get there, so all is written anew.
func (w *writer) rebuild() error {
	path := w.db.Path()
	tmp := path + ".new"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db, err := bbolt.Open(tmp, 0o600, options(w.config))
	if err != nil {
		return err
	}
	if err := bbolt.Compact(db, w.db, 0); err != nil {
		return errors.Join(err, db.Close())
	}
	if err := errors.Join(db.Sync(), db.Close()); err != nil {
		return err
	}
	if err := w.db.Close(); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	fresh, err := open(w.config)
	if err != nil {
		return err
	}
	w.db = fresh
	return nil
}

func (w *writer) pending() (n int, err error) {
	err = w.db.View(func(tx *bbolt.Tx) error {
		n = tx.Bucket([]byte(demo.Pending)).Stats().KeyN
		return nil
	})
	return n, err
}

// commit appends so many entries and delivers as many of the oldest as deliver
// says for the number pending. What it promises it says after the commit.
func (w *writer) commit(count int, deliver func(pending int) int) error {
	var promises bytes.Buffer
	err := w.db.Update(func(tx *bbolt.Tx) error {
		p, m := tx.Bucket([]byte(demo.Pending)), tx.Bucket([]byte(demo.Meta))
		if err := w.append(p, count, &promises); err != nil {
			return err
		}
		if err := remove(p, m, deliver, &promises); err != nil {
			return err
		}
		if w.bug == bugAckEarly {
			return say(&promises)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return say(&promises)
}

func (w *writer) append(p *bbolt.Bucket, count int, promises *bytes.Buffer) error {
	for range count {
		id, err := p.NextSequence()
		if err != nil {
			return err
		}
		if err := p.Put(demo.Key(id), demo.Payload(id, w.valMax)); err != nil {
			return err
		}
		fmt.Fprintf(promises, "ACK %d\n", id)
	}
	return nil
}

func remove(p, m *bbolt.Bucket, deliver func(pending int) int, promises *bytes.Buffer) error {
	first, _ := p.Cursor().First()
	if first == nil {
		return nil
	}
	pending := int(p.Sequence() - binary.BigEndian.Uint64(first) + 1)
	for range deliver(pending) { // not by cursor: bbolt may skip keys then
		k, _ := p.Cursor().First()
		if k == nil {
			return nil
		}
		k = bytes.Clone(k)
		if err := p.Delete(k); err != nil {
			return err
		}
		if err := m.Put([]byte(demo.Done), k); err != nil {
			return err
		}
		fmt.Fprintf(promises, "DONE %d\n", binary.BigEndian.Uint64(k))
	}
	return nil
}

// say writes the promises with one call, so that a kill cuts at most one line.
func say(promises *bytes.Buffer) error {
	_, err := promises.WriteTo(os.Stdout)
	return err
}
