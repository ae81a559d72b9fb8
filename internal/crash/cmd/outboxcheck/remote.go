package main

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
)

// remote is the other side, which remembers what was said and takes everything.
type remote struct {
	mu     sync.Mutex // guards the fields below
	puts   puts
	sent   map[string]bool
	wrongs []error
}

func newRemote(s *said) *remote { return &remote{puts: s.puts.clone(), sent: maps.Clone(s.sent)} }

func (r *remote) answer(l outbox.Lease) outbox.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, err := content.ParseBody(l.Body)
	if err != nil {
		r.wrongs = append(r.wrongs, fmt.Errorf("%s was sent: %w", l.ID, err))
	}
	if content.IsValue(l.Kind) {
		lane := content.Lane(outbox.Entry{Kind: l.Kind, Account: l.Account, Key: l.Key})
		if err := r.puts.take(l.ID, lane, v.N); err != nil {
			r.wrongs = append(r.wrongs, err)
		}
	} else {
		e := content.Effect(l)
		if r.sent[e] {
			r.wrongs = append(r.wrongs, fmt.Errorf("TWICE: %s %s", l.ID, e))
		}
		r.sent[e] = true
	}
	return outbox.Result{Verdict: outbox.Delivered}
}

func (r *remote) resolve(l outbox.Lease) outbox.Resolution {
	r.mu.Lock()
	defer r.mu.Unlock()
	res := outbox.Resolution{Result: outbox.Result{Verdict: outbox.Delivered}}
	if r.sent[content.Effect(l)] {
		res.Finding = outbox.Found
	}
	return res
}

// wrong is what must not have been sent.
func (r *remote) wrong() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.wrongs...)
}

// stands returns which of the newest values does not stand there.
func (r *remote) stands(newest map[string]outbox.ID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for lane, id := range newest {
		if by := r.puts.stands[lane].by; by != id {
			return fmt.Errorf("in %s stands %s, the newest is %s", lane, by, id)
		}
	}
	return nil
}

// creations are those that were accepted and never edited.
func (s *said) creations() (all []*told) {
	for _, t := range s.order {
		if t.accepted && (t.kind == content.Make || t.kind == content.Blind) && len(t.edits) == 0 {
			all = append(all, t)
		}
	}
	return all
}

// entry is what was accepted.
func (t *told) entry() (outbox.Entry, error) {
	parts := strings.Split(t.lane, "/")
	if len(parts) != 3 {
		return outbox.Entry{}, fmt.Errorf("%q is no lane", t.lane)
	}
	return outbox.Entry{Kind: t.kind, Account: parts[0], Key: parts[2], Once: parts[2], Body: t.value.Body()}, nil
}
