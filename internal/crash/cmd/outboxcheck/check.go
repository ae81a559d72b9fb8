package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
)

// check opens an outbox, judges it, has it go on, and judges it again.
func check(dir string, s *said) (err error) {
	path, r := filepath.Join(dir, "db"), newRemote(s)
	box, err := outbox.Open(path, content.Options(content.Other{Answer: r.answer, Resolve: r.resolve}, rand.IntN(2)))
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	ctx := context.Background()
	if err := box.Check(ctx); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	if err := kept(box, s); err != nil {
		return err
	}
	mark, err := box.Bookmark(content.Bookmark)
	if err != nil || s.marks != nil && !slices.Contains(s.marks, string(mark)) {
		return fmt.Errorf("the bookmark is %q, want one of %q: %w", mark, s.marks, err)
	}
	if err := acceptAgain(ctx, box, s); err != nil {
		return err
	}
	probe, err := accept(ctx, box)
	if err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	newest, err := newestValues(box)
	if err != nil {
		return err
	}
	if err := deliver(ctx, box, r); err != nil {
		return err
	}
	if err := r.stands(newest); err != nil {
		return err
	}
	if rec, err := box.Show(probe); err != nil || rec.State != outbox.Done {
		return fmt.Errorf("a new entry was not delivered: %s %w", rec.State, err)
	}
	if err := box.Close(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return again(ctx, path, r, probe)
}

// again opens the outbox once more.
func again(ctx context.Context, path string, r *remote, probe outbox.ID) (err error) {
	box, err := outbox.Open(path, content.Options(content.Other{Answer: r.answer, Resolve: r.resolve}, rand.IntN(2)))
	if err != nil {
		return fmt.Errorf("open again: %w", err)
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	if err := box.Check(ctx); err != nil {
		return fmt.Errorf("check again: %w", err)
	}
	if rec, err := box.Show(probe); err != nil || rec.State != outbox.Done {
		return fmt.Errorf("a delivered entry is %s after opening again: %w", rec.State, err)
	}
	return nil
}

// accept accepts a value in a lane that the writer uses, too.
func accept(ctx context.Context, box *outbox.Outbox) (outbox.ID, error) {
	v := content.Value{N: 1<<63 + uint64(time.Now().UnixNano()), Size: rand.IntN(100)}
	e := outbox.Entry{Kind: content.Stock, Account: "ana", Key: fmt.Sprint("s", rand.IntN(6)), Body: v.Body()}
	r, err := box.Accept(ctx, e)
	return r.ID(), err
}

const (
	newestCreations = 6 // that are accepted again,
	otherCreations  = 2 // and how many of the others
)

// acceptAgain accepts some of the creations once more: the same one is known,
// another one under its key is refused.
func acceptAgain(ctx context.Context, box *outbox.Outbox, s *said) error {
	all := s.creations()
	pick := all[max(0, len(all)-newestCreations):]
	for range otherCreations {
		if len(all) > 0 {
			pick = append(slices.Clip(pick), all[rand.IntN(len(all))])
		}
	}
	for _, t := range pick {
		e, err := t.entry()
		if err != nil {
			return err
		}
		r, err := box.Accept(ctx, e)
		if err != nil || r.ID() != t.id || !r.Duplicate {
			return fmt.Errorf("creation %s accepted again is %s: %w", t.id, r.ID(), err)
		}
		e.Body = content.Value{N: t.value.N + 1<<62}.Body()
		erased, erasing := s.erasing[t.lane]
		var conflict *outbox.ConflictError
		r, err = box.Accept(ctx, e)
		switch {
		case erasing && err == nil && r.ID() == t.id && r.Duplicate: // nothing to compare with is left
		case erased || !errors.As(err, &conflict) || conflict.ID != t.id:
			return fmt.Errorf("creation %s accepted with another body, erased %t, is %s: %w", t.id, erased, r.ID(), err)
		}
	}
	return nil
}

// deliver runs the outbox until all is delivered that can be.
func deliver(ctx context.Context, box *outbox.Outbox, r *remote) error {
	const patience = 10 * time.Second
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- box.Run(ctx) }()
	for end := time.Now().Add(patience); ; <-time.After(time.Millisecond / 2) {
		left, err := deliverable(box)
		if err != nil {
			return err
		}
		if left == nil {
			break
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s %s still waits: %s", left.ID, left.Kind, left.Reason)
		}
	}
	cancel()
	return errors.Join(<-ended, r.wrong())
}

// deliverable is an entry that can be delivered without waiting for long. What
// has an unknown outcome and was looked up without a find must wait.
func deliverable(box *outbox.Outbox) (left *outbox.Record, err error) {
	behind := map[string]bool{} // lanes in order whose head must wait
	for rec, err := range box.Waiting() {
		if err != nil {
			return nil, err
		}
		lane := content.Lane(rec.Entry)
		if rec.State == outbox.Parked || rec.Unknown || behind[lane] {
			behind[lane] = true
			continue
		}
		if left == nil {
			left = &rec
		}
	}
	return left, nil
}

// newestValues are the values that wait, by lane.
func newestValues(box *outbox.Outbox) (map[string]outbox.ID, error) {
	newest := map[string]outbox.ID{}
	for rec, err := range box.Waiting() {
		if err != nil {
			return nil, err
		}
		if content.IsValue(rec.Kind) {
			newest[content.Lane(rec.Entry)] = rec.ID
		}
	}
	return newest, nil
}
