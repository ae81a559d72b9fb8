package outbox

import (
	"fmt"
	"time"
)

// Stats are the outbox's sums and alarms. Over the life of the file,
// Accepted = Delivered + Superseded + Dead + Cancelled + Waiting.
type Stats struct {
	Accepted, Delivered, Superseded, Cancelled uint64
	// Waiting includes Parked; Dead are the dead letters that are there now.
	Waiting, Parked, Dead uint64
	// InDoubt are delivered values that will go once more.
	InDoubt uint64
	// InFlight are the calls on the wire now.
	InFlight int
	// Calls counts the write calls of this process, Confirming those of them
	// that repeated a value in doubt; LookUps and Canaries are counted apart.
	Calls, Confirming, LookUps, Canaries uint64
	// OldestDue is when the oldest entry was accepted that could go if the
	// gate let it; zero if there is none.
	OldestDue time.Time
	// Suspended are the accounts whose credential was refused.
	Suspended []string
	// UsedBytes is the room that stored data takes, FileBytes the file's size.
	UsedBytes, FileBytes int64
	HistoryBytes         int64
	// Broken says why nothing can be committed; empty if all is well.
	Broken string
	Alarms []Alarm
}

// sums count what this process did.
type sums struct{ calls, confirming, lookUps, canaries uint64 }

func (o *Outbox) count(add func(*sums)) {
	o.mu.Lock()
	add(&o.sums)
	o.mu.Unlock()
}

// Stats returns the sums as of now.
func (o *Outbox) Stats() Stats {
	used, size := o.store.room()
	o.mu.Lock()
	s := Stats{
		Accepted: o.accepted, Delivered: o.counters.delivered, Cancelled: o.counters.cancelled,
		Superseded: o.counters.superseded + uint64(o.superseded),
		Waiting:    uint64(o.waiting()), Parked: uint64(o.parked), Dead: uint64(o.dead), InDoubt: uint64(o.inDoubt),
		InFlight: o.inFlight, Calls: o.sums.calls, Confirming: o.sums.confirming, LookUps: o.sums.lookUps, Canaries: o.sums.canaries,
		UsedBytes: used, FileBytes: size, HistoryBytes: int64(o.counters.historyBytes), OldestDue: o.oldestDue(),
	}
	if o.broken != nil {
		s.Broken = o.broken.Error()
	}
	accounts := make([]string, 0, len(o.order))
	for _, a := range o.order {
		accounts = append(accounts, a.name)
	}
	o.mu.Unlock()
	for _, a := range accounts {
		if o.gate.isSuspended(a) {
			s.Suspended = append(s.Suspended, a)
		}
	}
	s.Alarms = o.alarmsFor(&s)
	return s
}

// oldestDue looks at the first of each list: lanes become ready in the order
// in which their entries were accepted, near enough. What only lets others go
// first after an answer that was not its fault is due as well.
func (o *Outbox) oldestDue() time.Time {
	var oldest int64
	for _, c := range o.leased {
		if c.oldest != 0 && (oldest == 0 || c.oldest < oldest) {
			oldest = c.oldest
		}
	}
	for _, l := range o.timers {
		h := l.head()
		if h == nil || h.flags&flagInDoubt != 0 || oldest != 0 && h.acceptedAt >= oldest {
			continue
		}
		if n := o.notes[h.seq]; n != nil && n.delays > 0 {
			oldest = h.acceptedAt
		}
	}
	for _, a := range o.order {
		for _, lists := range a.ready {
			for _, q := range lists {
				if q.first == nil {
					continue
				}
				if h := q.first.head(); h != nil && (oldest == 0 || h.acceptedAt < oldest) {
					oldest = h.acceptedAt
				}
			}
		}
	}
	return unixTime(oldest)
}

// AlarmKind says what an alarm is about.
type AlarmKind string

// The alarms.
const (
	AlarmOverdue   AlarmKind = "overdue"   // something due waits longer than Options.MaxDueAge
	AlarmDead      AlarmKind = "dead"      // there are dead letters
	AlarmParked    AlarmKind = "parked"    // something waits for a person
	AlarmSuspended AlarmKind = "suspended" // an account's credential was refused
	AlarmBroken    AlarmKind = "broken"    // nothing can be committed
)

// Alarm says that a person should look.
type Alarm struct {
	Kind AlarmKind
	// Reason is one sentence.
	Reason string
}

func (o *Outbox) alarmsFor(s *Stats) []Alarm {
	var out []Alarm
	raise := func(on bool, kind AlarmKind, format string, args ...any) {
		if on {
			out = append(out, Alarm{Kind: kind, Reason: fmt.Sprintf(format, args...)})
		}
	}
	raise(s.Broken != "", AlarmBroken, "a commit failed, nothing is accepted until the outbox is rebuilt: %s", s.Broken)
	age := time.Since(s.OldestDue)
	raise(!s.OldestDue.IsZero() && age > o.opts.MaxDueAge, AlarmOverdue, "the oldest due entry has waited for %s", age.Round(time.Second))
	raise(s.Dead > 0, AlarmDead, "dead letters that need a person: %d", s.Dead)
	raise(s.Parked > 0, AlarmParked, "parked entries that need a person: %d", s.Parked)
	raise(len(s.Suspended) > 0, AlarmSuspended, "accounts are suspended because their credential was refused: %q", s.Suspended)
	return out
}

// updateAlarms tells the observer which alarms are new and which are over.
func (o *Outbox) updateAlarms() {
	now := map[AlarmKind]Alarm{}
	for _, a := range o.Stats().Alarms {
		now[a.Kind] = a
	}
	o.mu.Lock()
	before := o.alarms
	o.alarms = now
	o.mu.Unlock()
	for _, kind := range []AlarmKind{AlarmBroken, AlarmOverdue, AlarmDead, AlarmParked, AlarmSuspended} {
		was, raised := before[kind]
		is, raise := now[kind]
		switch {
		case raise && !raised:
			o.tell(Event{Type: EventAlarmRaised, Reason: is.Reason})
		case raised && !raise:
			o.tell(Event{Type: EventAlarmCleared, Reason: was.Reason})
		}
	}
}
