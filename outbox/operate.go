package outbox

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

// Requeue lets a dead letter or a parked entry be tried again, at its old
// place in its lane and with its attempts forgotten. It returns [ErrNotFound],
// or [ErrState] if the entry is neither.
func (o *Outbox) Requeue(ctx context.Context, id ID) error {
	return o.operate(ctx, id, func(t *tx, l *lane, s *stored, state State, now time.Time) error {
		if l == nil {
			return errNoLane(id)
		}
		switch state {
		case Dead:
			o.revive(t, l, s)
			o.happen(t, s.seq, Event{Type: EventRequeued}, nil, now)
		case Parked:
			if l.find(s.seq).flags&flagParked == 0 {
				return fmt.Errorf("%w: %s waits for another entry, see its reason", ErrState, id)
			}
			s.flags &^= flagParked | flagFromBackup
			s.attempts, s.sends, s.notFoundSince, s.reason = 0, 0, 0, ""
			if s.pending != 0 && o.configured[s.kind] != nil && o.configured[s.kind].Resolve == nil {
				s.pending = 0 // a person has looked
			}
			o.update(t, l, s)
			if s.pending != 0 {
				o.setLookAt(s)
			}
			o.happen(t, s.seq, Event{Type: EventReleased}, nil, now)
		default:
			return stateError(id, state)
		}
		return nil
	})
}

// errNoLane: an unreadable entry can only be looked at and discarded.
func errNoLane(id ID) error {
	return fmt.Errorf("%w: %s cannot be read, keep its bytes and discard it", ErrState, id)
}

// Edit replaces the body of a dead letter or a parked entry and lets it be
// tried again. An edited absolute value is a new entry, the newest of its
// lane; a creation or step keeps its place. The receipt is for the entry that
// goes on. Errors are those of [Outbox.Requeue] and [Outbox.Accept].
func (o *Outbox) Edit(ctx context.Context, id ID, body []byte) (Receipt, error) {
	receipt := Receipt{o: o, id: id}
	if len(body) > o.opts.MaxBody {
		return receipt, fmt.Errorf("%w Body: %d bytes, at most %d", ErrInvalid, len(body), o.opts.MaxBody)
	}
	err := o.operate(ctx, id, func(t *tx, l *lane, s *stored, state State, now time.Time) error {
		if l == nil {
			return errNoLane(id)
		}
		if state != Dead && (state != Parked || l.find(s.seq).flags&flagParked == 0) {
			return stateError(id, state)
		}
		k := o.configured[s.kind]
		if k == nil {
			return fmt.Errorf("%w: kind %s is not configured", ErrState, s.kind)
		}
		if k.Check != nil {
			if _, err := callSafely(func() (any, error) { return nil, k.Check(s.key, body) }); err != nil {
				return fmt.Errorf("%w Body: %w", ErrInvalid, err)
			}
		}
		if k.Class == Absolute {
			receipt = o.replaceValue(t, l, s, k, state, body, now)
			return nil
		}
		if k.Class == Once {
			if err := o.rehash(t, k, s, body); err != nil {
				return err
			}
		}
		s.body = body
		s.flags &^= flagParked
		s.attempts, s.sends, s.reason = 0, 0, ""
		if state == Dead {
			o.revive(t, l, s)
		} else {
			s.notFoundSince = 0
			if s.pending != 0 {
				s.pending = Unknown // what was refused or failed was the old body
			}
			o.update(t, l, s)
			if s.pending != 0 {
				o.setLookAt(s)
			}
		}
		o.happen(t, s.seq, Event{Type: EventEdited, By: id}, nil, now)
		return nil
	})
	return receipt, err
}

// replaceValue puts a new value in the place of one that a person edited.
func (o *Outbox) replaceValue(t *tx, l *lane, s *stored, k *kind, state State, body []byte, now time.Time) Receipt {
	p := prepared{k: k, addressing: l.branch.addressing, stored: stored{
		kind: s.kind, account: s.account, key: s.key, group: s.group, body: body,
	}}
	seq := t.bucket(inEntries).Sequence() + 1
	o.happen(t, s.seq, Event{Type: EventEdited, By: ID{file: o.store.file, seq: seq}}, nil, now)
	if state == Parked {
		confirmAt := l.confirmAt
		o.supersede(t, l, s, seq, "edited", now)
		l.confirmAt = confirmAt
	} else if s.confirmAt > l.confirmAt {
		l.confirmAt = s.confirmAt
	}
	o.cover(t, l, &p.stored)
	p.draft = t.seals.seal(&p.stored).draft(nil)
	o.putOne(t, &p, now)
	return p.receipt
}

// rehash makes the edited body the one that the creation's key stands for.
func (o *Outbox) rehash(t *tx, k *kind, s *stored, body []byte) error {
	fields := map[string][]byte{"body": body}
	if k.Fields != nil {
		var err error
		if fields, err = callSafely(func() (map[string][]byte, error) { return k.Fields(body) }); err != nil {
			return fmt.Errorf("%w Body: %w", ErrInvalid, err)
		}
	}
	key := onceKeyOf(k, s)
	c := creation{seq: s.seq, fields: o.store.hashFields(fields)}
	t.put(inOnce, key, c.encode(key))
	return nil
}

// revive moves a dead letter back to where it waited.
func (o *Outbox) revive(t *tx, l *lane, s *stored) {
	s.attempts, s.sends, s.dueAt, s.pending, s.reason = 0, 0, 0, 0, ""
	s.unknownSince, s.notFoundSince = 0, 0
	t.delete(inDead, t.key(s.seq))
	first := l.first
	o.removeDead(l, s.seq)
	o.noteValue(l, s)
	if l.absolute() {
		o.supersedeDead(t, l, s.seq, t.now) // those before it
		s.confirmAt = max(s.confirmAt, l.confirmAt)
		o.cover(t, l, s)
	}
	t.putEntry(inEntries, s)
	o.add(s, 0)
	l.first = first
	delete(o.notes, s.seq)
}

