package main

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
	"github.com/anymarket-go/sdk/internal/crash/judge"
)

// there is what an inbox has of one resource. Of what waits or is dead it shows what
// was posted, without what was merged into that: this the handler alone sees.
type there struct {
	waits, dead, doubt, done []content.Merged
}

// due is what must be handed over unless something newer comes.
func (t *there) due() []content.Merged { return slices.Concat(t.waits, t.dead) }

// read reads an inbox. What is in it must have been posted.
func read(box *outbox.Outbox, s *said) (map[string]*there, error) {
	all := map[string]*there{}
	see := func(e outbox.Entry, to func(*there) *[]content.Merged) error {
		name := content.Resource(e)
		m, err := content.StoredMerged(e.Body)
		if r := s.resources[name]; err == nil && r != nil {
			err = r.sound(m)
		} else if err == nil {
			err = errors.New("nothing of it was posted")
		}
		if err != nil {
			return fmt.Errorf("in %s: %w", name, err)
		}
		if all[name] == nil {
			all[name] = &there{}
		}
		list := to(all[name])
		*list = append(*list, m)
		return nil
	}
	for _, part := range []struct {
		recs iter.Seq2[outbox.Record, error]
		to   func(*there) *[]content.Merged
	}{
		{box.Waiting(), func(t *there) *[]content.Merged { return &t.waits }},
		{box.DeadLetters(), func(t *there) *[]content.Merged { return &t.dead }},
		{box.Doubts(), func(t *there) *[]content.Merged { return &t.doubt }},
	} {
		for rec, err := range part.recs {
			if err != nil {
				return nil, err
			}
			if rec.State == outbox.Parked || rec.Unreadable != nil {
				return nil, fmt.Errorf("%s is %s: %s", rec.ID, rec.State, rec.Reason)
			}
			if err := see(rec.Entry, part.to); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", rec.ID, rec.State, err)
			}
		}
	}
	for e, err := range box.History() {
		if err != nil {
			return nil, err
		}
		if e.Type != outbox.EventDelivered || e.Entry == nil {
			continue
		}
		if err := see(e.Entry.Entry, func(t *there) *[]content.Merged { return &t.done }); err != nil {
			return nil, fmt.Errorf("%s, handled: %w", e.ID, err)
		}
	}
	return all, nil
}

// kept returns the first promise that the inbox breaks.
func kept(box *outbox.Outbox, s *said, all map[string]*there) error {
	for _, t := range s.order {
		if err := t.kept(box); err != nil {
			return err
		}
	}
	for name, r := range s.resources {
		t := all[name]
		if t == nil {
			t = &there{}
		}
		if len(t.waits)+len(t.dead) > 1 {
			return fmt.Errorf("%s: %d wait, %d are dead, and a newer one takes the place of an older", name, len(t.waits), len(t.dead))
		}
		for _, m := range t.done {
			if r.posts[m.Own()].took == 0 {
				return fmt.Errorf("%s: %s is done, and was never given to the handler", name, m.Own())
			}
		}
	}
	return nil
}

// kept judges one entry.
func (t *told) kept(box *outbox.Outbox) error {
	rec, err := box.Show(t.id)
	switch {
	case errors.Is(err, outbox.ErrNotFound):
		if err := t.fate.Missing(); err != nil {
			return fmt.Errorf("%s: %w", t.id, err)
		}
		return nil
	case err != nil:
		return fmt.Errorf("show %s: %w", t.id, err)
	case t.resource != "" && content.Resource(rec.Entry) != t.resource:
		return fmt.Errorf("%s is of %s, not of %s", t.id, content.Resource(rec.Entry), t.resource)
	}
	judged, err := t.fate.Stands(rec.State, false)
	if err == nil && !judged && rec.State == outbox.Cancelled && !t.fate.Operated {
		err = errors.New("nobody took it out")
	}
	if err == nil && rec.State == outbox.Superseded {
		err = judge.Superseded(&rec)
	}
	if err != nil {
		return fmt.Errorf("%s (%s), said last %q, is %s (%s): %w", t.id, content.Resource(rec.Entry), t.fate.Last, rec.State, rec.Reason, err)
	}
	return nil
}

// covered returns the first value that was answered 200, was not handled before the
// crash and was not handed over after it.
func covered(s *said, all map[string]*there, given map[string][]content.Merged) error {
	for name, r := range s.resources {
		t := all[name]
		if t == nil {
			t = &there{}
		}
		for v, p := range r.posts {
			if p.taken != 0 && !r.covered(v, t.done, given[name]) {
				return fmt.Errorf("LOST %s of %s, posted in line %d; there was %+v, handed over was %v", v, name, p.taken, *t, given[name])
			}
		}
	}
	return nil
}

// covered says whether a value was handled, by itself or merged into another. Of what
// the handler rejected only the newest is kept, and a newer one takes its place.
func (r *resource) covered(v content.Value, done, given []content.Merged) bool {
	p := r.posts[v]
	if p.handled > p.taken || p.discarded > p.taken {
		return true
	}
	rejected := p.rejected > p.taken
	if rejected && r.posts[r.done].times > 0 && !r.precedes(r.done, v) {
		return true
	}
	return slices.ContainsFunc(given, func(m content.Merged) bool {
		full := len(m.Told) == content.MostTold && !r.precedes(m.Told[0], v) // it was left out
		return m.Covers(v) || full || rejected && !r.precedes(m.Own(), v)
	}) || slices.ContainsFunc(done, func(m content.Merged) bool {
		return m.Covers(v) && p.took > p.taken || rejected && !r.precedes(m.Own(), v)
	})
}
