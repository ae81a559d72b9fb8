package maintenance_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

// watch is a calendar that follows a fake page, in virtual time.
type watch struct {
	t        *testing.T
	page     *anymarkettest.StatusPage
	calendar *maintenance.Calendar
	watcher  *maintenance.Watcher
	log      *lines
}

func watching(t *testing.T, f func(t *testing.T, w *watch), change ...func(*maintenance.WatcherConfig)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &watch{t: t, page: anymarkettest.NewStatusPage(), calendar: &maintenance.Calendar{}, log: &lines{}}
		t.Cleanup(func() { require.NoError(t, w.page.Close()) })
		w.restart(change...)
		f(t, w)
	})
}

// restart makes a new watcher, with a calendar that knows nothing yet.
func (w *watch) restart(change ...func(*maintenance.WatcherConfig)) {
	w.t.Helper()
	c := maintenance.WatcherConfig{Page: w.page.URL, Transport: w.page.Transport(), Logger: slog.New(slog.NewTextHandler(w.log, nil))}
	for _, f := range change {
		f(&c)
	}
	w.calendar = &maintenance.Calendar{}
	var err error
	w.watcher, err = maintenance.NewWatcher(w.calendar, c)
	require.NoError(w.t, err)
}

// run runs the watcher until the end of the test.
func (w *watch) run() {
	ctx, end := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.watcher.Run(ctx) }()
	w.t.Cleanup(func() { end(); <-done })
}

// look wants that the page can be read.
func (w *watch) look() {
	w.t.Helper()
	require.NoError(w.t, w.watcher.Look(w.t.Context()))
}

// inForce is what holds now, empty for nothing.
func (w *watch) inForce() string {
	win, ok := w.calendar.At("", time.Now())
	require.Equal(w.t, ok, !win.End.IsZero())
	return win.Name
}

// lines is what was logged.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// take returns what was logged since the last call.
func (l *lines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.b.Reset()
	return l.b.String()
}

func TestWatcherFollowsThePage(t *testing.T) {
	watching(t, func(t *testing.T, w *watch) {
		start := time.Now().Add(2 * time.Hour)
		w.page.In(time.FixedZone("", -3*3600))
		w.look()
		require.Empty(t, w.calendar.Upcoming(time.Now()))
		id := w.page.Announce("upgrade", start, time.Hour)
		other := w.page.Announce("other", start.Add(24*time.Hour), time.Hour)
		incident := w.page.OpenIncident("slow", "minor")
		w.look()
		require.Equal(t, []maintenance.Window{
			{Name: "upgrade", Start: start.UTC(), End: start.UTC().Add(time.Hour)},
			{Name: "other", Start: start.UTC().Add(24 * time.Hour), End: start.UTC().Add(25 * time.Hour)},
		}, w.calendar.Upcoming(time.Now()))
		page, err := w.watcher.Page()
		require.NoError(t, err)
		require.Equal(t, "minor", page.Indicator)
		require.Equal(t, []maintenance.Incident{{ID: incident, Name: "slow", Status: "investigating", Impact: "minor", Link: w.page.URL + "/" + incident}}, page.Incidents)
		require.Equal(t, maintenance.Scheduled, page.Maintenances[1].Stage)
		require.Equal(t, []string{"API"}, page.Maintenances[1].Components)
		require.Equal(t, time.Now().UTC(), page.ReadAt)
		require.Equal(t, 2, strings.Count(w.log.take(), "announces a maintenance"))

		w.page.Cancel(other)
		w.page.Move(id, start.Add(time.Hour), time.Hour)
		w.page.ResolveIncident(incident)
		w.look()
		require.Len(t, w.calendar.Upcoming(time.Now()), 1)
		log := w.log.take()
		require.Contains(t, log, "changed a maintenance")
		require.Contains(t, log, "taken off the status page")
		time.Sleep(time.Until(start))
		require.Empty(t, w.inForce())
		time.Sleep(time.Hour)
		require.Equal(t, "upgrade", w.inForce())
		for _, stage := range []string{"in_progress", "verifying"} {
			time.Sleep(20 * time.Minute)
			w.page.Mark(id, stage)
			w.look()
			require.Contains(t, w.log.take(), "went on")
		}
		time.Sleep(2 * time.Hour)
		require.Equal(t, "upgrade", w.inForce(), "it overruns")
		require.Len(t, w.calendar.Upcoming(time.Now()), 1)
		w.page.Mark(id, "completed")
		w.look()
		require.Empty(t, w.inForce(), "long past its planned end")
		require.Empty(t, w.calendar.Upcoming(time.Now()))
		require.NotContains(t, w.log.take(), "WARN")
	})
}

