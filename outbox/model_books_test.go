package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing/synctest"
)

// books are what the model knows of what it did.
type books struct {
	values, orders int // numbers given out

	entries   []*booked // all that have a receipt
	bySeq     map[uint64]*booked
	lanes     map[laneName][]*booked // in the order of acceptance
	creations map[laneName]*booked   // by account and once-key
	recent    []*booked              // creations, oldest first
	// unsettled are those whose state may still change; ended counts the others.
	unsettled map[uint64]*booked
	ended     map[State]int
	dirty     map[laneName]bool // targets whose values were not verified since

	pauseUnknown bool
	strict, lax  int // fields compared in the end, and those that rules excuse
}

// booked is an entry with a receipt.
type booked struct {
	id    ID
	kind  string
	lane  laneName
	body  string
	state State // as last seen
	doubt bool  // as last seen
	// What a person did to it.
	cancelled, edited, requeued bool
}

func newBooks() books {
	return books{
		bySeq: map[uint64]*booked{}, lanes: map[laneName][]*booked{}, creations: map[laneName]*booked{},
		unsettled: map[uint64]*booked{}, ended: map[State]int{}, dirty: map[laneName]bool{},
	}
}

func (b *booked) absolute() bool { return b.kind == kindStock || b.kind == kindPrice }

func nameOf(e Entry) laneName {
	family := e.Kind
	if e.Kind == kindCreate || e.Kind == kindStep {
		family = familyOf
	}
	return laneName{e.Account, family, e.Key}
}

// accepted enters the outcome of an Accept.
func (m *model) accepted(e Entry, r Receipt, err error) {
	m.t.Helper()
	rs := []Receipt{r}
	if err != nil {
		rs = nil
	}
	m.acceptedAll([]Entry{e}, rs, err)
}

// acceptedAll enters the outcome of an AcceptAll.
func (m *model) acceptedAll(es []Entry, rs []Receipt, err error) {
	m.t.Helper()
	bodies := map[laneName]string{}
	for _, e := range es {
		n := nameOf(e)
		if c := m.creations[n]; e.Kind == kindStep && c != nil && c.cancelled {
			if !errors.Is(err, ErrState) {
				m.fatalf("step of creation %s, which was discarded: got %v", c.id, err)
			}
			return
		}
		if e.Kind != kindCreate {
			continue
		}
		known, ok := bodies[n]
		if c := m.creations[n]; c != nil {
			known, ok = c.body, true
		}
		if ok && known != string(e.Body) {
			var conflict *ConflictError
			if !errors.As(err, &conflict) || !slices.Equal(conflict.Fields, []string{"body"}) {
				m.fatalf("creation %v again with another body: got %v, want a conflict in the body", n, err)
			}
			if c := m.creations[n]; c != nil && conflict.ID != c.id {
				m.fatalf("conflict with %s, want %s", conflict.ID, c.id)
			}
			return
		}
		bodies[n] = string(e.Body)
	}
	m.noError(err, "accept")
	if len(rs) != len(es) {
		m.fatalf("%d receipts for %d entries", len(rs), len(es))
	}
	for i, e := range es {
		if c := m.creations[nameOf(e)]; e.Kind == kindCreate && c != nil {
			if rs[i].ID() != c.id || !rs[i].Duplicate {
				m.fatalf("creation %v again: got receipt %s, duplicate %t, want that of %s", c.lane, rs[i].ID(), rs[i].Duplicate, c.id)
			}
			continue
		}
		if rs[i].Duplicate {
			m.fatalf("%s is no duplicate", rs[i].ID())
		}
		m.enter(e, rs[i].ID())
	}
}

// enter books a new entry.
func (m *model) enter(e Entry, id ID) *booked {
	m.t.Helper()
	if old := m.bySeq[id.seq]; old != nil {
		m.fatalf("receipt %s was given twice", id)
	}
	b := &booked{id: id, kind: e.Kind, lane: nameOf(e), body: string(e.Body), state: Waiting}
	m.entries = append(m.entries, b)
	m.bySeq[id.seq], m.unsettled[id.seq] = b, b
	line := append(m.lanes[b.lane], b)
	slices.SortFunc(line, func(x, y *booked) int { return int(x.id.seq) - int(y.id.seq) }) // those of crashAmidAccepts come as they like
	m.lanes[b.lane] = line
	if b.absolute() {
		m.dirty[b.lane] = true
	}
	if e.Kind == kindCreate {
		m.creations[b.lane] = b
		if m.recent = append(m.recent, b); len(m.recent) > 40 {
			m.recent = m.recent[1:]
		}
	}
	return b
}

