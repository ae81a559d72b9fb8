package maintenance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// DefaultPage is ANYMARKET's status page.
const DefaultPage = "https://status.anymarket.com.br"

const (
	defaultInterval = 5 * time.Minute
	minInterval     = time.Second
	// nearInterval is the longest pause between looks while a window is near.
	nearInterval = 30 * time.Second
	// near is how long before its start a window is near; it is so until its end.
	near = time.Hour
	// jitter is the part of a pause that chance may take off, so that not
	// everybody looks at the same moment.
	jitter = 0.1
)

// WatcherConfig says how to follow a status page. The zero value of everything
// is a sensible default.
type WatcherConfig struct {
	// Page is the address of a page with the Statuspage v2 API, below which
	// /api/v2/summary.json is. Defaults to [DefaultPage].
	Page string
	// Interval is the time between looks; defaults to 5 min, at least 1 s. From
	// an hour before a window until its end it is 30 s at most. A tenth of it is
	// up to chance.
	Interval time.Duration
	// Holds says whether nothing is to be sent during a maintenance; a page may
	// announce some that concern only the panel, for instance. Defaults to all.
	// It must return quickly.
	Holds func(Maintenance) bool
	// Keep is the path of a file that keeps what the page announced, so that a
	// restart knows it although the page is down. Defaults to none.
	Keep string
	// AllowPrivate permits a page in a private network, and http. Otherwise
	// addresses that are not public are refused when they are dialled, whatever
	// their name.
	AllowPrivate bool
	// Transport fetches the page, by a proxy for instance. Which addresses it
	// dials is its own affair. Defaults to one that uses no proxy.
	Transport http.RoundTripper
	// Logger is told what the page announces, moves and takes off, and, as
	// warnings, when it cannot be read and what of it does not count. Defaults to
	// none.
	Logger *slog.Logger
}

// Watcher follows a status page and announces its maintenances to a calendar.
// It is safe for concurrent use.
//
// A page that is down, slow or changed changes nothing but [Watcher.Page] and
// the log. One that lies can hold for [MaxLength] in a week, and no canary that
// succeeded is overruled: it can neither lengthen a window that has begun nor
// bring back one that canaries ended.
type Watcher struct {
	c       WatcherConfig
	url     string
	client  *http.Client
	windows *Calendar
	seat    int

	looking chan struct{} // holds one token: the right to look, and to use the next three
	board   board
	kept    []byte // what the file has
	warned  string // what was last said not to count

	mu   sync.Mutex // guards the fields below
	page Page
	err  error
}

// NewWatcher returns a watcher that announces to a calendar. It looks at
// nothing yet: see [Watcher.Look] and [Watcher.Run].
func NewWatcher(windows *Calendar, config WatcherConfig) (*Watcher, error) {
	if config.Page == "" {
		config.Page = DefaultPage
	}
	if config.Interval == 0 {
		config.Interval = defaultInterval
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	u, err := url.Parse(config.Page)
	switch {
	case windows == nil:
		return nil, errors.New("watcher: want a calendar")
	case err != nil:
		return nil, errors.New("watcher: Page: is not an address")
	case u.Scheme != "https" && (u.Scheme != "http" || !config.AllowPrivate):
		return nil, errors.New("watcher: Page: want https, or http with AllowPrivate")
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("watcher: Page: want scheme, host and path")
	case config.Interval < minInterval:
		return nil, fmt.Errorf("watcher: Interval: %s, want at least %s", config.Interval, minInterval)
	}
	w := &Watcher{
		c: config, url: strings.TrimSuffix(config.Page, "/") + "/api/v2/summary.json",
		client:  newClient(config.Transport, config.AllowPrivate),
		windows: windows, looking: make(chan struct{}, 1),
	}
	if config.Keep != "" {
		if w.kept, err = w.board.load(config.Keep, config.Page); err != nil {
			return nil, fmt.Errorf("watcher: Keep: %w", err)
		}
	}
	w.seat = windows.join()
	windows.announce(w.seat, w.board.clone())
	w.looking <- struct{}{}
	return w, nil
}

// Run looks at the page again and again until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		_ = w.Look(ctx) // it is in the log and in Page
		timer.Reset(w.pause(time.Now()))
	}
}

