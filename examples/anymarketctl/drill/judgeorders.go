package drill

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// order judges an order or a sale: its creation, and its steps, which must have
// taken effect in the order in which they were acknowledged. A step that ANYMARKET
// refused because a later one came first is no refusal: it is lost. One behind a
// cancellation that took effect can only be refused, and the client may know that
// without asking.
func (j *judge) order(t target, ops []int) {
	ops = j.once(t, ops)
	var last time.Time // when the newest step took effect
	tookAt := make([]time.Time, len(ops))
	for n, i := range ops {
		tookAt[n], _ = j.effectOf(t, i)
	}
	cancelled := false
	for n, i := range ops {
		j.served(i, tookAt[n])
		if at := tookAt[n]; !at.IsZero() {
			cancelled = cancelled || j.truth[i].said.Status == api.StatusCancelled
			if at.Before(last) {
				j.lost(i, "took effect before what came before it")
			} else {
				last = at
			}
			continue
		}
		at, refused := j.refusal(t, i)
		for _, later := range tookAt[n+1:] {
			if !later.IsZero() && later.Before(at) {
				refused = false
			}
		}
		switch {
		case refused, cancelled:
			j.fates[i].refused = true
		case j.truth[i].creates():
			j.lost(i, "is no "+string(t.family)+" there, or not with all that it has")
		default:
			j.lost(i, "has no effect on the "+string(t.family))
		}
	}
}

// once leaves out creations that repeat the first that was acknowledged. They
// are that one, if it is what they say.
func (j *judge) once(t target, ops []int) (rest []int) {
	first := -1
	for _, i := range ops {
		switch {
		case !j.truth[i].creates():
			rest = append(rest, i)
		case first < 0:
			first = i
			rest = append(rest, i)
		default:
			j.fates[i].repeats = true
			if !shows(j.truth[first].want, j.truth[i].want) || !shows(j.truth[i].want, j.truth[first].want) {
				j.lost(i, "was acknowledged, and "+t.name+" had been created with something else")
			}
		}
	}
	return rest
}

// duplicates counts orders and sales that were made and that are there more than
// once.
func (j *judge) duplicates() {
	for _, t := range slices.SortedFunc(maps.Keys(j.remote.orders), func(a, b target) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.name, b.name))
	}) {
		if n := j.remote.orders[t]; n > 1 {
			if t.family == familySale {
				j.verdict.duplicateSales += n - 1
			} else {
				j.verdict.duplicateOrders += n - 1
			}
			j.verdict.found("duplicate: %s %s of account %q is there %d times", t.family, t.name, t.account, n)
		}
	}
}
