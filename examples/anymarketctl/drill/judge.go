package drill

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// judge holds what ANYMARKET has and has seen against what the ERP knows.
type judge struct {
	truth   []record
	remote  remote
	fates   []fate // by operation
	verdict verdict
}

// verdict is what the judge found.
type verdict struct {
	lost            int // acknowledged, without an effect, and nothing excuses it
	lostSales       int // of them, those that were to be made known
	duplicateOrders int // orders beyond the first of a key
	duplicateSales  int
	staleStock      int // targets that do not have the newest acknowledged value
	stalePrices     int
	refused         int // acknowledged, and refused by ANYMARKET for good
	misnamed        int // orders that differed and that recheck did not name, or the reverse
	leftDifferent   int // stock and orders that were lost, or not known, and still are
	overwritten     int // changes of stock that gave way to an older one
	findings        []string
}

// fate is what became of an acknowledged operation.
type fate struct {
	// servedAt is when all its targets had it, or a newer value in its place;
	// zero unless they have.
	servedAt time.Time
	unserved bool // a target has neither
	refused  bool
	lost     bool
	// repeats says that its creation was acknowledged before, by another
	// operation: nothing new is owed.
	repeats bool
}

// found notes what is wrong in words.
func (v *verdict) found(format string, args ...any) {
	v.findings = append(v.findings, fmt.Sprintf(format, args...))
}

func newJudge(truth []record, remote remote) *judge {
	j := &judge{truth: truth, remote: remote, fates: make([]fate, len(truth))}
	lanes := map[target][]int{}
	var order []target
	for i, r := range truth {
		if r.acked.IsZero() {
			continue
		}
		if len(r.targets) == 0 {
			j.lost(i, "was acknowledged, and what it should bring about cannot be told")
		}
		for _, t := range r.targets {
			if lanes[t] == nil {
				order = append(order, t)
			}
			lanes[t] = append(lanes[t], i)
		}
	}
	for _, t := range order {
		if t.family.inOrder() {
			j.order(t, lanes[t])
		} else {
			j.values(t, lanes[t])
		}
	}
	j.duplicates()
	for _, f := range j.fates {
		if f.refused {
			j.verdict.refused++
		}
	}
	return j
}

// lost notes it once, however many targets lack the effect.
func (j *judge) lost(i int, why string) {
	if !j.fates[i].lost {
		j.fates[i].lost = true
		j.verdict.lost++
		if j.truth[i].op == opNotify {
			j.verdict.lostSales++
		}
		j.verdict.found("lost: operation %d %s: %s", i+1, why, short(string(j.truth[i].line)))
	}
}

// served notes when an operation, or a newer one, took effect on a target; zero
// if none did.
func (j *judge) served(i int, at time.Time) {
	f := &j.fates[i]
	switch {
	case at.IsZero() || f.unserved:
		f.unserved, f.servedAt = true, time.Time{}
	case at.After(f.servedAt):
		f.servedAt = at
	}
}

// effectOf is the first effect on a target that shows an operation, after it
// was sent.
func (j *judge) effectOf(t target, i int) (time.Time, bool) {
	return j.shownIn(j.remote.effects[t], i, j.truth[i].sent)
}

// shownIn is the first of these that shows an operation, not before a moment.
func (j *judge) shownIn(sights []sight, i int, from time.Time) (time.Time, bool) {
	r := &j.truth[i]
	for _, e := range sights {
		if !e.at.Before(from) && e.creates == r.creates() && shows(e.value, r.want) {
			return e.at, true
		}
	}
	return time.Time{}, false
}

// refusal is the first request that carried an operation to a target and was
// refused.
func (j *judge) refusal(t target, i int) (time.Time, bool) {
	return j.shownIn(j.remote.refusals[t], i, j.truth[i].sent)
}

// values judges a target of which the newest value wins: an operation is
// superseded if a newer one took effect.
func (j *judge) values(t target, ops []int) {
	newest := -1
	refused := map[int]bool{} // without an effect of its own
	var first time.Time       // effect of this operation or a newer one
	for n, i := range slices.Backward(ops) {
		if at, ok := j.effectOf(t, i); ok {
			newest = max(newest, n)
			if first.IsZero() || at.Before(first) {
				first = at
			}
		} else {
			_, refused[i] = j.refusal(t, i)
		}
		j.served(i, first)
	}
	for _, i := range ops[newest+1:] {
		if refused[i] {
			j.fates[i].refused = true
		} else {
			j.lost(i, "has no effect on "+t.name)
		}
	}
	if !refused[ops[len(ops)-1]] { // else who sees to it has the value to see to
		j.stale(t, ops, refused)
	}
}

// stale compares what a target has with the newest acknowledged value, member
// by member: what an operation leaves out stays as it was, and of one that was
// refused nothing stays.
func (j *judge) stale(t target, ops []int, refused map[int]bool) {
	want := map[string]any{}
	for _, i := range ops {
		if !refused[i] {
			maps.Copy(want, j.truth[i].want)
		}
	}
	have := j.remote.state[t]
	if shows(have, want) {
		return
	}
	if t.family == familyStock {
		j.verdict.staleStock++
	} else {
		j.verdict.stalePrices++
	}
	j.verdict.found("stale: %s %s of account %q has %v, the newest is %v", t.family, t.name, t.account, have, want)
}
