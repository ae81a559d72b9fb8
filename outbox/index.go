package outbox

import (
	"fmt"
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
	name  string
	class Class
}

// account is whose credential sends.
type account struct {
	name string
	// ready lanes by group, and within it by kind.
	ready [MaxGroup + 1][]*laneList
	// passes of the group and, pass, of the account: see shares.go.
	passes [MaxGroup + 1]float64
	pass   float64
	// inFlight counts its calls on the wire, waiting its ready lanes.
	inFlight, waiting int
	// stored counts entries and dead letters by family; addressing is how
	// their targets are named.
	stored     map[*family]int
	addressing map[*family]string
}

// index is what memory knows of the stored entries: all but their bodies. It
// is rebuilt from the file by one scan. The outbox's mutex guards it.
type index struct {
	kinds    []*kind
	byName   map[string]*kind
	families map[string]*family

	accounts map[string]*account
	order    []*account // by first appearance, so that runs repeat
	lanes    map[laneKey]*lane
	timers   timers
	// sums
	entries    int // in the bucket entries
	inDoubt    int // of these, delivered and to be confirmed
	superseded int // of these, superseded and to be swept
	parked     int // of these, parked
	dead       int // in the bucket dead
	leased     map[uint64]struct{}
	notes      map[uint64]*note
	sweepable  []*lane
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
	delays int           // in a row, for what was not the entry's fault
	limit  int           // of the batch it may travel in; zero is the kind's
	lookAt time.Duration // uptime of the host at which to look it up; zero is at once
}

func newIndex(kinds []Kind) *index {
	x := &index{
		byName: map[string]*kind{}, families: map[string]*family{}, accounts: map[string]*account{},
		leased: map[uint64]struct{}{}, notes: map[uint64]*note{},
	}
	for _, k := range kinds {
		x.addKind(k, false)
	}
	x.clear()
	return x
}

// clear forgets what was read from the file.
func (x *index) clear() {
	for _, a := range x.order { // kept, since calls on the wire refer to them
		a.ready, a.waiting = [MaxGroup + 1][]*laneList{}, 0
		clear(a.stored)
		clear(a.addressing)
	}
	x.lanes, x.timers, x.sweepable = map[laneKey]*lane{}, nil, nil
	x.entries, x.inDoubt, x.superseded, x.parked, x.dead = 0, 0, 0, 0, 0
}