// A page that is down, slow or changed changes nothing but a warning, given
// once.
func TestPageThatIsSick(t *testing.T) {
	for name, sick := range map[string]func(p *anymarkettest.StatusPage){
		"down":        func(p *anymarkettest.StatusPage) { p.Become(anymarkettest.PageDown) },
		"HTML":        func(p *anymarkettest.StatusPage) { p.Become(anymarkettest.PageHTML) },
		"reset":       func(p *anymarkettest.StatusPage) { p.Become(anymarkettest.PageReset) },
		"hanging":     func(p *anymarkettest.StatusPage) { p.Become(anymarkettest.PageHanging) },
		"slow":        func(p *anymarkettest.StatusPage) { p.Become(anymarkettest.PageSlow) },
		"cut":         func(p *anymarkettest.StatusPage) { p.Become(anymarkettest.PageCut) },
		"changed":     func(p *anymarkettest.StatusPage) { p.Become(anymarkettest.PageChanged) },
		"malformed":   func(p *anymarkettest.StatusPage) { p.Become(anymarkettest.PageMalformed) },
		"huge":        func(p *anymarkettest.StatusPage) { p.Become(anymarkettest.PageHuge) },
		"redirecting": func(p *anymarkettest.StatusPage) { p.Become(anymarkettest.PageRedirecting) },
		"elsewhere":   func(p *anymarkettest.StatusPage) { p.RedirectTo("https://elsewhere.test/") },
		"http":        func(p *anymarkettest.StatusPage) { p.RedirectTo("http://" + strings.TrimPrefix(p.URL, "https://")) },
		"no page":     func(p *anymarkettest.StatusPage) { require.NoError(t, p.Close()) },
	} {
		t.Run(name, func(t *testing.T) {
			watching(t, func(t *testing.T, w *watch) {
				w.page.Announce("upgrade", time.Now().Add(time.Hour), time.Hour)
				w.look()
				w.log.take()
				before := w.calendar.Upcoming(time.Now())
				sick(w.page)
				began := time.Now()
				err := w.watcher.Look(t.Context())
				require.LessOrEqual(t, time.Since(began), 15*time.Second)
				page, pageErr := w.watcher.Page()
				require.Equal(t, err, pageErr)
				require.Equal(t, name == "malformed", err == nil, "%v", err)
				require.Equal(t, name == "malformed", len(page.Problems) > 0)
				require.Equal(t, before, w.calendar.Upcoming(time.Now()))
				_ = w.watcher.Look(t.Context())
				require.Equal(t, 1, strings.Count(w.log.take(), "level=WARN"))
				looks := len(w.page.Looks())
				require.LessOrEqual(t, looks, 9, "a look follows three redirects")
				time.Sleep(90*time.Minute - 2*time.Minute)
				require.Equal(t, "upgrade", w.inForce())
				if name == "no page" {
					return
				}
				w.page.Become(anymarkettest.PageUp)
				w.look()
				_, err = w.watcher.Page()
				require.NoError(t, err)
				require.Equal(t, "upgrade", w.inForce())
			})
		})
	}
}

