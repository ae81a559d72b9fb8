package outbox

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestVerdictIsRecordedOnceThoughItsCommitFailedBefore: what follows from a
// verdict is worked out anew when its commit failed, and must come to the same.
// A refused confirming call shows it: it takes back a delivery.
func TestVerdictIsRecordedOnceThoughItsCommitFailedBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var o *Outbox
		failing := false
		calls := 0
		opts := Options{
			Kinds: []Kind{{Name: "stock", Class: Absolute, Deliver: func(_ context.Context, b []Lease) Answer {
				calls++
				switch {
				case b[0].Confirming:
					failing = true // the commit that follows
					return Answer{Result: Result{Verdict: Rejected}}
				case calls == 1:
					return Answer{Result: Result{Verdict: Unknown}}
				default:
					return Answer{Result: Result{Verdict: Delivered}}
				}
			}}},
			Canary: func(context.Context, string, string) Answer { return Answer{Result: Result{Verdict: Delivered}} },
			// The machine's disk is not what is tested.
			MinFree: -1,
		}
		o, err := open(filepath.Join(t.TempDir(), "o.db"), opts, hooks{noSync: true})
		require.NoError(t, err)
		commit := o.committer.run
		o.committer.run = func(group []*request) {
			if !failing || group[0].exclusive != nil {
				commit(group)
				return
			}
			failing = false
			require.NoError(t, o.failGroup(group))
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- o.Run(ctx) }()
		r, err := o.Accept(ctx, Entry{Kind: "stock", Key: "a", Body: []byte("1")})
		require.NoError(t, err)
		time.Sleep(time.Hour)
		state, err := r.State()
		require.NoError(t, err)
		require.Equal(t, Dead, state)
		require.Empty(t, o.Stats().Broken, "Run rebuilds the outbox")
		require.NoError(t, o.Check(ctx))
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, o.Close())
	})
}

// failGroup does all that a commit does, and then the disk fails.
func (o *Outbox) failGroup(group []*request) error {
	t, err := o.store.begin()
	if err != nil {
		return err
	}
	before := t.bolt.ID() - 1
	o.mu.Lock()
	for _, r := range group {
		r.err = r.op(t)
	}
	o.mu.Unlock()
	if err := t.bolt.Rollback(); err != nil {
		return err
	}
	err = o.commitFailed(before, t, errors.New("the disk failed"))
	for _, r := range group {
		r.err = err
	}
	return nil
}
