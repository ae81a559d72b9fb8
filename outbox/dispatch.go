package outbox

import (
	"context"
	"sync"
	"time"
)

// call is one call on its way: entries of one account and kind, or a look-up
// for one entry.
type call struct {
	kind    *kind
	account *account
	items   []item
	single  [1]item // what items begins as: many calls have one
	// lookUp: ask what became of the one item instead of sending it.
	lookUp bool
	permit *permit
	// oldest is when the oldest of its entries that is not only in doubt was
	// accepted, Unix nanoseconds; zero if there is none.
	oldest int64
	// number of the attempt in flight; zero for a look-up.
	number uint64
	// unsettled counts the items whose verdict is not recorded yet.
	unsettled int
	// unrecorded: a verdict could not be recorded. Nothing of the call may be
	// sent again before the file is opened anew, which gives what is in flight
	// its unknown outcome; so the call counts as on the wire until then.
	unrecorded bool
}

// item is an entry of a call. The worker that has the call owns it.
type item struct {
	at  laneKey
	seq uint64
	stored
	// send is the body that goes; refreshedAt, in Unix nanoseconds, is when the
	// ERP was asked for it, zero if it was not.
	send        []byte
	refreshedAt int64
	// alone: send is what was accepted, without what it covers.
	alone bool
	// uptime of the host when it was sent.
	uptime time.Duration
	// Of an answer that was found to be the entry's own fault: it may be
	// applied late; it certainly had no effect.
	lateApply, noEffect bool
}

// dispatch leases entries and starts calls until ctx ends.
func (o *Outbox) dispatch(ctx, callCtx context.Context, calls *sync.WaitGroup) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	further := make(chan *call)
	defer close(further)
	for ctx.Err() == nil {
		now := time.Now()
		o.mu.Lock()
		c, at := o.next(now)
		o.mu.Unlock()
		o.tellGate()
		if c != nil {
			select {
			case further <- c:
			default: // nobody is idle
				calls.Go(func() { o.work(callCtx, c, further) })
			}
			continue
		}
		var due <-chan time.Time
		if !at.IsZero() {
			timer.Reset(max(time.Until(at), time.Millisecond))
			due = timer.C
		}
		select {
		case <-ctx.Done():
		case <-o.wake:
		case <-due:
		}
	}
}

// work carries out a call, and further ones until there will be none: a goroutine
// that stays has grown the stack that a call takes.
func (o *Outbox) work(ctx context.Context, c *call, further <-chan *call) {
	for ; c != nil; c = <-further {
		o.perform(ctx, c)
	}
}

// next leases the entries of the next call. Without one it says when to ask
// again; zero means that only a change can help.
func (o *Outbox) next(now time.Time) (*call, time.Time) {
	clock := o.clock()
	for l := o.timers.due(clock); l != nil; l = o.timers.due(clock) {
		o.arrange(l)
	}
	var at time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if len(o.timers) > 0 {
		sooner(now.Add(time.Duration(o.timers[0].timerAt - clock)))
	}
	if o.broken != nil || o.closing || o.inFlight >= o.opts.MaxInFlight {
		return nil, at
	}
	active := 0
	for _, a := range o.order {
		if a.waiting > 0 || a.inFlight > 0 {
			active++
		}
	}
	var best *laneList
	var bestAccount *account
	for _, a := range o.order {
		// A slow account must not take all calls on the wire.
		if a.waiting == 0 || a.inFlight >= max(1, o.opts.MaxInFlight/active) || bestAccount != nil && a.pass >= bestAccount.pass {
			continue
		}
		q, t := o.choose(a, now)
		sooner(t)
		if q != nil {
			best, bestAccount = q, a
		}
	}
	if best == nil {
		return nil, at
	}
	p, t, closed := o.gate.admit(now, best.kind.Host, bestAccount.name)
	if p == nil {
		sooner(t)
		if closed != nil && t.IsZero() {
			sooner(closed.Until)
		}
		return nil, at
	}
	o.charge(bestAccount, best.group)
	return o.lease(bestAccount, best, p), at
}

// choose returns the list of ready lanes whose turn it is in an account, if
// the gate lets one go, or when to ask again.
func (o *Outbox) choose(a *account, now time.Time) (*laneList, time.Time) {
	var soonest time.Time
	groups, n := a.groupsInTurn()
	for _, g := range groups[:n] {
		for _, q := range a.ready[g] {
			if q.length == 0 {
				continue
			}
			free := q.first
			for free != nil && free.held {
				free = free.next
			}
			if free == nil {
				continue // what is being committed wakes us when it is done
			}
			open, at := o.gate.peek(now, q.kind.Host, a.name)
			if open {
				return q, time.Time{}
			}
			if !at.IsZero() && (soonest.IsZero() || at.Before(soonest)) {
				soonest = at
			}
		}
	}
	return nil, soonest
}

// lease takes the lanes of one call: from the list whose turn it is, and then,
// since a fuller call costs the same, from the account's other groups.
func (o *Outbox) lease(a *account, q *laneList, p *permit) *call {
	c := &call{kind: q.kind, account: a, permit: p}
	c.items = c.single[:0]
	limit := q.kind.MaxBatch
	take := func(q *laneList) {
		for l := q.first; l != nil && len(c.items) < limit; {
			following := l.next
			if h := l.head(); !l.held {
				if n := o.notes[h.seq]; n != nil && n.limit > 0 {
					if len(c.items) >= n.limit {
						l = following
						continue
					}
					limit = min(limit, n.limit)
				}
				c.lookUp = h.pending != 0 || h.flags&flagLookupFirst != 0
				c.items = append(c.items, item{at: l.id(), seq: h.seq})
				if h.flags&flagInDoubt == 0 && (c.oldest == 0 || h.acceptedAt < c.oldest) {
					c.oldest = h.acceptedAt
				}
				l.leased = h.seq
				o.leased[h.seq] = c
				o.arrange(l)
			}
			l = following
		}
	}
	take(q)
	for _, other := range a.ready {
		for _, q := range other {
			if q.kind == c.kind {
				take(q)
			}
		}
	}
	c.unsettled = len(c.items)
	a.inFlight++
	o.inFlight++
	return c
}

// release gives up the leases that are left without a verdict.
func (o *Outbox) release(c *call) {
	if c.unrecorded {
		return
	}
	o.mu.Lock()
	for _, it := range c.items {
		if o.leased[it.seq] != c {
			continue // settled, and perhaps another call's by now
		}
		delete(o.leased, it.seq)
		if l := o.lane(it.at); l != nil && l.leased == it.seq {
			l.leased = 0
			o.arrange(l)
		}
	}
	c.account.inFlight--
	o.inFlight--
	o.mu.Unlock()
	o.signal()
}
