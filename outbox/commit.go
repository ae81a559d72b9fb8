package outbox

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// committer is the one owner of all writes. Callers that ask while a commit is
// under way gather in a group, which the first of them, its leader, commits in
// one transaction as soon as that commit is done. Alone, a caller pays one
// commit; together, callers share it; nobody waits for a timer.
type committer struct {
	// run commits a group. Only one runs at a time.
	run func(group []*request)

	mu      sync.Mutex // guards the fields below and those of queued groups
	queue   []*group   // not taken up yet; the first one with room is joined
	leading bool       // a group is being committed, or its leader was told to
}

// group is what one transaction commits.
type group struct {
	requests []*request
	first    [1]*request // what requests begins as: most groups have one
	bytes    int
	ends     int
	leader   *request // nil if it was withdrawn
	taken    bool
	// Both are nil as long as nobody waits for them, as when one caller is alone.
	turn chan struct{} // tells the leader to lead
	done chan struct{} // closed when the group is committed
}

// request is one operation that wants to be committed.
type request struct {
	// op writes to the transaction and changes memory to match, under the
	// outbox's mutex. It must not block. If it returns an error it must not
	// have done anything, and only this request fails.
	op func(t *tx) error
	// exclusive runs instead of op, with no transaction open and nothing else
	// of its group.
	exclusive func() error
	bytes     int
	ends      int // entries that it settles or removes

	err error
}

const (
	maxGroup      = 4096    // operations of a transaction
	maxGroupBytes = 4 << 20 // of bodies in a transaction, unless one is larger
	maxGroupEnds  = 100     // entries that end in a transaction, unless one request has more: an end is dear, and accepts wait for it
)

// do commits an operation. When ctx ends before the operation is taken up, it
// is withdrawn; after that its outcome is waited for, which takes one commit.
func (c *committer) do(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	g := c.joinLocked(r)
	lead := !c.leading
	c.leading = true
	var turn chan struct{} // the leader's; the others have none
	if !lead {
		turn = g.waitLocked(r)
	}
	c.mu.Unlock()
	if !lead && turn == nil && ctx.Done() == nil {
		<-g.done // as below, for the most frequent case and at half the price
		return r.err
	}
	if !lead {
		select {
		case <-turn:
		case <-g.done:
			return r.err
		case <-ctx.Done():
			if c.withdraw(g, r) {
				return ctx.Err()
			}
			select {
			case <-turn:
			case <-g.done:
				return r.err
			}
		}
	}
	c.gather(g)
	c.mu.Lock()
	c.takeUpLocked()
	c.mu.Unlock()
	c.lead(g)
	return r.err
}

// joinLocked puts a request into the first group that has room for it, or a new one.
func (c *committer) joinLocked(r *request) *group {
	var g *group
	if i := slices.IndexFunc(c.queue, func(g *group) bool { return g.takes(r) }); i >= 0 {
		g = c.queue[i]
	} else {
		g = &group{}
		g.requests = g.first[:0]
		c.queue = append(c.queue, g)
	}
	if len(g.requests) == 0 {
		g.leader = r
	}
	g.requests = append(g.requests, r)
	g.bytes += r.bytes
	g.ends += r.ends
	return g
}

// waitLocked makes what a request waits for: the end of its group, and its turn
// if it leads it.
func (g *group) waitLocked(r *request) (turn chan struct{}) {
	if g.done == nil {
		g.done = make(chan struct{})
	}
	if g.leader != r {
		return nil
	}
	if g.turn == nil {
		g.turn = make(chan struct{}, 1)
	}
	return g.turn
}

// gather lets those that are about to ask get into a group, as long as letting
// them go first brings more. It does so a few times at most, and not again once
// that took long, which it does when the processor is busy with others.
func (c *committer) gather(g *group) {
	const rounds, long = 4, time.Millisecond
	for before, round := 0, 0; round < rounds; round++ {
		start := time.Now()
		runtime.Gosched()
		c.mu.Lock()
		n := len(g.requests)
		c.mu.Unlock()
		if n == 1 || n <= before || time.Since(start) > long {
			return
		}
		before = n
	}
}

// takes says whether one more request fits into a group.
func (g *group) takes(r *request) bool {
	return len(g.requests) == 0 || len(g.requests) < maxGroup && g.bytes+r.bytes <= maxGroupBytes &&
		(r.ends == 0 || g.ends+r.ends <= maxGroupEnds) && r.exclusive == nil && g.requests[0].exclusive == nil
}

// withdraw takes a request out of its group, unless that is taken up or the
// request is to lead it.
func (c *committer) withdraw(g *group, r *request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g.taken || g.leader == r && len(g.turn) > 0 {
		return false
	}
	if g.leader == r {
		g.leader = nil
	}
	i := slices.Index(g.requests, r)
	g.requests = slices.Delete(g.requests, i, i+1)
	g.bytes -= r.bytes
	g.ends -= r.ends
	return true
}

// lead commits a group that was taken up, and those behind it whose leader was
// withdrawn.
func (c *committer) lead(g *group) {
	for g != nil {
		c.run(g.requests)
		if g.done != nil { // which nobody changes any more, since it was taken up
			close(g.done)
		}
		g = c.handOver()
	}
}