// It looks every few minutes, and often while a window is near.
func TestPace(t *testing.T) {
	watching(t, func(t *testing.T, w *watch) {
		start := time.Now().Add(7 * time.Hour)
		id := w.page.Announce("upgrade", start, time.Hour)
		w.run()
		looks := func(d time.Duration) int {
			before := len(w.page.Looks())
			time.Sleep(d)
			return len(w.page.Looks()) - before
		}
		n := looks(6 * time.Hour)
		require.True(t, 72 <= n && n <= 82, "%d looks in six hours", n)
		n = looks(3 * time.Hour) // before the window and in it, an hour each
		require.True(t, 240+12 <= n && n <= 270+16, "%d looks in three hours", n)
		id2 := w.page.Announce("again", time.Now().Add(time.Hour), time.Hour)
		w.page.Mark(id, "completed")
		time.Sleep(10 * time.Minute)
		w.page.Mark(id2, "in_progress")
		time.Sleep(3 * time.Hour)
		n = looks(time.Hour)
		require.GreaterOrEqual(t, n, 120, "it overruns")
		w.page.Become(anymarkettest.PageDown)
		n = looks(time.Hour)
		require.True(t, 110 <= n && n <= 140, "%d looks at a page that is down", n)
	})
}

// A look that is cut short says nothing of the page, and two at once wait for
// each other.
func TestLookThatIsCancelled(t *testing.T) {
	watching(t, func(t *testing.T, w *watch) {
		w.page.Become(anymarkettest.PageHanging)
		ctx, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { require.ErrorIs(t, w.watcher.Look(ctx), context.DeadlineExceeded) })
		}
		both.Wait()
		_, err := w.watcher.Page()
		require.NoError(t, err)
		require.Len(t, w.page.Looks(), 1)
		require.Empty(t, w.log.take())
	})
}

func TestHolds(t *testing.T) {
	watching(t, func(t *testing.T, w *watch) {
		w.page.Announce("panel", time.Now().Add(time.Hour), time.Hour)
		w.page.Announce("all", time.Now().Add(time.Hour), time.Hour)
		w.look()
		require.Len(t, w.calendar.Upcoming(time.Now()), 1)
		page, _ := w.watcher.Page()
		require.Len(t, page.Maintenances, 2)
	}, func(c *maintenance.WatcherConfig) {
		c.Holds = func(m maintenance.Maintenance) bool { return m.Name != "panel" }
	})
}

// What the page said survives a restart with the page down, and so does for how
// long it held.
func TestKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.json")
	keep := func(c *maintenance.WatcherConfig) { c.Keep = path }
	watching(t, func(t *testing.T, w *watch) {
		id := w.page.Announce("upgrade", time.Now().Add(time.Hour), 40*time.Hour)
		w.look()
		time.Sleep(2 * time.Hour)
		w.page.Mark(id, "in_progress")
		w.look()
		w.page.Become(anymarkettest.PageDown)
		w.restart(keep)
		require.Equal(t, "upgrade", w.inForce())
		require.Error(t, w.watcher.Look(t.Context()))
		require.Equal(t, "upgrade", w.inForce())
		time.Sleep(40 * time.Hour)
		w.restart(keep)
		require.Equal(t, "upgrade", w.inForce(), "it overruns")

		w.page.Become(anymarkettest.PageUp)
		w.page.Cancel(id)
		w.page.Announce("more", time.Now().Add(time.Hour), 20*time.Hour)
		w.look()
		w.restart(keep)
		w.look()
		require.Empty(t, w.calendar.Upcoming(time.Now()))
		page, _ := w.watcher.Page()
		require.ErrorIs(t, page.Problems[0], maintenance.ErrHoldsTooLong)

		w.restart(keep, func(c *maintenance.WatcherConfig) { c.Page += "/other" })
		require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
		_, err := maintenance.NewWatcher(w.calendar, maintenance.WatcherConfig{Keep: path})
		require.ErrorContains(t, err, path)
		_, err = maintenance.NewWatcher(w.calendar, maintenance.WatcherConfig{Keep: t.TempDir()})
		require.Error(t, err)
	}, keep)
}

