package maintenance

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// budgetPeriod is the time in which a page may hold for MaxLength in all.
	budgetPeriod = 7 * 24 * time.Hour
	// handover is how long a hold that the page ended is still told to be one
	// that is past its end, so that whoever holds for it waits for a canary
	// instead of taking the page's word. All ask within seconds.
	handover = time.Minute
)

// ErrHoldsTooLong says that a window of a page does not count, since it would
// hold longer than [MaxLength], alone or with others of the page within a week.
// If it is true a person can say so, by windows in the calendar's own list.
var ErrHoldsTooLong = errors.New("does not count, a status page may hold for 48 hours a week at most")

// board is what a page announced and what of it counts. It is a pure state
// machine.
//
// A page may be wrong, or lie. Before a window begins the page may change it at
// will. From then on it may only end it or shorten it: what it adds is kept in
// plan for people, and holds, like any overrun, until a canary succeeds and no
// longer. Nor does its word alone open the gate: a hold that it ends is handed
// over to the next canary. What held counts against the budget also when the
// page no longer knows of it.
type board struct {
	Notices []notice `json:"notices"` // by Hold.Start
	Spent   []Window `json:"spent"`   // when it held for what it took off or moved; by start, apart
}

// at returns what holds: the window that ends last.
func (b *board) at(now time.Time) (found Window) {
	for _, n := range b.Notices {
		if n.inForce(now) && n.Hold.End.After(found.End) {
			found = n.Hold
		}
	}
	for _, w := range b.Spent {
		if !now.Before(w.End) && now.Before(w.End.Add(handover)) && w.End.After(found.End) {
			found = w
		}
	}
	return found
}

// clone returns a copy that nobody changes.
func (b *board) clone() board {
	return board{Notices: slices.Clone(b.Notices), Spent: slices.Clone(b.Spent)}
}

// notice is a maintenance that counts.
type notice struct {
	ID    string `json:"id"`
	Stage Stage  `json:"stage"`
	Plan  Window `json:"plan"` // as the page has it
	Hold  Window `json:"hold"` // the plan as of when it began
}

func (n notice) begun(now time.Time) bool { return !now.Before(n.Hold.Start) }

// inForce says whether it holds. One that overruns does beyond its End, as long
// as the page says that it is running and for MaxLength in all.
func (n notice) inForce(now time.Time) bool {
	return n.Hold.Contains(now) ||
		n.Stage.running() && !now.Before(n.Hold.End) && now.Before(n.Hold.Start.Add(MaxLength))
}

// ahead says whether it has not ended.
func (n notice) ahead(now time.Time) bool { return now.Before(n.Plan.End) || n.inForce(now) }

// take takes in what the page says now. What it said before of maintenances
// with an id in unread stays; an empty id stands for any that is not in ms.
// Problems are why something does not count.
func (b *board) take(now time.Time, ms []Maintenance, unread []string) (problems []error) {
	before := map[string]notice{}
	for _, n := range b.Notices {
		before[n.ID] = n
	}
	var held, fresh []notice
	settled := map[string]bool{} // ids of which it is known what to do
	for _, m := range ms {
		if slices.Contains(unread, m.ID) {
			continue
		}
		settled[m.ID] = true
		was, known := before[m.ID]
		plan := m.window()
		switch err := checkPlan(plan); {
		case m.Stage.over():
		case err != nil:
			problems = append(problems, fmt.Errorf("maintenance %s: %w", m.ID, err))
			if known { // what it said before is all there is to go by
				was.Stage = m.Stage
				held = append(held, was)
			}
		case known && was.begun(now) && (m.Stage.running() || !plan.Start.After(now)):
			held = append(held, was.goesOn(m.Stage, plan))
		case now.Before(plan.End): // one that has passed is no news
			fresh = append(fresh, notice{ID: m.ID, Stage: m.Stage, Plan: plan, Hold: early(now, m.Stage, plan)})
		}
	}
	for _, n := range b.Notices {
		if !settled[n.ID] && (slices.Contains(unread, n.ID) || slices.Contains(unread, "")) {
			held = append(held, n)
		}
	}
	b.spend(now, held)
	b.Notices = held
	slices.SortFunc(fresh, byHold)
	for _, n := range fresh {
		if b.total(n.Hold) > MaxLength {
			problems = append(problems, fmt.Errorf("maintenance %s: %s: %w", n.ID, n.Plan, ErrHoldsTooLong))
			continue
		}
		b.Notices = append(b.Notices, n)
	}
	slices.SortFunc(b.Notices, byHold)
	return problems
}

func checkPlan(plan Window) error {
	err := plan.Check()
	if err != nil && plan.End.Sub(plan.Start) > MaxLength {
		return fmt.Errorf("%w: %w", ErrHoldsTooLong, err)
	}
	return err
}

// goesOn is a notice that has begun and of which the page now says this.
func (n notice) goesOn(s Stage, plan Window) notice {
	n.Stage, n.Plan, n.Hold.Name = s, plan, plan.Name
	if plan.End.Before(n.Hold.End) && plan.End.After(n.Hold.Start) {
		n.Hold.End = plan.End
	}
	return n
}

// spend keeps the times of holds that began and do not go on.
func (b *board) spend(now time.Time, held []notice) {
	for _, n := range b.Notices {
		if !n.begun(now) || slices.ContainsFunc(held, func(h notice) bool { return h.ID == n.ID }) {
			continue
		}
		w := n.Hold
		if now.Before(w.End) {
			w.End = now.UTC().Round(0)
		}
		if w.End.After(w.Start) {
			b.Spent = append(b.Spent, w)
		}
	}
	b.Spent = slices.DeleteFunc(b.Spent, func(w Window) bool { return w.End.Before(now.Add(-budgetPeriod)) })
	b.Spent = merged(b.Spent)
}

// merged joins what overlaps, or nearly so: a page must not be able to make it
// grow without end.
func merged(ws []Window) []Window {
	slices.SortFunc(ws, func(x, y Window) int { return x.Start.Compare(y.Start) })
	var all []Window
	for _, w := range ws {
		if i := len(all) - 1; i >= 0 && !w.Start.After(all[i].End.Add(handover)) {
			if w.End.After(all[i].End) {
				all[i].Name, all[i].End = w.Name, w.End
			}
			continue
		}
		all = append(all, w)
	}
	return all
}

// early is the plan, from now on if the page says that it is running already
// and it is near.
func early(now time.Time, s Stage, plan Window) Window {
	if s.running() && now.Before(plan.Start) && plan.Start.Sub(now) <= near && plan.End.Sub(now) <= MaxLength {
		plan.Start = now.UTC().Round(0)
	}
	return plan
}

// total is for how long the page would hold in the budgetPeriod that ends with
// w, if w counted too.
func (b *board) total(w Window) (sum time.Duration) {
	ws := append(slices.Clone(b.Spent), w)
	for _, n := range b.Notices {
		ws = append(ws, n.Hold)
	}
	slices.SortFunc(ws, func(x, y Window) int { return x.Start.Compare(y.Start) })
	end := w.End.Add(-budgetPeriod) // of what is counted
	for _, x := range ws {
		if x.Start.After(end) {
			end = x.Start
		}
		if x.End.After(w.End) {
			x.End = w.End
		}
		if d := x.End.Sub(end); d > 0 {
			sum += d
			end = x.End
		}
	}
	return sum
}

func byHold(x, y notice) int {
	if n := x.Hold.Start.Compare(y.Hold.Start); n != 0 {
		return n
	}
	return x.Hold.End.Compare(y.Hold.End)
}
