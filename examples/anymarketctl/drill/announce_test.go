package drill

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

// announceFor makes an announcement on a page of its own.
func announceFor(t *testing.T, s schedule) *announcement {
	t.Helper()
	a, err := announce(t.Context(), s, filepath.Join(t.TempDir(), windowFile))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.page.Close()) })
	return a
}

// told is what the clients are told.
func (a *announcement) told(t *testing.T) []maintenance.Window {
	t.Helper()
	specs, err := maintenance.NewFile(a.path).List()
	require.NoError(t, err)
	windows := []maintenance.Window{}
	for _, s := range specs {
		w, err := s.Window()
		require.NoError(t, err)
		windows = append(windows, w)
	}
	return windows
}

// learn looks at the page once.
func (a *announcement) learn(t *testing.T) []maintenance.Window {
	t.Helper()
	require.NoError(t, a.watcher.Look(t.Context()))
	require.NoError(t, a.write())
	return a.told(t)
}

func hours(start time.Time, n int) maintenance.Window {
	return maintenance.Window{Name: windowName, Start: start.UTC(), End: start.UTC().Add(time.Duration(n) * time.Hour)}
}

// The clients are told what the page says, and of what overran it was planned.
func TestClientsLearnFromTheStatusPage(t *testing.T) {
	t.Parallel()
	s := newSchedule(4 * time.Hour)
	s.start = time.Now().Truncate(time.Second).Add(time.Hour)
	a := announceFor(t, s)
	require.Equal(t, []maintenance.Window{hours(s.start, 4)}, a.told(t))
	a.page.Move(a.id, s.start.Add(time.Hour), 2*time.Hour)
	require.Equal(t, []maintenance.Window{hours(s.start.Add(time.Hour), 2)}, a.learn(t))
	a.page.Become(anymarkettest.PageDown)
	require.Error(t, a.watcher.Look(t.Context()))
	require.NoError(t, a.write())
	require.Len(t, a.told(t), 1, "a page that is down changes nothing")
	a.page.Become(anymarkettest.PageUp)
	a.page.Cancel(a.id)
	require.Empty(t, a.learn(t))
}

// A window that has ended stays, so that no client takes it for one that was
// called off.
func TestWindowThatEndedStays(t *testing.T) {
	t.Parallel()
	s := newSchedule(shortest)
	s.start = time.Now().Truncate(time.Millisecond).Add(time.Second - shortest)
	a := announceFor(t, s)
	planned := a.told(t)
	require.NoError(t, pause(t.Context(), time.Until(s.end())))
	a.page.Mark(a.id, string(maintenance.InProgress))
	require.Equal(t, planned, a.learn(t), "it overruns")
	a.page.Mark(a.id, string(maintenance.Completed))
	require.Equal(t, planned, a.learn(t))
}

// The page says that the maintenance begins when it does, and that it is over
// when it is.
func TestPageTellsHowFarTheMaintenanceIs(t *testing.T) {
	t.Parallel()
	s := newSchedule(4 * time.Hour)
	s.start = time.Now().Truncate(time.Second).Add(-realLate - time.Minute)
	a := announceFor(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- a.run(ctx) }()
	require.Eventually(t, func() bool {
		if a.watcher.Look(t.Context()) != nil {
			return false
		}
		page, err := a.watcher.Page()
		return err == nil && len(page.Maintenances) == 1 && page.Maintenances[0].Stage == maintenance.InProgress
	}, 10*time.Second, time.Millisecond)
	cancel()
	require.NoError(t, <-ended)

	// Afterwards it is gone, and there is nothing to hold for.
	a.start = time.Now().Add(-5 * time.Hour)
	a.tell(t.Context())
	require.NoError(t, a.watcher.Look(t.Context()))
	page, err := a.watcher.Page()
	require.NoError(t, err)
	require.Empty(t, page.Maintenances)
}
