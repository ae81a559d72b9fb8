package drill

import (
	"slices"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/internal/admin"
)

// truth is what the ERP knows: what it sent, and what it has receipts for.
type truth struct {
	mu      sync.Mutex // guards the fields below
	records []record
	latest  map[target]int // of what keeps its order
}

// record is the fate of one operation as the ERP sees it.
type record struct {
	*operation
	// before is the step or creation that has to have its receipt when this one
	// goes out; -1 if there is none. Else both could have to go again, and the
	// first is refused behind the second.
	before  int
	repair  bool      // it is no part of the day
	sent    time.Time // first
	acked   time.Time // when its receipt was read; zero if none was
	refusal refusal   // said in place of a receipt
}

// refusal is what the client says in place of a receipt.
type refusal struct {
	Error string     `json:"error"`
	Code  admin.Code `json:"code"`
}

// answered says that the ERP need not send it again.
func (r *record) answered() bool { return !r.acked.IsZero() || r.refusal.Error != "" }

// unstored says that the client did not take an operation, and that it is not
// the operation's fault: nothing is proven of it.
func (r *record) unstored() bool {
	if !r.acked.IsZero() || r.refusal.Error == "" {
		return false
	}
	switch r.refusal.Code {
	case admin.CodeInvalid, admin.CodeTooLarge, admin.CodeConflict, admin.CodeAddressing:
		return false
	case admin.CodeState: // of a step whose creation was discarded
		return r.op != opStatus && r.op != opMark
	default:
		return true
	}
}

func newTruth(ops []*operation) *truth {
	t := &truth{latest: map[target]int{}}
	t.add(ops, false)
	return t
}

// add takes in what the ERP does, as part of its day or to make a loss good, and
// returns the place of the first.
func (t *truth) add(ops []*operation, repair bool) (first int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	first = len(t.records)
	for i, o := range ops {
		r := record{operation: o, before: -1, repair: repair}
		if len(o.targets) == 1 && o.targets[0].family.inOrder() {
			if before, ok := t.latest[o.targets[0]]; ok {
				r.before = before
			}
			t.latest[o.targets[0]] = first + i
		}
		t.records = append(t.records, r)
	}
	return first
}

// next is the operation at a place, and what has to be answered before it goes
// out; none behind the last.
func (t *truth) next(i int) (o *operation, before int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i >= len(t.records) {
		return nil, 0, false
	}
	return t.records[i].operation, t.records[i].before, true
}

// send notes that an operation goes out.
func (t *truth) send(i int, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := &t.records[i]; r.sent.IsZero() {
		r.sent = now
	}
}

// answer notes a receipt, or a refusal.
func (t *truth) answer(i int, now time.Time, no refusal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := &t.records[i]; no.Error == "" {
		r.acked = now
	} else {
		r.refusal = no
	}
}

// isAnswered says whether an operation has a receipt or a refusal.
func (t *truth) isAnswered(i int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.records[i].answered()
}

// unanswered is the first operation that has to be sent, or sent again, and how
// many have neither a receipt nor a refusal.
func (t *truth) unanswered() (first, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	first = len(t.records)
	for i := len(t.records) - 1; i >= 0; i-- {
		if !t.records[i].answered() {
			first, n = i, n+1
		}
	}
	return first, n
}

// hasUnstored says whether the client did not take what it should have.
func (t *truth) hasUnstored() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.records, func(r record) bool { return r.unstored() })
}

// all returns a copy.
func (t *truth) all() []record {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]record(nil), t.records...)
}
