package contender

import (
	"context"
	"encoding/binary"
	"path/filepath"

	"github.com/anymarket-go/sdk/internal/barebolt"
	"go.etcd.io/bbolt"
)

type bare struct{ *barebolt.Store }

func openBare(_ context.Context, dir string) (Contender, error) {
	s, err := barebolt.Open(filepath.Join(dir, "bare.db"))
	if err != nil {
		return nil, err
	}
	return bare{s}, nil
}

func (b bare) Accept(value []byte) error {
	_, err := b.Put(value)
	return err
}

// bolt stores each value with a transaction function of bbolt.
type bolt struct {
	*bbolt.DB

	commit func(func(*bbolt.Tx) error) error
}

func openUpdate(_ context.Context, dir string) (Contender, error) {
	return openBolt(dir, func(db *bbolt.DB) func(func(*bbolt.Tx) error) error { return db.Update })
}

func openBatch(_ context.Context, dir string) (Contender, error) {
	return openBolt(dir, func(db *bbolt.DB) func(func(*bbolt.Tx) error) error { return db.Batch })
}

func openBolt(dir string, commit func(*bbolt.DB) func(func(*bbolt.Tx) error) error) (Contender, error) {
	db, err := bbolt.Open(filepath.Join(dir, "bolt.db"), 0o600, barebolt.Options())
	if err != nil {
		return nil, err
	}
	return bolt{db, commit(db)}, nil
}

func (b bolt) Accept(value []byte) error {
	return b.commit(func(tx *bbolt.Tx) error {
		entries, err := tx.CreateBucketIfNotExists([]byte("entries"))
		if err != nil {
			return err
		}
		entries.FillPercent = 0.95
		key, err := entries.NextSequence()
		if err != nil {
			return err
		}
		return entries.Put(binary.BigEndian.AppendUint64(nil, key), value)
	})
}
