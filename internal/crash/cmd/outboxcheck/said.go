package main

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
	"github.com/anymarket-go/sdk/internal/crash/judge"
)

// said is all that the writer said.
type said struct {
	entries map[outbox.ID]*told
	order   []*told // by the first line about them
	puts    puts
	sent    map[string]bool // effects that came
	// discarded: an operator acted to take an entry of this lane out; erasing:
	// to erase the lane, which is done if it is true.
	discarded, erasing map[string]bool
	// marks are what the bookmark may say: what it was set to, and what it was
	// about to be set to since.
	marks []string
}

// told is what was said of an entry.
type told struct {
	id         outbox.ID
	accepted   bool
	kind, lane string
	value      content.Value
	edits      []content.Value // that an operator was about to make
	edited     int             // of them, known to be made
	fate       judge.Fate
	refused    bool
	everActed  bool // an operator
}

func newSaid() *said {
	return &said{entries: map[outbox.ID]*told{}, puts: newPuts(), sent: map[string]bool{}, discarded: map[string]bool{}, erasing: map[string]bool{}}
}

// Line takes in a line.
func (s *said) Line(words []string) error {
	if words[0] == content.SaidSent && len(words) == 2 {
		if s.sent[words[1]] {
			return fmt.Errorf("TWICE")
		}
		s.sent[words[1]] = true
		return nil
	}
	if len(words) < 2 {
		return fmt.Errorf("too short")
	}
	switch words[0] {
	case content.SaidMarking:
		if s.marks == nil {
			s.marks = []string{""}
		}
		s.marks = append(s.marks, words[1])
		return nil
	case content.SaidMark:
		s.marks = words[1:]
		return nil
	}
	id, err := outbox.ParseID(words[1])
	if err != nil {
		return err
	}
	t := s.entries[id]
	if t == nil {
		t = &told{id: id}
		s.entries[id] = t
		s.order = append(s.order, t)
	}
	switch {
	case words[0] == content.SaidAccepted && len(words) == 5:
		return s.accepted(t, words)
	case words[0] == content.SaidPut && len(words) == 4:
		n, err := strconv.ParseUint(words[3], 10, 64)
		if err != nil {
			return err
		}
		return s.puts.take(id, words[2], n)
	case words[0] == content.SaidRefused:
		t.refused = true
	case words[0] == content.SaidErased && len(words) == 3:
		s.erasing[words[2]] = true
	case words[0] == content.SaidOperate && len(words) >= 3:
		return s.operated(t, words)
	default:
		return t.observed(words[0])
	}
	return nil
}

func (s *said) accepted(t *told, words []string) error {
	v, err := content.ParseValue(words[4])
	if err != nil {
		return err
	}
	if t.accepted && (t.kind != words[2] || t.lane != words[3] || t.value != v) {
		return fmt.Errorf("it was accepted as %s %s %s before", t.kind, t.lane, t.value)
	}
	t.accepted, t.kind, t.lane, t.value = true, words[2], words[3], v
	s.puts.accepted(t.id, v.N)
	return nil
}

func (s *said) operated(t *told, words []string) error {
	t.fate.Operated, t.everActed = true, true
	switch {
	case words[2] == content.ActDiscard:
		s.discarded[t.lane] = true
	case words[2] == content.ActErase && len(words) == 4:
		lane := words[3]
		s.discarded[lane] = true
		if !s.erasing[lane] {
			s.erasing[lane] = false
		}
	case words[2] == content.ActEdit && len(words) == 4:
		v, err := content.ParseValue(words[3])
		if err != nil {
			return err
		}
		t.edits = append(t.edits, v)
	}
	return nil
}

func (t *told) observed(word string) error {
	if word == content.SaidEdited {
		t.edited = len(t.edits)
	}
	return t.fate.Observe(word)
}

// mayBe says whether the stored body may say this.
func (t *told) mayBe(v content.Value) bool {
	if content.IsValue(t.kind) || len(t.edits) == 0 {
		return v == t.value
	}
	if t.edited == 0 && v == t.value {
		return true
	}
	return slices.Contains(t.edits[max(0, t.edited-1):], v)
}
