package outbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Check verifies every invariant of the file, and that memory agrees with it.
// Nothing is committed meanwhile. Its error names what is wrong, the first
// twenty things of it, and wraps [ErrFormat].
func (o *Outbox) Check(ctx context.Context) error {
	return o.exclusively(ctx, func() error {
		return o.store.guard(func() error {
			return o.store.view(func(t *tx) error {
				o.mu.Lock()
				defer o.mu.Unlock()
				c := checker{o: o, t: t, creations: map[uint64]bool{}}
				c.entries()
				c.dead()
				c.flight()
				c.once()
				c.history()
				c.gate()
				c.sums()
				// Last, when every page has been read under guard: bbolt looks
				// in a goroutine of its own, where nothing could be recovered.
				for err := range t.bolt.Check() {
					c.wrong("bbolt: %v", err)
				}
				return errors.Join(c.found...)
			})
		})
	})
}

type checker struct {
	o     *Outbox
	t     *tx
	found []error
	// creations that are stored and not settled
	creations                 map[uint64]bool
	stored, inDoubt, deadSeen int
	historyBytes              uint64
}

const mostFindings = 20

func (c *checker) wrong(format string, args ...any) {
	if len(c.found) < mostFindings {
		c.found = append(c.found, fmt.Errorf("%w: %s", ErrFormat, fmt.Sprintf(format, args...)))
	}
}

func (c *checker) each(bucket int, fn func(key, value []byte)) {
	if err := c.t.bucket(bucket).ForEach(func(k, v []byte) error { fn(k, v); return nil }); err != nil {
		c.wrong("%s: %v", bucketNames()[bucket], err)
	}
}

func (c *checker) entries() {
	o := c.o
	last := c.t.bucket(inEntries).Sequence()
	c.each(inEntries, func(k, v []byte) {
		c.stored++
		s, err := c.t.seals.decode(k, v)
		if err != nil {
			c.wrong("entries/%x: %v", k, err)
			return
		}
		if s.seq > last {
			c.wrong("entry %d is beyond the last number given, %d", s.seq, last)
		}
		if c.t.get(inDead, k) != nil {
			c.wrong("entry %d waits and is dead", s.seq)
		}
		if s.flags&flagInDoubt != 0 {
			c.inDoubt++
		}
		kind := o.byName[s.kind]
		if kind == nil || o.accounts[s.account] == nil {
			c.wrong("entry %d: memory does not know its kind or account", s.seq)
			return
		}
		l := o.lane(laneKey{o.accounts[s.account], kind.family, s.key})
		if l == nil || l.find(s.seq) == nil {
			c.wrong("entry %d is not in its lane in memory", s.seq)
			return
		}
		if e := l.find(s.seq); e.flags != s.flags || e.pending != s.pending || uint64(e.attempts) != s.attempts || e.group != s.group {
			c.wrong("entry %d is not the same in memory: %+v and %+v", s.seq, *e, s)
		}
		if l.absolute() && l.newest().seq == s.seq && l.confirmAt != s.confirmAt {
			c.wrong("entry %d is to be confirmed at uptime %s, memory says %s", s.seq, s.confirmAt, l.confirmAt)
		}
		if kind.Class == Once && !kind.orphan {
			c.creations[s.seq] = true
		}
	})
}

func (c *checker) dead() {
	o := c.o
	c.each(inDead, func(k, v []byte) {
		c.deadSeen++
		s, err := c.t.seals.decode(k, v)
		switch {
		case err != nil:
			c.wrong("dead/%x: %v", k, err)
		case s.flags&flagUnreadable != 0:
		case o.byName[s.kind] == nil || o.accounts[s.account] == nil:
			c.wrong("dead letter %d: memory does not know its kind or account", s.seq)
		default:
			kind := o.byName[s.kind]
			l := o.lane(laneKey{o.accounts[s.account], kind.family, s.key})
			known := false
			for i := 0; l != nil && i < len(l.dead); i++ {
				known = known || l.dead[i] == s.seq
			}
			if !known {
				c.wrong("dead letter %d is not in its lane in memory", s.seq)
			}
			if l != nil && l.absolute() && len(l.entries) > 0 && l.newest().seq > s.seq {
				c.wrong("dead letter %d should have given way to entry %d", s.seq, l.newest().seq)
			}
			if kind.Class == Once && !kind.orphan {
				c.creations[s.seq] = true
			}
		}
	})
}

