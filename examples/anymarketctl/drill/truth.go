package drill

import (
	"sync"
	"time"
)

// truth is what the ERP knows: what it sent, and what it has receipts for.
type truth struct {
	mu      sync.Mutex // guards the field below
	records []record
}

// record is the fate of one operation as the ERP sees it.
type record struct {
	*operation
	// before is the step or creation that has to have its receipt when this one
	// goes out; -1 if there is none. Else both could have to go again, and the
	// first is refused behind the second.
	before  int
	sent    time.Time // first
	acked   time.Time // when its receipt was read; zero if none was
	refusal string    // said in place of a receipt
}

// answered says that the ERP need not send it again.
func (r *record) answered() bool { return !r.acked.IsZero() || r.refusal != "" }

func newTruth(ops []*operation) *truth {
	t := &truth{records: make([]record, len(ops))}
	latest := map[target]int{}
	for i, o := range ops {
		t.records[i] = record{operation: o, before: -1}
		if len(o.targets) != 1 || !o.targets[0].family.inOrder() {
			continue
		}
		if before, ok := latest[o.targets[0]]; ok {
			t.records[i].before = before
		}
		latest[o.targets[0]] = i
	}
	return t
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
func (t *truth) answer(i int, now time.Time, refusal string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := &t.records[i]; refusal == "" {
		r.acked = now
	} else {
		r.refusal = refusal
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

// all returns a copy.
func (t *truth) all() []record {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]record(nil), t.records...)
}
