package outbox

import (
	"cmp"
	"slices"
	"time"
)

// entry is what memory holds of a stored entry; its body stays on disk. It is
// kept small, since there may be millions.
type entry struct {
	seq        uint64
	acceptedAt int64 // Unix nanoseconds
	kind       uint16
	attempts   uint16
	group      Group
	flags      byte
	pending    Verdict
	later      bool // its note says when it is due; else at once
}

// lane is the queue of one target. An absolute lane delivers its newest entry
// alone: the older ones are superseded, and are on disk only until they are
// swept. Any other lane delivers its oldest entry first.
//
// The outbox's mutex guards lanes.
type lane struct {
	// What accepting looks at stands together, so that it lies in few cache
	// lines: with many lanes, waiting for memory is most of its work.
	branch  *branch
	entries []entry // on disk in the bucket entries, oldest first
	// dead are the lane's dead letters, oldest first.
	dead []uint64
	// first is a creation, waiting or dead, that goes before all others, since
	// there were steps on it before it was accepted; zero if there is none.
	first uint64
	// confirmAt is the uptime of the host at which the newest value must go
	// once more; zero if none need.
	confirmAt time.Duration
	// leased is the entry that is being attempted; zero if none is.
	leased uint64
	// What the lane adds to the outbox's sums, see Outbox.recount.
	superseded, parked int32
	// held: touched by a transaction that is not committed yet.
	held bool
	// gone: nothing was left of it, and another one may have its key.
	gone bool
	// sweeping: queued for the sweep.
	sweeping bool
	// proving: waits for the host to be proven up for long enough.
	proving bool
	// Place in the heap of lanes that wait for a moment, see timers.
	timerIndex int32 // plus 1; zero if it is not there
	timerAt    int64 // nanoseconds of the outbox's own clock

	// Place among the ready lanes of its account; list is nil if it is not
	// ready.
	list       *laneList
	prev, next *lane
	key        string
}

// laneKey finds a lane.
type laneKey struct {
	account *account
	family  *family
	key     string
}

func (l *lane) id() laneKey { return laneKey{l.account(), l.family(), l.key} }

func (l *lane) account() *account { return l.branch.account }

func (l *lane) family() *family { return l.branch.family }

func (l *lane) absolute() bool { return l.branch.family.class == Absolute }

// find returns the entry with that sequence, nil if it is not in the lane.
func (l *lane) find(seq uint64) *entry {
	i, ok := l.search(seq)
	if !ok {
		return nil
	}
	return &l.entries[i]
}

func (l *lane) search(seq uint64) (int, bool) {
	return slices.BinarySearchFunc(l.entries, seq, func(e entry, s uint64) int { return cmp.Compare(e.seq, s) })
}

// insert puts an entry at the place that its sequence gives it.
func (l *lane) insert(e entry) {
	i, _ := l.search(e.seq)
	l.entries = slices.Insert(l.entries, i, e)
}

// remove takes an entry out.
func (l *lane) remove(seq uint64) {
	i, ok := l.search(seq)
	switch {
	case !ok:
	case len(l.entries) == 1:
		l.entries = nil
	case i == 0:
		l.entries = l.entries[1:] // mostly it is the first, and there may be many
	default:
		l.entries = slices.Delete(l.entries, i, i+1)
	}
}

// head is the entry whose turn it is, nil if there is none.
func (l *lane) head() *entry {
	switch n := len(l.entries); {
	case n == 0:
		return nil
	case l.absolute():
		return &l.entries[n-1]
	case l.first != 0 && l.find(l.first) != nil:
		return l.find(l.first)
	default:
		return &l.entries[0]
	}
}

// newest is the newest entry, nil if there is none.
func (l *lane) newest() *entry {
	if len(l.entries) == 0 {
		return nil
	}
	return &l.entries[len(l.entries)-1]
}

// givesWay says whether a newer entry of the lane took this one's place.
func (l *lane) givesWay(seq uint64) bool {
	return l.absolute() && seq != l.leased && seq < l.newest().seq
}

// blockedBy is the dead letter that the lane's head waits for, zero if none.
func (l *lane) blockedBy() uint64 {
	switch {
	case l.absolute() || len(l.dead) == 0 || len(l.entries) == 0 || l.first != 0 && l.find(l.first) != nil:
	case l.first != 0:
		return l.first
	case l.dead[0] < l.entries[0].seq:
		return l.dead[0]
	}
	return 0
}

// heldBy is what an entry waits for until a person acts: a dead letter before
// it, or the lane's parked head. Zero if there is no such thing.
func (l *lane) heldBy(seq uint64) uint64 {
	if by := l.blockedBy(); by != 0 {
		return by
	}
	if h := l.head(); !l.absolute() && h != nil && h.flags&flagParked != 0 && (h.seq < seq || l.first == h.seq && h.seq != seq) {
		return h.seq
	}
	return 0
}

// laneList is a list of ready lanes, first come first served.
type laneList struct {
	first, last *lane
	kind        *kind
	group       Group
	length      int
}

func (q *laneList) push(l *lane) {
	l.list, l.prev, l.next = q, q.last, nil
	if q.last != nil {
		q.last.next = l
	} else {
		q.first = l
	}
	q.last = l
	q.length++
}

func (q *laneList) unlink(l *lane) {
	if l.prev != nil {
		l.prev.next = l.next
	} else {
		q.first = l.next
	}
	if l.next != nil {
		l.next.prev = l.prev
	} else {
		q.last = l.prev
	}
	l.list, l.prev, l.next = nil, nil, nil
	q.length--
}
