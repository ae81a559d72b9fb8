package main

import (
	"errors"
	"fmt"

	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
	"github.com/anymarket-go/sdk/internal/crash/judge"
)

// kept returns the first promise that the outbox breaks.
func kept(box *outbox.Outbox, s *said) error {
	for _, t := range s.order {
		rec, err := box.Show(t.id)
		switch {
		case errors.Is(err, outbox.ErrNotFound):
			if err := t.fate.Missing(); err != nil {
				return fmt.Errorf("%s: %w", t.id, err)
			}
			continue
		case err != nil:
			return fmt.Errorf("show %s: %w", t.id, err)
		}
		if err := s.state(t, &rec); err != nil {
			return fmt.Errorf("%s (%s %s), said last %q, is %s (%s): %w", t.id, rec.Kind, content.Lane(rec.Entry), t.fate.Last, rec.State, rec.Reason, err)
		}
		if err := s.body(t, &rec); err != nil {
			return fmt.Errorf("%s (%s %s) is %s: %w", t.id, rec.Kind, content.Lane(rec.Entry), rec.State, err)
		}
	}
	return once(box)
}

// state judges where an entry stands. What was not said yet may have happened.
func (s *said) state(t *told, rec *outbox.Record) error {
	lane := content.Lane(rec.Entry)
	want := func(ok bool, why string) error {
		if ok {
			return nil
		}
		return errors.New(why)
	}
	if t.accepted && (rec.Kind != t.kind || lane != t.lane) {
		return fmt.Errorf("it was accepted as %s %s", t.kind, t.lane)
	}
	if judged, err := t.fate.Stands(rec.State, s.discarded[lane]); judged {
		return err
	}
	switch rec.State {
	case outbox.Done:
		if content.IsValue(rec.Kind) {
			return want(s.puts.took[t.id], "it was never sent")
		}
		return want(s.sent[content.Effect(outbox.Lease{Kind: rec.Kind, ID: rec.ID, Account: rec.Account, Once: rec.Once})], "it was never sent")
	case outbox.Superseded:
		if !content.IsValue(rec.Kind) {
			return errors.New("it is no value")
		}
		return judge.Superseded(rec)
	case outbox.Dead:
		return want(t.refused, "it was never refused: "+rec.Reason)
	case outbox.Cancelled:
		return want(t.everActed || s.discarded[lane], "nobody took it out")
	default:
	}
	return nil
}

// body judges an entry's bytes. Those of settled ones are dropped, but for
// delivered values, which may carry a field.
func (s *said) body(t *told, rec *outbox.Record) error {
	if rec.Unreadable != nil {
		return fmt.Errorf("unreadable: %s", rec.Reason)
	}
	value := content.IsValue(rec.Kind)
	if rec.State == outbox.Superseded || rec.State == outbox.Cancelled || rec.State == outbox.Done && !value {
		return nil
	}
	v, err := content.ParseBody(rec.Body)
	if err != nil {
		return err
	}
	if rec.State == outbox.Done && t.value.Carry == 0 {
		v.Carry = 0
	}
	if rec.State == outbox.Done && s.puts.mayCarry(t.id, v) {
		return nil
	}
	if t.accepted && !t.mayBe(v) {
		return fmt.Errorf("its body is that of %s, accepted was %s", v, t.value)
	}
	return nil
}

// once judges whether anything is there twice.
func once(box *outbox.Outbox) error {
	bodies := map[uint64]outbox.ID{}
	var found error
	see := func(rec outbox.Record, err error) bool {
		if found = err; err != nil {
			return false
		}
		v, err := content.ParseBody(rec.Body)
		if err != nil {
			found = fmt.Errorf("%s: %w", rec.ID, err)
			return false
		}
		if other, ok := bodies[v.N]; ok {
			found = fmt.Errorf("%s and %s have the same body %s", other, rec.ID, v)
			return false
		}
		bodies[v.N] = rec.ID
		return true
	}
	box.Waiting()(see)
	if found == nil {
		box.DeadLetters()(see)
	}
	return found
}