// anyCreation is one of the latest, nil if there is none.
func (m *model) anyCreation() *booked {
	if len(m.recent) == 0 {
		return nil
	}
	return m.recent[m.rng.IntN(len(m.recent))]
}

// pick returns an entry for a person to act on: dead, parked or, if wanted,
// waiting.
func (m *model) pick(waiting bool) *booked {
	m.t.Helper()
	synctest.Wait()
	var from []*booked
	take := func(rec Record, err error) bool {
		m.noError(err, "list")
		b := m.bySeq[rec.ID.seq]
		if b == nil {
			m.fatalf("%s is %s, but nobody has a receipt for it", rec.ID, rec.State)
		}
		from = append(from, b)
		return len(from) < 200
	}
	if m.rng.IntN(2) == 0 {
		m.o.DeadLetters()(take)
	} else {
		for rec, err := range m.o.Waiting() {
			if (waiting || rec.State == Parked) && !take(rec, err) {
				break
			}
		}
	}
	if len(from) == 0 {
		return nil
	}
	return from[m.rng.IntN(len(from))]
}

func (m *model) requeue() {
	m.t.Helper()
	if b := m.pick(false); b != nil {
		m.requeueOne(b)
	}
}

func (m *model) requeueOne(b *booked) {
	m.t.Helper()
	err := m.o.Requeue(context.Background(), b.id)
	switch {
	case m.crashed(err):
	case err == nil:
		b.requeued = true
	case errors.Is(err, ErrState) && m.stateOf(b) == Parked: // behind a dead letter
	default:
		m.fatalf("requeue %s, which is %s: %v", b.id, m.stateOf(b), err)
	}
}

func (m *model) edit() {
	m.t.Helper()
	if b := m.pick(false); b != nil {
		m.editOne(b, fmt.Sprintf("q=%s", m.fresh()))
	}
}

func (m *model) editOne(b *booked, body string) {
	m.t.Helper()
	if b.kind == kindPrice {
		body = "p" + body[1:]
	}
	r, err := m.o.Edit(context.Background(), b.id, []byte(body))
	switch {
	case m.crashed(err):
	case err == nil && b.absolute():
		b.edited = true
		m.enter(Entry{Kind: b.kind, Account: b.lane.account, Key: b.lane.key, Body: []byte(body)}, r.ID())
	case err == nil:
		if r.ID() != b.id {
			m.fatalf("edit of %s goes on as %s", b.id, r.ID())
		}
		b.requeued, b.body = true, body
	case errors.Is(err, ErrState) && m.stateOf(b) == Parked:
	default:
		m.fatalf("edit %s, which is %s: %v", b.id, m.stateOf(b), err)
	}
}

func (m *model) discard() {
	m.t.Helper()
	if b := m.pick(true); b != nil {
		m.discardOne(b)
	}
}

func (m *model) discardOne(b *booked) {
	m.t.Helper()
	var steps []*booked
	if b.kind == kindCreate {
		for _, s := range m.lanes[b.lane] {
			if state := m.stateOf(s); s != b && (state == Waiting || state == Parked || state == Dead) {
				steps = append(steps, s)
			}
		}
	}
	err := m.o.Discard(context.Background(), b.id, "model")
	switch {
	case m.crashed(err):
	case err == nil:
		b.cancelled = true
		if b.absolute() {
			// What was left in doubt goes with the entry that had to confirm it:
			// nobody is left to. See "excused" in verifyValues.
			m.r.forget(b.lane)
		}
		for _, s := range steps {
			s.cancelled = true
		}
	case errors.Is(err, ErrState) && (m.stateOf(b) == Waiting || len(steps) > 0): // it is on the wire, or a step of it
	default:
		m.fatalf("discard %s, which is %s: %v", b.id, m.stateOf(b), err)
	}
}

func (m *model) stateOf(b *booked) State {
	m.t.Helper()
	state, err := m.o.Receipt(b.id).State()
	m.noError(err, "state of "+b.id.String())
	return state
}
