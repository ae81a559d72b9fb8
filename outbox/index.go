package outbox

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
)

// kind is a Kind at run time.
type kind struct {
	Kind
	index  uint16
	family *family
	// orphan: entries of it are stored, but Options.Kinds does not have it.
	orphan bool
}

// family names the lanes of its kinds.
type family struct {
	name   string
	class  Class
	number int // from 0, in the order in which families came
}

// index is what memory knows of the stored entries: all but their bodies. It
// is rebuilt from the file by one scan. The outbox's mutex guards it.
type index struct {
	kinds    []*kind
	byName   map[string]*kind
	families map[string]*family

	// finding is also held to change accounts, branches and lanes, so that those
	// who accept can look for a lane before it is their turn, see find.
	finding  sync.RWMutex
	reloads  int // how often all lanes were made anew
	accounts map[string]*account
	order    []*account // by first appearance, so that runs repeat
	timers   timers
	// sums
	entries    int              // in the bucket entries
	inDoubt    int              // of these, delivered and to be confirmed
	superseded int              // of these, superseded and to be swept
	parked     int              // of these, parked
	dead       int              // in the bucket dead
	leased     map[uint64]*call // entries that are being attempted, by whom
	notes      map[uint64]*note
	sweepable  sweepable
}

// note is what is remembered, until a restart, of an entry whose attempts go
// wrong. Few entries have one.
type note struct {
	// strikes counts answers that blamed host or account although that host
	// had shown, since the one before, that it serves this account.
	strikes int
	blamed  bool   // such an answer came before
	signs   uint64 // of life, when it came
	// writes to the host that had succeeded when the entry failed last; tried
	// says that it did.
	writes uint64
	tried  bool
	dueAt  int64         // nanoseconds of the outbox's own clock, if entry.later
	delays int           // in a row, for what was not the entry's fault
	reason string        // of the last of them
	limit  int           // of the batch it may travel in; zero is the kind's
	lookAt time.Duration // uptime of the host at which to look it up; zero is at once
}

func newIndex(kinds []Kind) *index {
	x := &index{
		byName: map[string]*kind{}, families: map[string]*family{}, accounts: map[string]*account{},
		leased: map[uint64]*call{}, notes: map[uint64]*note{},
	}
	for _, k := range kinds {
		x.addKind(k, false)
	}
	x.clear()
	return x
}

// clear forgets what was read from the file.
func (x *index) clear() {
	x.finding.Lock()
	defer x.finding.Unlock()
	x.reloads++
	for _, a := range x.order { // kept, since calls on the wire refer to them
		a.branches, a.ready, a.waiting = nil, [MaxGroup + 1][]*laneList{}, 0
	}
	x.timers, x.sweepable = nil, nil
	x.entries, x.inDoubt, x.superseded, x.parked, x.dead = 0, 0, 0, 0, 0
}

func (x *index) addKind(k Kind, orphan bool) *kind {
	f := x.families[k.Family]
	if f == nil {
		f = &family{name: k.Family, class: k.Class, number: len(x.families)}
		x.families[k.Family] = f
	}
	added := &kind{Kind: k, index: uint16(len(x.kinds)), family: f, orphan: orphan}
	x.kinds = append(x.kinds, added)
	x.byName[k.Name] = added
	return added
}

// kindOf returns the kind of a stored entry. One that is not configured keeps
// its entries in order and parked.
func (x *index) kindOf(name string) *kind {
	if k := x.byName[name]; k != nil {
		return k
	}
	return x.addKind(Kind{Name: name, Family: "unconfigured " + name, Class: Step, Group: 1, MaxBatch: 1}, true)
}

func (x *index) laneOf(a *account, f *family, key string) *lane {
	b := x.branch(a, f)
	l := b.lanes[key]
	if l == nil {
		// The key may be a part of something larger, which would stay too.
		l = &lane{branch: b, key: strings.Clone(key)}
		x.finding.Lock()
		b.lanes[l.key] = l
		x.finding.Unlock()
	}
	return l
}

// found is a lane as it was found without the outbox's mutex; nil if it was
// not there.
type found struct {
	lane    *lane
	reloads int
}

// find looks for a lane at any time. Most of the cost of finding one among many
// is waiting for memory, and many can do that at once.
func (x *index) find(account string, f *family, key string) found {
	x.finding.RLock()
	defer x.finding.RUnlock()
	a := x.accounts[account]
	if a == nil {
		return found{}
	}
	b := a.branchOf(f)
	if b == nil {
		return found{}
	}
	return found{lane: b.lanes[key], reloads: x.reloads}
}

// stillLane returns a lane that was found if it still is one.
func (x *index) stillLane(f found) *lane {
	if f.lane == nil || f.lane.gone || f.reloads != x.reloads {
		return nil
	}
	return f.lane
}

// forget drops a lane of which nothing is left.
func (x *index) forget(l *lane) {
	x.finding.Lock()
	delete(l.branch.lanes, l.key)
	x.finding.Unlock()
	l.gone = true
}

// known returns the lane of an entry with these names, and its kind, without a
// copy of them; nil if the lane is not there yet.
func (x *index) known(n names) (*lane, *kind) {
	k, a := x.byName[string(n.kind)], x.accounts[string(n.account)]
	if k == nil || a == nil {
		return nil, nil
	}
	b := a.branchOf(k.family)
	if b == nil {
		return nil, nil
	}
	return b.lanes[string(n.key)], k
}

