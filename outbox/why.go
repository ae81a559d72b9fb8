package outbox

import (
	"fmt"
	"time"
)

// Why says in sentences why an entry stands where it stands.
type Why struct {
	State State
	// Because has the reasons.
	Because []string
	// Next has what must happen for it to go on; empty if nothing more will.
	Next []string
}

func (w *Why) because(format string, args ...any) {
	w.Because = append(w.Because, fmt.Sprintf(format, args...))
}

func (w *Why) next(format string, args ...any) {
	w.Next = append(w.Next, fmt.Sprintf(format, args...))
}

// Why says why an entry stands where it stands and what must happen for it to
// go on. [ErrNotFound] says that there is no such entry, or that its history is
// past retention.
func (o *Outbox) Why(id ID) (Why, error) {
	rec, err := o.Show(id)
	if err != nil {
		return Why{}, err
	}
	w := Why{State: rec.State}
	switch rec.State {
	case Done:
		o.whyDone(&w, rec)
	case Superseded:
		w.because("a newer value of its lane took its place%s", becauseOf(rec.Reason))
	case Cancelled:
		w.because("it was taken out%s", becauseOf(rec.Reason))
	case Dead:
		o.whyDead(&w, rec)
	case Parked:
		o.whyParked(&w, rec)
	default:
		o.whyWaiting(&w, rec)
	}
	return w, nil
}

func (o *Outbox) whyDone(w *Why, rec Record) {
	w.because("it was delivered%s", becauseOf(rec.Reason))
	if !rec.InDoubt {
		return
	}
	w.because("an earlier attempt of unknown outcome may still be applied late, over it")
	o.mu.Lock()
	left := time.Duration(0)
	l := o.laneOfRecord(rec)
	if l != nil {
		left = l.confirmAt - o.uptime(o.hostOf(l.family()))
	}
	o.mu.Unlock()
	w.next("it goes once more %s", whenProven(left))
}

func whenProven(left time.Duration) string {
	if left <= 0 {
		return "as soon as the gate lets it"
	}
	return "when its host has been proven up for another " + left.Round(time.Second).String()
}

func (o *Outbox) whyDead(w *Why, rec Record) {
	if rec.Unreadable != nil {
		w.because("its stored bytes cannot be read: %s", rec.Reason)
		w.next("a person must keep its bytes, if they are of use, and discard it")
		return
	}
	w.because("it is a dead letter%s", becauseOf(rec.Reason))
	o.mu.Lock()
	behind := 0
	l := o.laneOfRecord(rec)
	if l != nil && !l.absolute() {
		for _, e := range l.entries {
			if e.seq > rec.ID.seq {
				behind++
			}
		}
	}
	absolute := l != nil && l.absolute()
	o.mu.Unlock()
	if behind > 0 {
		w.because("what waits behind it in its lane: %s", count(behind, "entry", "entries"))
	}
	w.next("a person must requeue it as it is, edit it, or discard it")
	if absolute {
		w.next("or a newer value of its lane takes its place")
	}
}

func (o *Outbox) whyParked(w *Why, rec Record) {
	o.mu.Lock()
	var by uint64
	dead, orphan, creation := false, false, false
	if l := o.laneOfRecord(rec); l != nil {
		by = l.heldBy(rec.ID.seq)
		e := l.find(by)
		dead = by != 0 && e == nil
		if e != nil && rec.Once != "" {
			creation = o.kinds[e.kind].Class == Once
		}
	}
	if k := o.byName[rec.Kind]; k != nil {
		orphan = k.orphan
	}
	o.mu.Unlock()
	switch {
	case orphan:
		w.because("its kind, %s, is not one that this process delivers", rec.Kind)
		w.next("the outbox must be opened with that kind, or a person discard it")
	case by != 0:
		what := "parked entry"
		if dead {
			what = "dead letter"
		}
		if creation {
			what += ", the creation that it belongs to,"
		}
		w.because("it waits for %s %s before it in its lane", what, ID{file: rec.ID.file, seq: by})
		w.next("a person must requeue, edit or discard %s", ID{file: rec.ID.file, seq: by})
	default:
		w.because("it is parked%s", becauseOf(rec.Reason))
		w.next("a person must requeue it as it is, edit it, or discard it")
	}
}

