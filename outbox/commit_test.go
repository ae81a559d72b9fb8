package outbox

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// slowCommitter commits in a second and keeps what it was given, by size.
func slowCommitter() (c *committer, groups *[][]int) {
	groups = new([][]int)
	return &committer{run: func(group []*request) {
		var sizes []int
		for _, r := range group {
			sizes = append(sizes, r.bytes)
		}
		*groups = append(*groups, sizes)
		time.Sleep(time.Second)
	}}, groups
}

// ask has a request of that size committed, and waits until it is queued.
func ask(ctx context.Context, c *committer, r *request) <-chan error {
	done := make(chan error, 1)
	go func() { done <- c.do(ctx, r) }()
	synctest.Wait()
	return done
}

func TestThoseThatWaitShareOneCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, groups := slowCommitter()
		var done []<-chan error
		for size := 1; size <= 4; size++ {
			done = append(done, ask(t.Context(), c, &request{bytes: size}))
		}
		start := time.Now()
		for _, d := range done {
			require.NoError(t, <-d)
		}
		require.Equal(t, [][]int{{1}, {2, 3, 4}}, *groups)
		require.Equal(t, 2*time.Second, time.Since(start))
		require.False(t, c.leading, "the next one must lead at once")
	})
}

func TestGroupsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, groups := slowCommitter()
		exclusive := &request{bytes: 5, exclusive: func() error { return nil }}
		var done []<-chan error
		for _, r := range []*request{{bytes: 1}, {bytes: 2}, {bytes: maxGroupBytes - 2}, {bytes: 3}, {bytes: 2 * maxGroupBytes}, {bytes: 4}, exclusive, {bytes: 6}, {bytes: 7}} {
			done = append(done, ask(t.Context(), c, r))
		}
		for _, d := range done {
			require.NoError(t, <-d)
		}
		require.Equal(t, [][]int{{1}, {2, maxGroupBytes - 2}, {3, 4, 6, 7}, {2 * maxGroupBytes}, {5}}, *groups)
	})
}

// Else an accept would wait for all that a drain settles at once.
func TestFewEntriesEndInATransaction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, groups := slowCommitter()
		var done []<-chan error
		for _, r := range []*request{
			{bytes: 1}, {bytes: 2, ends: maxGroupEnds - 1}, {bytes: 3, ends: 2}, {bytes: 4}, {bytes: 5, ends: 3 * maxGroupEnds}, {bytes: 6, ends: 1}, {bytes: 7},
		} {
			done = append(done, ask(t.Context(), c, r))
		}
		for _, d := range done {
			require.NoError(t, <-d)
		}
		require.Equal(t, [][]int{{1}, {2, 4, 6, 7}, {3}, {5}}, *groups)
	})
}

func TestWithdrawnRequestIsNotCommittedAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		withdrawn []int // of the requests 2, 3, 4 that wait behind 1
		want      [][]int
	}{
		{"one of a group", []int{3}, [][]int{{1}, {2, 4}, {5}}},
		{"the leader", []int{2}, [][]int{{1}, {3, 4}, {5}}},
		{"all but one", []int{2, 3}, [][]int{{1}, {4}, {5}}},
		{"all", []int{4, 2, 3}, [][]int{{1}, {5}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, groups := slowCommitter()
				done := map[int]<-chan error{}
				cancel := map[int]context.CancelFunc{}
				for size := 1; size <= 4; size++ {
					var ctx context.Context
					ctx, cancel[size] = context.WithCancel(t.Context())
					defer cancel[size]()
					done[size] = ask(ctx, c, &request{bytes: size})
				}
				start := time.Now()
				for _, size := range tt.withdrawn {
					cancel[size]()
					require.ErrorIs(t, <-done[size], context.Canceled)
					delete(done, size)
				}
				require.Zero(t, time.Since(start), "it must not wait for a commit")
				cancel[1]() // is being committed: its outcome counts
				for _, d := range done {
					require.NoError(t, <-d)
				}
				synctest.Wait()
				require.NoError(t, <-ask(t.Context(), c, &request{bytes: 5}))
				require.Equal(t, tt.want, *groups)
			})
		})
	}
}

func TestRequestOnAnEmptiedGroupIsCommitted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, groups := slowCommitter()
		first := ask(t.Context(), c, &request{bytes: 1})
		ctx, cancel := context.WithCancel(t.Context())
		second := ask(ctx, c, &request{bytes: 2})
		cancel()
		require.ErrorIs(t, <-second, context.Canceled)
		third := ask(t.Context(), c, &request{bytes: 3})
		require.NoError(t, <-first)
		require.NoError(t, <-third)
		require.Equal(t, [][]int{{1}, {3}}, *groups)
	})
}

// Those of a group whose leader left may leave too, but not once it is taken up.
func TestGroupThatIsTakenUpIsNotEmptied(t *testing.T) {
	t.Parallel()
	committed := 0
	c := &committer{leading: true, run: func(group []*request) { committed += len(group) }}
	leader, other := &request{}, &request{}
	g := c.joinLocked(leader)
	require.Same(t, g, c.joinLocked(other))
	require.True(t, c.withdraw(g, leader))
	taken := c.handOver()
	require.Same(t, g, taken, "nobody else leads it")
	require.False(t, c.withdraw(g, other))
	c.lead(taken)
	require.Equal(t, 1, committed)
	require.False(t, c.leading)
}
