package outbox

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"
)

// reportOf is what an answer tells the gate.
func (o *Outbox) reportOf(ctx context.Context, items []item, a Answer) report {
	return report{verdict: a.Verdict, retryAfter: a.RetryAfter, write: true, seq: items[0].seq, stopped: o.stopped(ctx, a.Verdict)}
}

// stopped says whether an answer came about because we are stopping.
func (o *Outbox) stopped(ctx context.Context, v Verdict) bool {
	return (ctx.Err() != nil || o.isStopping()) && !v.alive()
}

// settle records the verdicts of a call that was made. The leases end when
// they are on disk.
func (o *Outbox) settle(ctx context.Context, c *call, items []item, a Answer, p *permit) {
	r := o.reportOf(ctx, items, a)
	r.ownFault = o.judge(c, items, &a)
	p.report(time.Now(), r)
	o.record(ctx, c, items, func(t *tx, it *item, i int, now time.Time) {
		result := a.Result
		if a.Items != nil {
			result = a.Items[i]
		}
		if result.Verdict < Delivered || result.Verdict > Unknown {
			result.Verdict = Unknown
		}
		o.conclude(t, c, it, result, now)
	})
}

// giveBack ends the leases of items that were not sent after all.
func (o *Outbox) giveBack(ctx context.Context, c *call, items []item) {
	o.record(ctx, c, items, func(t *tx, it *item, _ int, now time.Time) {
		if l := o.lane(it.at); l.newest().seq != it.seq && l.absolute() {
			o.giveWay(t, l, &it.stored, l.newest().seq, "", now)
		}
	})
}

// record commits what follows from a call for its items and ends their leases.
// It does not give up before the outbox closes or Run's patience ends: as long
// as it is not done, the lanes stay leased and the attempt in flight.
func (o *Outbox) record(ctx context.Context, c *call, items []item, conclude func(t *tx, it *item, i int, now time.Time)) {
	again := false
	op := func(t *tx) error {
		now := time.Now()
		for i := range items {
			it := items[i] // a copy, since after a failed commit all this is done once more
			o.settled = append(o.settled, settledLease{it.seq, c})
			l := o.lane(it.at)
			if l == nil || l.find(it.seq) == nil {
				continue
			}
			o.touch(l)
			l.leased = 0
			if again && !bytes.Equal(t.get(inEntries, seqKey(it.seq)), it.encode()) {
				continue // the commit that failed got to the file, and was kept
			}
			conclude(t, &it, i, now)
		}
		if c.number != 0 && c.unsettled == len(items) {
			t.delete(inFlight, seqKey(c.number))
		}
		t.wrote = true
		return nil
	}
	for {
		// What happened must be recorded even if the caller is stopping.
		err := o.commit(context.WithoutCancel(ctx), op)
		if err == nil {
			break
		}
		again = true
		const pause = time.Second
		if errors.Is(err, ErrClosed) || sleep(ctx, time.Now().Add(pause), o.life.Done()) != nil || o.life.Err() != nil {
			c.unrecorded = true
			return
		}
	}
	c.unsettled -= len(items)
}

// settledLease is a lease that ends with the transaction that is being made.
type settledLease struct {
	seq  uint64
	call *call
}

// strikesForOwnFault is how often an entry may draw answers that blame host or
// account, while that host goes on to show that it serves this account, until
// the fault is taken to be the entry's.
const strikesForOwnFault = 3

// judge finds out whether an answer that blames host or account, or failed, is
// the entry's own fault, and changes it to Failed then. Before an entry can be
// blamed it must travel alone: a batch is halved each time instead. ownFault
// says that the answer tells nothing of host or account.
func (o *Outbox) judge(c *call, items []item, a *Answer) (ownFault bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if a.Items != nil || c.kind.Class != Absolute && a.Verdict == Unknown {
		return false
	}
	switch a.Verdict {
	case Unavailable, Unauthorized, Unknown:
	default:
		return false
	}
	signs := o.gate.signsOfLife(c.kind.Host, c.account.name)
	for i := range items {
		n := o.note(items[i].seq)
		if n.blamed && signs > n.signs {
			n.strikes++
		}
		n.blamed, n.signs = true, signs
		if n.strikes == 0 {
			continue
		}
		if len(items) > 1 {
			n.limit = max(1, len(items)/2)
			continue
		}
		if n.strikes >= strikesForOwnFault {
			ownFault = true
		}
	}
	if !ownFault {
		return false
	}
	items[0].lateApply, items[0].noEffect = a.Verdict == Unknown, a.Verdict != Unknown
	a.Verdict = Failed
	// As long as no write succeeds there, the host may be one that serves reads
	// only, and its breaker must see that.
	n := o.note(items[0].seq)
	return n.tried && o.gate.writes(c.kind.Host) > n.writes
}

// conclude writes what follows from the verdict on one entry.
func (o *Outbox) conclude(t *tx, c *call, it *item, r Result, now time.Time) {
	l := o.lane(it.at)
	if l.absolute() {
		o.concludeValue(t, c, l, it, r, now)
		return
	}
	o.concludeInOrder(t, c, l, it, r, now)
}

