package outbox

import (
	"context"
	"strings"
	"time"
)

// maxSends is how often a creation is sent when each time its outcome stays
// unknown, before a person must look.
const maxSends = 3

// concludeInOrder is conclude for a creation or a step. Unless it was
// delivered or certainly had no effect, the other side is asked first.
func (o *Outbox) concludeInOrder(t *tx, c *call, l *lane, it *item, r Result, now time.Time) {
	s := &it.stored
	e := Event{Type: EventAttempt, Verdict: r.Verdict, Reason: r.Reason, Attempt: c.number, Duplicate: r.Duplicate}
	switch r.Verdict {
	case Delivered:
		o.done(t, l, s, e, r.Data, now)
	case Rejected, Failed, Unknown:
		if it.noEffect {
			it.noEffect = false
			o.failed(t, c, l, s, r, now)
			return
		}
		o.happen(t, s.seq, e, nil, now)
		verdict := r.Verdict
		if verdict == Failed && c.kind.Class == Once {
			verdict = Unknown
		}
		o.lookUpNext(t, c.kind, l, s, verdict, r.Reason, c.number, now)
	default:
		o.happen(t, s.seq, e, nil, now)
		o.delay(l, s, r)
	}
}

// done ends the life of a creation or step.
func (o *Outbox) done(t *tx, l *lane, s *stored, e Event, data []byte, now time.Time) {
	o.settleCreation(t, s, true, data, now)
	o.counters.delivered++
	o.counters.changed = true
	s.body, s.merged = nil, nil
	e.Type, e.Verdict = EventDelivered, Delivered
	o.happen(t, s.seq, e, s, now)
	t.delete(inEntries, t.key(s.seq))
	o.remove(l, s.seq)
}

// lookUpNext makes a look-up the next thing that happens to an entry.
func (o *Outbox) lookUpNext(t *tx, k *kind, l *lane, s *stored, pending Verdict, reason string, attempt uint64, now time.Time) {
	if k.Resolve == nil {
		switch pending {
		case Rejected:
			o.bury(t, l, s, reason, attempt, now)
		default:
			s.pending = pending
			o.park(t, l, s, "outcome unknown and nothing to look it up with, ask a person: "+reason, attempt, now)
		}
		return
	}
	s.pending, s.reason = pending, reason
	if k.Class == Once && pending == Unknown {
		s.sends++
		s.unknownSince, s.notFoundSince = o.uptime(k.Host)+1, 0
	}
	o.update(t, l, s)
	o.setLookAt(s)
}

// setLookAt notes when an entry whose outcome is pending is to be looked up.
// The first look-up comes at once. A creation that may have been sent is
// looked up again when what was sent can no longer arrive unseen: LateApply
// after the client gave up and LookupLag after that, and LookupLag after the
// look-up before.
func (o *Outbox) setLookAt(s *stored) {
	n := o.note(s.seq)
	n.lookAt = 0
	if s.unknownSince != 0 && s.notFoundSince != 0 {
		n.lookAt = max(s.unknownSince+o.opts.LateApply+o.opts.LookupLag, s.notFoundSince+o.opts.LookupLag)
	}
}

// lookUp asks what became of an entry and records what follows.
func (o *Outbox) lookUp(ctx context.Context, c *call) {
	it := &c.items[0]
	it.uptime = o.uptime(c.kind.Host)
	lease := o.leaseOf(it)
	if c.kind.Class == Step {
		lease.Creation = o.creationOf(it)
	}
	o.count(func(s *sums) { s.lookUps++ })
	res := Resolution{Finding: NotFound, Result: Result{Verdict: Delivered}}
	if c.kind.Resolve != nil {
		var err error
		res, err = callSafely(func() (Resolution, error) { return c.kind.Resolve(ctx, lease), nil })
		if err != nil {
			o.tell(Event{Type: EventTrouble, Account: c.account.name, Reason: "look-up of " + c.kind.Name + ": " + err.Error()})
			res = Resolution{Result: Result{Verdict: Unavailable, Reason: "look-up panicked"}}
		}
	}
	c.permit.report(time.Now(), report{verdict: res.Verdict, retryAfter: res.RetryAfter, stopped: o.stopped(ctx, res.Verdict)})
	o.record(ctx, c, c.items, func(t *tx, it *item, _ int, now time.Time) { o.resolved(t, c, it, res, now) })
}

// resolved writes what follows from a look-up.
func (o *Outbox) resolved(t *tx, c *call, it *item, res Resolution, now time.Time) {
	l, s := o.lane(it.at), &it.stored
	e := Event{Type: EventAttempt, LookUp: true, Verdict: res.Verdict, Reason: res.Reason}
	if res.Verdict != Delivered {
		// Nothing was learnt, so nothing may be sent.
		o.happen(t, s.seq, e, nil, now)
		o.delay(l, s, res.Result)
		return
	}
	switch res.Finding {
	case Found:
		e.Duplicate = true
		o.done(t, l, s, e, res.Data, now)
	case Ambiguous:
		o.park(t, l, s, "several fit, a person must look: "+strings.Join(res.Matches, ", "), 0, now)
	case Contradicted:
		o.bury(t, l, s, res.Reason, 0, now)
	default:
		o.notFound(t, c, l, it, e, now)
	}
}

// notFound writes what follows from a look-up that found nothing.
func (o *Outbox) notFound(t *tx, c *call, l *lane, it *item, e Event, now time.Time) {
	s := &it.stored
	pending, reason := s.pending, s.reason
	if c.kind.Class == Once && s.unknownSince != 0 {
		proven := s.notFoundSince != 0 &&
			it.uptime+1 >= s.unknownSince+o.opts.LateApply+o.opts.LookupLag &&
			it.uptime+1 >= s.notFoundSince+o.opts.LookupLag
		if !proven {
			if s.notFoundSince == 0 {
				s.notFoundSince = it.uptime + 1
			}
			o.happen(t, s.seq, e, nil, now)
			o.update(t, l, s)
			o.setLookAt(s)
			o.note(s.seq).delays = 0 // it was answered: what it waits for now is no delay
			return
		}
		// In two look-ups it was not there, and it cannot arrive any more.
	}
	switch pending {
	case Rejected:
		o.bury(t, l, s, s.reason, 0, now)
		return
	case Failed:
		s.pending = 0
		o.update(t, l, s)
		o.failed(t, c, l, s, Result{Verdict: Failed, Reason: s.reason}, now)
		return
	default: // unknown, or nothing was sent yet
	}
	if s.sends >= maxSends {
		o.happen(t, s.seq, e, nil, now)
		o.park(t, l, s, "unknown, ask a person: it was sent several times without an answer and is not there", 0, now)
		return
	}
	s.pending, s.unknownSince, s.notFoundSince, s.reason = 0, 0, 0, ""
	s.flags &^= flagLookupFirst
	o.happen(t, s.seq, e, nil, now)
	o.update(t, l, s)
	o.note(s.seq).lookAt = 0
	if pending == Unknown && c.kind.Class == Step {
		// The look-up was answered, so the gate does not slow down what goes again.
		o.delay(l, s, Result{Verdict: Unknown, Reason: reason})
	}
}
