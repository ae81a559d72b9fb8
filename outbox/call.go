package outbox

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
)

// perform carries out one call, from the leased entries to their recorded
// verdicts.
func (o *Outbox) perform(ctx context.Context, c *call) {
	defer o.release(c)
	if err := o.load(ctx, c); err != nil || len(c.items) == 0 {
		c.permit.report(time.Now(), report{stopped: true})
		return
	}
	if c.lookUp {
		o.lookUp(ctx, c)
		return
	}
	o.refresh(ctx, c)
	if err := o.takeOff(ctx, c); err != nil {
		c.permit.report(time.Now(), report{stopped: true})
		if c.number != 0 && errors.Is(err, ErrUnknown) {
			// The attempt may be in the file, where it would count as made.
			o.giveBack(ctx, c, c.items)
		}
		return
	}
	o.send(ctx, c, c.items, c.permit)
}

// load reads what is to be sent. What cannot be read becomes a dead letter.
func (o *Outbox) load(ctx context.Context, c *call) error {
	// Pages are read in the order in which they lie.
	slices.SortFunc(c.items, func(a, b item) int { return cmp.Compare(a.seq, b.seq) })
	var bad []damaged
	err := o.store.guard(func() error {
		return o.store.view(func(t *tx) error {
			for i := range c.items {
				it := &c.items[i]
				key := seqKey(it.seq)
				value := slices.Clone(t.get(inEntries, key))
				s, err := t.seals.decode(key, value)
				if err != nil {
					bad = append(bad, damaged{key: key, value: value, why: err})
					continue
				}
				it.stored, it.send = s, s.toSend()
			}
			return nil
		})
	})
	if err != nil || bad == nil {
		return err
	}
	c.items = slices.DeleteFunc(c.items, func(it item) bool { return it.stored.seq == 0 })
	c.unsettled = len(c.items)
	return o.setAsideDamaged(ctx, bad)
}

// refresh asks for the values as of now of those that waited long. The stored
// values stand if that fails.
func (o *Outbox) refresh(ctx context.Context, c *call) {
	if c.kind.Refresh == nil {
		return
	}
	var stale []int
	var leases []Lease
	for i := range c.items {
		it := &c.items[i]
		if it.flags&flagFromBackup != 0 || time.Since(unixTime(it.trueAt())) > o.opts.Stale {
			stale = append(stale, i)
			leases = append(leases, o.leaseOf(it))
		}
	}
	if stale == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, o.opts.RefreshTimeout)
	defer cancel()
	asked := time.Now().UnixNano()
	bodies, err := callSafely(func() ([][]byte, error) { return c.kind.Refresh(ctx, leases) })
	if err == nil && len(bodies) != len(leases) {
		err = fmt.Errorf("refresh of %s returned %d bodies for %d leases", c.kind.Name, len(bodies), len(leases))
	}
	if err != nil {
		o.tell(Event{Type: EventTrouble, Account: c.account.name, Reason: "values could not be refreshed, the stored ones are sent: " + err.Error()})
		return
	}
	for n, i := range stale {
		if bodies[n] != nil {
			c.items[i].send, c.items[i].refreshedAt = bodies[n], asked
		}
	}
}

func (o *Outbox) leaseOf(it *item) Lease {
	return Lease{
		ID: ID{file: o.store.file, seq: it.seq}, Kind: it.kind, Account: it.account, Key: it.key, Once: it.once,
		Body: it.send, AcceptedAt: unixTime(it.acceptedAt), Attempt: int(it.attempts) + 1,
		Confirming: it.flags&flagInDoubt != 0,
	}
}

// takeOff records durably that the entries are about to be on the wire.
// Whatever becomes of this process, they are known to have an unknown outcome.
func (o *Outbox) takeOff(ctx context.Context, c *call) error {
	return o.commit(ctx, func(t *tx) error {
		c.number = t.next(inFlight)
		value := append(t.scratch(16+9*len(c.items)), 0, 0, 0, 0, codecFormat, 0)
		value = binary.AppendUvarint(value, uint64(len(c.items)))
		for i := range c.items {
			value = binary.AppendUvarint(value, c.items[i].seq)
		}
		key := t.key(c.number)
		t.put(inFlight, key, withChecksum(key, value))
		return nil
	})
}

func decodeFlight(key, value []byte) (seqs []uint64, err error) {
	_, fields, err := verified(key, value)
	if err != nil {
		return nil, err
	}
	r := reader{b: fields}
	for n := r.uint(); n > 0 && r.err == nil; n-- {
		seqs = append(seqs, r.uint())
	}
	return seqs, r.end()
}

// send delivers the items and settles them. A batch that is refused as a whole
// is split in halves until the guilty entries stand alone; a merged value that
// is refused, by itself or as one of a batch, goes once more as it was accepted.
func (o *Outbox) send(ctx context.Context, c *call, items []item, p *permit) {
	leases := make([]Lease, len(items))
	for i := range items {
		items[i].uptime = o.uptime(c.kind.Host)
		leases[i] = o.leaseOf(&items[i])
	}
	if c.kind.Class == Step {
		leases[0].Creation = o.creationOf(&items[0])
	}
	o.count(func(s *sums) {
		s.calls++
		if leases[0].Confirming {
			s.confirming++
		}
	})
	answer := o.deliver(ctx, c, leases)
	rejected := answer.Verdict == Rejected && answer.Items == nil
	switch {
	case rejected && len(items) > 1:
		p.report(time.Now(), o.reportOf(ctx, items, answer))
		half := len(items) / 2
		o.sendNext(ctx, c, items[:half])
		o.sendNext(ctx, c, items[half:])
	case rejected && items[0].sentMerged():
		p.report(time.Now(), o.reportOf(ctx, items, answer))
		o.sendAlone(ctx, c, items)
	default:
		settled, refused := refusedMerged(items, &answer)
		if len(refused) == 0 {
			o.settle(ctx, c, items, answer, p)
			return
		}
		if len(settled) > 0 {
			o.settle(ctx, c, settled, answer, p)
		} else {
			p.report(time.Now(), o.reportOf(ctx, items, answer))
		}
		o.sendAlone(ctx, c, refused)
	}
}

