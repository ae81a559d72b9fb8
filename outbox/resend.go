package outbox

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Resend says what [Outbox.Resend] sends again.
type Resend struct {
	// From and To bound the time, both included, in which a value was accepted,
	// delivered, or confirmed. The lanes of such values are selected.
	From, To time.Time
	// Accounts and Kinds select among them; none are all.
	Accounts, Kinds []string
	// DryRun: only count.
	DryRun bool
	// Progress, if set, is told the sums now and then.
	Progress func(Resent)
}

// Resent are the sums of [Outbox.Resend], in lanes: Selected is the sum of the
// others but Unreadable.
type Resent struct {
	Selected int
	// Sent were stored to be sent again; in a dry run, would be.
	Sent int
	// Waiting have something that waits and will be sent anyway.
	Waiting int
	// Undelivered have no delivered value from the range on, or a newer one that
	// is a dead letter.
	Undelivered int
	// Changed were given a newer value while this ran.
	Changed int
	// Unreadable counts events of the history that could not be read: what
	// they tell is not resent.
	Unreadable int
}

const (
	resendLanes = 20_000 // whose values are in memory at a time
	resendChunk = 200    // entries of a commit
)

// Resend stores again, durably, the newest delivered value of each lane that
// the range selects: for when the other side lost what it had acknowledged. The
// value is the newest of each field, see Kind.Merge, from the range up to now,
// and is refreshed when sent if its kind can. A lane with something waiting is
// left alone, and a newer value that comes meanwhile wins. Creations and steps
// are never sent again. Its error leaves what was stored until then.
func (o *Outbox) Resend(ctx context.Context, r Resend) (Resent, error) {
	var sums Resent
	if r.From.IsZero() || r.To.Before(r.From) || r.To.After(time.Now()) {
		return sums, fmt.Errorf("%w range: from %s to %s, it has to end by now", ErrInvalid, r.From.UTC().Format(time.RFC3339), r.To.UTC().Format(time.RFC3339))
	}
	for _, name := range r.Kinds {
		if k := o.configured[name]; k == nil || k.Class != Absolute {
			return sums, fmt.Errorf("%w Kinds: %q is no kind of absolute values", ErrInvalid, name)
		}
	}
	selected, err := o.selectLanes(ctx, &r, &sums)
	if err != nil {
		return sums, err
	}
	for len(selected) > 0 {
		values := make(map[laneKey]*resendable, min(len(selected), resendLanes))
		for at := range selected {
			if len(values) == resendLanes {
				break
			}
			values[at] = nil
			delete(selected, at)
		}
		if err := o.newestDelivered(ctx, &r, values); err != nil {
			return sums, err
		}
		if err := o.resendValues(ctx, &r, values, &sums); err != nil {
			return sums, err
		}
	}
	return sums, nil
}

// resendable is a lane's newest delivered value.
type resendable struct {
	seq   uint64
	kind  *kind
	group Group
	body  []byte
	asOf  time.Time
}

// pastValues yields the absolute values whose end the history has, oldest first.
func (o *Outbox) pastValues(ctx context.Context, r *Resend, unreadable *int, fn func(at laneKey, k *kind, e *Event)) error {
	accounts, kinds := setOf(r.Accounts), setOf(r.Kinds)
	for e, err := range o.History() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			*unreadable++
			continue
		}
		if e.Entry == nil || len(accounts) > 0 && !accounts[e.Entry.Account] || len(kinds) > 0 && !kinds[e.Entry.Kind] {
			continue
		}
		if k := o.configured[e.Entry.Kind]; k != nil && k.Class == Absolute {
			o.mu.Lock()
			at := laneKey{o.accountOf(e.Entry.Account), k.family, e.Entry.Key}
			named := o.branch(at.account, k.family).named(e.At)
			o.mu.Unlock()
			if named { // else its key means nothing any more
				fn(at, k, &e)
			}
		}
	}
	return ctx.Err()
}

