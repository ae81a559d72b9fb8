package outbox

import "time"

// concludeValue is conclude for an absolute value.
func (o *Outbox) concludeValue(t *tx, c *call, l *lane, it *item, r Result, now time.Time) {
	s := &it.stored
	newest := l.newest().seq
	e := Event{Verdict: r.Verdict, Reason: r.Reason, Attempt: c.number, Confirming: s.flags&flagInDoubt != 0, Duplicate: r.Duplicate}
	switch {
	case r.Verdict == Unknown, r.Verdict == Failed && !it.noEffect:
		o.tried(t, l, it)
	case r.Verdict == Rejected:
		s.flags &^= flagTried // nor was it taken before
	}
	if r.Verdict == Unknown || it.lateApply {
		it.lateApply = false
		o.doubt(t, l, it, c.kind.Host)
	}
	if newest != s.seq && r.Verdict != Delivered {
		e.Type = EventAttempt
		o.happen(t, s.seq, e, nil, now)
		o.giveWay(t, l, s, newest, r.Reason, now)
		return
	}
	switch r.Verdict {
	case Delivered:
		s.body, s.merged = it.send, nil
		if it.refreshedAt != 0 {
			s.asOf = it.refreshedAt
			o.counters.longestRefreshed = max(o.counters.longestRefreshed, uint64(max(0, s.asOf-s.acceptedAt)))
			o.noteValue(l, s)
		}
		o.delivered(t, l, it, e, now)
	case Rejected:
		o.bury(t, l, s, r.Reason, c.number, now)
	case Failed:
		o.failed(t, c, l, s, r, now)
	default:
		e.Type = EventAttempt
		o.happen(t, s.seq, e, nil, now)
		o.delay(l, s, r)
	}
}

// tried stores, once, that a value may have taken effect; and without what it
// covers, if that was refused.
func (o *Outbox) tried(t *tx, l *lane, it *item) {
	s := &it.stored
	if s.flags&flagInDoubt != 0 || s.flags&flagTried != 0 && (!it.alone || s.merged == nil) {
		return
	}
	s.flags |= flagTried
	if it.alone {
		s.merged = nil
	}
	o.update(t, l, s)
}

// doubt notes, and stores, that an attempt may be applied late: whatever is the
// lane's newest value must go once more when that can no longer happen.
func (o *Outbox) doubt(t *tx, l *lane, it *item, host string) {
	l.confirmAt = max(l.confirmAt, o.uptime(host)+o.opts.LateApply)
	if n := l.newest(); n.seq != it.seq {
		if s, err := t.entry(inEntries, n.seq); err == nil {
			s.confirmAt = l.confirmAt
			t.putEntry(inEntries, &s)
		}
		return
	}
	it.confirmAt = l.confirmAt
	o.update(t, l, &it.stored)
}

// delivered ends an absolute value's life, or leaves it in doubt.
func (o *Outbox) delivered(t *tx, l *lane, it *item, e Event, now time.Time) {
	s := &it.stored
	before := s.flags&flagInDoubt != 0
	confirm, owed := o.toConfirm(t, l, it)
	o.dropOlder(t, l, s.seq, now)
	if e.Type = EventDelivered; before {
		e.Type = EventConfirmed
	} else {
		o.counters.delivered++
		o.counters.changed = true
	}
	if l.confirmAt > it.uptime || owed {
		// Something older may still arrive there and stand. Under a newer value
		// it is kept too, in case that is refused or discarded.
		if before {
			e.Type = EventAttempt
		}
		o.happen(t, s.seq, e, s, now)
		s.flags |= flagInDoubt
		s.flags &^= flagFromBackup | flagTried
		s.confirmAt, s.dueAt, s.attempts, s.reason, s.body = l.confirmAt, 0, 0, "", confirm
		o.update(t, l, s)
		return
	}
	o.happen(t, s.seq, e, s, now)
	t.delete(inEntries, t.key(s.seq))
	o.remove(l, s.seq)
}

// toConfirm is what must stand when nothing can come late any more: what was
// sent, and if that was the newest value's own part alone, what the delivered
// value in doubt before it said besides. That one's confirming call is owed then.
func (o *Outbox) toConfirm(t *tx, l *lane, it *item) (confirm []byte, owed bool) {
	if it.sentMerged() || it.refreshedAt != 0 {
		return it.send, false
	}
	below, ok := o.inDoubtBelow(t, l, it.seq)
	if !ok {
		return it.send, false
	}
	return o.over(it.kind, &below, it.send), it.alone
}

// inDoubtBelow is the delivered value in doubt that a lane keeps under a newer
// one, if it has one.
func (o *Outbox) inDoubtBelow(t *tx, l *lane, seq uint64) (stored, bool) {
	if len(l.entries) == 0 || l.entries[0].seq >= seq || l.entries[0].flags&flagInDoubt == 0 {
		return stored{}, false
	}
	s, err := t.entry(inEntries, l.entries[0].seq)
	return s, err == nil
}

