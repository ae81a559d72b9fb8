package drill

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// drill is one run.
type drill struct {
	schedule
	command  []string // that is anymarketctl
	dir      string
	input    bool // a user's operations
	seed     uint64
	patience time.Duration
	outage   anymarkettest.Mode

	announced *announcement
	partners  []*partner
	show      *progress
	ending    string // why it was cut short
}

var errTooLong = errors.New("the drill took too long")

// run plays the day and returns the result. An error says that nothing was
// proven.
func (d *drill) run(ctx context.Context, ops []*operation) (r result, err error) {
	began := time.Now()
	defer func() {
		for _, p := range d.partners {
			err = errors.Join(err, p.close())
		}
		if d.announced != nil {
			err = errors.Join(err, d.announced.page.Close())
		}
	}()
	if err := d.open(ctx, ops); err != nil {
		return r, err
	}
	err = d.play(ctx)
	switch {
	case ctx.Err() != nil:
		return r, fmt.Errorf("the drill was interrupted: %w", context.Cause(ctx))
	case errors.Is(err, errTooLong):
		d.ending = fmt.Sprintf("%s: %s", err, d.left()) // what there is, is judged
	case err != nil:
		return r, err
	}
	// What ANYMARKET may still apply late, it has applied then.
	if err := pause(ctx, d.fast(realLateApply)); err != nil {
		return r, err
	}
	d.show.phase("reading the books")
	r, err = d.judge(ctx)
	r.Seconds = seconds(time.Since(began))
	return r, err
}

// open brings in those who have something to do, and announces the window.
func (d *drill) open(ctx context.Context, ops []*operation) (err error) {
	erp, market := newERP(d), newMarketplace(d)
	of := map[*partner][]*operation{}
	for _, o := range ops {
		if o.ofMarketplace() {
			of[market] = append(of[market], o)
		} else {
			of[erp] = append(of[erp], o)
		}
	}
	for _, p := range []*partner{erp, market} {
		if len(of[p]) == 0 {
			continue
		}
		d.partners = append(d.partners, p)
		if err := p.open(ctx, of[p]); err != nil {
			return err
		}
	}
	d.announced, err = announce(ctx, d.schedule, filepath.Join(d.dir, windowFile))
	return err
}

// play lets all partners play their day, until one of them cannot.
func (d *drill) play(ctx context.Context) error {
	ctx, stop := context.WithTimeoutCause(ctx, d.patience, errTooLong)
	defer stop()
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	watching, stopWatching := context.WithCancel(ctx)
	var work, watch sync.WaitGroup
	watch.Go(func() {
		if err := d.announced.run(watching); err != nil {
			giveUp(err)
		}
	})
	for _, p := range d.partners {
		work.Go(func() {
			err := p.play(ctx)
			if err != nil {
				giveUp(err)
			}
			p.kills.work.Wait()
		})
	}
	work.Wait()
	stopWatching()
	watch.Wait()
	return context.Cause(ctx)
}

// left says what the day still lacks.
func (d *drill) left() string {
	all, books := 0, ""
	for _, p := range d.partners {
		_, n := p.truth.unanswered()
		all += n
		if p.latest != "" {
			books += fmt.Sprintf("; the books of the %s: %s", p.name, p.latest)
		}
	}
	return fmt.Sprintf("%d operations are without an answer%s", all, books)
}

// killCounts returns how many kills there were, and how many of them before an
// answer.
func (d *drill) killCounts() (all, beforeAnswer int) {
	for _, p := range d.partners {
		n, before := p.kills.counts()
		all, beforeAnswer = all+n, beforeAnswer+before
	}
	return all, beforeAnswer
}

// Parts of the day, in their order, as they are shown.
const (
	firstPart  = "before the window"
	inWindow   = "in the window"
	afterIt    = "after the window"
	lastPart   = "delivering what is left"
	repairPart = "making good what ANYMARKET lost"
)

// partOf is the part of the day.
func (s schedule) partOf(now time.Time) string {
	switch {
	case now.Before(s.start):
		return firstPart
	case now.Before(s.back()):
		return inWindow
	default:
		return afterIt
	}
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
