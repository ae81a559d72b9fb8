package outbox

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
)

// TestPageThatDoesNotBeginWithItsKeyIsRefused: its keys are in order, and bbolt
// would take the page for a whole one until it is written.
func TestPageThatDoesNotBeginWithItsKeyIsRefused(t *testing.T) {
	t.Parallel()
	const page = 4096
	file := fileOfManyPages(t, page)
	check := func(file []byte) error {
		r := bytes.NewReader(file)
		return checkPages(r, newestMeta(r))
	}
	require.NoError(t, check(file))
	refused := 0
	for at := 2 * page; at < len(file); at += page {
		if pageFlags(file[at:]) != branchPage {
			continue
		}
		damaged := bytes.Clone(file)
		child := page * int(binary.LittleEndian.Uint64(damaged[at+pageHeader+8:]))
		require.EqualValues(t, leafPage, pageFlags(damaged[child:]))
		keySize := damaged[child+pageHeader+8:]
		binary.LittleEndian.PutUint32(keySize, binary.LittleEndian.Uint32(keySize)+1)
		require.ErrorContains(t, check(damaged), "does not begin with the key that leads to it")
		refused++
	}
	require.Positive(t, refused)
}

// fileOfManyPages is a file with one bucket of a thousand short keys, written once.
func fileOfManyPages(t *testing.T, page int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pages")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: page, NoFreelistSync: true})
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("numbers"))
		for i := uint64(0); err == nil && i < 1000; i++ {
			err = b.Put(binary.BigEndian.AppendUint64(nil, i), make([]byte, 100))
		}
		return err
	}))
	require.NoError(t, db.Close())
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	return file
}
