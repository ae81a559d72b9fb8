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
	sent    time.Time // first
	acked   time.Time // when its receipt was read; zero if none was
	refusal string    // said in place of a receipt
}

// answered says that the ERP need not send it again.
func (r *record) answered() bool { return !r.acked.IsZero() || r.refusal != "" }

func newTruth(ops []*operation) *truth {
	t := &truth{records: make([]record, len(ops))}
	for i, o := range ops {
		t.records[i].operation = o
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
