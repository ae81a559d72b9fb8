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

// seenOnTheWay is an operation that fails, and that is seen before it is undone: as
// while a real one is written to the disk, the outbox can be looked at, but nothing
// else is committed.
func seenOnTheWay(o *Outbox, act func(t *tx), see func()) func(t *tx) error {
	return func(t *tx) error {
		act(t)
		t.err = errors.New("no room")
		o.mu.Unlock()
		see()
		synctest.Wait()
		o.mu.Lock()
		return nil
	}
}

func inFailedCommit(t *testing.T, test func(t *testing.T, o *Outbox, verdict *Verdict)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		verdict := Delivered
		deliver := func(context.Context, []Lease) Answer { return Answer{Result: Result{Verdict: verdict}} }
		o, err := open(filepath.Join(t.TempDir(), "o.db"), Options{Kinds: []Kind{{Name: "stock", Class: Absolute, Deliver: deliver}}, MinFree: -1}, hooks{noSync: true})
		require.NoError(t, err)
		defer func() { require.NoError(t, o.Close()) }()
		test(t, o, &verdict)
	})
}

func TestDrainDoesNotWaitForWhatFailedToCommit(t *testing.T) {
	inFailedCommit(t, func(t *testing.T, o *Outbox, _ *Verdict) {
		p := make([]prepared, 1)
		require.NoError(t, o.prepare(&Entry{Kind: "stock", Key: "k", Body: []byte("1")}, &p[0]))
		p[0].draft = p[0].stored.draft(nil)
		drained := make(chan error, 1)
		require.Error(t, o.commit(t.Context(), seenOnTheWay(o, func(tx *tx) { o.putOne(tx, &p[0], tx.now) }, func() {
			go func() { drained <- o.Drain(t.Context()) }()
		})))
		require.NoError(t, <-drained)
	})
}

func TestWaitIsNotDeceivedByWhatFailedToCommit(t *testing.T) {
	inFailedCommit(t, func(t *testing.T, o *Outbox, verdict *Verdict) {
		*verdict = Rejected
		r, err := o.Accept(t.Context(), Entry{Kind: "stock", Key: "k", Body: []byte("1")})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- o.Run(ctx) }()
		var dead *DeadError
		require.ErrorAs(t, r.Wait(t.Context()), &dead)
		stop()
		require.NoError(t, <-ran)

		waited := make(chan error, 1)
		l := o.lane(r.lane)
		s := stored{seq: r.id.seq, kind: "stock", key: "k", group: 1, body: []byte("1")}
		require.Error(t, o.commit(t.Context(), seenOnTheWay(o, func(tx *tx) {
			o.touch(l)
			o.revive(tx, l, &s)
		}, func() {
			go func() { waited <- r.Wait(t.Context()) }()
		})))
		require.ErrorAs(t, <-waited, &dead)
	})
}

func TestLaneOfAFailedCommitIsDelivered(t *testing.T) {
	inFailedCommit(t, func(t *testing.T, o *Outbox, _ *Verdict) {
		require.NoError(t, o.PauseAll(t.Context(), "stocktaking"))
		r, err := o.Accept(t.Context(), Entry{Kind: "stock", Key: "k", Body: []byte("1")})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- o.Run(ctx) }()
		synctest.Wait()
		l := o.lane(r.lane)
		require.Error(t, o.commit(t.Context(), seenOnTheWay(o, func(*tx) { o.touch(l) }, func() {
			o.gate.resume(time.Now(), "", true)
			o.signal()
		})))
		soon, cancel := context.WithTimeout(t.Context(), time.Second/2) // before the house is kept again
		defer cancel()
		require.NoError(t, r.Wait(soon))
		stop()
		require.NoError(t, <-ran)
	})
}
