package content

import (
	"bytes"
	"context"
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

// The kinds.
const (
	Stock = "stock" // absolute, merged, in batches
	Price = "price" // absolute
	Make  = "make"  // a creation that can be looked up
	Blind = "blind" // a creation that cannot
	Step  = "step"  // on a creation of kind Make
)

const (
	valueHost = "values"
	orderHost = "orders"
)

// Lane names the lane of an entry.
func Lane(e outbox.Entry) string {
	family := e.Kind
	if family == Step {
		family = Make
	}
	return e.Account + "/" + family + "/" + e.Key
}

// Effect names the effect of a creation or step, which must come one time.
func Effect(l outbox.Lease) string {
	if l.Kind == Step {
		return "step-" + l.ID.String()
	}
	return l.Account + "/" + l.Once
}

// IsValue says whether the kind is absolute.
func IsValue(kind string) bool { return kind == Stock || kind == Price }

// Other is the other side.
type Other struct {
	Answer  func(outbox.Lease) outbox.Result
	Resolve func(outbox.Lease) outbox.Resolution
	Observe func(outbox.Event)
}

// keys are those of the outbox, the first one of them at that index.
func keys(first int) [][]byte {
	const n = 2
	var all [][]byte
	for i := range n {
		all = append(all, bytes.Repeat([]byte{byte('a' + (first+i)%n)}, outbox.KeySize))
	}
	return all
}

// Options are those of an outbox with the kinds of this package, as quick as
// they can be. Bodies are sealed with the key of that number.
func Options(other Other, key int) outbox.Options {
	resolve := func(_ context.Context, l outbox.Lease) outbox.Resolution { return other.Resolve(l) }
	deliver := func(_ context.Context, batch []outbox.Lease) outbox.Answer { return deliver(other, batch) }
	const batch = 5
	return outbox.Options{
		Keys: keys(key),
		Kinds: []outbox.Kind{
			{Name: Stock, Class: outbox.Absolute, Host: valueHost, MaxBatch: batch, Group: 2, Deliver: deliver, Merge: Merge},
			{Name: Price, Class: outbox.Absolute, Host: valueHost, Group: 3, Deliver: deliver},
			{Name: Make, Class: outbox.Once, Host: orderHost, Deliver: deliver, Resolve: resolve},
			{Name: Blind, Class: outbox.Once, Host: orderHost, Deliver: deliver},
			{Name: Step, Family: Make, Class: outbox.Step, Host: orderHost, Deliver: deliver, Resolve: resolve},
		},
		Canary: func(context.Context, string, string) outbox.Answer {
			return outbox.Answer{Result: outbox.Result{Verdict: outbox.Delivered}}
		},
		CanaryInterval: 5 * time.Millisecond,
		MinBackoff:     time.Millisecond, MaxBackoff: 4 * time.Millisecond,
		LateApply: time.Millisecond, LookupLag: time.Millisecond,
		StartRate: 1e6, MaxRate: 1e6,
		HistoryBytes: 192 << 10, // images are copied whole
		MinFree:      1 << 20,
		DrainTimeout: 2 * time.Second,
		Observer:     other.Observe,
	}
}

// deliver refuses a batch with something wrong in it as a whole every other
// time, so that it is split, and answers entry by entry otherwise.
func deliver(other Other, batch []outbox.Lease) outbox.Answer {
	if len(batch) == 1 {
		return outbox.Answer{Result: other.Answer(batch[0])}
	}
	for _, l := range batch {
		if v, err := ParseBody(l.Body); err == nil && v.Rule == Reject && v.N%2 == 0 && !l.Confirming {
			return outbox.Answer{Result: outbox.Result{Verdict: outbox.Rejected, Reason: "something in it is wrong"}}
		}
	}
	a := outbox.Answer{Result: outbox.Result{Verdict: outbox.Delivered}}
	for _, l := range batch {
		a.Items = append(a.Items, other.Answer(l))
	}
	return a
}
