package maintenance

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// rereadInterval is how often a calendar looks whether its file changed.
const rereadInterval = time.Second

// Calendar knows the windows: those that it was given, and those that a
// [Watcher] announces to it. It is safe for concurrent use. The zero Calendar
// has none.
type Calendar struct {
	path string // empty: no file

	mu      sync.Mutex // guards the fields below
	windows []Window   // by start, then end
	looked  time.Time  // when the file was last looked at, on the caller's clock
	seen    os.FileInfo
	boards  []board // by watcher, see announce
	err     error   // why what is in the file now is not what counts
}

// New returns a calendar of windows.
func New(windows ...Window) (*Calendar, error) {
	c := &Calendar{}
	return c, c.Set(windows...)
}

// FromFile returns a calendar of the windows in a file, which must exist. The
// calendar looks whether the file changed when it is asked and the last look is
// a second old. While the file is missing or wrong what it said last counts,
// and [Calendar.Err] says so.
func FromFile(path string) (*Calendar, error) {
	c := &Calendar{path: path}
	if c.rereadLocked(); c.err != nil { // nobody else has it yet
		return nil, c.err
	}
	return c, nil
}

// Set replaces the windows that it was given. On an error they stay as they are.
func (c *Calendar) Set(windows ...Window) error {
	if c.path != "" {
		return fmt.Errorf("set windows: they are those of the file %s", c.path)
	}
	for i, w := range windows {
		if err := w.Check(); err != nil {
			return fmt.Errorf("set windows: windows[%d]: %w", i, err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.windows = sorted(windows)
	return nil
}

// join makes room for what a [Watcher] announces.
func (c *Calendar) join() (seat int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.boards = append(c.boards, board{})
	return len(c.boards) - 1
}

// announce replaces what a watcher announced before.
func (c *Calendar) announce(seat int, b board) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.boards[seat] = b
}

// At returns the window in force, the one that ends last if there are several.
// Windows hold for all hosts. It is quick: a file is looked at once a second at
// most.
//
// The End of a window is past where a status page says that it overruns, and
// for a minute where the page says that it is over. The outbox then waits for
// the first canary that succeeds.
func (c *Calendar) At(_ string, now time.Time) (Window, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refreshLocked(now)
	// What is in force began less than MaxLength ago.
	i, _ := slices.BinarySearchFunc(c.windows, now.Add(-MaxLength), byStart)
	var found Window
	for _, w := range c.windows[i:] {
		if now.Before(w.Start) {
			break
		}
		if w.Contains(now) && w.End.After(found.End) {
			found = w
		}
	}
	for i := range c.boards {
		if w := c.boards[i].at(now); w.End.After(found.End) {
			found = w
		}
	}
	return found, !found.End.IsZero()
}

// Upcoming returns the windows that have not ended, those in force included,
// by start. Those of status pages are as these have them now; the End of one
// that overruns is past.
func (c *Calendar) Upcoming(now time.Time) []Window {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refreshLocked(now)
	var ws []Window
	for _, w := range c.windows {
		if now.Before(w.End) {
			ws = append(ws, w)
		}
	}
	for i := range c.boards {
		for _, n := range c.boards[i].Notices {
			if n.ahead(now) {
				ws = append(ws, n.Plan)
			}
		}
	}
	return sorted(ws)
}

// Err says why the file is not what counts: it is missing, unreadable or wrong
// since the last time that it was read. It is nil without a file.
func (c *Calendar) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// refreshLocked rereads the file if it changed. A file that could not be read
// is tried again each time: it may have been half written, and the rest come
// within one tick of the file system's clock.
func (c *Calendar) refreshLocked(now time.Time) {
	if since := now.Sub(c.looked); c.path == "" || since >= 0 && since < rereadInterval {
		return
	}
	c.looked = now
	fi, err := os.Stat(c.path)
	if err == nil && c.err == nil && os.SameFile(fi, c.seen) && fi.Size() == c.seen.Size() && fi.ModTime().Equal(c.seen.ModTime()) {
		return
	}
	c.rereadLocked()
}

func (c *Calendar) rereadLocked() {
	specs, fi, err := read(c.path)
	if err != nil {
		c.err = err
		return
	}
	windows := make([]Window, len(specs))
	for i, s := range specs {
		if windows[i], err = s.Window(); err != nil { // Parse has checked it
			c.err = fmt.Errorf("window file %s: windows[%d]: %w", c.path, i, err)
			return
		}
	}
	c.windows, c.seen, c.err = sorted(windows), fi, nil
}

func sorted(windows []Window) []Window {
	ws := make([]Window, len(windows))
	for i, w := range windows {
		ws[i] = w.utc()
	}
	slices.SortFunc(ws, func(a, b Window) int {
		if n := a.Start.Compare(b.Start); n != 0 {
			return n
		}
		return a.End.Compare(b.End)
	})
	return ws
}

func byStart(w Window, t time.Time) int { return w.Start.Compare(t) }