func (c *checker) flight() {
	c.each(inFlight, func(k, v []byte) {
		if _, err := decodeFlight(k, v); err != nil {
			c.wrong("flight/%x: %v", k, err)
		}
		// What an earlier process had on the wire of a kind that is not
		// configured stays there.
		if c.o.inFlight == 0 && !slices.ContainsFunc(c.o.kinds, func(k *kind) bool { return k.orphan }) {
			c.wrong("attempt %x is in flight, but no call is on the wire", k)
		}
	})
}

func (c *checker) once() {
	c.each(inOnce, func(k, v []byte) {
		cr, err := decodeCreation(k, v)
		if err != nil {
			c.wrong("once/%x: %v", k, err)
			return
		}
		if cr.expiresAt == 0 && !c.creations[cr.seq] {
			if seq := seqKey(cr.seq); c.t.get(inEntries, seq) == nil && c.t.get(inDead, seq) == nil {
				c.wrong("the key of creation %d is open, but it is neither waiting nor dead", cr.seq)
			}
		}
		delete(c.creations, cr.seq)
	})
	for seq := range c.creations {
		c.wrong("creation %d has no key", seq)
	}
}

func (c *checker) history() {
	ended, as := uint64(0), EventType(0)
	settled := func() {
		if s, state, err := c.t.find(ended); ended != 0 && err == nil && state != Done && as != EventDelivered {
			c.wrong("entry %d ended as %s and is still %s", s.seq, as, state)
		}
	}
	c.each(inHistory, func(k, v []byte) {
		c.historyBytes += uint64(len(k) + len(v))
		e, err := c.t.seals.event(c.o.store.file, k, v)
		if err != nil {
			c.wrong("history/%x: %v", k, err)
			return
		}
		if binary.BigEndian.Uint64(k[8:]) > c.t.bucket(inHistory).Sequence() {
			c.wrong("event %x is beyond the last number given", k)
		}
		switch {
		case e.ID.seq != ended:
			settled()
			ended = 0
		case e.Type == EventReopened, e.Type == EventDead: // dead: in doubt, and the confirming call was refused
			ended = 0
		case e.Type.settles():
			c.wrong("entry %d ended twice", ended)
		}
		if e.Type.settles() {
			ended, as = e.ID.seq, e.Type
		}
	})
	settled()
}

func (c *checker) gate() {
	c.each(inGate, func(k, v []byte) {
		if _, err := decodeGateChange(k, v); err != nil {
			c.wrong("gate: %v", err)
		}
	})
}

// sums checks that what was accepted is what became of it.
func (c *checker) sums() {
	o := c.o
	n, err := decodeCounters(c.t.get(inMeta, []byte(metaCounters)))
	if err != nil {
		c.wrong("meta/%s: %v", metaCounters, err)
		return
	}
	if n != o.counters {
		c.wrong("counters are %+v, memory says %+v", n, o.counters)
	}
	if n.historyBytes != c.historyBytes {
		c.wrong("history holds %d bytes, the counter says %d", c.historyBytes, n.historyBytes)
	}
	if c.stored != o.entries || c.inDoubt != o.inDoubt || c.deadSeen != o.dead {
		c.wrong("stored %d, in doubt %d, dead %d; memory says %d, %d, %d", c.stored, c.inDoubt, c.deadSeen, o.entries, o.inDoubt, o.dead)
	}
	superseded, parked := 0, 0
	for l := range o.lanes() {
		o.recount(l)
		superseded += int(l.superseded)
		parked += int(l.parked)
	}
	if superseded != o.superseded || parked != o.parked {
		c.wrong("superseded %d, parked %d; the sums say %d, %d", superseded, parked, o.superseded, o.parked)
	}
	accepted := c.t.bucket(inEntries).Sequence()
	sum := n.delivered + n.superseded + uint64(o.superseded) + n.cancelled + uint64(o.dead) + uint64(o.waiting())
	if accepted != sum {
		c.wrong("accepted %d, but delivered %d + superseded %d + cancelled %d + dead %d + waiting %d = %d",
			accepted, n.delivered, n.superseded+uint64(o.superseded), n.cancelled, o.dead, o.waiting(), sum)
	}
}
