package report

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/anymarket-go/sdk/internal/redact"
	"github.com/anymarket-go/sdk/outbox"
)

const (
	mostShown   = 100 // rows of a kind in what people read
	mostReasons = 30  // told apart
	mostGroups  = 5000
)

// collector makes a Summary of a source, entry by entry.
type collector struct {
	source Source
	put    func(Row) error
	sum    Summary

	groups  map[[2]string]*Fates
	dead    reasons
	waiting reasons
	// last is the entry before, to see which ones are forgotten.
	last struct {
		sequence   uint64
		acceptedAt time.Time
	}
}

func newCollector(o Options, s Source, put func(Row) error, now time.Time) *collector {
	c := &collector{source: s, put: put, groups: map[[2]string]*Fates{}, dead: reasons{}, waiting: reasons{}}
	c.sum = Summary{
		Name: o.Name, From: o.From.UTC(), To: o.To.UTC(), At: now.UTC().Round(0),
		Orders: o.Orders, Campaigns: o.Campaigns, Callbacks: o.Callbacks, Reloads: o.Reloads,
		Unknown: Unknown{By: map[Resolution]uint64{}}, idle: s.Idle,
	}
	for _, most := range []time.Duration{time.Minute, 10 * time.Minute, time.Hour, 4 * time.Hour, 8 * time.Hour, 24 * time.Hour, 0} {
		c.sum.Delivery.Within = append(c.sum.Delivery.Within, Within{Most: Duration(most)})
	}
	c.sum.Chart = newChart(c.sum.From, c.sum.To, c.sum.At)
	st := s.Stats
	c.sum.Whole = Fates{
		Entries: st.Accepted, Delivered: st.Delivered, Superseded: st.Superseded, Dead: st.Dead,
		Cancelled: st.Cancelled, Waiting: st.Waiting, Parked: st.Parked,
	}
	return c
}

func (c *collector) collect(ctx context.Context) error {
	changes, err := c.gateChanges(ctx)
	if err != nil {
		return err
	}
	c.sum.Closures = closuresOf(changes, c.sum.Chart.From, c.sum.Chart.To)
	c.sum.Closed = Duration(closedFor(c.sum.Closures, c.sum.From, c.soFar()))
	for l, err := range c.source.Lives {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, outbox.ErrFormat):
			c.sum.Unreadable++
			continue
		case err != nil:
			return err
		}
		if err := c.life(l); err != nil {
			return err
		}
	}
	c.missing(c.source.Stats.Accepted+1, time.Time{})
	c.conclude()
	return ctx.Err()
}

// soFar is the end of the range, or now if that is not over.
func (c *collector) soFar() time.Time {
	if c.sum.To.After(c.sum.At) {
		return c.sum.At
	}
	return c.sum.To
}

func (c *collector) gateChanges(ctx context.Context) ([]outbox.GateChange, error) {
	var changes []outbox.GateChange
	for g, err := range c.source.GateChanges {
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, outbox.ErrFormat):
			c.sum.Unreadable++
		case err != nil:
			return nil, err
		default:
			changes = append(changes, g)
		}
	}
	return changes, nil
}

// life takes in an entry.
func (c *collector) life(l outbox.Life) error {
	if l.AcceptedAt.IsZero() {
		l.AcceptedAt = c.last.acceptedAt // damaged; it came after that one
	}
	c.missing(l.ID.Sequence(), l.AcceptedAt)
	c.last.sequence, c.last.acceptedAt = l.ID.Sequence(), l.AcceptedAt

	way := courseOf(l)
	c.sum.Chart.add(l, &way)
	carried := l.AcceptedAt.Before(c.sum.From)
	switch {
	case !l.AcceptedAt.Before(c.sum.To):
		return nil
	case carried && way.turns == nil, carried && !way.ended.IsZero() && way.ended.Before(c.sum.From):
		return nil
	case carried:
		c.sum.Carried.add(l.State)
	default:
		c.sum.Accepted.add(l.State)
	}
	c.group(l).add(l.State)
	c.delivery(l, &way)
	for _, a := range way.acts {
		c.sum.Acts.add(a)
	}
	row := way.row(l, carried)
	if row.Unknown != "" {
		c.sum.Unknown.Entries++
		c.sum.Unknown.By[row.Unknown]++
	}
	switch l.State {
	case outbox.Dead:
		c.dead.add(row.Reason, false, row.AcceptedAt)
	case outbox.Waiting, outbox.Parked:
		row.Reason = c.whyWaiting(l)
		c.waiting.add(row.Reason, l.State == outbox.Parked, row.AcceptedAt)
	default:
	}
	c.keep(row)
	return c.put(row)
}

