package drill

import (
	"net/http"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// batch is the most values of a call, the client's default.
const batch = 50

// replay is what followed the window: how what waited at its end was worked
// off.
type replay struct {
	calls, leastPossible int
	until                time.Time // when the last of it had taken effect
}

// replay counts the calls that worked off what was owed when the window ended,
// and the least that could have: a call for each batch of values of one account
// and kind, and one for each order and step. Live traffic goes on meanwhile and
// is not counted, nor is what repeats an answered call.
func (j *judge) replay(end time.Time) replay {
	owed := j.owed(end)
	out := replay{leastPossible: least(j.truth, owed), until: end}
	for _, i := range owed {
		if at := j.fates[i].servedAt; at.After(out.until) {
			out.until = at
		}
	}
	open := map[target][]int{} // owed operations that nothing was answered to
	for _, i := range owed {
		for _, t := range j.truth[i].targets {
			open[t] = append(open[t], i)
		}
	}
	for n, q := range j.remote.log {
		if q.At.Before(end) || q.At.After(out.until) {
			continue
		}
		counted := false
		for _, c := range j.remote.carried[n] {
			due := j.due(open[c.target], c)
			counted = counted || due >= 0
			if due >= 0 && q.Fault == "" && q.Status < 300 && !q.AnsweredAt.IsZero() {
				open[c.target] = without(open[c.target], due)
			}
		}
		if counted {
			out.calls++
		}
	}
	return out
}

// due is the place of the open operation that an item settles, -1 if none. An
// item of a value settles the lane, since it can only be the same or newer.
func (j *judge) due(open []int, c carriage) int {
	for n, i := range open {
		r := &j.truth[i]
		if !c.family.inOrder() || c.creates == r.creates() && shows(c.value, r.want) {
			return n
		}
	}
	return -1
}

func without(list []int, n int) []int {
	return append(list[:n:n], list[n+1:]...)
}

// owed are the operations that were acknowledged by the end of the window and
// had no effect by then; of values the newest of each lane.
func (j *judge) owed(end time.Time) []int {
	type lane struct {
		op, account, name string
	}
	newest := map[lane]int{}
	var out []int
	for i, r := range j.truth {
		switch {
		case r.acked.IsZero() || r.acked.After(end) || j.fates[i].repeats:
		case r.op == opStock || r.op == opPrice:
			newest[lane{r.op, r.account, r.lane}] = i
		case !j.servedBy(i, end):
			out = append(out, i)
		}
	}
	for i, r := range j.truth {
		if n, ok := newest[lane{r.op, r.account, r.lane}]; ok && n == i && !j.servedBy(i, end) {
			out = append(out, i)
		}
	}
	return out
}

// servedBy says whether nothing was owed of an operation at a moment.
func (j *judge) servedBy(i int, moment time.Time) bool {
	at := j.fates[i].servedAt
	return !at.IsZero() && !at.After(moment)
}

// least is the least number of calls that can carry operations.
func least(truth []record, ops []int) int {
	type call struct{ op, account string }
	values := map[call]int{}
	calls := 0
	for _, i := range ops {
		if r := truth[i]; r.op == opStock || r.op == opPrice {
			values[call{r.op, r.account}]++
		} else {
			calls++
		}
	}
	for _, n := range values {
		calls += (n + batch - 1) / batch
	}
	return calls
}

// traffic counts the requests: writes, canaries, and look-ups, which are the
// other reads.
func (r remote) traffic() (sent, canaries, lookUps int) {
	for _, q := range r.log {
		switch {
		case q.Method != http.MethodGet:
			sent++
		case isCanary(q):
			canaries++
		default:
			lookUps++
		}
	}
	return sent, canaries, lookUps
}

func isCanary(q anymarkettest.Request) bool {
	return q.Route == "GET /stocks/locals" || q.Route == "GET "+anymarkettest.MarketplacePath+"/configuration"
}

// callsIn counts the requests between two moments, but for canaries.
func (r remote) callsIn(from, to time.Time) (n int) {
	for _, q := range r.log {
		if !isCanary(q) && !q.At.Before(from) && q.At.Before(to) {
			n++
		}
	}
	return n
}