// whyWaiting goes from what holds an entry back longest to what is but a moment.
func (o *Outbox) whyWaiting(w *Why, rec Record) {
	if err := o.usable(); err != nil {
		w.because("nothing can be recorded: %s", err)
		w.next("the outbox must be rebuilt or opened again")
	}
	o.mu.Lock()
	running := o.running != nil && !o.closing
	s := o.situationOf(rec)
	o.mu.Unlock()
	if s.onTheWire {
		w.because("%s", s.wire)
		w.next("its answer must come")
		return
	}
	if !running {
		w.because("nobody delivers: the outbox is open, but not running")
		w.next("a process must run it")
	}
	w.Because = append(w.Because, s.because...)
	w.Next = append(w.Next, s.next...)
	if closed := o.Closed(s.host, rec.Account); closed != nil {
		w.because("the gate is closed: %s", closed.Reason)
		if closed.Until.IsZero() {
			w.next("the gate must open")
		} else {
			w.next("the gate must open, which is expected at %s", utc(closed.Until))
		}
		return
	}
	if len(w.Because) > 0 {
		return
	}
	if rec.Reason != "" {
		w.because("its last attempt failed, by no fault of its own%s", becauseOf(rec.Reason))
	}
	w.because("it is ready, as one of %s of its account", count(s.ready, "lane", "lanes"))
	for _, g := range o.Gate() {
		if g.Host == s.host && g.Account == rec.Account {
			w.next("its turn must come: calls of its account go at %.3g a second", g.Rate)
		}
	}
}

// situation is what memory knows of a waiting entry.
type situation struct {
	host      string
	onTheWire bool
	wire      string
	because   []string
	next      []string
	ready     int
}

// situationOf wants the outbox's mutex held.
func (o *Outbox) situationOf(rec Record) (s situation) {
	because := func(format string, args ...any) { s.because = append(s.because, fmt.Sprintf(format, args...)) }
	next := func(format string, args ...any) { s.next = append(s.next, fmt.Sprintf(format, args...)) }
	l := o.laneOfRecord(rec)
	if l == nil {
		return s // settled a moment ago
	}
	s.host, s.ready = o.hostOf(l.family()), l.account().waiting
	id := func(seq uint64) ID { return ID{file: rec.ID.file, seq: seq} }
	if l.leased == rec.ID.seq {
		s.onTheWire, s.wire = true, "a call with it is on the wire"
		if c := o.leased[l.leased]; c != nil && c.lookUp {
			s.wire = "it is being looked up, since it may have taken effect"
		}
		return s
	}
	if l.leased != 0 {
		because("%s of its lane is on the wire, and a lane has one call at a time", id(l.leased))
		next("the answer to it must come")
	}
	h := l.head()
	if h == nil {
		return s
	}
	if h.seq != rec.ID.seq {
		if !l.absolute() && l.leased == 0 {
			because("%s goes before it in its lane, which keeps its order", id(h.seq))
			next("%s must be settled", id(h.seq))
		}
		return s
	}
	o.headSituation(rec, l, h, because, next)
	return s
}

// headSituation says what holds the entry whose turn it is in its lane.
func (o *Outbox) headSituation(rec Record, l *lane, h *entry, because, next func(string, ...any)) {
	n := o.notes[h.seq]
	switch {
	case h.pending != 0:
		because("whether an attempt took effect is not known%s", becauseOf(rec.Reason))
		left := time.Duration(0)
		if n != nil {
			left = n.lookAt - o.uptime(o.kinds[h.kind].Host)
		}
		if left > 0 {
			next("it is looked up %s", whenProven(left))
		} else {
			next("it must be looked up before anything is sent")
		}
	case h.flags&flagLookupFirst != 0:
		because("it is older than this file, or its age is not known, so that an earlier file may have sent it")
		next("it must be looked up before it is sent")
	}
	if wait := time.Duration(o.due(h) - o.clock()); h.later && wait > 0 {
		if h.attempts > 0 {
			because("%s failed by its own fault%s", count(int(h.attempts), "attempt", "attempts"), becauseOf(rec.Reason))
		} else {
			because("its last attempt failed, by no fault of its own%s", becauseOf(rec.Reason))
		}
		next("it is tried again in %s", wait.Round(time.Millisecond))
	}
	if l.held {
		because("what concerns its lane is being committed")
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// laneOfRecord returns the lane that a record's entry is or was in, nil if there
// is nothing left of it. It wants the outbox's mutex held.
func (o *Outbox) laneOfRecord(rec Record) *lane {
	k := o.byName[rec.Kind]
	if k == nil {
		return nil
	}
	a := o.accounts[rec.Account]
	if a == nil {
		return nil
	}
	return o.lane(laneKey{a, k.family, rec.Key})
}

// Paused is what an operator paused: one account, or all of them.
type Paused struct {
	Account string
	All     bool
	Reason  string
}

// Pauses returns what is paused now: all accounts first, then one by one.
func (o *Outbox) Pauses() []Paused {
	g := o.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Paused
	if g.pausing.on {
		out = append(out, Paused{All: true, Reason: g.pausing.reason})
	}
	for _, a := range g.byName {
		if a.pausing.on {
			out = append(out, Paused{Account: a.name, Reason: a.pausing.reason})
		}
	}
	return out
}
