package outbox

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
)

// Life is an entry as it stands and what happened to it.
type Life struct {
	Record

	Events []Event
}

// Lives yields every entry of which something is kept, oldest first. Each is
// read at one moment, so that it is yielded once, in one state, however busy
// the outbox is. An unreadable event is yielded as an error that says where and
// wraps [ErrFormat], after which iteration can go on.
func (o *Outbox) Lives() iter.Seq2[Life, error] {
	return func(yield func(Life, error) bool) {
		for from := uint64(0); ; {
			var (
				lives []Life
				bad   []error
				more  bool
			)
			err := o.store.guard(func() error {
				return o.store.view(func(t *tx) error {
					lives, bad, from, more = t.lives(from, o.store.file)
					return nil
				})
			})
			if err != nil {
				yield(Life{}, err)
				return
			}
			for _, err := range bad {
				if !yield(Life{}, err) {
					return
				}
			}
			for i := range lives {
				o.addLane(&lives[i].Record)
				if !yield(lives[i], nil) {
					return
				}
			}
			if !more {
				return
			}
		}
	}
}

// lives reads a page of lives by walking along the three buckets that have
// something of an entry under its sequence.
func (t *tx) lives(from uint64, file uint32) (lives []Life, bad []error, next uint64, more bool) {
	type walk struct {
		next       func() (k, v []byte)
		key, value []byte
	}
	var walks [3]walk
	for i, bucket := range []int{inEntries, inDead, inHistory} {
		c, length := t.bucket(bucket).Cursor(), len(seqKey(0))
		if bucket == inHistory {
			length = len(historyKey(0, 0))
		}
		whole := func(k, v []byte) ([]byte, []byte) {
			for ; k != nil && len(k) != length; k, v = c.Next() {
				bad = append(bad, fmt.Errorf("%w: %s/%x: %w: key of %d bytes", ErrFormat, bucketNames()[bucket], k, errUnreadable, len(k)))
			}
			return k, v
		}
		walks[i].next = func() (k, v []byte) { return whole(c.Next()) }
		walks[i].key, walks[i].value = whole(c.Seek(seqKey(from)))
	}
	for n := 0; n < page; {
		var first []byte // the lowest sequence that any of them has
		for _, w := range walks {
			if w.key != nil && (first == nil || bytes.Compare(w.key[:8], first) < 0) {
				first = w.key[:8]
			}
		}
		if first == nil {
			return lives, bad, from, false
		}
		seq := binary.BigEndian.Uint64(first)
		life, id := Life{}, ID{file: file, seq: seq}
		for i, state := range []State{Waiting, Dead} {
			w := &walks[i]
			if w.key == nil || binary.BigEndian.Uint64(w.key) != seq {
				continue
			}
			life.Record = t.seals.recordOf(w.key, w.value, file, state)
			w.key, w.value = w.next()
			n++
		}
		w := &walks[2]
		for w.key != nil && binary.BigEndian.Uint64(w.key) == seq {
			e, err := t.seals.event(file, w.key, w.value)
			if err != nil {
				bad = append(bad, fmt.Errorf("%w: event %x: %w", ErrFormat, w.key, err))
			} else {
				life.add(e)
			}
			w.key, w.value = w.next()
			n++
		}
		if life.ID == id {
			lives = append(lives, life)
		}
		from = seq + 1
	}
	return lives, bad, from, true
}

// recordOf reads what is stored of an entry that is not settled, or in doubt.
func (g *seals) recordOf(key, value []byte, file uint32, state State) Record {
	value = append([]byte(nil), value...)
	s, err := g.decode(key, value)
	if err != nil {
		seq := uint64(0) // of a damaged key
		if len(key) == 8 {
			seq = binary.BigEndian.Uint64(key)
		}
		s = unreadableEntry(seq, value, err, unixTime(0))
	}
	rec := s.record(file)
	if state == Dead {
		rec.State = Dead
	}
	return rec
}

// add takes in an event. If the entry is not stored any more, the last event
// that ended its life has its record.
func (l *Life) add(e Event) {
	l.Events = append(l.Events, e)
	settled := l.State == 0 || l.State == Done && !l.InDoubt || l.State == Superseded || l.State == Cancelled
	if e.Entry == nil || !settled {
		return
	}
	l.Record = *e.Entry
	l.Reason = e.Reason
	if e.Type == EventSuperseded && l.Reason == "" {
		l.Reason = "by " + e.By.String()
	}
}