// Look looks at the page once. A program that looks before it opens its client
// knows of a window that is going on from the first call. The error says why
// the page could not be read: [ErrNotStatusPage], [ErrPrivateAddress], or what
// the network said. It takes 15 s at most.
func (w *Watcher) Look(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.looking:
	}
	defer func() { w.looking <- struct{}{} }()
	s, err := w.read(ctx)
	if ctx.Err() != nil {
		return ctx.Err() // says nothing of the page
	}
	if err != nil {
		return w.unreadable(fmt.Errorf("status page: %w", err))
	}
	w.take(s)
	return nil
}

func (w *Watcher) read(ctx context.Context) (summary, error) {
	data, err := fetch(ctx, w.client, w.url)
	if err != nil {
		return summary{}, err
	}
	return parseSummary(data)
}

// take wants the token of looking.
func (w *Watcher) take(s summary) {
	now := time.Now()
	var counts []Maintenance
	for _, m := range s.Maintenances {
		if w.c.Holds == nil || w.c.Holds(m) {
			counts = append(counts, m)
		}
	}
	before := w.board.Notices
	s.ReadAt = now.UTC().Round(0)
	s.Problems = append(s.Problems, w.board.take(now, counts, s.unread)...)
	w.windows.announce(w.seat, w.board.clone())
	w.mu.Lock()
	back := w.err != nil
	w.page, w.err = s.Page, nil
	w.mu.Unlock()
	if back {
		w.c.Logger.Info("the status page can be read again")
	}
	w.tell(before, w.board.Notices)
	w.warn(append(slices.Clip(s.Problems), w.keep())...)
}

// keep writes the board to its file.
func (w *Watcher) keep() error {
	if w.c.Keep == "" {
		return nil
	}
	kept, err := w.board.save(w.c.Keep, w.c.Page, w.kept)
	w.kept = kept
	return err
}

// warn says what does not count, once for as long as it stays the same.
func (w *Watcher) warn(problems ...error) {
	text := ""
	if err := errors.Join(problems...); err != nil {
		text = err.Error()
	}
	if text != "" && text != w.warned {
		w.c.Logger.Warn("not all of the status page counts", slog.String("error", text))
	}
	w.warned = text
}

// tell logs what the page changed.
func (w *Watcher) tell(before, after []notice) {
	was := map[string]notice{}
	for _, n := range before {
		was[n.ID] = n
	}
	for _, n := range after {
		old, known := was[n.ID]
		delete(was, n.ID)
		switch attrs := slog.Group("window", slog.String("id", n.ID), slog.String("plan", n.Plan.String()), slog.String("stage", string(n.Stage))); {
		case !known:
			w.c.Logger.Info("the status page announces a maintenance", attrs)
		case n.Plan != old.Plan:
			w.c.Logger.Info("the status page changed a maintenance", attrs, slog.String("before", old.Plan.String()))
		case n.Stage != old.Stage:
			w.c.Logger.Info("a maintenance went on", attrs)
		}
	}
	for _, n := range before {
		if _, gone := was[n.ID]; gone {
			w.c.Logger.Info("a maintenance is over or was taken off the status page", slog.String("id", n.ID), slog.String("plan", n.Plan.String()))
		}
	}
}

// unreadable notes that the page could not be read. The same trouble may have
// another text each time (a port, for instance), so the first one warns.
func (w *Watcher) unreadable(err error) error {
	w.mu.Lock()
	known := w.err != nil
	w.err = err
	w.mu.Unlock()
	if !known {
		w.c.Logger.Warn("the status page cannot be read, what it said last counts", slog.String("error", err.Error()))
	}
	return err
}

// Page returns what the page said when it could last be read, and why it could
// not be read since. Before the first look that succeeds it is the zero Page.
func (w *Watcher) Page() (Page, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.page, w.err
}

// pause is how long to wait for the next look.
func (w *Watcher) pause(now time.Time) time.Duration {
	d := w.c.Interval
	for _, win := range w.windows.Upcoming(now) {
		switch until := win.Start.Add(-near).Sub(now); {
		case until <= 0:
			d = min(d, nearInterval)
		case until < d:
			d = max(until, minInterval)
		}
	}
	return d - time.Duration(jitter*rand.Float64()*float64(d))
}