// took says whether the other side took the value then: when it was delivered, and
// when it was said once more since it was in doubt.
func took(e *Event) bool {
	return e.Type == EventDelivered || e.Confirming && e.Verdict == Delivered
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[n] = true
	}
	return set
}

// selectLanes returns the lanes that the range selects.
func (o *Outbox) selectLanes(ctx context.Context, r *Resend, sums *Resent) (map[laneKey]struct{}, error) {
	selected := map[laneKey]struct{}{}
	within := func(t time.Time) bool { return !t.Before(r.From) && !t.After(r.To) }
	err := o.pastValues(ctx, r, &sums.Unreadable, func(at laneKey, _ *kind, e *Event) {
		if within(e.Entry.AcceptedAt) || took(e) && within(e.At) {
			selected[at] = struct{}{}
		}
	})
	sums.Selected = len(selected)
	return selected, err
}

// newestDelivered fills in what was delivered in the given lanes.
func (o *Outbox) newestDelivered(ctx context.Context, r *Resend, values map[laneKey]*resendable) error {
	var again int // counted by selectLanes
	return o.pastValues(ctx, r, &again, func(at laneKey, k *kind, e *Event) {
		have, wanted := values[at]
		if !wanted || !took(e) || e.At.Before(r.From) {
			return
		}
		v := &resendable{seq: e.ID.seq, kind: k, group: e.Entry.Group, body: e.Entry.Body, asOf: e.Entry.AsOf}
		if v.asOf.IsZero() {
			v.asOf = e.Entry.AcceptedAt
		}
		if have != nil && k.Merge != nil {
			if merged, err := o.merge(k, have.body, v.body); err == nil {
				v.body = merged
			}
		}
		values[at] = v
	})
}

// resendValues accepts the values of lanes in which nothing waits.
func (o *Outbox) resendValues(ctx context.Context, r *Resend, values map[laneKey]*resendable, sums *Resent) error {
	var chunk []Entry
	flush := func() error {
		if r.DryRun || len(chunk) == 0 {
			sums.Sent += len(chunk)
		} else {
			receipts, err := o.AcceptAll(ctx, chunk)
			if err != nil {
				return err
			}
			for _, receipt := range receipts {
				if receipt.GaveWay {
					sums.Changed++
				} else {
					sums.Sent++
				}
			}
		}
		chunk = chunk[:0]
		if r.Progress != nil {
			r.Progress(*sums)
		}
		return ctx.Err()
	}
	lanes := slices.SortedFunc(maps.Keys(values), func(a, b laneKey) int {
		return cmp.Or(strings.Compare(a.account.name, b.account.name), strings.Compare(a.key, b.key))
	})
	for _, at := range lanes {
		v := values[at]
		e, otherwise := o.again(at, v, sums)
		if e == nil {
			*otherwise++
			continue
		}
		if chunk = append(chunk, *e); len(chunk) == resendChunk {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// again makes an entry of a lane's value, or nil, and says in which sum the lane
// counts otherwise.
func (o *Outbox) again(at laneKey, v *resendable, sums *Resent) (e *Entry, otherwise *int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l := o.lane(at); l != nil {
		if h := l.head(); h != nil && h.flags&flagInDoubt == 0 {
			return nil, &sums.Waiting
		}
		if n := len(l.dead); n > 0 && v != nil && l.dead[n-1] > v.seq {
			return nil, &sums.Undelivered
		}
	}
	if v == nil {
		return nil, &sums.Undelivered
	}
	part := o.branch(at.account, at.family)
	// What is newer than the value would have taken its place before it was
	// delivered, so that nothing from before the history can be newer.
	if o.counters.forgotten != 0 {
		v.asOf = later(v.asOf, unixTime(int64(o.counters.forgotten)+1))
	}
	v.asOf = later(v.asOf, unixTime(part.addressedAt))
	return &Entry{
		Kind: v.kind.Name, Account: at.account.name, Key: at.key, Addressing: part.addressing,
		Group: v.group, Body: v.body, AsOf: v.asOf,
	}, nil
}
