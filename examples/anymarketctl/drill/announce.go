package drill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

const (
	windowName = "drill"
	windowFile = "windows.json" // in the drill's folder
)

// realLook is the time between looks at the status page, which is not below
// shortestLook here.
const (
	realLook     = 30 * time.Second
	shortestLook = 100 * time.Millisecond
)

// announcement is how the clients learn of the window: ANYMARKET puts it up on
// its status page, a watcher follows that, and what it learns goes into the
// window file of the clients.
type announcement struct {
	schedule
	page    *anymarkettest.StatusPage
	id      string // of the maintenance on the page
	windows maintenance.Calendar
	watcher *maintenance.Watcher
	path    string
	written []maintenance.Window
}

// announce puts the window up and waits until the clients can know of it.
func announce(ctx context.Context, s schedule, path string) (a *announcement, err error) {
	a = &announcement{schedule: s, page: anymarkettest.NewStatusPage(), path: path}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.page.Close())
		}
	}()
	brazil, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		return nil, err
	}
	a.page.In(brazil)
	a.id = a.page.Announce(windowName, s.start, s.window)
	url, err := a.page.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if a.watcher, err = maintenance.NewWatcher(&a.windows, maintenance.WatcherConfig{Page: url, AllowPrivate: true}); err != nil {
		return nil, err
	}
	if err := a.watcher.Look(ctx); err != nil {
		return nil, err
	}
	if err := a.write(); err != nil {
		return nil, err
	}
	if len(a.written) != 1 || !a.written[0].Start.Equal(s.start) || !a.written[0].End.Equal(s.end()) {
		return nil, fmt.Errorf("the status page was read as %v", a.written)
	}
	return a, nil
}

// run plays the page, and follows it, until ctx ends.
func (a *announcement) run(ctx context.Context) error {
	var telling sync.WaitGroup
	defer telling.Wait()
	telling.Go(func() { a.tell(ctx) })
	for {
		if pause(ctx, max(a.fast(realLook), shortestLook)) != nil {
			return nil
		}
		if err := a.watcher.Look(ctx); err != nil {
			continue // what it said before counts
		}
		if err := a.write(); err != nil {
			return err
		}
	}
}

// tell has the page say how far the maintenance is: that it begins late, and
// that it is over when it is.
func (a *announcement) tell(ctx context.Context) {
	for _, news := range []struct {
		at    time.Time
		stage maintenance.Stage
	}{{a.down(), maintenance.InProgress}, {a.back(), maintenance.Completed}} {
		if pause(ctx, time.Until(news.at)) != nil {
			return
		}
		a.page.Mark(a.id, string(news.stage))
	}
}

// write writes the window file if there is news. What has ended stays in it: the
// clients find out for themselves whether ANYMARKET is back.
func (a *announcement) write() error {
	now := time.Now()
	windows := a.windows.Upcoming(now)
	for _, w := range a.written {
		if !now.Before(w.End) && !slices.Contains(windows, w) {
			windows = append(windows, w)
		}
	}
	if slices.Equal(windows, a.written) {
		return nil
	}
	specs := make([]maintenance.Spec, len(windows))
	for i, w := range windows {
		specs[i] = maintenance.Spec{Name: w.Name, Start: w.Start, End: w.End}
	}
	data, err := maintenance.Format(specs)
	if err != nil {
		return err
	}
	a.written = windows
	return replaceFile(a.path, data)
}

// replaceFile writes a file that others read as it was or as it is.
func replaceFile(path string, data []byte) error {
	beside := filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
	if err := os.WriteFile(beside, data, 0o600); err != nil {
		return err
	}
	return os.Rename(beside, path)
}
