package outboxtest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

// Host is a fake other side. The zero Host is up, and ready for use. It is
// safe for concurrent use; set its fields before the first call.
type Host struct {
	// Latency is how long each answer takes.
	Latency time.Duration
	// Timeout is when the client gives up at a host that hangs; defaults to 30 s.
	Timeout time.Duration
	// LookupLag is how long an effect stays hidden from look-ups.
	LookupLag time.Duration
	// Script answers a call; ok false leaves it to the mode of the host. It is
	// called for canaries and look-ups too, one call at a time, and may ask the
	// host for its state. See also [Host.SetScript].
	Script func(c Call) (r Reply, ok bool)

	scripting sync.Mutex // guards Script, and its own state: one call at a time

	mu        sync.Mutex // guards the fields below
	mode      Mode
	calls     []Call
	effects   []Effect
	values    map[Target]string
	creations map[Target][]created
	steps     map[Target][]string
}

// Target is a key of an account: that of a value's lane, or a creation's.
type Target struct{ Account, Key string }

// Reply is how one call ends.
type Reply struct {
	Mode Mode
	// Reason is in the answer; defaults to the mode's name.
	Reason string
	// Applied: it takes effect although the answer does not say so, as when
	// the connection breaks after the commit; and After that long only.
	Applied bool
	After   time.Duration
	// RetryAfter goes into the answer.
	RetryAfter time.Duration
	// Items answer entry by entry, in the order of the batch: what is Up is
	// applied.
	Items []Mode
}

// SetMode switches the host; calls that hang go on hanging.
func (h *Host) SetMode(m Mode) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mode = m
}

// SetScript replaces Script while calls go on; nil leaves all to the mode.
func (h *Host) SetScript(script func(c Call) (r Reply, ok bool)) {
	h.scripting.Lock()
	defer h.scripting.Unlock()
	h.Script = script
}

// Value is a kind of absolute values that this host takes.
func (h *Host) Value(name string) outbox.Kind {
	return outbox.Kind{Name: name, Class: outbox.Absolute, Deliver: h.deliver(outbox.Absolute)}
}

// Creation is a kind of creations that this host takes and can look up. What
// it keeps of one as Data is the id that the host gave it.
func (h *Host) Creation(name, family string) outbox.Kind {
	return outbox.Kind{Name: name, Family: family, Class: outbox.Once, Deliver: h.deliver(outbox.Once), Resolve: h.resolveCreation}
}

// Step is a kind of steps that this host takes and can look up: one is found
// if its body was the last to be applied under its key.
func (h *Host) Step(name, family string) outbox.Kind {
	return outbox.Kind{Name: name, Family: family, Class: outbox.Step, Deliver: h.deliver(outbox.Step), Resolve: h.resolveStep}
}

// Canary is for [outbox.Options.Canary].
func (h *Host) Canary(ctx context.Context, _, account string) outbox.Answer {
	_, _, a := h.answer(ctx, Call{Canary: true, Account: account}, 0)
	return a
}

func (h *Host) deliver(class outbox.Class) func(context.Context, []outbox.Lease) outbox.Answer {
	return func(ctx context.Context, batch []outbox.Lease) outbox.Answer {
		c := Call{Kind: batch[0].Kind, Account: batch[0].Account, Confirming: batch[0].Confirming, Creation: batch[0].Creation}
		for _, l := range batch {
			c.Keys = append(c.Keys, l.Key)
			c.Bodies = append(c.Bodies, string(l.Body))
		}
		effects := make([]Effect, len(batch))
		for i, l := range batch {
			effects[i] = Effect{Class: class, Account: l.Account, Key: l.Key, Once: l.Once, Body: string(l.Body)}
		}
		n, r, a := h.answer(ctx, c, class)
		switch {
		case r.Items != nil:
			a.Items = make([]outbox.Result, len(r.Items))
			for i, m := range r.Items {
				a.Items[i] = outbox.Result{Verdict: m.verdict(class), Reason: m.String()}
				if m == Up && i < len(effects) {
					h.apply(effects[i : i+1])
				}
			}
		case r.Mode == Up:
			h.apply(effects)
		case r.Applied && r.After == 0:
			h.apply(effects)
		case r.Applied:
			time.AfterFunc(r.After, func() { h.apply(effects) })
		}
		if class == outbox.Once && r.Mode == Up {
			a.Data = []byte(h.lastID(batch[0]))
		}
		h.end(n)
		return a
	}
}

