package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/anymarket-go/sdk/internal/crash/content"
	"github.com/anymarket-go/sdk/internal/crash/life"
)

// producer posts notifications.
type producer struct {
	*writer
	rng *rand.Rand
	// last are what it posted last, for repeats.
	last []posted
}

type posted struct {
	resource string
	value    content.Value
}

const (
	remembered  = 8  // for repeats
	mostRepeats = 12 // one in so many is one
)

// produce posts n notifications.
func (p *producer) produce(n int) error {
	for ; n > 0 && p.Left.Load() > 0; n-- {
		p.Left.Add(-1)
		if err := p.post(p.next()); err != nil {
			return err
		}
		if p.Pace > 0 {
			<-time.After(p.Pace)
		}
	}
	return nil
}

// post posts it, and says so before and once it is answered 200.
func (p *producer) post(what posted) error {
	life.Say("%s %s %s\n", content.SaidPosting, what.resource, what.value)
	status, err := content.Post(p.receiver, what.resource, what.value)
	switch {
	case err != nil:
		life.Fatal("%v", err)
	case status == http.StatusServiceUnavailable:
		return fmt.Errorf("%s of %s was not stored", what.value, what.resource)
	case status != http.StatusOK:
		life.Fatal("%s of %s was answered %d", what.value, what.resource, status)
	}
	life.Say("%s %s %s\n", content.SaidTaken, what.resource, what.value)
	return nil
}

// next is what to post next: something new, or what was posted before, as from a
// sender that did not get the answer.
func (p *producer) next() posted {
	if len(p.last) > 0 && p.rng.IntN(mostRepeats) == 0 {
		return p.last[p.rng.IntN(len(p.last))]
	}
	resources := []string{"ORDER/1", "ORDER/2", "PRODUCT/1", "TRANSMISSION/8", "A_NEW_TYPE/x"}
	account := []string{"ana", "bob"}[p.rng.IntN(2)]
	what := posted{resource: account + "/" + resources[p.rng.IntN(len(resources))], value: p.value()}
	p.last = append(p.last, what)
	p.last = p.last[max(0, len(p.last)-remembered):]
	return what
}

// value is a new one.
func (p *producer) value() content.Value {
	v := content.Value{N: p.Number.Add(1), Size: p.rng.IntN(1 + p.rng.IntN(p.ValMax+1))}
	if p.rng.IntN(3) > 0 {
		v.Carry = v.N
	} else {
		v.Size = 0
	}
	switch d := p.rng.IntN(100); {
	case d < 10:
		v.Rule = content.Reject
	case d < 20:
		v.Rule = content.FailOnce
	case d < 28:
		v.Rule = content.LoseAnswer
	case d < 36:
		v.Rule = content.Unreachable
	}
	return v
}