// sentMerged says whether what was sent covers older entries too.
func (it *item) sentMerged() bool { return it.merged != nil && it.refreshedAt == 0 && !it.alone }

// sendAlone sends merged values that were refused once more as they were
// accepted.
func (o *Outbox) sendAlone(ctx context.Context, c *call, items []item) {
	for i := range items {
		items[i].send, items[i].alone = items[i].body, true
	}
	o.sendNext(ctx, c, items)
}

// refusedMerged takes the merged values that were refused one by one out of an
// answer.
func refusedMerged(items []item, a *Answer) (settled, refused []item) {
	var results []Result
	for i, r := range a.Items {
		if r.Verdict == Rejected && items[i].sentMerged() {
			refused = append(refused, items[i])
			continue
		}
		settled, results = append(settled, items[i]), append(results, r)
	}
	if len(refused) > 0 {
		a.Items = results
	}
	return settled, refused
}

// sendNext is send with a permit of its own. If the gate is closed meanwhile,
// the items are given back as they are.
func (o *Outbox) sendNext(ctx context.Context, c *call, items []item) {
	o.signal() // the answer to the one before may have opened the gate for others
	p, err := o.admit(ctx, c.kind.Host, c.account.name, false)
	if err != nil {
		o.giveBack(ctx, c, items)
		return
	}
	o.send(ctx, c, items, p)
}

// admit waits for the pace to let a call go. At a closed gate it returns the
// reason, or waits too.
func (o *Outbox) admit(ctx context.Context, host, account string, wait bool) (*permit, error) {
	for {
		changed := o.gateChanged()
		p, at, closed := o.gate.admit(time.Now(), host, account)
		if p != nil {
			return p, nil
		}
		if closed != nil {
			if !wait {
				return nil, closed
			}
			at = closed.Until
		}
		if err := sleep(ctx, at, changed); err != nil {
			if closed != nil {
				return nil, errors.Join(closed, err)
			}
			return nil, err
		}
	}
}

// sleep waits until at, if it is set, or until changed is closed.
func sleep(ctx context.Context, at time.Time, changed <-chan struct{}) error {
	var due <-chan time.Time
	if !at.IsZero() {
		t := time.NewTimer(max(time.Until(at), time.Millisecond))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-due:
	case <-changed:
	}
	return nil
}

// deliver calls the handler. Its panic must not take the process down with
// everything that waits, and says nothing of what reached the other side.
func (o *Outbox) deliver(ctx context.Context, c *call, leases []Lease) Answer {
	a, err := callSafely(func() (Answer, error) { return c.kind.Deliver(ctx, leases), nil })
	switch {
	case err != nil:
		o.tell(Event{Type: EventTrouble, Account: c.account.name, Reason: "handler of " + c.kind.Name + ": " + err.Error()})
		return Answer{Result: Result{Verdict: Unknown, Reason: "handler of " + c.kind.Name + " panicked"}}
	case a.Items != nil && len(a.Items) != len(leases):
		return Answer{Result: Result{Verdict: Unknown, Reason: fmt.Sprintf("the handler gave %d verdicts for %d entries", len(a.Items), len(leases))}}
	case a.Verdict < Delivered || a.Verdict > Unknown:
		a.Verdict = Unknown
	}
	return a
}

// callSafely makes a panic of the embedding program's function an error,
// without what it said, since that may be anything.
func callSafely[T any](fn func() (T, error)) (v T, err error) {
	defer func() {
		if r := recover(); r != nil {
			if e, ok := r.(error); ok {
				err = fmt.Errorf("panic: %T", e)
			} else {
				err = errors.New("panic")
			}
		}
	}()
	return fn()
}

// creationOf is what is known of the creation that a step belongs to.
func (o *Outbox) creationOf(it *item) *Creation {
	key := onceKeyOf(o.configured[it.kind], &it.stored)
	if key == nil {
		return nil
	}
	var found *Creation
	err := o.store.view(func(t *tx) error {
		c, ok, err := t.creationUnder(key, time.Time{})
		if err == nil && ok && c.deliveredAt != 0 {
			found = &Creation{Data: c.data, DeliveredAt: unixTime(c.deliveredAt)}
		}
		return err
	})
	if err != nil {
		return nil
	}
	return found
}

// Read makes a read call through the gate of a host and account: fn is called
// at most once, and its answer tells the gate how the host is. Nothing is
// stored. At a closed gate Read returns a [*ClosedError], or waits for it to
// open if wait is set. It works without Run.
func (o *Outbox) Read(ctx context.Context, host, account string, wait bool, fn func(context.Context) Answer) (Answer, error) {
	if err := o.usable(); err != nil && !errors.Is(err, ErrUnknown) {
		return Answer{}, err
	}
	o.gate.useAccount(host, account)
	p, err := o.admit(ctx, host, account, wait)
	if err != nil {
		return Answer{}, err
	}
	a, err := callSafely(func() (Answer, error) { return fn(ctx), nil })
	if err != nil {
		p.report(time.Now(), report{stopped: true})
		o.signal()
		return Answer{}, err
	}
	p.report(time.Now(), report{verdict: a.Verdict, retryAfter: a.RetryAfter, stopped: ctx.Err() != nil})
	o.signal()
	return a, nil
}
