package main

import (
	"errors"
	"fmt"

	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
	"github.com/anymarket-go/sdk/internal/crash/judge"
)

// said is all that the writer said.
type said struct {
	line      int // number of the last one
	resources map[string]*resource
	entries   map[outbox.ID]*told
	order     []*told // by the first line about them
}

// told is what was said of an entry. Which notification it is, is said when it is
// handled or an operator acts; the answer to a post does not tell.
type told struct {
	id       outbox.ID
	fate     judge.Fate
	resource string // empty as long as it is not known
}

func newSaid() *said {
	return &said{resources: map[string]*resource{}, entries: map[outbox.ID]*told{}}
}

// resource returns what is known of a resource.
func (s *said) resource(name string) *resource {
	r := s.resources[name]
	if r == nil {
		r = &resource{posts: map[content.Value]post{}}
		s.resources[name] = r
	}
	return r
}

func (s *said) entry(word string) (*told, error) {
	id, err := outbox.ParseID(word)
	if err != nil {
		return nil, fmt.Errorf("entry: %w", err)
	}
	t := s.entries[id]
	if t == nil {
		t = &told{id: id}
		s.entries[id] = t
		s.order = append(s.order, t)
	}
	return t, nil
}

// Line takes in a line.
func (s *said) Line(words []string) error {
	s.line++
	switch w, n := words[0], len(words); {
	case w == content.SaidOpening:
		for _, r := range s.resources {
			r.opening(s.line)
		}
		return nil
	case (w == content.SaidPosting || w == content.SaidTaken) && n == 3:
		v, err := content.ParseValue(words[2])
		if err != nil {
			return err
		}
		if w == content.SaidTaken {
			return s.resource(words[1]).taken(v, s.line)
		}
		s.resource(words[1]).posting(v, s.line)
		return nil
	case w == content.SaidGiven && n == 4:
		m, err := content.ParseMerged(words[3])
		if err != nil {
			return err
		}
		return s.resource(words[1]).given(words[2], m, s.line)
	case n < 2:
		return errors.New("too short")
	}
	t, err := s.entry(words[1])
	if err != nil {
		return err
	}
	return s.ofEntry(t, words)
}

func (s *said) ofEntry(t *told, words []string) error {
	w, n := words[0], len(words)
	switch {
	case w == content.SaidConfirmed && n == 3:
		s.resource(words[2]).doubt = false
		return nil
	case w == content.SaidHandled && n == 4:
		m, err := content.ParseMerged(words[3])
		if err != nil {
			return err
		}
		if t.fate.Last != content.SaidDelivered { // else it is said again
			t.resource = words[2]
			if err := s.resource(words[2]).handled(m, s.line); err != nil {
				return err
			}
		}
		return t.fate.Observe(content.SaidDelivered)
	case w == content.SaidOperate && n == 5:
		m, err := content.ParseMerged(words[4])
		if err != nil {
			return err
		}
		t.resource, t.fate.Operated = words[3], true
		if words[2] == content.ActDiscard {
			s.resource(words[3]).discarded(m.Own(), s.line)
		}
		return nil
	case n == 2:
		return t.fate.Observe(w)
	default:
		return errors.New("unknown")
	}
}
