package outbox

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"time"
)

// Receipt is proof that an entry is on disk. It can be kept as its [ID] and
// rebuilt by [Outbox.Receipt] after a restart. The zero Receipt is invalid.
type Receipt struct {
	o    *Outbox
	id   ID
	lane laneKey // that the entry was put into, if it was by this process
	// Duplicate: the creation was accepted before, this is its receipt.
	Duplicate bool
	// GaveWay: a value of its lane is from a later moment than [Entry.AsOf], so
	// that nothing was stored; this is the receipt of that one.
	GaveWay bool
}

// ID names the entry.
func (r Receipt) ID() ID { return r.id }

// Receipt rebuilds a receipt from its ID. It does not look whether there is
// such an entry; waiting does.
func (o *Outbox) Receipt(id ID) Receipt { return Receipt{o: o, id: id} }

// Wait blocks until the entry's fate is known: nil when it was delivered or
// superseded (State tells which), a [*DeadError], [*ParkedError] or
// [*CancelledError] at once when it is that, [ErrNotFound], [ErrClosed] when
// the outbox closes, or ctx's error.
func (r Receipt) Wait(ctx context.Context) error {
	for {
		// Registered before looking, so that no change falls in between.
		w, waits := r.o.watch(r)
		if !waits {
			if over, err := r.outcome(); over {
				r.o.unwatch(r.id.seq, w)
				return err
			}
		}
		select {
		case <-w.changed: // which mostly is the end
			if w.settled {
				return nil
			}
			if over, err := r.outcome(); over {
				return err
			}
		case <-ctx.Done():
			r.o.unwatch(r.id.seq, w)
			return ctx.Err()
		case <-r.o.life.Done():
			r.o.unwatch(r.id.seq, w)
			return ErrClosed
		}
	}
}

// outcome is what Wait returns, once that is known.
func (r Receipt) outcome() (over bool, err error) {
	rec, err := r.o.Show(r.id)
	if err != nil {
		return true, err
	}
	switch rec.State {
	case Done, Superseded:
		return true, nil
	case Dead:
		return true, &DeadError{ID: r.id, Reason: rec.Reason}
	case Parked:
		return true, &ParkedError{ID: r.id, Reason: rec.Reason}
	case Cancelled:
		return true, &CancelledError{ID: r.id, Reason: rec.Reason}
	default:
		return false, nil
	}
}

// State returns where the entry stands now.
func (r Receipt) State() (State, error) {
	rec, err := r.o.Show(r.id)
	return rec.State, err
}

// waiter is one that waits for the state of an entry to change.
type waiter struct {
	changed chan struct{} // closed then
	settled bool          // it was delivered or superseded
}

// stateChange is one of the state of an entry.
type stateChange struct {
	seq     uint64
	settled bool // it was delivered or superseded
}

// watch returns a waiter for the receipt's entry. waits says that it is known
// to wait for its turn, and need not be looked up.
func (o *Outbox) watch(r Receipt) (w *waiter, waits bool) {
	w = &waiter{changed: make(chan struct{})}
	seq := r.id.seq
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiters[seq] = append(o.waiters[seq], w)
	l := o.lane(r.lane)
	if l == nil || l.held { // then memory may be ahead of the disk
		return w, false
	}
	e := l.find(seq)
	return w, e != nil && e.flags&(flagParked|flagInDoubt) == 0 && !l.givesWay(seq) && l.heldBy(seq) == 0
}

// unwatch forgets a waiter who left.
func (o *Outbox) unwatch(seq uint64, w *waiter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	left := slices.DeleteFunc(o.waiters[seq], func(other *waiter) bool { return other == w })
	if o.waiters[seq] = left; len(left) == 0 {
		delete(o.waiters, seq)
	}
}

// wakeAll has everybody look again.
func (o *Outbox) wakeAll() {
	o.mu.Lock()
	for seq, ws := range o.waiters {
		for _, w := range ws {
			close(w.changed)
		}
		delete(o.waiters, seq)
	}
	o.mu.Unlock()
	o.signal()
}

