package outbox

import (
	"container/heap"
	"context"
	"time"
)

// sweepable orders the lanes that have superseded entries by the oldest of these.
// Entries lie in the file in the order of their sequence: removed in that order,
// those of a transaction share their pages, which it would else write one by one.
type sweepable []sweepableLane

type sweepableLane struct {
	oldest uint64 // superseded entry, as it was found last
	lane   *lane
}

func (s sweepable) Len() int           { return len(s) }
func (s sweepable) Less(i, j int) bool { return s[i].oldest < s[j].oldest }
func (s sweepable) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }

// Push is for package heap.
func (s *sweepable) Push(x any) {
	l, _ := x.(sweepableLane)
	*s = append(*s, l)
}

// Pop is for package heap.
func (s *sweepable) Pop() any {
	last := len(*s) - 1
	l := (*s)[last]
	(*s)[last] = sweepableLane{}
	*s = (*s)[:last]
	return l
}

// add queues a lane for the sweep, unless it is there or has nothing for it.
func (s *sweepable) add(l *lane) {
	if l.sweeping {
		return
	}
	if oldest := l.sweepableEntry(); oldest != 0 {
		l.sweeping = true
		heap.Push(s, sweepableLane{oldest, l})
	}
}

// next returns the lane of the oldest superseded entry; nil if there is none.
// Lanes that have none any more leave, and are handed to left.
func (s *sweepable) next(left func(*lane)) (l *lane, seq uint64) {
	for len(*s) > 0 {
		first := &(*s)[0]
		switch seq := first.lane.sweepableEntry(); seq {
		case 0:
			l := first.lane
			heap.Pop(s)
			l.sweeping = false
			left(l)
		case first.oldest:
			return first.lane, seq
		default:
			first.oldest = seq
			heap.Fix(s, 0)
		}
	}
	return nil, 0
}

const (
	sweepInterval = time.Second
	sweepSize     = 200 // removals of one transaction, so that accepts never wait long
)

// sweep removes superseded entries, a few at a time.
func (o *Outbox) sweep(ctx context.Context) error {
	for {
		o.mu.Lock()
		left := len(o.sweepable)
		o.mu.Unlock()
		if left == 0 {
			return nil
		}
		if err := o.commitEnds(ctx, sweepSize, o.sweepSome); err != nil {
			return err
		}
	}
}

func (o *Outbox) sweepSome(t *tx) error {
	now := time.Now()
	for range sweepSize {
		l, seq := o.sweepable.next(o.touch)
		if l == nil {
			break
		}
		o.touch(l)
		o.dropSuperseded(t, l, seq, l.newest().seq, now)
	}
	return nil
}

// sweepableEntry is the oldest entry of the lane that gave way and was not
// delivered, zero if there is none.
func (l *lane) sweepableEntry() uint64 {
	for i := range l.entries {
		// At most two are passed over: one in doubt and one on the wire.
		if e := &l.entries[i]; e.flags&flagInDoubt == 0 && l.givesWay(e.seq) {
			return e.seq
		}
	}
	return 0
}
