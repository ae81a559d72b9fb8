package maintenance

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// remindInterval is the longest time in which a window that was added meanwhile
// goes unnoticed.
const remindInterval = time.Minute

// Reminder says that a window comes.
type Reminder struct {
	Window
	// Lead is the lead time that it is for.
	Lead time.Duration
}

// Remind calls f once at each lead time before each window of the calendar,
// until ctx ends. Of lead times that have passed when a window becomes known,
// only the shortest counts. A window that is moved is another one. What was
// said before a restart is said again.
//
// The calls come one after another, with ctx; f should return soon. A lead time
// that is not positive is an error, and so are none.
func (c *Calendar) Remind(ctx context.Context, f func(context.Context, Reminder), leads ...time.Duration) error {
	if len(leads) == 0 || slices.Min(leads) <= 0 {
		return fmt.Errorf("lead times %s: want one or more, all positive", leads)
	}
	r := reminders{leads: slices.Sorted(slices.Values(leads)), told: map[span]time.Duration{}}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		now := time.Now()
		due, next := r.due(now, c.Upcoming(now))
		for _, d := range due {
			if ctx.Err() != nil {
				return nil
			}
			f(ctx, d)
		}
		timer.Reset(min(time.Until(next), remindInterval))
	}
}

// reminders knows what was said.
type reminders struct {
	leads []time.Duration        // the shortest first
	told  map[span]time.Duration // the shortest lead time that was said
}

// span tells windows apart. Their names do not: the same window may be known
// from two sources.
type span struct{ start, end time.Time }

// due returns what to say now, and when there will be more at the latest.
func (r *reminders) due(now time.Time, ws []Window) (due []Reminder, next time.Time) {
	next = now.Add(remindInterval)
	for s := range r.told {
		if !now.Before(s.start) {
			delete(r.told, s)
		}
	}
	for _, w := range ws {
		if !now.Before(w.Start) {
			continue
		}
		s := span{w.Start, w.End}
		said, again := r.told[s]
		for _, lead := range r.leads {
			at := w.Start.Add(-lead)
			if now.Before(at) {
				if at.Before(next) {
					next = at
				}
				continue
			}
			if !again || lead < said {
				r.told[s] = lead
				due = append(due, Reminder{Window: w, Lead: lead})
			}
			break
		}
	}
	return due, next
}