// missing counts the entries between the last one and the one of that number,
// if they may have been accepted in the range.
func (c *collector) missing(sequence uint64, acceptedAt time.Time) {
	if sequence > c.last.sequence+1 && c.last.acceptedAt.Before(c.sum.To) && (acceptedAt.IsZero() || !acceptedAt.Before(c.sum.From)) {
		c.sum.Forgotten += sequence - c.last.sequence - 1
	}
}

// group is where an entry counts, by account and kind. What is beyond all
// measure counts together.
func (c *collector) group(l outbox.Life) *Fates {
	at := [2]string{l.Account, l.Kind}
	if c.groups[at] == nil && len(c.groups) >= mostGroups {
		at = [2]string{"*", "*"}
	}
	if c.groups[at] == nil {
		c.groups[at] = &Fates{}
	}
	return c.groups[at]
}

func (c *collector) delivery(l outbox.Life, way *course) {
	d := &c.sum.Delivery
	d.Attempts += uint64(way.attempts)
	if l.State != outbox.Done {
		return
	}
	if way.duplicate {
		d.Duplicates++
	}
	if l.InDoubt {
		d.InDoubt++
	}
	if way.delivered.IsZero() {
		return // that event could not be read
	}
	at := way.delivered.UTC()
	if d.First.IsZero() || at.Before(d.First) {
		d.First = at
	}
	if at.After(d.Last) {
		d.Last = at
	}
	late := Duration(at.Sub(l.AcceptedAt))
	d.Longest = max(d.Longest, late)
	i := slices.IndexFunc(d.Within, func(w Within) bool { return late <= w.Most || w.Most == 0 })
	d.Within[i].Entries++
}

func (a *Acts) add(act Act) {
	switch act.Act {
	case actRequeued:
		a.Requeued++
	case actEdited:
		a.Edited++
	case actReleased:
		a.Released++
	default:
		a.Discarded++
	}
}

// whyWaiting is why an entry waits: what holds it itself, or what closes the
// gate for its account.
func (c *collector) whyWaiting(l outbox.Life) string {
	if l.State == outbox.Parked {
		return redact.Text(l.Reason)
	}
	for _, g := range c.source.Gate {
		if g.Account == l.Account && !g.Open {
			return g.Reason
		}
	}
	return redact.Text(l.Reason)
}

// keep keeps the first rows of each kind.
func (c *collector) keep(r Row) {
	keep := func(to *[]Row, yes bool) {
		if yes && len(*to) < mostShown {
			*to = append(*to, r)
		}
	}
	keep(&c.sum.dead, r.State == outbox.Dead.String())
	keep(&c.sum.waiting, r.State == outbox.Waiting.String() || r.State == outbox.Parked.String())
	keep(&c.sum.unknown, r.Unknown != "")
	keep(&c.sum.acts, len(r.Acts) > 0)
}

// conclude makes what needs all entries.
func (c *collector) conclude() {
	s := &c.sum
	s.Groups = []Group{}
	for at, fates := range c.groups {
		s.Groups = append(s.Groups, Group{at[0], at[1], *fates})
	}
	slices.SortFunc(s.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Kind, b.Kind))
	})
	s.DeadReasons, s.WaitingReasons = c.dead.sorted(), c.waiting.sorted()
	s.Backlog = s.Chart.conclude()
	s.ToDo = tasksOf(c.source, s)
}

// reasons counts entries by why they stand where they stand.
type reasons map[reasonKey]*Reason

type reasonKey struct {
	reason string
	parked bool
	others bool
}

func (rs reasons) add(reason string, parked bool, acceptedAt time.Time) {
	key := reasonKey{reason: reason, parked: parked}
	if rs[key] == nil && len(rs) >= 10*mostReasons {
		key = reasonKey{others: true}
	}
	if rs[key] == nil {
		rs[key] = &Reason{Reason: key.reason, Parked: key.parked}
	}
	rs[key].count(1, acceptedAt)
}

func (r *Reason) count(entries uint64, since time.Time) {
	r.Entries += entries
	if r.Since.IsZero() || since.Before(r.Since) {
		r.Since = since
	}
}

// sorted returns the most frequent ones, and all others together.
func (rs reasons) sorted() []Reason {
	all := []Reason{}
	others := Reason{Others: true}
	for key, r := range rs {
		if key.others {
			others.count(r.Entries, r.Since)
			continue
		}
		all = append(all, *r)
	}
	slices.SortFunc(all, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(b.Entries, a.Entries), cmp.Compare(a.Reason, b.Reason))
	})
	for len(all) > mostReasons {
		last := all[len(all)-1]
		others.count(last.Entries, last.Since)
		all = all[:len(all)-1]
	}
	if others.Entries > 0 {
		all = append(all, others)
	}
	return all
}
