package outbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing/synctest"
	"time"
)

// settle lets everything happen that needs no time, and looks at the sums.
func (m *model) settle() {
	m.t.Helper()
	synctest.Wait()
	m.obeyed()
	s := m.o.Stats()
	if s.Accepted != uint64(len(m.entries)) {
		m.fatalf("accepted %d, but %d have a receipt", s.Accepted, len(m.entries))
	}
	if sum := s.Delivered + s.Superseded + s.Dead + s.Cancelled + s.Waiting; s.Accepted != sum || s.Parked > s.Waiting {
		m.fatalf("accepted %d, but the sum is %d: %+v", s.Accepted, sum, s)
	}
	if m.rng.IntN(60) == 0 {
		m.compare()
	}
}

// obeyed fails if the other side saw a rule broken.
func (m *model) obeyed() {
	m.t.Helper()
	m.r.mu.Lock()
	defer m.r.mu.Unlock()
	if len(m.r.wrong) > 0 {
		m.fatalf("%s", m.r.wrong[0])
	}
}

// compare looks at every entry that is open, and at all sums. Nothing may
// happen meanwhile.
func (m *model) compare() {
	m.t.Helper()
	m.obeyed()
	m.r.mu.Lock()
	defer m.r.mu.Unlock()
	seen := maps.Clone(m.ended)
	parked, doubts := 0, 0
	for _, seq := range slices.Sorted(maps.Keys(m.unsettled)) {
		b := m.unsettled[seq]
		rec := m.look(b)
		seen[rec.State]++
		if rec.State == Parked {
			parked++
		}
		if rec.InDoubt {
			doubts++
		}
		if rec.State == Superseded || rec.State == Cancelled || rec.State == Done && !rec.InDoubt {
			delete(m.unsettled, seq)
			m.ended[rec.State]++
		}
	}
	s := m.o.Stats()
	got := [...]int{int(s.Accepted), int(s.Delivered), int(s.Superseded), int(s.Dead), int(s.Cancelled), int(s.Waiting), int(s.Parked), int(s.InDoubt)}
	want := [...]int{len(m.entries), seen[Done], seen[Superseded], seen[Dead], seen[Cancelled], seen[Waiting] + seen[Parked], parked, doubts}
	if got != want {
		m.fatalf("accepted, delivered, superseded, dead, cancelled, waiting, parked, in doubt: Stats says %v, the receipts say %v", got, want)
	}
	m.verifyValues()
	// Of those that have ended a few, since they are many.
	for range min(20, len(m.entries)) {
		b := m.entries[m.rng.IntN(len(m.entries))]
		if m.unsettled[b.id.seq] == nil {
			m.look(b)
		}
	}
}

// look compares one entry with what the outbox and the other side say of it.
func (m *model) look(b *booked) Record {
	m.t.Helper()
	rec, err := m.o.Show(b.id)
	m.noError(err, "show "+b.id.String())
	e := m.r.told(b.id.seq)
	charged := e.blameable() >= modelAttempts
	refused := e.rejected && poisoned([]byte(b.body)) || charged
	line := m.lanes[b.lane]
	newer := line[len(line)-1] != b
	ok := true
	switch rec.State {
	case Waiting, Parked:
		ok = !b.cancelled && !b.edited
	case Done:
		ok = e.delivered
	case Superseded:
		ok = b.absolute() && newer
	case Dead:
		ok = refused || b.state == Dead || e.delivered && e.rejected // it may have held the value of one that gave way
	case Cancelled:
		ok = b.cancelled
	}
	if !ok || b.cancelled && rec.State != Cancelled || b.edited && b.absolute() && rec.State != Superseded {
		m.fatalf("%s is %s (%s), which cannot be: %+v, it was told %+v", b.id, rec.State, rec.Reason, *b, *e)
	}
	if before := b.state; before != rec.State {
		switch before {
		case Superseded, Cancelled:
			ok = false
		case Done:
			ok = b.doubt && (refused || e.rejected)
		case Dead:
			ok = b.requeued || rec.State == Superseded || rec.State == Cancelled
		}
		if !ok {
			m.fatalf("%s was %s and is %s: %+v, it was told %+v", b.id, before, rec.State, *b, *e)
		}
	}
	if rec.State == Dead && b.state != Dead {
		b.requeued = false
	}
	if own := e.blameable(); rec.Attempts > own {
		m.fatalf("%s was charged %d attempts, but %d of its failures were its own", b.id, rec.Attempts, own)
	}
	if rec.Kind != b.kind || rec.Account != b.lane.account || rec.Key != b.lane.key {
		m.fatalf("%s is %+v, want %+v", b.id, rec.Entry, *b)
	}
	if body := string(rec.Body); (rec.State == Waiting || rec.State == Parked || rec.State == Dead) && body != b.body && !e.delivered {
		m.fatalf("%s has body %q, want %q", b.id, body, b.body)
	}
	b.state, b.doubt = rec.State, rec.InDoubt
	return rec
}

