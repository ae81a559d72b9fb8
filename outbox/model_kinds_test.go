package outbox

import (
	"context"
	"fmt"
	"maps"
	"time"
)

const (
	hostAPI, hostShop = "api", "shop"

	kindStock  = "stock.set"    // absolute, in fields that are carried over
	kindPrice  = "price.set"    // absolute, as a whole
	kindCreate = "order.create" // once
	kindStep   = "order.step"   // step, in the lane of its creation
	familyOf   = "order"        // of the last two
)

func (r *remote) kinds() []Kind {
	return []Kind{
		{Name: kindStock, Class: Absolute, Host: hostAPI, Group: 2, MaxBatch: 8, Deliver: r.values(hostAPI, kindStock), Merge: mergeFields},
		{Name: kindPrice, Class: Absolute, Host: hostShop, Group: 3, MaxBatch: 3, Deliver: r.values(hostShop, kindPrice)},
		{Name: kindCreate, Family: familyOf, Class: Once, Host: hostAPI, Deliver: r.create, Resolve: r.findOrder},
		{Name: kindStep, Family: familyOf, Class: Step, Host: hostAPI, Deliver: r.step, Resolve: r.findStep},
	}
}

func mergeFields(older, newer []byte) ([]byte, error) {
	m := parse(older)
	maps.Copy(m, parse(newer))
	return format(m), nil
}

// values answers a batch of absolute values.
func (r *remote) values(host, family string) func(context.Context, []Lease) Answer {
	return func(ctx context.Context, batch []Lease) Answer {
		r.mu.Lock()
		r.begin(host, batch, family)
		for _, l := range batch {
			n := laneName{l.Account, family, l.Key}
			ln := r.lane(n)
			if l.Confirming {
				r.backTo(ln, l)
			}
			if newer, ok := ln.send(l); !ok {
				r.wrongf("%s was sent after the newer %d of lane %v", l.ID, newer, n)
			}
			ln.note("%s sent at uptime %s, confirming %t: %s", l.ID, r.host(host).up, l.Confirming, l.Body)
		}
		d := r.roll(batch[0].ID.seq)
		r.mu.Unlock()
		stopped := r.wait(ctx, d, host)
		r.mu.Lock()
		defer r.mu.Unlock()
		defer r.end(batch, family)
		r.pass()
		v := Unknown
		if !stopped {
			v = r.verdict(d, host, batch[0].Account)
		}
		return r.answerValues(d, host, family, batch, v)
	}
}

func (r *remote) answerValues(d *dice, host, family string, batch []Lease, v Verdict) Answer {
	apply := func(l Lease) func() {
		ln, fields := r.lane(laneName{l.Account, family, l.Key}), parse(l.Body)
		return func() {
			ln.note("%s applied at uptime %s: %s", l.ID, r.host(host).up, l.Body)
			maps.Copy(ln.fields, fields)
		}
	}
	bad := false
	for _, l := range batch {
		bad = bad || poisoned(l.Body)
	}
	byItem := d.n(2) == 0
	if v == Delivered && bad && !byItem {
		v = Rejected // as a whole, without effect
	}
	a := Answer{Result: Result{Verdict: v, Reason: "model"}}
	if v == Delivered {
		r.host(host).write()
	}
	for _, l := range batch {
		own, ln := v, r.lane(laneName{l.Account, family, l.Key})
		switch {
		case v == Delivered && poisoned(l.Body):
			own = Rejected
		case v == Delivered && byItem && !r.healthy:
			own = [...]Verdict{Delivered, Delivered, Delivered, Delivered, Delivered, Failed, Unknown, Unavailable}[d.n(8)]
		case v == Rejected && !poisoned(l.Body):
			continue // the engine must find out by splitting, nothing is said of this one
		}
		switch {
		case poisoned(l.Body):
		case own == Delivered || own == Failed || own == Unknown:
			ln.took(l.ID.seq)
		}
		switch {
		case poisoned(l.Body):
		case own == Delivered:
			apply(l)()
		case own == Failed:
			r.maybe(d, host, ln, false, apply(l))
		case own == Unknown:
			r.maybe(d, host, ln, true, apply(l))
		}
		result := r.answer(host, l.ID.seq, own)
		ln.note("%s answered %s", l.ID, own)
		if v == Delivered && (byItem || own != Delivered) {
			a.Items = append(a.Items, result)
		}
	}
	switch n := d.n(40); {
	case v == Unknown && n == 0:
		panic("model")
	case v == Unknown && n == 1:
		a.Verdict, a.Items = Delivered, make([]Result, len(batch)+1) // says nothing
	case v == Throttled || v == Unavailable:
		a.RetryAfter = time.Duration(d.n(5)) * time.Second
	}
	return a
}

