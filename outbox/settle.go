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
	verdict, ownFault := o.judge(c, items, a)
	r.ownFault = ownFault
	p.report(time.Now(), r)
	o.record(ctx, c, items, func(t *tx, it *item, i int, now time.Time) {
		result := a.Result
		result.Verdict = verdict
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
			if again && !o.isStored(t, &it.stored) {
				continue // the commit that failed got to the file, and was kept
			}
			conclude(t, &it, i, now)
		}
		if c.number != 0 && c.unsettled == len(items) {
			t.delete(inFlight, t.key(c.number))
		}
		t.wrote = true
		return nil
	}
	for {
		err := o.commitEnds(context.Background(), len(items), op) //nolint:contextcheck // what happened must be recorded even if the caller is stopping
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

// isStored says whether an entry is in the file just as it is.
func (o *Outbox) isStored(t *tx, s *stored) bool {
	have, err := t.entry(inEntries, s.seq)
	return err == nil && bytes.Equal(have.encode(), s.encode())
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
// the entry's own fault, and returns its verdict, which is Failed then. Before an
// entry can be blamed it must travel alone: a batch is halved each time instead.
// ownFault says that the answer tells nothing of host or account.
func (o *Outbox) judge(c *call, items []item, a Answer) (v Verdict, ownFault bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if a.Items != nil || c.kind.Class != Absolute && a.Verdict == Unknown {
		return a.Verdict, false
	}
	switch a.Verdict {
	case Unavailable, Unauthorized, Unknown:
	default:
		return a.Verdict, false
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
		return a.Verdict, false
	}
	items[0].lateApply, items[0].noEffect = a.Verdict == Unknown, a.Verdict != Unknown
	// As long as no write succeeds there, the host may be one that serves reads
	// only, and its breaker must see that.
	n := o.note(items[0].seq)
	return Failed, n.tried && o.gate.writes(c.kind.Host) > n.writes
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
	first := l.first
	t.delete(inEntries, t.key(s.seq))
	o.remove(l, s.seq)
	o.passDuty(t, l)
	s.flags &^= flagInDoubt | flagParked | flagFromBackup
	s.reason, s.pending, s.dueAt, s.merged = reason, 0, 0, nil
	t.putEntry(inDead, s)
	o.addDead(l, s.seq)
	l.first = first
	o.parkedBehind(l, s.seq)
	o.happen(t, s.seq, Event{Type: EventDead, Verdict: Rejected, Reason: reason, Attempt: attempt}, nil, now)
}

// parkedBehind wakes those that wait on what is parked now with an entry.
func (o *Outbox) parkedBehind(l *lane, seq uint64) {
	if l.absolute() {
		return
	}
	for _, e := range l.entries {
		if e.seq > seq || seq == l.first {
			o.changed = append(o.changed, stateChange{seq: e.seq})
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
	o.setDue(l.find(s.seq), o.clock()+int64(wait))
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
	n.reason = r.Reason
	wait := pause(n.delays, o.opts.MinBackoff, max(o.opts.MinBackoff, o.opts.CanaryInterval))
	o.setDue(l.find(s.seq), o.clock()+int64(wait))
}

// update stores an entry that changed.
func (o *Outbox) update(t *tx, l *lane, s *stored) {
	t.putEntry(inEntries, s)
	e := l.find(s.seq)
	o.setFlags(e, s.flags)
	e.attempts, e.pending = uint16(min(s.attempts, 1<<16-1)), s.pending
	o.setDue(e, 0)
}

// happen records an event of an entry; final is the entry if that ended its
// life.
func (o *Outbox) happen(t *tx, seq uint64, e Event, final *stored, now time.Time) {
	e.ID, e.At = ID{file: o.store.file, seq: seq}, now
	sealed := t.seals.seal(final)
	key := appendHistoryKey(t.scratch(16), seq, t.next(inHistory))
	value := appendEvent(t.scratch(eventSize(&e, sealed)), key, &e, sealed)
	t.put(inHistory, key, value)
	o.counters.historyBytes += uint64(len(key) + len(value))
	o.counters.changed = true
	if e.Type.settles() || e.Type == EventDead || e.Type == EventParked {
		o.changed = append(o.changed, stateChange{seq: seq, settled: e.Type == EventDelivered || e.Type == EventSuperseded})
	}
	if o.opts.Observer != nil {
		if final != nil {
			rec := final.record(o.store.file)
			e.Entry, e.Account = &rec, rec.Account
		}
		o.pendingEvents = append(o.pendingEvents, e)
	}
}
