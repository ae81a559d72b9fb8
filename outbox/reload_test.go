package outbox

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEntryOfAGroupThatThereIsNotIsADeadLetter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.db")
	opts := Options{Kinds: []Kind{{Name: "stock", Class: Absolute, Deliver: func(context.Context, []Lease) Answer { return Answer{} }}}, MinFree: -1}
	o, err := open(path, opts, hooks{noSync: true})
	require.NoError(t, err)
	for _, group := range []Group{0, MaxGroup + 1} {
		s := stored{seq: 1 + uint64(group), kind: "stock", key: "k", group: group, body: []byte("1")}
		require.NoError(t, o.commit(t.Context(), func(tx *tx) error { tx.putEntry(inEntries, &s); return nil }))
	}
	require.NoError(t, o.Close())
	o, err = open(path, opts, hooks{noSync: true})
	require.NoError(t, err)
	require.EqualValues(t, 2, o.Stats().Dead)
	require.NoError(t, o.Close())
}
