package outbox

import (
	"fmt"
	"time"
)

// reload reads the file into the index. Entries that are being attempted stay
// so. Nothing may be committed meanwhile.
func (o *Outbox) reload() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clear()
	o.touched, o.changed, o.pendingEvents = o.touched[:0], o.changed[:0], nil
	o.settled = o.settled[:0]
	clear(o.proving)
	o.unreadable, o.recent = nil, nil
	now, clock := time.Now(), o.clock()
	var arrived arrivals
	err := o.store.guard(func() error {
		return o.store.view(func(t *tx) error {
			err := t.bucket(inEntries).ForEach(func(key, value []byte) error {
				s, n, err := decodeUnnamed(key, value)
				if err != nil {
					o.unreadable = append(o.unreadable, damaged{append([]byte(nil), key...), append([]byte(nil), value...), err})
					return nil //nolint:nilerr // one damaged entry is set aside, the others are read
				}
				l, k := o.known(n)
				if l == nil {
					kindName, account, lane, _ := n.strings()
					k = o.kindOf(kindName)
					l = o.laneOf(o.accountOf(account), k.family, lane)
				}
				arrived.add(l, o.enter(l, k, &s, o.dueOnClock(&s, now, clock)))
				if _, ok := o.leased[s.seq]; ok {
					l.leased = s.seq
				}
				if s.pending != 0 {
					o.setLookAt(&s)
				}
				return nil
			})
			if err != nil {
				return err
			}
			arrived.settleIn()
			err = t.bucket(inDead).ForEach(func(key, value []byte) error {
				s, err := decodeStored(key, value)
				if err != nil || s.flags&flagUnreadable != 0 {
					o.dead++
					return nil //nolint:nilerr // it is in no lane
				}
				k := o.kindOf(s.kind)
				o.addDead(o.laneOf(o.accountOf(s.account), k.family, s.key), s.seq)
				return nil
			})
			if err != nil {
				return err
			}
			for l := range o.eachLane() {
				o.findFirst(t, l)
			}
			o.loadAddressing(t)
			return o.loadCounters(t)
		})
	})
	if err != nil {
		return fmt.Errorf("read outbox %s: %w", o.store.path, err)
	}
	for _, a := range o.order {
		for _, k := range o.kinds {
			if !k.orphan {
				o.gate.useAccount(k.Host, a.name)
			}
		}
	}
	// In the order of the file, so that the oldest go first.
	for l := range o.lanes() {
		o.arrange(l)
	}
	return nil
}

// arrivals are the entries of a file on their way to their lanes. They go there
// when it is known how many each lane gets: memory for millions that grew with
// them would take twice as much.
type arrivals struct{ blocks [][]arrival }

type arrival struct {
	lane *lane
	entry
}

// add takes the entries of a lane in their order.
func (a *arrivals) add(l *lane, e entry) {
	last := len(a.blocks) - 1
	if last < 0 || len(a.blocks[last]) == cap(a.blocks[last]) {
		a.blocks, last = append(a.blocks, make([]arrival, 0, 64<<min(len(a.blocks), 8))), last+1
	}
	a.blocks[last] = append(a.blocks[last], arrival{l, e})
	l.superseded++ // how many arrived; what it stands for else is counted when they are there
}

func (a *arrivals) settleIn() {
	for _, block := range a.blocks {
		for i := range block {
			l := block[i].lane
			if l.superseded > 0 {
				l.entries, l.superseded = make([]entry, 0, l.superseded), 0
			}
			l.entries = append(l.entries, block[i].entry)
		}
	}
	a.blocks = nil
}

// damaged is an entry that could not be decoded.
type damaged struct {
	key, value []byte
	why        error
}

// dueOnClock converts the stored moment of the next attempt. One that lies
// further ahead than any pause does comes from a clock that jumped.
func (o *Outbox) dueOnClock(s *stored, now time.Time, clock int64) int64 {
	if s.dueAt == 0 {
		return 0
	}
	wait := time.Duration(s.dueAt - now.UnixNano())
	if wait <= 0 || wait > 2*o.opts.MaxBackoff {
		return 0
	}
	return clock + int64(wait)
}
