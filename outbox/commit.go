package outbox

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
)

// committer is the one owner of all writes. The first caller that waits leads:
// it takes everybody's operations, commits them in one transaction, answers
// all, and hands the lead to the first of those that came meanwhile. Alone, a
// caller pays one commit; together, callers share it; nobody waits for a timer.
type committer struct {
	// run commits a group. Only one runs at a time.
	run func(group []*request)

	mu      sync.Mutex // guards the fields below and request.taken
	queue   []*request
	leading bool
	group   []*request // reused from one lead to the next
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

	err   error
	taken bool
	turn  chan bool // true: lead; false: done
}

const (
	maxGroup      = 4096    // operations of a transaction
	maxGroupBytes = 4 << 20 // of bodies in a transaction, unless one is larger
)

// do commits an operation. When ctx ends before the operation is taken up, it
// is withdrawn; after that its outcome is waited for, which takes one commit.
func (c *committer) do(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.turn = make(chan bool, 1)
	c.mu.Lock()
	c.queue = append(c.queue, r)
	lead := !c.leading
	c.leading = true
	c.mu.Unlock()
	if !lead {
		select {
		case lead = <-r.turn:
		case <-ctx.Done():
			if c.withdraw(r) {
				return ctx.Err()
			}
			lead = <-r.turn
		}
		if !lead {
			return r.err
		}
	}
	// Let those that are about to ask get into this group.
	runtime.Gosched()
	c.lead()
	return r.err
}

// withdraw takes a request out of the queue, unless it is taken up or leads.
func (c *committer) withdraw(r *request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.taken || len(r.turn) > 0 {
		return false
	}
	for i, q := range c.queue {
		if q == r {
			c.queue = append(c.queue[:i], c.queue[i+1:]...)
			return true
		}
	}
	return false
}

// lead commits the first requests of the queue, its own among them.
func (c *committer) lead() {
	c.mu.Lock()
	group, bytes := c.group[:0], 0
	for _, r := range c.queue {
		if len(group) > 0 && (len(group) == maxGroup || bytes+r.bytes > maxGroupBytes || r.exclusive != nil || group[0].exclusive != nil) {
			break
		}
		r.taken = true
		bytes += r.bytes
		group = append(group, r)
	}
	rest := copy(c.queue, c.queue[len(group):])
	clear(c.queue[rest:])
	c.queue = c.queue[:rest]
	c.group = nil
	c.mu.Unlock()

	c.run(group)

	for _, r := range group[1:] { // the first is the leader itself
		r.turn <- false
	}
	clear(group)
	c.mu.Lock()
	c.group = group
	if len(c.queue) == 0 {
		c.leading = false
	} else {
		c.queue[0].turn <- true
	}
	c.mu.Unlock()
}

// commit runs op in a transaction, with others that wait, and returns when it
// is durable.
func (o *Outbox) commit(ctx context.Context, bytes int, op func(t *tx) error) error {
	return o.committer.do(ctx, &request{op: op, bytes: bytes})
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
	if t.err != nil {
		return t.err
	}
	o.full.note(cause)
	return fmt.Errorf("%w: %w", ErrFull, cause)
}

// committed lets the lanes go that the transaction touched and tells what it did.
func (o *Outbox) committed() {
	o.mu.Lock()
	for i, l := range o.touched {
		l.held = false
		o.arrange(l)
		o.touched[i] = nil
	}
	o.touched = o.touched[:0]
	for _, seq := range o.changed {
		for _, c := range o.waiters[seq] {
			close(c)
		}
		delete(o.waiters, seq)
	}
	o.changed = o.changed[:0]
	events := o.pendingEvents
	o.pendingEvents = nil
	o.mu.Unlock()
	for _, e := range events {
		o.tell(e)
	}
	o.signal()
}
