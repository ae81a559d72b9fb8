package drill

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/internal/admin"
)

// repaired judges how a loss was made good: all that differed was named as it
// should be, both sides agree in the end, and no change that was made meanwhile
// was overwritten.
func (j *judge) repaired(l *loss, m *repair, now holdings) {
	j.named(l, m)
	changed := map[target]bool{}
	for _, i := range m.live {
		t := j.truth[i].targets[0]
		changed[t] = true
		j.overwritten(t, i)
	}
	left := l.agreed.since(now)
	for _, t := range sorted(left.stock) {
		if !changed[t] { // else it has to have the newest, which is judged anyway
			j.different(t, "has %v, before ANYMARKET lost it it had %v", now.stock[t], l.agreed.stock[t])
		}
	}
	for _, t := range sorted(left.orders) {
		j.different(t, "is not there any more")
	}
	for _, t := range sorted(left.statuses) {
		j.different(t, "is %s, and was %s before", now.orders[t].status, l.agreed.orders[t].status)
	}
	for _, r := range m.left {
		for _, d := range r.differences {
			j.different(targetIn(r.account, d), "still differs, says recheck: %s", d.Reason)
		}
	}
}

// named compares what recheck said with what differed.
func (j *judge) named(l *loss, m *repair) {
	want, said := l.actions(), map[target]string{}
	for _, r := range m.found {
		for _, d := range r.differences {
			said[targetIn(r.account, d)] += d.Action
		}
	}
	all := maps.Clone(want)
	maps.Copy(all, said)
	for _, t := range slices.SortedFunc(maps.Keys(all), byName) {
		if said[t] != want[t] {
			j.verdict.misnamed++
			j.verdict.found("misnamed: %s %s of account %q differs by %q, recheck said %q", t.family, t.name, t.account, want[t], said[t])
		}
	}
}

// overwritten looks whether a target got an older value after one that came
// while the loss was made good.
func (j *judge) overwritten(t target, i int) {
	came := false
	for _, e := range j.remote.effects[t] {
		switch shown := shows(e.value, j.truth[i].want); {
		case e.at.Before(j.truth[i].sent):
		case shown:
			came = true
		case came:
			j.verdict.overwritten++
			j.verdict.found("overwritten: %s %s of account %q got %v after %s", t.family, t.name, t.account, e.value, short(string(j.truth[i].line)))
			return
		}
	}
}

func (j *judge) different(t target, format string, args ...any) {
	j.verdict.leftDifferent++
	j.verdict.found("different: %s %s of account %q "+format, append([]any{t.family, t.name, t.account}, args...)...)
}

// targetIn is the order of an account that a difference is about.
func targetIn(account string, d admin.Difference) target {
	if d.MarketplaceID == "" {
		return orderTarget(account, ownMarketplace, orderOf(api.ID(d.ID)))
	}
	return orderTarget(account, d.Marketplace, d.MarketplaceID)
}

func sorted(targets map[target]bool) []target {
	return slices.SortedFunc(maps.Keys(targets), byName)
}

func byName(a, b target) int {
	return cmp.Or(strings.Compare(a.account, b.account), strings.Compare(a.name, b.name), cmp.Compare(a.family, b.family))
}