// takeUpLocked takes the first group out of the queue. From then on nobody joins it
// or withdraws.
func (c *committer) takeUpLocked() *group {
	g := c.queue[0]
	g.taken = true
	c.queue = slices.Delete(c.queue, 0, 1)
	return g
}

// handOver tells the next group's leader to lead. If that was withdrawn it
// takes the group up and returns it, since nobody else would care for it.
func (c *committer) handOver() *group {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) > 0 {
		switch g := c.queue[0]; {
		case g.leader != nil:
			g.turn <- struct{}{}
			return nil
		case len(g.requests) > 0:
			return c.takeUpLocked()
		}
		c.queue = slices.Delete(c.queue, 0, 1) // all were withdrawn
	}
	c.leading = false
	return nil
}

// commit runs op in a transaction, with others that wait, and returns when it
// is durable.
func (o *Outbox) commit(ctx context.Context, op func(t *tx) error) error {
	return o.committer.do(ctx, &request{op: op})
}

// commitEnds is commit for an operation that settles or removes so many entries.
func (o *Outbox) commitEnds(ctx context.Context, ends int, op func(t *tx) error) error {
	return o.committer.do(ctx, &request{op: op, ends: ends})
}

// exclusively runs fn while nothing is being committed.
func (o *Outbox) exclusively(ctx context.Context, fn func() error) error {
	return o.committer.do(ctx, &request{exclusive: fn})
}

// commitGroup is the committer's run.
func (o *Outbox) commitGroup(group []*request) {
	if group[0].exclusive != nil {
		group[0].err = group[0].exclusive()
		return
	}
	fail := func(err error) {
		for _, r := range group {
			if r.err == nil {
				r.err = err
			}
		}
	}
	if err := o.usable(); err != nil {
		fail(err)
		return
	}
	if o.beforeCommit != nil {
		o.beforeCommit()
		if err := o.usable(); err != nil {
			fail(err)
			return
		}
	}
	if err := o.inPlace(); err != nil {
		fail(err)
		return
	}
	t, err := o.store.begin()
	if err != nil {
		fail(fmt.Errorf("begin: %w", err))
		return
	}
	before := t.bolt.ID() - 1
	o.mu.Lock()
	for _, r := range group {
		r.err = r.op(t)
	}
	o.saveCounters(t)
	o.mu.Unlock()
	switch {
	case t.err != nil:
		err = errors.Join(t.err, t.bolt.Rollback())
	case !t.wrote:
		err = t.bolt.Rollback()
	default:
		err = o.store.commit(t)
	}
	if err != nil {
		err = o.commitFailed(before, t, err)
		fail(err)
		return
	}
	o.committed()
}

// commitFailed says what a failed commit means for those that wanted it. In
// bbolt the data pages are written and synced before the meta page that makes
// them count. So a transaction that readers do not see never got that far: it
// is gone, and its pages will be written anew before they count. One that they
// do see is in an unknown state on disk, and going on would reuse pages that
// the disk may still need. A full disk shows in the former way and is expected
// to pass; after anything else nothing is committed until the outbox is
// rebuilt.
func (o *Outbox) commitFailed(before int, t *tx, cause error) error {
	after, err := o.store.lastCommit()
	if t.err == nil && (err != nil || after != before || !isDiskFull(cause)) {
		o.mu.Lock()
		o.broken = cause
		o.mu.Unlock()
		o.tell(Event{Type: EventTrouble, Reason: "commit failed, the outbox must be rebuilt: " + cause.Error()})
		return fmt.Errorf("%w: %w", ErrUnknown, cause)
	}
	// Memory is ahead of the disk now.
	if err := o.reload(); err != nil {
		o.mu.Lock()
		o.broken = err
		o.mu.Unlock()
		return fmt.Errorf("%w: %w", ErrUnknown, errors.Join(cause, err))
	}
	o.wakeAll() // what they saw of this transaction is not so
	if t.err != nil {
		return t.err
	}
	o.full.note(cause)
	return fmt.Errorf("%w: %w", ErrFull, cause)
}

// committed lets the lanes go that the transaction touched and tells what it did.
func (o *Outbox) committed() {
	o.mu.Lock()
	moved := len(o.touched)+len(o.settled) > 0 // else there is nothing to wake anybody for
	for _, s := range o.settled {
		if o.leased[s.seq] == s.call {
			delete(o.leased, s.seq)
		}
	}
	o.settled = o.settled[:0]
	for i, l := range o.touched {
		l.held = false
		o.arrange(l)
		o.touched[i] = nil
	}
	o.touched = o.touched[:0]
	for _, c := range o.changed {
		for _, w := range o.waiters[c.seq] {
			w.settled = c.settled
			close(w.changed)
		}
		delete(o.waiters, c.seq)
	}
	o.changed = o.changed[:0]
	events := o.pendingEvents
	o.pendingEvents = nil
	o.mu.Unlock()
	for _, e := range events {
		o.tell(e)
	}
	if moved {
		o.signal()
	}
}