// over is a newer value with what an older one said besides.
func (o *Outbox) over(kind string, older *stored, newer []byte) []byte {
	k := o.configured[kind]
	if k == nil || k.Merge == nil {
		return newer
	}
	merged, err := o.merge(k, older.toSend(), newer)
	if err != nil {
		return newer
	}
	return merged
}

// dropOlder removes what a delivered entry of a lane covers.
func (o *Outbox) dropOlder(t *tx, l *lane, seq uint64, now time.Time) {
	for len(l.entries) > 0 && l.entries[0].seq < seq {
		o.dropSuperseded(t, l, l.entries[0].seq, seq, now)
	}
}

// dropSweepable removes what gave way in a lane, so that it does not come back
// when the newest value leaves. A delivered value in doubt stays: it is the
// newest then, and its to confirm.
func (o *Outbox) dropSweepable(t *tx, l *lane, now time.Time) {
	for seq := l.sweepableEntry(); seq != 0; seq = l.sweepableEntry() {
		o.dropSuperseded(t, l, seq, l.newest().seq, now)
	}
}

// passDuty stores the lane's duty to confirm with what is its newest value now
// that a newer one left.
func (o *Outbox) passDuty(t *tx, l *lane) {
	n := l.newest()
	if n == nil || n.flags&flagInDoubt == 0 {
		return
	}
	if s, err := t.entry(inEntries, n.seq); err == nil && s.confirmAt != l.confirmAt {
		s.confirmAt = l.confirmAt
		t.putEntry(inEntries, &s)
	}
}

// giveWay ends an attempt of a value that is not its lane's newest any more. The
// older ones that gave way go first, so that each leaves its value to confirm
// before a newer one does.
func (o *Outbox) giveWay(t *tx, l *lane, s *stored, newest uint64, reason string, now time.Time) {
	if s.flags&flagInDoubt != 0 {
		return
	}
	for seq := l.sweepableEntry(); seq != 0 && seq < s.seq; seq = l.sweepableEntry() {
		o.dropSuperseded(t, l, seq, newest, now)
	}
	o.supersede(t, l, s, newest, reason, now)
}

// dropSuperseded removes an entry that a newer one covers.
func (o *Outbox) dropSuperseded(t *tx, l *lane, seq, by uint64, now time.Time) {
	key := seqKey(seq)
	s, err := t.entry(inEntries, seq)
	if err != nil {
		// Nobody needs its value any more, but its bytes are kept.
		s = unreadableEntry(seq, append([]byte(nil), t.get(inEntries, key)...), err, now)
		t.putEntry(inDead, &s)
		t.delete(inEntries, key)
		o.remove(l, seq)
		o.dead++
		o.changed = append(o.changed, stateChange{seq: seq})
		return
	}
	o.supersede(t, l, &s, by, "", now)
}

// supersede ends the life of an entry that a newer one covers. One that was
// delivered already is only forgotten.
func (o *Outbox) supersede(t *tx, l *lane, s *stored, by uint64, reason string, now time.Time) {
	t.delete(inEntries, t.key(s.seq))
	o.remove(l, s.seq)
	if s.flags&flagInDoubt != 0 {
		return
	}
	o.leaveToConfirm(t, l, s)
	o.counters.superseded++
	o.counters.changed = true
	s.body, s.merged = nil, nil
	o.happen(t, s.seq, Event{Type: EventSuperseded, By: ID{file: o.store.file, seq: by}, Reason: reason}, s, now)
}

// leaveToConfirm gives a value that gave way, and may have taken effect, to the
// delivered one in doubt below it: if the newer ones come to nothing, that one
// goes once more, and must not put its older value over it. If it is refused
// then, the one in doubt is a dead letter, since nothing older may go.
func (o *Outbox) leaveToConfirm(t *tx, l *lane, s *stored) {
	if s.flags&flagTried == 0 {
		return
	}
	below, ok := o.inDoubtBelow(t, l, s.seq)
	if !ok {
		return
	}
	below.body, below.merged = o.over(s.kind, &below, s.toSend()), nil
	t.putEntry(inEntries, &below)
}

// supersedeDead ends the life of a lane's dead letters, which a newer value
// covers. What they left in doubt is the newer one's to confirm.
func (o *Outbox) supersedeDead(t *tx, l *lane, by uint64, now time.Time) {
	for len(l.dead) > 0 && l.dead[0] < by {
		key := seqKey(l.dead[0])
		s, err := t.entry(inDead, l.dead[0])
		if err != nil {
			s = stored{seq: l.dead[0], account: l.account().name, key: l.key}
		}
		l.confirmAt = max(l.confirmAt, s.confirmAt)
		t.delete(inDead, key)
		o.removeDead(l, l.dead[0])
		o.counters.superseded++
		o.counters.changed = true
		s.body, s.merged = nil, nil
		o.happen(t, s.seq, Event{Type: EventSuperseded, By: ID{file: o.store.file, seq: by}}, &s, now)
	}
}