// finish makes everything well, waits until nothing is left to do, and then
// compares what stands on the other side with what was accepted.
func (m *model) finish() {
	m.t.Helper()
	m.reopen(m.rng.IntN(2) == 0) // takes back a crash that is still to come, too
	for _, host := range []string{hostAPI, hostShop} {
		m.r.set(host, 0)
	}
	m.r.mu.Lock()
	m.r.healthy = true
	clear(m.r.refused)
	clear(m.r.paused)
	m.r.mu.Unlock()
	ctx := context.Background()
	m.noError(m.o.ResumeAll(ctx), "resume all")
	for _, a := range modelAccounts {
		m.noError(m.o.Resume(ctx, a), "resume")
	}
	for round := 0; ; round++ {
		time.Sleep(time.Minute)
		synctest.Wait()
		m.compare()
		left := 0
		for _, seq := range slices.Sorted(maps.Keys(m.unsettled)) {
			b := m.unsettled[seq]
			if b == nil || b.state == Dead && b.absolute() {
				continue
			}
			left++
			switch m.stateOf(b) {
			case Parked:
				m.requeueOne(b)
			case Dead:
				if m.rng.IntN(2) == 0 {
					m.discardOne(b)
				} else {
					m.values++
					m.editOne(b, "q="+string(format(map[string]string{"n": "1"})))
				}
			}
		}
		if left == 0 {
			break
		}
		if round == 100 {
			m.fatalf("%d entries are still open: %+v", left, m.o.Stats())
		}
	}
	drain, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	m.noError(m.o.Drain(drain), "drain")
	time.Sleep(2 * modelLate) // whatever may be applied late has been
	m.r.mu.Lock()
	for n := range m.lanes {
		if n.family != familyOf {
			m.dirty[n] = true
		}
	}
	m.verifyValues()
	m.r.mu.Unlock()
	m.verifyOrders()
	m.reopen(true)
	m.r.mu.Lock()
	for _, b := range m.entries {
		m.look(b)
	}
	m.r.mu.Unlock()
	for _, b := range m.entries[:min(100, len(m.entries))] {
		m.waits(b)
	}
	m.t.Logf("%d entries, %d openings, ended %v, %d fields compared and %d excused, answers %v", len(m.entries), m.opened, m.ended, m.strict, m.lax, m.r.calls)
}

// waits compares what waiting for an entry says with its state.
func (m *model) waits(b *booked) {
	m.t.Helper()
	err := m.o.Receipt(b.id).Wait(context.Background())
	var dead *DeadError
	var cancelled *CancelledError
	ok := err == nil
	switch b.state {
	case Dead:
		ok = errors.As(err, &dead)
	case Cancelled:
		ok = errors.As(err, &cancelled)
	}
	if !ok {
		m.fatalf("waiting for %s, which is %s, says %v", b.id, b.state, err)
	}
}

// verifyValues looks at the targets that changed and are at rest now: nothing
// of them waits, and nothing is in doubt.
func (m *model) verifyValues() {
	m.t.Helper()
	m.r.pass()
	busy := map[laneName]bool{}
	for _, b := range m.unsettled {
		busy[b.lane] = busy[b.lane] || b.state != Dead
	}
	for n := range m.dirty {
		if !busy[n] {
			m.verifyLane(n, m.lanes[n])
			delete(m.dirty, n)
		}
	}
}

// verifyLane: of each field the newest value stands, and will.
func (m *model) verifyLane(n laneName, line []*booked) {
	m.t.Helper()
	newest := map[string]*booked{}
	refused := uint64(0) // the newest entry that was refused or taken out
	done := uint64(0)    // the newest that was delivered
	unsure := uint64(0)  // the newest that was delivered, and refused when it was to be confirmed
	for _, b := range line {
		for field := range parse([]byte(b.body)) {
			newest[field] = b
		}
		if e := m.r.told(b.id.seq); e.rejected || e.blameable() >= modelAttempts || b.state == Dead || b.state == Cancelled {
			refused = b.id.seq
		}
		if b.state == Done {
			done = b.id.seq
		}
		if e := m.r.told(b.id.seq); b.state != Done && e.delivered && e.rejected {
			unsure = b.id.seq
		}
	}
	ln := m.r.lane(n)
	story := func() string { return strings.Join(ln.log, "\n") + "\n" + m.story(line) }
	for _, e := range m.r.pending {
		// What may come late after a refusal may be newer than what stands.
		if e.lane == ln && refused <= done {
			m.fatalf("lane %v is at rest, but an older value may still be applied\n%s", n, story())
		}
	}
	for field, b := range newest {
		// A value that gave way is carried by a newer one, and goes down with it
		// if that is refused.
		if b.state != Done && refused >= b.id.seq || unsure >= b.id.seq {
			m.lax++
			continue
		}
		m.strict++
		got, want := ln.fields[field], parse([]byte(b.body))[field]
		if got != want {
			m.fatalf("lane %v is at rest with %s=%q, want %q of %s, which is %s; refused up to %d\n%s", n, field, got, want, b.id, b.state, refused, story())
		}
	}
}

// story is what the outbox says happened to the last entries of a lane.
func (m *model) story(line []*booked) string {
	m.t.Helper()
	var out strings.Builder
	for _, b := range line[max(0, len(line)-8):] {
		events, err := m.o.Events(b.id)
		m.noError(err, "events")
		fmt.Fprintf(&out, "%s %s\n", b.id, b.body)
		for _, e := range events {
			fmt.Fprintf(&out, "  %s %s %s %q by %d, confirming %t\n", e.At.Format("15:04:05.000"), e.Type, e.Verdict, e.Reason, e.By.seq, e.Confirming)
		}
	}
	return out.String()
}

// verifyOrders: what is delivered took effect once and in order. That order is
// kept and nothing is made twice, the other side saw when it happened.
func (m *model) verifyOrders() {
	m.t.Helper()
	m.r.mu.Lock()
	defer m.r.mu.Unlock()
	for n, line := range m.lanes {
		if n.family != familyOf {
			continue
		}
		for _, b := range line {
			made := m.r.order(n).created
			if b.kind == kindStep {
				made = m.r.told(b.id.seq).applied
			}
			if b.state == Done && made != 1 || made > 1 {
				m.fatalf("%s of lane %v is %s and took effect %d times", b.id, n, b.state, made)
			}
		}
	}
}