// lane returns the lane with that key, nil if there is none.
func (x *index) lane(k laneKey) *lane {
	if k.account == nil {
		return nil
	}
	return x.branch(k.account, k.family).lanes[k.key]
}

// eachLane yields all lanes.
func (x *index) eachLane() iter.Seq[*lane] {
	return func(yield func(*lane) bool) {
		for _, a := range x.order {
			for _, b := range a.branches {
				if b == nil {
					continue
				}
				for _, l := range b.lanes {
					if !yield(l) {
						return
					}
				}
			}
		}
	}
}

// lanes yields all lanes that there are when it begins, in the order of their heads.
func (x *index) lanes() iter.Seq[*lane] {
	return func(yield func(*lane) bool) {
		type placed struct {
			seq  uint64
			lane *lane
		}
		var all []placed
		for l := range x.eachLane() {
			p := placed{lane: l}
			if h := l.head(); h != nil {
				p.seq = h.seq
			}
			all = append(all, p)
		}
		slices.SortFunc(all, func(a, b placed) int { return cmp.Compare(a.seq, b.seq) })
		for _, p := range all {
			if !yield(p.lane) {
				return
			}
		}
	}
}

// add puts a stored entry into its lane.
func (x *index) add(s *stored, dueAt int64) *lane {
	k := x.kindOf(s.kind)
	l := x.laneOf(x.accountOf(s.account), k.family, s.key)
	x.addTo(l, k, s, dueAt)
	return l
}

// addTo is add for an entry whose lane is known.
func (x *index) addTo(l *lane, k *kind, s *stored, dueAt int64) {
	e := x.enter(l, k, s, dueAt)
	if n := l.newest(); n == nil || n.seq < s.seq {
		l.entries = append(l.entries, e)
	} else {
		l.insert(e)
	}
}

// enter does all of addTo but to put the entry into the lane, which is left to
// the caller.
func (x *index) enter(l *lane, k *kind, s *stored, dueAt int64) entry {
	e := entry{seq: s.seq, kind: k.index, acceptedAt: s.acceptedAt, attempts: uint16(min(s.attempts, 1<<16-1)), group: s.group, flags: s.flags, pending: s.pending}
	x.setDue(&e, dueAt)
	if s.confirmAt != 0 {
		l.confirmAt = max(l.confirmAt, s.confirmAt)
	}
	x.entries++
	if s.flags&flagInDoubt != 0 {
		x.inDoubt++
	}
	l.branch.stored++
	return e
}

// remove takes an entry out of its lane.
func (x *index) remove(l *lane, seq uint64) {
	e := l.find(seq)
	if e == nil {
		return
	}
	if e.flags&flagInDoubt != 0 {
		x.inDoubt--
	}
	l.remove(seq)
	x.entries--
	l.branch.stored--
	delete(x.notes, seq)
	if len(l.entries) == 0 {
		l.confirmAt = 0
	}
	if l.first == seq {
		l.first = 0
	}
}

// setDue says when an entry is due; zero is at once.
func (x *index) setDue(e *entry, at int64) {
	e.later = at != 0
	if e.later {
		x.note(e.seq).dueAt = at
	}
}

// due is when an entry is due; zero is at once.
func (x *index) due(e *entry) int64 {
	if !e.later {
		return 0
	}
	return x.note(e.seq).dueAt
}

// setFlags changes an entry's flags and keeps the sums.
func (x *index) setFlags(e *entry, flags byte) {
	x.inDoubt += int(flags&flagInDoubt)/flagInDoubt - int(e.flags&flagInDoubt)/flagInDoubt
	e.flags = flags
}

func (x *index) addDead(l *lane, seq uint64) {
	i := 0
	for i < len(l.dead) && l.dead[i] < seq {
		i++
	}
	l.dead = append(l.dead[:i], append([]uint64{seq}, l.dead[i:]...)...)
	x.dead++
	l.branch.stored++
}

func (x *index) removeDead(l *lane, seq uint64) {
	for i, d := range l.dead {
		if d == seq {
			l.dead = append(l.dead[:i], l.dead[i+1:]...)
			x.dead--
			l.branch.stored--
			break
		}
	}
	if len(l.dead) == 0 {
		l.dead = nil
	}
	if l.first == seq {
		l.first = 0
	}
}

func (x *index) note(seq uint64) *note {
	n := x.notes[seq]
	if n == nil {
		n = &note{}
		x.notes[seq] = n
	}
	return n
}

// recount brings the sums up to date with the lane.
func (x *index) recount(l *lane) {
	superseded, parked, sweep := int32(0), int32(0), false
	if n := int32(len(l.entries)); n > 0 {
		switch {
		case l.absolute():
			superseded = n - 1
			if l.leased != 0 && l.leased != l.newest().seq && l.find(l.leased) != nil {
				superseded--
			}
			if first := &l.entries[0]; x.inDoubt > 0 && first.flags&flagInDoubt != 0 && l.givesWay(first.seq) {
				superseded-- // it counts as delivered
			}
			sweep = superseded > 0
			if l.newest().flags&flagParked != 0 {
				parked = 1
			}
		case l.blockedBy() != 0 || l.head().flags&flagParked != 0 || x.kinds[l.head().kind].orphan:
			parked = n
		default:
			for i := range l.entries {
				if l.entries[i].flags&flagParked != 0 {
					parked++
				}
			}
		}
	}
	x.superseded += int(superseded - l.superseded)
	x.parked += int(parked - l.parked)
	l.superseded, l.parked = superseded, parked
	if sweep {
		x.sweepable.add(l)
	}
}