func (x *index) addKind(k Kind, orphan bool) *kind {
	f := x.families[k.Family]
	if f == nil {
		f = &family{name: k.Family, class: k.Class}
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

func (x *index) accountOf(name string) *account {
	a := x.accounts[name]
	if a == nil {
		a = &account{name: name, stored: map[*family]int{}, addressing: map[*family]string{}}
		x.accounts[name] = a
		x.order = append(x.order, a)
	}
	return a
}

func (x *index) laneOf(a *account, f *family, key string) *lane {
	k := laneKey{a, f, key}
	l := x.lanes[k]
	if l == nil {
		l = &lane{account: a, family: f, key: key}
		x.lanes[k] = l
	}
	return l
}

// add puts a stored entry into its lane.
func (x *index) add(s *stored, dueAt int64) *lane {
	k := x.kindOf(s.kind)
	l := x.laneOf(x.accountOf(s.account), k.family, s.key)
	e := entry{seq: s.seq, kind: k.index, acceptedAt: s.acceptedAt, dueAt: dueAt, attempts: uint16(min(s.attempts, 1<<16-1)), group: s.group, flags: s.flags, pending: s.pending}
	if n := l.newest(); n == nil || n.seq < s.seq {
		l.entries = append(l.entries, e)
	} else {
		l.insert(e)
	}
	if s.confirmAt != 0 {
		l.confirmAt = max(l.confirmAt, s.confirmAt)
	}
	x.entries++
	if s.flags&flagInDoubt != 0 {
		x.inDoubt++
	}
	l.account.stored[k.family]++
	return l
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
	l.account.stored[l.family]--
	delete(x.notes, seq)
	if len(l.entries) == 0 {
		l.confirmAt = 0
	}
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
	l.account.stored[l.family]++
}

func (x *index) removeDead(l *lane, seq uint64) {
	for i, d := range l.dead {
		if d == seq {
			l.dead = append(l.dead[:i], l.dead[i+1:]...)
			x.dead--
			l.account.stored[l.family]--
			break
		}
	}
	if len(l.dead) == 0 {
		l.dead = nil
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
	superseded, parked := int32(0), int32(0)
	if n := int32(len(l.entries)); n > 0 {
		switch {
		case l.absolute():
			superseded = n - 1
			if l.leased != 0 && l.leased != l.newest().seq && l.find(l.leased) != nil {
				superseded--
			}
			if l.newest().flags&flagParked != 0 {
				parked = 1
			}
		case l.blockedBy() != 0 || x.kinds[l.entries[0].kind].orphan:
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
	if superseded > 0 && !l.sweeping {
		l.sweeping = true
		x.sweepable = append(x.sweepable, l)
	}
}

// listFor returns the list of ready lanes that a lane with this head is in.
func (x *index) listFor(l *lane, h *entry) *laneList {
	k := x.kinds[h.kind]
	for _, q := range l.account.ready[h.group] {
		if q.kind == k {
			return q
		}
	}
	q := &laneList{kind: k, group: h.group}
	l.account.ready[h.group] = append(l.account.ready[h.group], q)
	return q
}

// arrange puts a lane where its head belongs: among the ready lanes, among
// those that wait for a moment, or nowhere.
func (o *Outbox) arrange(l *lane) {
	o.recount(l)
	list, at := o.readiness(l)
	if l.list != list {
		if l.list != nil {
			l.list.unlink(l)
			l.account.waiting--
		}
		if list != nil {
			o.joinShares(l.account, list.group)
			list.push(l)
			l.account.waiting++
		}
	}
	if at != 0 {
		o.timers.set(l, at)
	} else {
		o.timers.stop(l)
	}
	if len(l.entries) == 0 && len(l.dead) == 0 && l.leased == 0 && !l.held && !l.sweeping {
		delete(o.lanes, l.id())
	}
}

// readiness says which list of ready lanes a lane belongs to, or at what
// moment to ask again; neither if it waits for something else.
func (o *Outbox) readiness(l *lane) (list *laneList, at int64) {
	h := l.head()
	proof := time.Duration(0)
	defer func() { o.prove(l, proof != 0) }()
	if h == nil || l.leased != 0 || h.flags&flagParked != 0 || o.kinds[h.kind].orphan || l.blockedBy() != 0 {
		return nil, 0
	}
	switch {
	case h.flags&flagInDoubt != 0:
		proof = l.confirmAt
	case h.pending != 0:
		if n := o.notes[h.seq]; n != nil {
			proof = n.lookAt
		}
	}
	now, due := o.clock(), h.dueAt
	if proof != 0 {
		if left := proof - o.gate.uptime(o.kinds[h.kind].Host); left > 0 {
			// Uptime grows with signs of life only, at best as fast as time.
			due = max(due, now+int64(max(left, time.Second)))
		}
	}
	if due > now {
		return nil, due
	}
	return o.listFor(l, h), 0
}

// prove keeps count of the lanes that need a host to be proven up.
func (o *Outbox) prove(l *lane, wanted bool) {
	if l.proving == wanted {
		return
	}
	l.proving = wanted
	host := ""
	if h := l.head(); h != nil {
		host = o.kinds[h.kind].Host
	} else {
		host = o.hostOf(l.family)
	}
	if wanted {
		o.proving[host]++
	} else {
		o.proving[host]--
	}
	o.gate.wantProof(host, o.proving[host] > 0)
}

// hostOf is the host that a family's kinds call.
func (x *index) hostOf(f *family) string {
	for _, k := range x.kinds {
		if k.family == f {
			return k.Host
		}
	}
	return ""
}

// touch marks a lane as changed by a transaction that is not committed yet.
func (o *Outbox) touch(l *lane) {
	if !l.held {
		l.held = true
		o.touched = append(o.touched, l)
	}
}

// reload reads the file into the index. Entries that are being attempted stay
// so. Nothing may be committed meanwhile.
func (o *Outbox) reload() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.index.clear()
	o.touched, o.changed, o.pendingEvents = o.touched[:0], o.changed[:0], nil
	clear(o.proving)
	o.unreadable = nil
	now, clock := time.Now(), o.clock()
	err := o.store.guard(func() error {
		return o.store.view(func(t *tx) error {
			err := t.buckets[inEntries].ForEach(func(key, value []byte) error {
				s, err := decodeStored(key, value)
				if err != nil {
					o.unreadable = append(o.unreadable, damaged{append([]byte(nil), key...), append([]byte(nil), value...), err})
					return nil
				}
				l := o.index.add(&s, o.dueOnClock(&s, now, clock))
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
			err = t.buckets[inDead].ForEach(func(key, value []byte) error {
				s, err := decodeStored(key, value)
				if err != nil || s.flags&flagUnreadable != 0 {
					o.dead++
					return nil
				}
				k := o.kindOf(s.kind)
				o.addDead(o.laneOf(o.accountOf(s.account), k.family, s.key), s.seq)
				return nil
			})
			if err != nil {
				return err
			}
			o.loadAddressing(t)
			return o.loadCounters(t)
		})
	})
	if err != nil {
		return fmt.Errorf("read outbox %s: %w", o.store.path, err)
	}
	for _, l := range o.lanes {
		l.proving = false
	}
	for _, a := range o.order {
		for _, k := range o.kinds {
			if !k.orphan {
				o.gate.useAccount(k.Host, a.name)
			}
		}
	}
	// In the order of the file, so that the oldest go first.
	for _, l := range sortedLanes(o.lanes) {
		o.arrange(l)
	}
	return nil
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