// Show returns an entry as it stands: from what waits, from the dead letters,
// or from the history. [ErrNotFound] says that there is none, or that its
// history is past retention.
func (o *Outbox) Show(id ID) (Record, error) {
	if id.file != o.store.file {
		return Record{}, fmt.Errorf("%w: %s belongs to another outbox file", ErrNotFound, id)
	}
	var rec Record
	found := false
	err := o.store.guard(func() error {
		return o.store.view(func(t *tx) error {
			s, state, err := t.find(id.seq)
			if err == nil {
				rec, found = s.record(id.file), true
				rec.State = state
				return nil
			}
			rec, found, err = t.ended(id)
			return err
		})
	})
	if err != nil {
		return Record{}, err
	}
	if !found {
		return Record{}, fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	o.addLane(&rec)
	return rec, nil
}

// addLane corrects what an entry's bytes say by what its lane knows.
func (o *Outbox) addLane(rec *Record) {
	if rec.State != Waiting && rec.State != Parked {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	k := o.byName[rec.Kind]
	if k == nil {
		return
	}
	l := o.lane(laneKey{o.accounts[rec.Account], k.family, rec.Key})
	if l == nil || l.find(rec.ID.seq) == nil {
		return
	}
	switch by := l.heldBy(rec.ID.seq); {
	case k.orphan:
		rec.State, rec.Reason = Parked, "its kind is not configured"
	case l.givesWay(rec.ID.seq) && !l.held: // else the newer one may not be durable yet
		rec.State, rec.Reason = Superseded, "by "+ID{file: rec.ID.file, seq: l.newest().seq}.String()
	case by != 0 && rec.State == Waiting:
		what := "dead letter"
		if l.find(by) != nil {
			what = "parked entry"
		}
		rec.State, rec.Reason = Parked, "waits for the "+what+" "+ID{file: rec.ID.file, seq: by}.String()
	case rec.State == Waiting:
		if n := o.notes[rec.ID.seq]; n != nil && rec.Reason == "" {
			rec.Reason = n.reason
		}
		if due := o.due(l.find(rec.ID.seq)); due > o.clock() {
			rec.DueAt = time.Now().Add(time.Duration(due - o.clock()))
		}
	}
}

// ended returns the record with which an entry's history ends.
func (t *tx) ended(id ID) (rec Record, found bool, err error) {
	var life Life
	c := t.bucket(inHistory).Cursor()
	for k, v := c.Seek(historyKey(id.seq, 0)); len(k) == 16 && binary.BigEndian.Uint64(k) == id.seq; k, v = c.Next() {
		e, err := t.seals.event(id.file, k, v)
		if err != nil {
			return life.Record, life.ID == id, fmt.Errorf("event of %s: %w", id, err)
		}
		life.add(e)
	}
	return life.Record, life.ID == id, nil
}

// page is how many records are read in one transaction, so that a slow reader
// holds up nothing.
const page = 256

// Waiting yields what waits, parked entries included, oldest first. It shows
// the outbox as it is when each page of it is read. Superseded entries that
// are not swept yet are left out, and so is what is only in doubt.
func (o *Outbox) Waiting() iter.Seq2[Record, error] {
	return o.records(inEntries, Waiting, func(rec *Record) bool {
		o.addLane(rec)
		return rec.State == Waiting || rec.State == Parked
	})
}

// Doubts yields the delivered values that will go once more.
func (o *Outbox) Doubts() iter.Seq2[Record, error] {
	return o.records(inEntries, Waiting, func(rec *Record) bool { return rec.InDoubt })
}

// DeadLetters yields the dead letters, oldest first.
func (o *Outbox) DeadLetters() iter.Seq2[Record, error] {
	return o.records(inDead, Dead, func(*Record) bool { return true })
}

// IsBusy says whether a lane has anything that waits or is in doubt.
func (o *Outbox) IsBusy(kind, account, key string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	k := o.byName[kind]
	if k == nil {
		return false
	}
	l := o.lane(laneKey{o.accounts[account], k.family, key})
	return l != nil && len(l.entries) > 0
}

func (o *Outbox) records(bucket int, state State, want func(*Record) bool) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for from := uint64(0); ; {
			var recs []Record
			n := 0
			err := o.store.guard(func() error {
				return o.store.view(func(t *tx) error {
					c := t.bucket(bucket).Cursor()
					for k, v := c.Seek(seqKey(from)); k != nil && n < page; k, v = c.Next() {
						n++
						if len(k) == 8 {
							from = binary.BigEndian.Uint64(k) + 1
						}
						recs = append(recs, t.seals.recordOf(k, v, o.store.file, state))
					}
					return nil
				})
			})
			if err != nil {
				yield(Record{}, err)
				return
			}
			for i := range recs {
				if want(&recs[i]) && !yield(recs[i], nil) {
					return
				}
			}
			if n < page {
				return
			}
		}
	}
}

// Events yields what happened to an entry, in order.
func (o *Outbox) Events(id ID) ([]Event, error) {
	var out []Event
	err := o.store.guard(func() error {
		return o.store.view(func(t *tx) error {
			c := t.bucket(inHistory).Cursor()
			for k, v := c.Seek(historyKey(id.seq, 0)); len(k) == 16 && binary.BigEndian.Uint64(k) == id.seq; k, v = c.Next() {
				e, err := t.seals.event(id.file, k, v)
				if err != nil {
					return fmt.Errorf("event of %s: %w", id, err)
				}
				out = append(out, e)
			}
			return nil
		})
	})
	return out, err
}

// History yields all events that are kept, entry by entry in the order in
// which the entries were accepted. Unreadable ones are yielded as errors that
// say where; iteration can go on.
func (o *Outbox) History() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		from := historyKey(0, 0)
		for {
			type row struct {
				e   Event
				err error
			}
			var rows []row
			err := o.store.guard(func() error {
				return o.store.view(func(t *tx) error {
					c := t.bucket(inHistory).Cursor()
					for k, v := c.Seek(from); k != nil && len(rows) < page; k, v = c.Next() {
						e, err := t.seals.event(o.store.file, k, v)
						if err != nil {
							err = fmt.Errorf("event %x: %w", k, err)
						}
						rows = append(rows, row{e, err})
						from = append(append(from[:0], k...), 0)
					}
					return nil
				})
			})
			if err != nil {
				yield(Event{}, err)
				return
			}
			for _, r := range rows {
				if !yield(r.e, r.err) {
					return
				}
			}
			if len(rows) < page {
				return
			}
		}
	}
}
