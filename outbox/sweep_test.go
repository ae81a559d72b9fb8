package outbox

import (
	"context"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// Entries beside each other in the file go together: else each would cost a
// write of its own page.
func TestSweepTakesTheOldestFirst(t *testing.T) {
	t.Parallel()
	deliver := func(context.Context, []Lease) Answer { return Answer{Result: Result{Verdict: Delivered}} }
	o, err := open(filepath.Join(t.TempDir(), "o.db"), Options{Kinds: []Kind{{Name: "stock", Class: Absolute, Deliver: deliver}}, MinFree: -1}, hooks{noSync: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, o.Close()) }()
	const lanes, values = 7, 2 * sweepSize
	var superseded []uint64
	for i := range values {
		r, err := o.Accept(t.Context(), Entry{Kind: "stock", Key: strconv.Itoa(i % lanes), Body: []byte(strconv.Itoa(i))})
		require.NoError(t, err)
		if i < values-lanes {
			superseded = append(superseded, r.ID().seq)
		}
	}
	for done := 0; done < len(superseded); {
		require.NoError(t, o.commit(t.Context(), o.sweepSome))
		done = min(done+sweepSize, len(superseded))
		require.NoError(t, o.store.view(func(tx *tx) error {
			for i, seq := range superseded {
				require.Equal(t, i >= done, tx.get(inEntries, seqKey(seq)) != nil, "value %d of the %d oldest", i, done)
			}
			return nil
		}))
	}
	require.NoError(t, o.commit(t.Context(), o.sweepSome))
	require.Empty(t, o.sweepable)
}

// Two values in doubt in a lane come from no outbox, but perhaps from a file that
// somebody mended: neither is swept, and the sweep ends.
func TestSweepEndsThoughTwoAreInDoubt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.db")
	opts := Options{Kinds: []Kind{{Name: "stock", Class: Absolute, Deliver: func(context.Context, []Lease) Answer { return Answer{} }}}, MinFree: -1}
	o, err := open(path, opts, hooks{noSync: true})
	require.NoError(t, err)
	for i := range 3 {
		r, err := o.Accept(t.Context(), Entry{Kind: "stock", Key: "k", Body: []byte("1")})
		require.NoError(t, err)
		if i == 2 {
			break
		}
		require.NoError(t, o.commit(t.Context(), func(tx *tx) error {
			s, _, err := tx.locate(r.id.seq)
			s.flags |= flagInDoubt
			tx.putEntry(inEntries, &s)
			return err
		}))
	}
	require.NoError(t, o.Close())
	o, err = open(path, opts, hooks{noSync: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, o.Close()) }()
	require.NoError(t, o.sweep(t.Context()))
	require.Zero(t, o.Stats().Dead)
	require.Equal(t, 3, o.entries)
}