// concludeValue is conclude for an absolute value.
func (o *Outbox) concludeValue(t *tx, c *call, l *lane, it *item, r Result, now time.Time) {
	s := &it.stored
	newest := l.newest().seq
	e := Event{Verdict: r.Verdict, Reason: r.Reason, Attempt: c.number, Confirming: s.flags&flagInDoubt != 0, Duplicate: r.Duplicate}
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

// doubt notes, and stores, that an attempt may be applied late: whatever is the
// lane's newest value must go once more when that can no longer happen.
func (o *Outbox) doubt(t *tx, l *lane, it *item, host string) {
	l.confirmAt = max(l.confirmAt, o.uptime(host)+o.opts.LateApply)
	if n := l.newest(); n.seq != it.seq {
		key := seqKey(n.seq)
		if s, err := decodeStored(key, t.get(inEntries, key)); err == nil {
			s.confirmAt = l.confirmAt
			t.put(inEntries, key, s.encode())
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
	confirm := o.toConfirm(t, l, it)
	o.dropOlder(t, l, s.seq, now)
	if e.Type = EventDelivered; before {
		e.Type = EventConfirmed
	} else {
		o.counters.delivered++
		o.counters.changed = true
	}
	if l.confirmAt > it.uptime {
		// Something older may still arrive there and stand. Under a newer value
		// it is kept too, in case that is refused or discarded.
		if before {
			e.Type = EventAttempt
		}
		o.happen(t, s.seq, e, s, now)
		s.flags |= flagInDoubt
		s.flags &^= flagFromBackup
		s.confirmAt, s.dueAt, s.attempts, s.reason, s.body = l.confirmAt, 0, 0, "", confirm
		o.update(t, l, s)
		return
	}
	o.happen(t, s.seq, e, s, now)
	t.delete(inEntries, seqKey(s.seq))
	o.remove(l, s.seq)
}

// toConfirm is what must stand when nothing can come late any more: what was
// sent, and if that was the newest value's own part alone, what the delivered
// value in doubt before it said besides.
func (o *Outbox) toConfirm(t *tx, l *lane, it *item) []byte {
	first := &l.entries[0]
	k := o.configured[it.kind]
	if !it.alone || first.seq >= it.seq || first.flags&flagInDoubt == 0 || k == nil || k.Merge == nil {
		return it.send
	}
	key := seqKey(first.seq)
	older, err := decodeStored(key, t.get(inEntries, key))
	if err != nil {
		return it.send
	}
	merged, err := o.merge(k, older.toSend(), it.send)
	if err != nil {
		return it.send
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
	key := seqKey(n.seq)
	if s, err := decodeStored(key, t.get(inEntries, key)); err == nil && s.confirmAt != l.confirmAt {
		s.confirmAt = l.confirmAt
		t.put(inEntries, key, s.encode())
	}
}

// giveWay ends an attempt of a value that is not its lane's newest any more.
func (o *Outbox) giveWay(t *tx, l *lane, s *stored, newest uint64, reason string, now time.Time) {
	if s.flags&flagInDoubt == 0 {
		o.supersede(t, l, s, newest, reason, now)
	}
}

// dropSuperseded removes an entry that a newer one covers.
func (o *Outbox) dropSuperseded(t *tx, l *lane, seq, by uint64, now time.Time) {
	key := seqKey(seq)
	s, err := decodeStored(key, t.get(inEntries, key))
	if err != nil {
		// Nobody needs its value any more, but its bytes are kept.
		s = unreadableEntry(seq, append([]byte(nil), t.get(inEntries, key)...), err, now)
		t.put(inDead, key, s.encode())
		t.delete(inEntries, key)
		o.remove(l, seq)
		o.dead++
		return
	}
	o.supersede(t, l, &s, by, "", now)
}

// supersede ends the life of an entry that a newer one covers. One that was
// delivered already is only forgotten.
func (o *Outbox) supersede(t *tx, l *lane, s *stored, by uint64, reason string, now time.Time) {
	t.delete(inEntries, seqKey(s.seq))
	o.remove(l, s.seq)
	if s.flags&flagInDoubt != 0 {
		return
	}
	o.counters.superseded++
	o.counters.changed = true
	s.body, s.merged = nil, nil
	o.happen(t, s.seq, Event{Type: EventSuperseded, By: ID{file: o.store.file, seq: by}, Reason: reason}, s, now)
}

// supersedeDead ends the life of a lane's dead letters, which a newer value
// covers. What they left in doubt is the newer one's to confirm.
func (o *Outbox) supersedeDead(t *tx, l *lane, by uint64, now time.Time) {
	for len(l.dead) > 0 && l.dead[0] < by {
		key := seqKey(l.dead[0])
		s, err := decodeStored(key, t.get(inDead, key))
		if err != nil {
			s = stored{seq: l.dead[0], account: l.account.name, key: l.key}
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

// bury makes an entry a dead letter.
func (o *Outbox) bury(t *tx, l *lane, s *stored, reason string, attempt uint64, now time.Time) {
	if s.flags&flagInDoubt != 0 {
		// It was delivered once, but what stands there now is not certain.
		o.counters.delivered--
		o.counters.changed = true
		reason = strings.TrimSuffix("delivered before, but the confirming call was refused: "+reason, ": ")
	}
	if l.absolute() {
		o.dropSweepable(t, l, now)
	}
	s.confirmAt = l.confirmAt // before the lane forgets it
	t.delete(inEntries, seqKey(s.seq))
	o.remove(l, s.seq)
	o.passDuty(t, l)
	s.flags &^= flagInDoubt | flagParked | flagFromBackup
	s.reason, s.pending, s.dueAt, s.merged = reason, 0, 0, nil
	t.put(inDead, seqKey(s.seq), s.encode())
	o.addDead(l, s.seq)
	o.parkedBehind(l, s.seq)
	o.happen(t, s.seq, Event{Type: EventDead, Verdict: Rejected, Reason: reason, Attempt: attempt}, nil, now)
}

// parkedBehind wakes those that wait on what is parked now with an entry.
func (o *Outbox) parkedBehind(l *lane, seq uint64) {
	if l.absolute() {
		return
	}
	for _, e := range l.entries {
		if e.seq > seq {
			o.changed = append(o.changed, e.seq)
		}
	}
}

// park sets an entry aside for a person; it stays waiting.
func (o *Outbox) park(t *tx, l *lane, s *stored, reason string, attempt uint64, now time.Time) {
	s.flags |= flagParked
	s.reason, s.dueAt = reason, 0
	o.update(t, l, s)
	o.parkedBehind(l, s.seq)
	o.happen(t, s.seq, Event{Type: EventParked, Reason: reason, Attempt: attempt}, nil, now)
}

// failed costs an attempt if the other side proved meanwhile that it can do
// such calls; otherwise it is taken to be sick, and nothing is held against
// the entry.
func (o *Outbox) failed(t *tx, c *call, l *lane, s *stored, r Result, now time.Time) {
	n := o.note(s.seq)
	writes := o.gate.writes(c.kind.Host)
	own := n.tried && writes > n.writes
	n.tried, n.writes = true, writes
	e := Event{Type: EventAttempt, Verdict: Failed, Reason: r.Reason, Attempt: c.number, Confirming: s.flags&flagInDoubt != 0}
	if own && len(c.items) > 1 {
		n.limit = max(1, len(c.items)/2)
		own = false
	}
	if !own {
		o.happen(t, s.seq, e, nil, now)
		o.delay(l, s, r)
		return
	}
	s.attempts++
	if int(s.attempts) >= o.opts.MaxAttempts {
		o.happen(t, s.seq, e, nil, now)
		o.bury(t, l, s, r.Reason, c.number, now)
		return
	}
	wait := pause(int(s.attempts), o.opts.MinBackoff, o.opts.MaxBackoff)
	s.dueAt, s.reason = now.Add(wait).UnixNano(), r.Reason
	o.happen(t, s.seq, e, nil, now)
	o.update(t, l, s)
	l.find(s.seq).dueAt = o.clock() + int64(wait)
}

// delay lets others go first for a while after an answer that was not the
// entry's fault. It is never longer than a canary's interval, so that nothing
// comes late once the other side is back, and it is not stored.
func (o *Outbox) delay(l *lane, s *stored, r Result) {
	if r.Verdict == Throttled {
		return // the gate holds the whole account
	}
	n := o.note(s.seq)
	n.delays++
	wait := pause(n.delays, o.opts.MinBackoff, max(o.opts.MinBackoff, o.opts.CanaryInterval))
	l.find(s.seq).dueAt = o.clock() + int64(wait)
}

// update stores an entry that changed.
func (o *Outbox) update(t *tx, l *lane, s *stored) {
	t.put(inEntries, seqKey(s.seq), s.encode())
	e := l.find(s.seq)
	o.setFlags(e, s.flags)
	e.attempts, e.pending, e.dueAt = uint16(min(s.attempts, 1<<16-1)), s.pending, 0
}

// happen records an event of an entry; final is the entry if that ended its
// life.
func (o *Outbox) happen(t *tx, seq uint64, e Event, final *stored, now time.Time) {
	e.ID, e.At = ID{file: o.store.file, seq: seq}, now
	key := historyKey(seq, t.next(inHistory))
	value := encodeEvent(key, &e, final)
	t.put(inHistory, key, value)
	o.counters.historyBytes += uint64(len(key) + len(value))
	o.counters.changed = true
	switch {
	case e.Type.settles() || e.Type == EventDead || e.Type == EventParked:
		o.changed = append(o.changed, seq)
	}
	if o.opts.Observer != nil {
		if final != nil {
			rec := final.record(o.store.file)
			e.Entry, e.Account = &rec, rec.Account
		}
		o.pendingEvents = append(o.pendingEvents, e)
	}
}
