package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/bench/contender"
)

// load is what waits in a file.
type load struct {
	// Kind is of what waits: kindValue or kindStep.
	Kind           string
	Waiting, Lanes int
	// Delivered were before that; each left at least one event in the history.
	Delivered int
}

// Kinds of the outbox that has a backlog.
const (
	kindValue = "stock.set"
	kindStep  = "order.status"
)

const fillBatch = 1000 // entries of an accept

func backlogPath(dir string) string { return filepath.Join(dir, "outbox.db") }

func backlogOptions(deliver func(context.Context, []outbox.Lease) outbox.Answer) outbox.Options {
	return outbox.Options{
		StartRate: unpaced, MaxRate: unpaced,
		Kinds: []outbox.Kind{
			{Name: kindValue, Class: outbox.Absolute, MaxBatch: settleBatch, Deliver: deliver},
			{Name: kindStep, Class: outbox.Step, Deliver: deliver},
		},
	}
}

// fillStage makes a file with a backlog at a gate that is paused.
func fillStage(ctx context.Context, dir string) (stage, error) {
	o, err := outbox.Open(backlogPath(dir), backlogOptions(deliverAtOnce)) //nolint:contextcheck // it takes none: opening is one scan of the file
	if err != nil {
		return stage{}, err
	}
	return stage{acts: map[string]act{"fill": acting(func(l load) (filled uint64, err error) {
		if err := deliverFirst(ctx, o, l.Delivered); err != nil {
			return 0, err
		}
		if err := o.PauseAll(ctx, "it is filled"); err != nil {
			return 0, err
		}
		if err := acceptMany(ctx, o, l.Kind, contender.Keys(l.Lanes), l.Waiting); err != nil {
			return 0, err
		}
		return o.Stats().Waiting, nil
	})}, close: o.Close}, nil
}

func deliverFirst(ctx context.Context, o *outbox.Outbox, n int) (err error) {
	run, stop := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- o.Run(run) }()
	defer func() {
		stop()
		err = errors.Join(err, <-ran)
	}()
	keys := make([]string, min(n, 50_000))
	for i := range keys {
		keys[i] = fmt.Sprintf("OLD-%06d", i)
	}
	for done := 0; done < n; done += len(keys) { // else newer values would supersede older ones
		if err := acceptMany(ctx, o, kindValue, keys, min(len(keys), n-done)); err != nil {
			return err
		}
		if err := o.Drain(ctx); err != nil {
			return err
		}
	}
	return nil
}

// acceptMany accepts n entries spread evenly over the keys.
func acceptMany(ctx context.Context, o *outbox.Outbox, kind string, keys []string, n int) error {
	body := randomBytes(300)
	entries := make([]outbox.Entry, 0, fillBatch)
	for i := range n {
		entries = append(entries, outbox.Entry{Kind: kind, Account: "1", Key: keys[i%len(keys)], Body: body})
		if len(entries) == fillBatch || i == n-1 {
			if _, err := o.AcceptAll(ctx, entries); err != nil {
				return err
			}
			entries = entries[:0]
		}
	}
	return nil
}
