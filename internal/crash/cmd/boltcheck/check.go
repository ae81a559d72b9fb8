package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"github.com/anymarket-go/sdk/internal/crash/demo"
)

// promises is what the writer had said.
type promises struct {
	acked map[uint64]bool
	done  uint64 // the last delivered id
}

func read(said string) (p promises, err error) {
	b, err := os.ReadFile(said)
	if err != nil {
		return p, err
	}
	p.acked = map[uint64]bool{}
	for line := range strings.Lines(string(b)) {
		word, num, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		id, err := strconv.ParseUint(num, 10, 64)
		switch {
		case err != nil:
			return p, fmt.Errorf("said %q: %w", line, err)
		case word == "ACK":
			p.acked[id] = true
		case word == "DONE":
			p.done = max(p.done, id)
		}
	}
	return p, nil
}

// check returns why the store in dir does not keep what was said.
func check(dir, said string) (err error) {
	debug.SetPanicOnFault(true) // a mapping past the end of the file is a failure, not our death
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	p, err := read(said)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if len(p.acked) > 0 {
			return fmt.Errorf("no store, but %d entries were acknowledged", len(p.acked))
		}
		return nil // the program makes one
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 2 * time.Second, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := errors.Join(integrity(db), db.View(p.kept)); err != nil {
		return err
	}
	// The store must also take writes again.
	if err := db.Update(probe); err != nil {
		return fmt.Errorf("write after crash: %w", err)
	}
	return integrity(db)
}

// kept returns which promise the store breaks.
func (p promises) kept(tx *bbolt.Tx) error {
	pending, meta := tx.Bucket([]byte(demo.Pending)), tx.Bucket([]byte(demo.Meta))
	if pending == nil || meta == nil {
		if len(p.acked) > 0 {
			return fmt.Errorf("no buckets, but %d entries were acknowledged", len(p.acked))
		}
		return nil
	}
	last := uint64(0)
	if v := meta.Get([]byte(demo.Done)); v != nil {
		last = binary.BigEndian.Uint64(v)
	}
	if last < p.done {
		return fmt.Errorf("delivery of %d was acknowledged, the store says %d", p.done, last)
	}
	stored := map[uint64]bool{}
	err := pending.ForEach(func(k, v []byte) error {
		id := binary.BigEndian.Uint64(k)
		stored[id] = true
		switch {
		case !demo.Valid(id, v):
			return fmt.Errorf("entry %d has wrong bytes", id)
		case id <= last:
			return fmt.Errorf("entry %d is pending again after delivery", id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	lost, first := 0, uint64(0)
	for id := range p.acked {
		if id <= last || stored[id] {
			continue
		}
		if lost++; first == 0 || id < first {
			first = id
		}
	}
	if lost > 0 {
		return fmt.Errorf("LOST %d acknowledged entries, the first is %d", lost, first)
	}
	return nil
}

func probe(tx *bbolt.Tx) error {
	b, err := tx.CreateBucketIfNotExists([]byte("probe"))
	if err != nil {
		return err
	}
	return b.Put([]byte("x"), make([]byte, 3000))
}

func integrity(db *bbolt.DB) error {
	return db.View(func(tx *bbolt.Tx) error {
		var first error
		for err := range tx.Check() { // to the end: it is a channel
			if first == nil {
				first = fmt.Errorf("bbolt check: %w", err)
			}
		}
		return first
	})
}
