package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
	"github.com/anymarket-go/sdk/internal/crash/life"
)

// producer accepts entries.
type producer struct {
	*writer
	rng *rand.Rand
	// made are creations of this producer, the newest last.
	made []creation
	// retry is a creation of which it is not known whether it was accepted.
	retry *outbox.Entry
}

type creation struct {
	entry outbox.Entry
	id    outbox.ID
}

const remembered = 16 // creations

// produce accepts n entries.
func (p *producer) produce(n int) error {
	for n > 0 && p.Left.Load() > 0 {
		k := 1
		if p.rng.IntN(12) == 0 {
			k = 2 + p.rng.IntN(5)
		}
		n -= k
		p.Left.Add(-int64(k))
		if err := p.accept(k); err != nil {
			return err
		}
		if p.Pace > 0 {
			<-time.After(p.Pace)
		}
	}
	return nil
}

func (p *producer) accept(k int) error {
	if e := p.retry; e != nil {
		p.retry = nil
		return p.one(*e)
	}
	if k == 1 {
		return p.one(p.entry())
	}
	es := make([]outbox.Entry, k)
	for i := range es {
		es[i] = p.entry()
	}
	if p.rng.IntN(3) == 0 {
		es[k-1] = es[0]
		if es[0].Kind != content.Make && es[0].Kind != content.Blind { // only a creation is the same again
			es[k-1].Body = p.value().Body()
		}
	}
	rs, err := p.Box.AcceptAll(context.Background(), es)
	if p.notStored(err) {
		return nil
	}
	if err != nil {
		return err
	}
	lines := strings.Builder{}
	for i, r := range rs {
		lines.WriteString(p.accepted(es[i], r))
	}
	life.Say("%s", lines.String())
	return nil
}

func (p *producer) one(e outbox.Entry) error {
	r, err := p.Box.Accept(context.Background(), e)
	if p.notStored(err) {
		return nil
	}
	if err != nil {
		if errors.Is(err, outbox.ErrUnknown) && e.Once != "" && e.Kind != content.Step {
			p.retry = &e
		}
		return err
	}
	life.Say("%s", p.accepted(e, r))
	return p.acceptAgain()
}

// notStored says whether nothing was stored, as is right: because it is not known
// any more what was accepted since a value's moment, or because a person took
// out the creation that a step belongs to. There are no more steps of it.
func (p *producer) notStored(err error) bool {
	if errors.Is(err, outbox.ErrHistory) {
		return true
	}
	if !errors.Is(err, outbox.ErrState) {
		return false
	}
	p.made = nil
	return true
}

// accepted is the line that promises an entry, empty if it gave way.
func (p *producer) accepted(e outbox.Entry, r outbox.Receipt) string {
	if r.GaveWay {
		return ""
	}
	v, err := content.ParseBody(e.Body)
	if err != nil {
		life.Fatal("our own body: %v", err)
	}
	switch e.Kind {
	case content.Step:
		p.remote.own(content.Effect(outbox.Lease{Kind: e.Kind, ID: r.ID()}))
	case content.Make, content.Blind:
		p.made = append(p.made, creation{entry: e, id: r.ID()})
		p.made = p.made[max(0, len(p.made)-remembered):]
	}
	return fmt.Sprintf("%s %s %s %s %s\n", content.SaidAccepted, r.ID(), e.Kind, content.Lane(e), v)
}

// acceptAgain now and then accepts a creation once more: the same one is known,
// another one under its key is refused.
func (p *producer) acceptAgain() error {
	if len(p.made) == 0 || p.rng.IntN(10) > 0 {
		return nil
	}
	c := p.made[p.rng.IntN(len(p.made))]
	if p.erased[content.Lane(c.entry)] {
		return nil // the checker knows what follows
	}
	r, err := p.Box.Accept(context.Background(), c.entry)
	var conflict *outbox.ConflictError
	switch {
	case errors.As(err, &conflict) && conflict.ID == c.id: // it was edited
		return nil
	case err != nil:
		return err
	case r.ID() != c.id || !r.Duplicate:
		life.Fatal("creation %s was accepted again as %s", c.id, r.ID())
	}
	e := c.entry
	e.Body = p.value().Body()
	if _, err = p.Box.Accept(context.Background(), e); err == nil {
		life.Fatal("creation %s was accepted with another body", c.id)
	}
	if !errors.As(err, &conflict) {
		return err
	}
	if conflict.ID != c.id {
		life.Fatal("creation %s conflicts with %s", c.id, conflict.ID)
	}
	return nil
}

// entry is the next one to accept.
func (p *producer) entry() outbox.Entry {
	v := p.value()
	e := outbox.Entry{Account: []string{"ana", "bob"}[p.rng.IntN(2)], Body: v.Body()}
	switch d := p.rng.IntN(20); {
	case d < 9:
		e.Kind, e.Key = content.Stock, fmt.Sprint("s", p.rng.IntN(6))
	case d < 12:
		e.Kind, e.Key = content.Price, fmt.Sprint("p", p.rng.IntN(3))
	case d < 14:
		e.Kind, e.Key = content.Blind, fmt.Sprint("b", v.N)
	case d < 16 && len(p.made) > 0:
		c := p.made[len(p.made)-1].entry
		if c.Kind == content.Make {
			e.Kind, e.Account, e.Key, e.Once = content.Step, c.Account, c.Key, c.Once
			return e
		}
		fallthrough
	default:
		e.Kind, e.Key = content.Make, fmt.Sprint("m", v.N)
	}
	if content.IsValue(e.Kind) && p.rng.IntN(10) == 0 { // a row of a load
		e.AsOf = time.Now().Add(-time.Duration(p.rng.IntN(20)) * time.Millisecond)
	}
	if !content.IsValue(e.Kind) {
		e.Once = e.Key
		if p.rng.IntN(2) == 0 {
			e.MadeAt = time.Now().Add(2 * time.Hour) // surely younger than the file: needs no look-up first
		}
		p.remote.own(content.Effect(outbox.Lease{Kind: e.Kind, Account: e.Account, Once: e.Once}))
	}
	return e
}

// value is a new one.
func (p *producer) value() content.Value {
	v := content.Value{N: p.Number.Add(1), Size: p.rng.IntN(1 + p.rng.IntN(p.ValMax+1))}
	if p.rng.IntN(2) == 0 {
		v.Carry = v.N
	}
	switch d := p.rng.IntN(100); {
	case d < 8:
		v.Rule = content.Reject
	case d < 16:
		v.Rule = content.FailOnce
	case d < 24:
		v.Rule = content.LoseAnswer
	case d < 31:
		v.Rule = content.LoseRequest
	case d < 38:
		v.Rule = content.Unreachable
	case d < 42:
		v.Rule = content.Ambiguous
	case d < 45:
		v.Rule = content.Contradicted
	}
	return v
}