// create makes an order. Nothing here keeps it from being made twice.
func (r *remote) create(ctx context.Context, batch []Lease) Answer {
	l := batch[0]
	o := laneName{l.Account, familyOf, l.Once}
	return r.inOrder(ctx, l, true, func() {
		order := r.order(o)
		if order.created++; order.created > 1 {
			r.wrongf("order %v was created %d times, now by %s", o, order.created, l.ID)
		}
		d := r.roll(l.ID.seq)
		order.visibleAt = r.host(hostAPI).up + time.Duration(d.n(int(r.lag)))
	})
}

// step changes an order.
func (r *remote) step(ctx context.Context, batch []Lease) Answer {
	l := batch[0]
	n := laneName{l.Account, familyOf, l.Key}
	r.mu.Lock()
	if l.Creation != nil && string(l.Creation.Data) != l.Once {
		r.wrongf("step %s got creation data %q, want %q", l.ID, l.Creation.Data, l.Once)
	}
	if l.Creation != nil && r.order(n).created == 0 {
		r.wrongf("step %s was sent with a creation that never was", l.ID)
	}
	r.mu.Unlock()
	return r.inOrder(ctx, l, false, func() {
		ln := r.lane(n)
		if len(ln.steps) > 0 && ln.steps[len(ln.steps)-1] >= l.ID.seq {
			r.wrongf("step %s of lane %v was applied after %v", l.ID, n, ln.steps)
		}
		ln.steps = append(ln.steps, l.ID.seq)
		r.told(l.ID.seq).applied++
	})
}

// inOrder answers a call of one creation or step.
func (r *remote) inOrder(ctx context.Context, l Lease, late bool, do func()) Answer {
	batch := []Lease{l}
	r.mu.Lock()
	r.begin(hostAPI, batch, familyOf)
	d := r.roll(l.ID.seq)
	r.mu.Unlock()
	stopped := r.wait(ctx, d, hostAPI)
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.end(batch, familyOf)
	r.pass()
	v := Unknown
	if !stopped {
		v = r.verdict(d, hostAPI, l.Account)
	}
	if v == Delivered && poisoned(l.Body) {
		v = Rejected
	}
	switch {
	case poisoned(l.Body):
	case v == Delivered:
		do()
	case v == Failed:
		r.maybe(d, hostAPI, nil, false, do)
	case v == Unknown:
		r.maybe(d, hostAPI, nil, late, do)
	}
	if v == Delivered {
		r.host(hostAPI).write()
	}
	a := Answer{Result: r.answer(hostAPI, l.ID.seq, v)}
	if a.Data = nil; v == Delivered && late {
		a.Data = []byte(l.Once)
	}
	return a
}

func (r *remote) findOrder(ctx context.Context, l Lease) Resolution {
	return r.find(ctx, l, func(d *dice) Resolution {
		o := r.order(laneName{l.Account, familyOf, l.Once})
		switch {
		case o.created > 0 && r.host(hostAPI).up >= o.visibleAt:
			r.told(l.ID.seq).delivered = true
			return Resolution{Finding: Found, Result: Result{Verdict: Delivered, Data: []byte(l.Once)}}
		case !r.healthy && d.n(40) == 0:
			return Resolution{Finding: Ambiguous, Result: Result{Verdict: Delivered}, Matches: []string{"1", "2"}}
		}
		return Resolution{Result: Result{Verdict: Delivered}}
	})
}

func (r *remote) findStep(ctx context.Context, l Lease) Resolution {
	return r.find(ctx, l, func(*dice) Resolution {
		if r.told(l.ID.seq).applied > 0 {
			r.told(l.ID.seq).delivered = true
			return Resolution{Finding: Found, Result: Result{Verdict: Delivered}}
		}
		return Resolution{Result: Result{Verdict: Delivered}}
	})
}

// find answers a look-up, by look unless the call fails as any call may.
func (r *remote) find(ctx context.Context, l Lease, look func(*dice) Resolution) Resolution {
	batch := []Lease{l}
	r.mu.Lock()
	r.begin(hostAPI, batch, familyOf)
	d := r.roll(l.ID.seq)
	r.mu.Unlock()
	stopped := r.wait(ctx, d, hostAPI)
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.end(batch, familyOf)
	r.pass()
	r.blame(hostAPI, l.ID.seq) // finding nothing may make a failure its own
	v := Unavailable
	if !stopped {
		v = r.verdict(d, hostAPI, l.Account)
	}
	if v != Delivered {
		return Resolution{Result: Result{Verdict: v, Reason: fmt.Sprintf("model: %s", v)}}
	}
	return look(d)
}
