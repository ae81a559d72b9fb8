package main

import (
	"errors"
	"fmt"
	"maps"

	"github.com/anymarket-go/sdk/internal/crash/content"
)

// resource is what was said of one resource.
type resource struct {
	posts map[content.Value]post
	// stands was handled last, as the handler says; done is the newest that the
	// inbox says is handled.
	stands, done content.Value
	// doubt: something may have been on the wire when the inbox was opened, so that
	// what was handled since may come once more.
	doubt bool
	// openings counts those that left something in doubt.
	openings int
}

// post is what was said of a value, in numbers of lines. A value that was posted
// several times counts as somewhere between the first time and the end of the last.
type post struct {
	times       int
	first, last int
	// end is when the last try ended, with an answer or with the process; zero as
	// long as it did not.
	end int
	// taken is the last post that was answered 200; zero if none was.
	taken int
	// done counts the entries that were posted with it and are handled; repeats, how
	// often it was handled once more since; openings, those before it was posted.
	done, repeats, openings int
	// Of the last time that it was, alone or merged into another: handled, as the
	// inbox says; handled, as the handler says; rejected; in the lane of what an
	// operator discarded.
	handled, took, rejected, discarded int
}

// clone is a copy that can be changed.
func (r *resource) clone() *resource {
	c := *r
	c.posts = maps.Clone(r.posts)
	return &c
}

func (r *resource) change(v content.Value, change func(*post)) {
	p := r.posts[v]
	change(&p)
	r.posts[v] = p
}

func (r *resource) posting(v content.Value, line int) {
	r.change(v, func(p *post) {
		p.times++
		if p.first == 0 {
			p.first, p.openings = line, r.openings
		}
		p.last, p.end = line, 0
	})
}

func (r *resource) taken(v content.Value, line int) error {
	p := r.posts[v]
	if p.times == 0 || p.end != 0 {
		return errors.New("it was not about to be posted")
	}
	p.end, p.taken = line, p.last
	r.posts[v] = p
	return nil
}

// precedes says whether a is surely older than b.
func (r *resource) precedes(a, b content.Value) bool {
	end := r.posts[a].end
	return end != 0 && end < r.posts[b].first
}

// opening notes that nothing is being posted any more, and whether something may have
// been on the wire.
func (r *resource) opening(line int) {
	if r.wasOnTheWire(line) {
		r.doubt = true
	}
	if r.doubt {
		r.openings++
	}
}

func (r *resource) wasOnTheWire(line int) (maybe bool) {
	for v, p := range r.posts {
		if p.end == 0 {
			p.end = line
			r.posts[v] = p
		}
		if p.handled < p.last && !r.precedes(v, r.done) {
			maybe = true
		}
	}
	return maybe
}

// sound judges what a notification says, wherever it is found.
func (r *resource) sound(m content.Merged) error {
	none := content.Value{}
	if m.Meta != none && (r.posts[m.Meta].times == 0 || m.Meta.Carry == 0) {
		return fmt.Errorf("the metadata of %s was never posted", m.Meta)
	}
	for i, v := range m.Told {
		switch {
		case r.posts[v].times == 0:
			return fmt.Errorf("%s was never posted", v)
		case i > 0 && r.precedes(v, m.Told[i-1]):
			return fmt.Errorf("%s is told after %s", v, m.Told[i-1])
		case v.Carry != 0 && (m.Meta == none || r.precedes(m.Meta, v)):
			return fmt.Errorf("the metadata of %s is not that of the newest", v)
		}
	}
	return nil
}

// given takes in that the handler was given a notification: nothing older than
// what it handled already, and nothing once more that was done.
func (r *resource) given(answer string, m content.Merged, line int) error {
	if err := r.sound(m); err != nil {
		return err
	}
	own := m.Own()
	p := r.posts[own]
	again := p.done >= p.times
	switch {
	case r.precedes(own, r.stands):
		return fmt.Errorf("STALE: it comes after %s", r.stands)
	case again && !r.doubt:
		return errors.New("AGAIN: it was done")
	case again && p.repeats > r.openings-p.openings: // each owes one, and one may have been owed before
		return fmt.Errorf("AGAIN: it was done, and handled %d times since", p.repeats)
	}
	switch answer {
	case content.AnswerHandled:
		if r.stands = own; again {
			p.repeats++
			r.posts[own] = p
		}
		for _, v := range m.Told {
			r.change(v, func(p *post) { p.took = line })
		}
	case content.AnswerRejected:
		for _, v := range m.Told {
			r.change(v, func(p *post) { p.rejected = line })
		}
	case content.AnswerFailed:
	default:
		return errors.New("unknown answer")
	}
	return nil
}

// handled takes in that an entry is done.
func (r *resource) handled(m content.Merged, line int) error {
	if err := r.sound(m); err != nil {
		return err
	}
	if r.posts[m.Own()].took == 0 {
		return errors.New("it was never given to the handler")
	}
	r.change(m.Own(), func(p *post) { p.done++ })
	for _, v := range m.Told {
		r.change(v, func(p *post) { p.handled = line })
	}
	if !r.precedes(m.Own(), r.done) {
		r.done = m.Own()
	}
	return nil
}

// discarded takes in that an operator is about to discard a dead letter, and with
// it what was merged into it.
func (r *resource) discarded(own content.Value, line int) {
	for v, p := range r.posts {
		if !r.precedes(own, v) {
			p.discarded = line
			r.posts[v] = p
		}
	}
}
