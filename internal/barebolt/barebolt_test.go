//go:build unix

package barebolt_test

import (
	"bytes"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/anymarket-go/sdk/internal/barebolt"
)

func TestWhatManyPutIsThereOnceUnderTheirKeys(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bare.db")
	s, err := barebolt.Open(path)
	require.NoError(t, err)
	const producers, each = 8, 20
	var mu sync.Mutex
	keys := map[uint64]string{}
	var all sync.WaitGroup
	for p := range producers {
		all.Go(func() {
			for i := range each {
				value := strconv.Itoa(p) + "/" + strconv.Itoa(i)
				key, err := s.Put([]byte(value))
				mu.Lock()
				if err != nil || keys[key] != "" {
					t.Errorf("put %s: key %d, had %q, %v", value, key, keys[key], err)
				}
				keys[key] = value
				mu.Unlock()
			}
		})
	}
	all.Wait()
	require.Len(t, keys, producers*each)
	require.NoError(t, s.Delete([]uint64{1, 2, 3}))
	commits, err := s.Commits()
	require.NoError(t, err)
	require.LessOrEqual(t, commits, producers*each+3)
	require.NoError(t, s.Close())

	stored := readAll(t, path)
	require.Len(t, stored, producers*each-3)
	for key, value := range stored {
		require.Equal(t, keys[key], value)
		require.Greater(t, key, uint64(3))
	}
}

func readAll(t *testing.T, path string) map[uint64]string {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	stored := map[uint64]string{}
	require.NoError(t, db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("entries")).ForEach(func(k, v []byte) error {
			var key uint64
			for _, b := range k {
				key = key<<8 | uint64(b)
			}
			stored[key] = string(bytes.Clone(v))
			return nil
		})
	}))
	return stored
}
