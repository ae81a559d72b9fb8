package report

import (
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

// Chart is the course of time: the range and as long again after it, two hours
// at least, for that is when the backlog is worked off; not beyond the moment
// of the report. It is about all entries of the outbox.
type Chart struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Width is that of a bar.
	Width Duration `json:"bar_seconds"`
	// Accepted and Delivered are the entries of each bar, Backlog is what
	// waited at its end.
	Accepted  []int64 `json:"accepted"`
	Delivered []int64 `json:"delivered"`
	Backlog   []int64 `json:"backlog"`

	from, to time.Time // the range
	// How the backlog changed until the range began, in it, and all in all.
	before, inside, until int64
}

const mostBars = 120

func newChart(from, to, now time.Time) Chart {
	end := to.Add(max(to.Sub(from), 2*time.Hour))
	if end.After(now) {
		end = now
	}
	c := Chart{From: from, To: end, from: from, to: to}
	if !end.After(from) { // the range lies ahead
		c.To = from
		c.Accepted, c.Delivered, c.Backlog = []int64{}, []int64{}, []int64{}
		return c
	}
	c.Width = Duration(barWidth(end.Sub(from)))
	bars := int((end.Sub(from) + time.Duration(c.Width) - 1) / time.Duration(c.Width))
	c.Accepted, c.Delivered, c.Backlog = make([]int64, bars), make([]int64, bars), make([]int64, bars)
	return c
}

// barWidth is a width that people like, of which there are not too many.
func barWidth(length time.Duration) time.Duration {
	for _, w := range []time.Duration{
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	} {
		if length <= mostBars*w {
			return w
		}
	}
	const day = 24 * time.Hour
	return (length/mostBars + day).Truncate(day)
}

// bar is the one that a moment falls into; ok is false if it is outside.
func (c *Chart) bar(at time.Time) (i int, ok bool) {
	if at.Before(c.From) || !at.Before(c.To) {
		return 0, false
	}
	return int(at.Sub(c.From) / time.Duration(c.Width)), true
}

// add takes in an entry.
func (c *Chart) add(l outbox.Life, way *course) {
	if i, ok := c.bar(l.AcceptedAt); ok {
		c.Accepted[i]++
	}
	if i, ok := c.bar(way.delivered); ok {
		c.Delivered[i]++
	}
	for _, t := range way.turns {
		change := int64(1)
		if !t.waits {
			change = -1
		}
		c.until += change
		switch {
		case t.at.Before(c.from):
			c.before += change
		case t.at.Before(c.to):
			c.inside += change
		}
		if i, ok := c.bar(t.at); ok {
			c.Backlog[i] += change // the change for now, see conclude
		}
	}
}

// conclude makes the backlog of its changes.
func (c *Chart) conclude() Backlog {
	b := Backlog{Before: c.before, After: c.before + c.inside, Now: c.until, Highest: c.before}
	waits := c.before
	for i, change := range c.Backlog {
		waits += change
		c.Backlog[i] = waits
		b.Highest = max(b.Highest, waits)
	}
	return b
}
