package outbox

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"
)

// recoverFlight gives what was on the wire when the file was last in use its
// unknown outcome, sets aside what cannot be read, and, in a restored file,
// marks what may be older than what was sent since. It runs once, at opening.
func (o *Outbox) recoverFlight() error {
	err := o.commit(context.Background(), func(t *tx) error {
		now := time.Now()
		type record struct {
			key  []byte
			seqs []uint64
		}
		var records []record
		err := t.bucket(inFlight).ForEach(func(key, value []byte) error {
			seqs, err := decodeFlight(key, value)
			if err != nil {
				return fmt.Errorf("%w: %s: flight record %x: %w", ErrFormat, o.store.path, key, err)
			}
			records = append(records, record{append([]byte(nil), key...), seqs})
			return nil
		})
		if err != nil {
			return err
		}
		for _, r := range records {
			kept := false
			for _, seq := range r.seqs {
				kept = o.isOrphan(t, seq) || kept
			}
			if kept {
				continue // until the file is opened with the kind, and it is known what follows
			}
			for _, seq := range r.seqs {
				o.outcomeUnknown(t, seq, now)
			}
			t.delete(inFlight, r.key)
		}
		o.setAsideFound(t, now)
		return nil
	})
	if err != nil || !o.opts.Restored {
		return err
	}
	return o.markRestored()
}

// isOrphan says whether an entry that is not settled is of a kind that is not
// configured.
func (o *Outbox) isOrphan(t *tx, seq uint64) bool {
	s, state, err := t.locate(seq)
	if err != nil || state == Dead {
		return false
	}
	k := o.byName[s.kind]
	return k != nil && k.orphan
}

// outcomeUnknown is what follows for an entry when the process that had it on
// the wire ended.
func (o *Outbox) outcomeUnknown(t *tx, seq uint64, now time.Time) {
	s, state, err := t.locate(seq)
	if err != nil || state == Dead || s.flags&flagUnreadable != 0 {
		return // settled before, or its bytes are all that is left
	}
	k := o.kindOf(s.kind)
	l := o.laneOf(o.accountOf(s.account), k.family, s.key)
	if l.find(seq) == nil {
		return
	}
	o.touch(l)
	const reason = "the process ended while the call was on the wire"
	o.happen(t, seq, Event{Type: EventAttempt, Verdict: Unknown, Reason: reason}, nil, now)
	switch {
	case l.absolute():
		it := &item{seq: seq, stored: s}
		o.tried(t, l, it)
		o.doubt(t, l, it, k.Host)
	case state != Parked:
		o.lookUpNext(t, k, l, &s, Unknown, reason, 0, now)
	}
}

// setAsideFound sets aside what could not be read when the file was read last.
func (o *Outbox) setAsideFound(t *tx, now time.Time) {
	for _, d := range o.unreadable {
		o.setAside(t, d, now)
	}
	o.unreadable = nil
}

// setAside makes a dead letter of an entry that could not be decoded.
func (o *Outbox) setAside(t *tx, d damaged, now time.Time) {
	seq := uint64(0)
	if len(d.key) == 8 {
		seq = binary.BigEndian.Uint64(d.key)
	}
	for seq == 0 || t.get(inDead, seqKey(seq)) != nil {
		seq = t.next(inEntries)
	}
	s := unreadableEntry(seq, d.value, d.why, now)
	t.delete(inEntries, d.key)
	t.putEntry(inDead, &s)
	o.dead++
	o.happen(t, seq, Event{Type: EventDead, Reason: s.reason}, nil, now)
}

// setAsideDamaged is setAside for leased entries.
func (o *Outbox) setAsideDamaged(ctx context.Context, bad []damaged) error {
	return o.commit(ctx, func(t *tx) error {
		for _, d := range bad {
			seq := binary.BigEndian.Uint64(d.key)
			for l := range o.lanes() {
				if l.leased == seq {
					o.touch(l)
					l.leased = 0
					o.remove(l, seq)
					break
				}
			}
			delete(o.leased, seq)
			o.setAside(t, d, time.Now())
		}
		return nil
	})
}

// markRestored marks the absolute values of a restored file: they are sent
// only as the refreshed value of now. Those of a kind that cannot be refreshed
// are parked.
func (o *Outbox) markRestored() error {
	return o.commit(context.Background(), func(t *tx) error {
		now := time.Now()
		for l := range o.lanes() {
			h := l.head()
			if h == nil {
				continue
			}
			s, err := t.entry(inEntries, h.seq)
			if err != nil {
				continue
			}
			switch k := o.kinds[h.kind]; {
			case k.orphan || s.flags&(flagParked|flagFromBackup) != 0:
			case l.absolute() && k.Refresh == nil:
				o.touch(l)
				s.flags |= flagFromBackup
				o.park(t, l, &s, "from a restored file: a newer value may have been sent since, look and requeue or discard it", 0, now)
			case l.absolute():
				o.touch(l)
				s.flags |= flagFromBackup
				o.update(t, l, &s)
			case k.Class == Once:
				o.touch(l)
				s.flags |= flagLookupFirst
				o.update(t, l, &s)
			}
		}
		return nil
	})
}
