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

// TestVerdictOfAKeptCommitIsNotRecordedAgain: a commit can fail and still have
// got to the file. Then the rebuilt outbox has the verdict already.
func TestVerdictOfAKeptCommitIsNotRecordedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		failing := false
		calls := 0
		opts := Options{
			Kinds: []Kind{{Name: "stock", Class: Absolute, Deliver: func(context.Context, []Lease) Answer {
				if calls++; calls == 1 {
					return Answer{Result: Result{Verdict: Unknown}}
				}
				failing = calls == 2 // it becomes a doubt, and stays stored
				return Answer{Result: Result{Verdict: Delivered}}
			}}},
			Canary:  func(context.Context, string, string) Answer { return Answer{Result: Result{Verdict: Delivered}} },
			MinFree: -1,
		}
		o, err := open(filepath.Join(t.TempDir(), "o.db"), opts, hooks{noSync: true})
		require.NoError(t, err)
		commit := o.committer.run
		o.committer.run = func(group []*request) {
			commit(group)
			if failing && group[0].exclusive == nil {
				failing = false
				o.mu.Lock()
				o.broken = errors.New("the disk failed")
				o.mu.Unlock()
				group[0].err = ErrUnknown
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		r, err := o.Accept(ctx, Entry{Kind: "stock", Key: "a", Body: []byte("1")})
		require.NoError(t, err)
		ended := make(chan error)
		go func() { ended <- o.Run(ctx) }()
		require.NoError(t, r.Wait(ctx))
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, 3, calls, "unknown, delivered, confirmed")
		require.NoError(t, o.Check(ctx))
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, o.Close())
	})
}

// TestRunEndsThoughNothingCanBeRecorded: with a disk that is gone for good, Run
// still ends when it was told to and its patience is over. What was on the wire
// counts as that until the file is opened again.
func TestRunEndsThoughNothingCanBeRecorded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		failing := false
		calls := 0
		opts := Options{
			Kinds: []Kind{{Name: "order", Class: Once, Deliver: func(context.Context, []Lease) Answer {
				calls++
				failing = true
				cancel()
				return Answer{Result: Result{Verdict: Delivered}}
			}}},
			MinFree: -1,
		}
		path := filepath.Join(t.TempDir(), "o.db")
		o, err := open(path, opts, hooks{noSync: true})
		require.NoError(t, err)
		commit := o.committer.run
		o.committer.run = func(group []*request) {
			switch {
			case !failing:
				commit(group)
			case group[0].exclusive != nil: // a rebuild
				group[0].err = errors.New("the disk failed")
			default:
				require.NoError(t, o.failGroup(group))
			}
		}
		r, err := o.Accept(ctx, Entry{Kind: "order", Key: "a", Once: "a"})
		require.NoError(t, err)
		begun := time.Now()
		require.NoError(t, o.Run(ctx))
		require.LessOrEqual(t, time.Since(begun), o.opts.DrainTimeout+time.Minute)

		failing = false
		ctx, cancel = context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- o.Run(ctx) }() // rebuilds, and must not send it again
		time.Sleep(time.Hour)
		cancel()
		require.NoError(t, <-ended)
		require.Equal(t, 1, calls)
		require.NoError(t, o.Close())

		o, err = open(path, opts, hooks{noSync: true})
		require.NoError(t, err)
		rec, err := o.Show(r.ID())
		require.NoError(t, err)
		require.Equal(t, Parked, rec.State, "its outcome is unknown and cannot be looked up")
		require.NoError(t, o.Check(t.Context()))
		require.NoError(t, o.Close())
	})
}

// TestAttemptThatWasNotMadeLeavesNoTrace: when the commit that announces an
// attempt fails, the attempt is not made and not found in the file later.
func TestAttemptThatWasNotMadeLeavesNoTrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts := Options{
			Kinds: []Kind{{Name: "order", Class: Once, Deliver: func(context.Context, []Lease) Answer {
				return Answer{Result: Result{Verdict: Delivered}}
			}}},
			MinFree: -1,
		}
		o, err := open(filepath.Join(t.TempDir(), "o.db"), opts, hooks{noSync: true})
		require.NoError(t, err)
		// The look-up before is the first commit of Run, the announcement the
		// second. It gets to the file, though it fails.
		commits, commit := 0, o.committer.run
		o.committer.run = func(group []*request) {
			commit(group)
			if group[0].exclusive != nil || group[0].err != nil || o.store.flying() == 0 {
				return
			}
			if commits++; commits == 1 {
				o.mu.Lock()
				o.broken = errors.New("the disk failed")
				o.mu.Unlock()
				group[0].err = ErrUnknown
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		r, err := o.Accept(ctx, Entry{Kind: "order", Key: "a", Once: "a"})
		require.NoError(t, err)
		ended := make(chan error)
		go func() { ended <- o.Run(ctx) }()
		require.NoError(t, r.Wait(ctx))
		cancel()
		require.NoError(t, <-ended)
		require.Positive(t, commits)
		require.Zero(t, o.store.flying())
		require.NoError(t, o.Check(t.Context()))
		require.NoError(t, o.Close())
	})
}

// flying is the number of attempts in the file that count as being made.
func (s *store) flying() (n int) {
	_ = s.view(func(t *tx) error { // an error shows in what is counted
		return t.bolt.Bucket([]byte(bucketNames()[inFlight])).ForEach(func(_, _ []byte) error { n++; return nil })
	})
	return n
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