// A file that cannot be written is a warning; the windows count all the same.
func TestKeepWithoutAFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "page.json")
	watching(t, func(t *testing.T, w *watch) {
		w.page.Announce("upgrade", time.Now().Add(time.Hour), time.Hour)
		w.look()
		require.Len(t, w.calendar.Upcoming(time.Now()), 1)
		require.Contains(t, w.log.take(), "level=WARN")
	}, func(c *maintenance.WatcherConfig) { c.Keep = path })
}

// Several pages, and windows of one's own, are apart.
func TestCalendarWithSeveralSources(t *testing.T) {
	watching(t, func(t *testing.T, w *watch) {
		now := time.Now()
		require.NoError(t, w.calendar.Set(maintenance.Window{Name: "own", Start: now.Add(30 * time.Minute), End: now.Add(2 * time.Hour)}))
		second, err := maintenance.NewWatcher(w.calendar, maintenance.WatcherConfig{Page: w.page.URL, Transport: w.page.Transport()})
		require.NoError(t, err)
		id := w.page.Announce("first page", now.Add(time.Hour), 2*time.Hour)
		w.look()
		w.page.Move(id, now.Add(90*time.Minute), time.Hour)
		w.page.Announce("second page", now, time.Hour)
		require.NoError(t, second.Look(t.Context()))
		names := []string{}
		for _, win := range w.calendar.Upcoming(now) {
			names = append(names, win.Name)
		}
		require.Equal(t, []string{"second page", "own", "first page", "first page"}, names)
		require.Equal(t, "second page", w.inForce())
		time.Sleep(61 * time.Minute)
		require.Equal(t, "first page", w.inForce(), "it ends last")
	})
}

func TestWatcherConfig(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]maintenance.WatcherConfig{
		"https":             {Page: "http://status.anymarket.com.br"},
		"http with":         {Page: "ftp://status.anymarket.com.br", AllowPrivate: true},
		"scheme, host":      {Page: "https://user:secret@status.anymarket.com.br"},
		"scheme, host and":  {Page: "https://status.anymarket.com.br?x=1"},
		"host and path":     {Page: "https:///x"},
		"is not an address": {Page: "https://%zz"},
		"at least 1s":       {Interval: time.Millisecond},
	} {
		_, err := maintenance.NewWatcher(&maintenance.Calendar{}, c)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "secret")
	}
	_, err := maintenance.NewWatcher(nil, maintenance.WatcherConfig{})
	require.ErrorContains(t, err, "calendar")
	_, err = maintenance.NewWatcher(&maintenance.Calendar{}, maintenance.WatcherConfig{})
	require.NoError(t, err)
}

// On real sockets, as programs meet it.
func TestWatcherOnARealPort(t *testing.T) {
	t.Parallel()
	page := anymarkettest.NewStatusPage()
	defer func() { require.NoError(t, page.Close()) }()
	url, err := page.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	page.Announce("upgrade", time.Now().Add(time.Hour), time.Hour)
	calendar := &maintenance.Calendar{}
	w, err := maintenance.NewWatcher(calendar, maintenance.WatcherConfig{Page: url, AllowPrivate: true})
	require.NoError(t, err)
	require.NoError(t, w.Look(t.Context()))
	require.Len(t, calendar.Upcoming(time.Now()), 1)
	for _, mode := range []anymarkettest.PageMode{anymarkettest.PageReset, anymarkettest.PageHuge, anymarkettest.PageCut, anymarkettest.PageRedirecting} {
		page.Become(mode)
		require.Error(t, w.Look(t.Context()))
	}
	require.Len(t, calendar.Upcoming(time.Now()), 1)
	w, err = maintenance.NewWatcher(calendar, maintenance.WatcherConfig{Page: "https" + strings.TrimPrefix(url, "http")})
	require.NoError(t, err)
	require.ErrorIs(t, w.Look(t.Context()), maintenance.ErrPrivateAddress)
}