// cover merges a revived or edited value with the one in doubt that it stands over now.
func (o *Outbox) cover(t *tx, l *lane, s *stored) {
	k := o.configured[s.kind]
	if k == nil || k.Merge == nil {
		return
	}
	older := o.newestBody(t, &batch{}, l.id())
	if older == nil {
		return
	}
	if merged, err := o.merge(k, older, s.body); err == nil && !bytes.Equal(merged, s.body) {
		s.merged = merged
	}
}

// Discard takes an entry out for good: a dead letter, a parked or a waiting
// one. Discarding a creation cancels the steps that belong to it. An entry on
// the wire cannot be discarded, nor one that is settled, nor a creation with a
// step on the wire: [ErrState].
func (o *Outbox) Discard(ctx context.Context, id ID, reason string) error {
	return o.operate(ctx, id, func(t *tx, l *lane, s *stored, state State, now time.Time) error {
		switch state {
		case Dead, Parked, Waiting:
		default:
			return stateError(id, state)
		}
		once := ""
		if k := o.configured[s.kind]; k != nil && k.Class == Once {
			if c, _, err := t.creationUnder(onceKeyOf(k, s), now); err != nil || c.deliveredAt == 0 {
				once = s.once // else it was there once, and its steps have what to belong to
			}
			if once != "" && l.leased != 0 {
				return fmt.Errorf("%w: its step %s is on the wire", ErrState, ID{file: o.store.file, seq: l.leased})
			}
		}
		o.cancel(t, l, s, state, reason, now)
		if once != "" {
			o.cancelSteps(t, l, once, now)
		}
		return nil
	})
}

// cancel ends the life of an entry that a person took out.
func (o *Outbox) cancel(t *tx, l *lane, s *stored, state State, reason string, now time.Time) {
	if state == Dead {
		t.delete(inDead, t.key(s.seq))
		if l != nil {
			o.removeDead(l, s.seq)
		} else {
			o.dead-- // unreadable, in no lane
		}
	} else {
		o.dropSweepable(t, l, now)
		t.delete(inEntries, t.key(s.seq))
		o.remove(l, s.seq)
		if l.absolute() {
			o.passDuty(t, l)
		}
	}
	o.settleCreation(t, s, false, nil, now)
	o.counters.cancelled++
	o.counters.changed = true
	s.body, s.merged = nil, nil
	o.happen(t, s.seq, Event{Type: EventCancelled, Reason: reason}, s, now)
}

// cancelSteps cancels the steps of a creation that was discarded.
func (o *Outbox) cancelSteps(t *tx, l *lane, once string, now time.Time) {
	seqs := append([]uint64(nil), l.dead...)
	for _, e := range l.entries {
		seqs = append(seqs, e.seq)
	}
	for _, seq := range seqs {
		s, state, err := t.locate(seq)
		if err == nil && s.once == once && seq != l.leased {
			o.cancel(t, l, &s, state, "its creation was discarded", now)
		}
	}
}

// operate runs a person's act on a stored entry.
func (o *Outbox) operate(ctx context.Context, id ID, act func(t *tx, l *lane, s *stored, state State, now time.Time) error) error {
	if id.file != o.store.file {
		return fmt.Errorf("%w: %s belongs to another outbox file", ErrNotFound, id)
	}
	return o.commit(ctx, func(t *tx) error {
		s, state, err := t.locate(id.seq)
		if err != nil {
			return fmt.Errorf("%w: %s is not waiting, parked or dead", err, id)
		}
		var l *lane
		if s.flags&flagUnreadable == 0 {
			l = o.laneOf(o.accountOf(s.account), o.kindOf(s.kind).family, s.key)
			o.touch(l)
			switch {
			case l.leased == id.seq:
				return fmt.Errorf("%w: %s is on the wire", ErrState, id)
			case (state == Waiting || state == Parked) && l.givesWay(id.seq):
				return stateError(id, Superseded)
			case state == Waiting && l.heldBy(id.seq) != 0:
				state = Parked
			}
		}
		if l == nil && state != Dead {
			return stateError(id, state)
		}
		return act(t, l, &s, state, time.Now())
	})
}

// locate finds a stored entry that is not settled. What it returns is valid
// beyond the transaction.
func (t *tx) locate(seq uint64) (stored, State, error) {
	s, state, err := t.find(seq)
	s.body, s.merged = bytes.Clone(s.body), bytes.Clone(s.merged)
	return s, state, err
}

// find is locate for as long as the transaction lasts.
func (t *tx) find(seq uint64) (stored, State, error) {
	key := seqKey(seq)
	for _, bucket := range []int{inEntries, inDead} {
		value := t.get(bucket, key)
		if value == nil {
			continue
		}
		s, err := t.seals.decode(key, value)
		if err != nil {
			s = unreadableEntry(seq, value, err, time.Time{})
		}
		switch {
		case bucket == inDead:
			return s, Dead, nil
		case s.flags&flagInDoubt != 0:
			return s, Done, nil
		case s.flags&flagParked != 0:
			return s, Parked, nil
		default:
			return s, Waiting, nil
		}
	}
	return stored{}, 0, ErrNotFound
}

func stateError(id ID, state State) error {
	return fmt.Errorf("%w: %s is %s", ErrState, id, state)
}