// answer records the call and waits as long as the answer takes. It returns
// the call's number.
func (h *Host) answer(ctx context.Context, c Call, class outbox.Class) (int, Reply, outbox.Answer) {
	c.At = time.Now()
	r, ok := h.scripted(c)
	h.mu.Lock()
	if !ok {
		r = Reply{Mode: h.mode}
	}
	if r.Reason == "" {
		r.Reason = r.Mode.String()
	}
	c.Mode = r.Mode
	n := len(h.calls)
	h.calls = append(h.calls, c)
	wait := h.Latency
	if r.Mode == Hang {
		if wait = h.Timeout; wait == 0 {
			wait = 30 * time.Second
		}
	}
	h.mu.Unlock()
	stopped := false
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			stopped = true
		}
	}
	a := outbox.Answer{Result: outbox.Result{Verdict: r.Mode.verdict(class), Reason: r.Reason}, RetryAfter: r.RetryAfter}
	if stopped {
		// The request was sent, the client did not wait for the end.
		r = Reply{Mode: Hang, Applied: r.Applied, After: r.After}
		a = outbox.Answer{Result: outbox.Result{Verdict: Hang.verdict(class), Reason: "cancelled"}}
	}
	return n, r, a
}

func (h *Host) scripted(c Call) (Reply, bool) {
	h.scripting.Lock()
	defer h.scripting.Unlock()
	if h.Script == nil {
		return Reply{}, false
	}
	return h.Script(c)
}

func (h *Host) end(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls[n].EndedAt = time.Now()
}

type created struct {
	id, body string
	at       time.Time
}

func (h *Host) apply(effects []Effect) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range effects {
		e.At = time.Now()
		h.effects = append(h.effects, e)
		switch t := (Target{e.Account, e.Key}); e.Class {
		case outbox.Absolute:
			put(&h.values, t, e.Body)
		case outbox.Once:
			t.Key = e.Once
			id := fmt.Sprintf("id-%d", len(h.effects))
			put(&h.creations, t, append(h.creations[t], created{id: id, body: e.Body, at: e.At}))
		case outbox.Step:
			put(&h.steps, t, append(h.steps[t], e.Body))
		}
	}
}

// Lose makes the host forget what was created under a once-key, although it
// acknowledged it.
func (h *Host) Lose(account, once string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.creations, Target{account, once})
}

func put[V any](m *map[Target]V, k Target, v V) {
	if *m == nil {
		*m = map[Target]V{}
	}
	(*m)[k] = v
}

func (h *Host) lastID(l outbox.Lease) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if all := h.creations[Target{l.Account, l.Once}]; len(all) > 0 {
		return all[len(all)-1].id
	}
	return ""
}

func (h *Host) resolveCreation(ctx context.Context, l outbox.Lease) outbox.Resolution {
	n, r, a := h.answer(ctx, lookUpOf(l), 0)
	defer h.end(n)
	res := outbox.Resolution{Result: a.Result, RetryAfter: a.RetryAfter}
	if r.Mode != Up {
		return res
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.creations[Target{l.Account, l.Once}] {
		if time.Since(c.at) >= h.LookupLag {
			res.Matches = append(res.Matches, c.id)
		}
	}
	switch len(res.Matches) {
	case 0:
	case 1:
		res.Finding, res.Data = outbox.Found, []byte(res.Matches[0])
	default:
		res.Finding = outbox.Ambiguous
	}
	return res
}

func (h *Host) resolveStep(ctx context.Context, l outbox.Lease) outbox.Resolution {
	n, r, a := h.answer(ctx, lookUpOf(l), 0)
	defer h.end(n)
	res := outbox.Resolution{Result: a.Result, RetryAfter: a.RetryAfter}
	if r.Mode != Up {
		return res
	}
	if done := h.Steps(l.Account, l.Key); slices.Contains(done[max(0, len(done)-1):], string(l.Body)) {
		res.Finding = outbox.Found
	}
	return res
}

func lookUpOf(l outbox.Lease) Call {
	return Call{LookUp: true, Kind: l.Kind, Account: l.Account, Keys: []string{l.Key}, Bodies: []string{string(l.Body)}, Creation: l.Creation}
}
