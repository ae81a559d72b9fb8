package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
)

// writer works in rounds: producers accept while the outbox delivers or before
// it does, an operator acts, the outbox is compacted, closed and opened again.
type writer struct {
	config
	remote *remote
	rng    *rand.Rand
	box    *outbox.Outbox
	stop   func()          // ends Run; nil if it does not run
	erased map[string]bool // lanes; written while nobody produces
	number atomic.Uint64
	left   atomic.Int64
}

func run(c config) (err error) {
	w := &writer{config: c, remote: newRemote(), rng: rand.New(rand.NewPCG(c.seed, 1)), erased: map[string]bool{}}
	// Beyond all numbers of earlier runs.
	w.number.Store(uint64(time.Now().UnixMicro()))
	w.left.Store(int64(c.n))
	if err := w.open(); err != nil {
		return err
	}
	// Run ends with it, also when nothing can be committed.
	defer func() { err = errors.Join(err, w.box.Close()) }()
	if c.drainOnly {
		w.start()
		return w.drain()
	}
	ps := make([]*producer, c.producers)
	for i := range ps {
		ps[i] = &producer{writer: w, rng: rand.New(rand.NewPCG(c.seed, uint64(i)+2))}
	}
	for i := 0; w.left.Load() > 0; i++ {
		if err := w.round(i, ps); err != nil {
			return err
		}
	}
	return w.end()
}

func (w *writer) open() error {
	box, err := outbox.Open(filepath.Join(w.dir, "db"), content.Options(content.Other{
		Answer: w.remote.answer, Resolve: w.remote.resolve, Observe: w.remote.observe,
	}, w.rng.IntN(2)))
	if err != nil {
		return err // and w.box is closed, or never was
	}
	w.box = box
	return w.sayAgain()
}

// sayAgain says what ended lately: of the last commit before a crash, or of one
// whose error turned out to be none, the observer was not told. It must be said
// before its history may be pruned.
func (w *writer) sayAgain() error {
	const lately = time.Second
	var ended []outbox.Event
	var last time.Time
	for e, err := range w.box.History() {
		if err != nil {
			return fmt.Errorf("history: %w", err)
		}
		if e.Entry != nil {
			ended = append(ended, e)
		}
		if e.At.After(last) {
			last = e.At
		}
	}
	var lines strings.Builder
	for _, e := range ended {
		if word := wordOf(e.Type); word != "" && last.Sub(e.At) < lately {
			fmt.Fprintf(&lines, "%s %s\n", word, e.ID)
		}
	}
	if lines.String() != "" {
		say("%s", lines.String())
	}
	return nil
}

// start has the outbox deliver.
func (w *writer) start() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	box := w.box
	go func() { ended <- box.Run(ctx) }()
	w.stop = func() {
		w.stop = nil
		cancel()
		if err := <-ended; err != nil {
			fatal("run: %v", err)
		}
	}
}

const (
	roundLeast, roundMost = 16, 48 // entries
	patience              = 60 * time.Millisecond
)

func (w *writer) round(i int, ps []*producer) error {
	compact := w.compact > 0 && !w.noDeliver && i%w.compact == w.compact-1 // a copy needs room
	if !w.noDeliver && w.rng.IntN(3) > 0 {
		w.start()
	}
	size := roundLeast + w.rng.IntN(roundMost-roundLeast)
	var producing sync.WaitGroup
	errs := make([]error, len(ps))
	for n, p := range ps {
		producing.Go(func() { errs[n] = p.produce(size / len(ps)) })
	}
	if !compact || w.rng.IntN(2) == 0 {
		producing.Wait()
	}
	if compact { // while others accept, or not
		if w.rng.IntN(3) == 0 {
			errs = append(errs, w.box.Reseal(context.Background()))
		} else {
			errs = append(errs, w.box.Compact(context.Background()))
		}
		producing.Wait()
	}
	errs = append(errs, w.mark())
	if err := w.afterErrors(errs...); err != nil || w.noDeliver {
		return err
	}
	if w.stop == nil {
		w.start()
	}
	w.settle()
	running := w.rng.IntN(2) == 0
	if !running {
		if err := w.pause(); err != nil {
			return err
		}
	}
	if err := w.afterErrors(w.operate(3 + w.rng.IntN(4))...); err != nil {
		return err
	}
	if running {
		w.settle()
	}
	return w.reopen()
}

// mark sets the bookmark.
func (w *writer) mark() error {
	n := w.number.Add(1)
	say("%s %d\n", content.SaidMarking, n)
	err := w.box.SetBookmark(context.Background(), content.Bookmark, fmt.Append(nil, n))
	if err == nil {
		say("%s %d\n", content.SaidMark, n)
	}
	return err
}

// pause ends Run, which does not end as long as nothing can be recorded.
func (w *writer) pause() error {
	if err := w.afterErrors(); err != nil || w.stop == nil {
		return err
	}
	w.stop()
	return nil
}

// settle gives the outbox some time to deliver.
func (w *writer) settle() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = w.box.Drain(ctx) // what is not delivered then is left for later
}

// reopen closes and opens the outbox, now and then.
func (w *writer) reopen() error {
	switch w.rng.IntN(8) {
	case 0, 1:
		if err := w.pause(); err != nil {
			return err
		}
		if err := w.box.Close(); err != nil {
			return err
		}
	case 2:
		if err := w.afterErrors(); err != nil {
			return err
		}
		w.box.Abort()
		if w.stop != nil {
			w.stop()
		}
	default:
		return w.pause()
	}
	return w.open()
}

// afterErrors decides whether it is all right to go on.
func (w *writer) afterErrors(errs ...error) error {
	err := errors.Join(errs...)
	broken := w.box.Stats().Broken
	if err == nil && broken == "" {
		return nil
	}
	fmt.Fprintln(os.Stderr, "outboxwriter:", err, broken)
	switch {
	case w.bug == bugGoOn:
		return nil
	case broken != "" && w.onErr == onErrRebuild:
		return w.rebuild()
	case err == nil:
		return errors.New(broken)
	default:
		return err
	}
}

// rebuild is the way on after a failed commit: by hand, or Run does it.
func (w *writer) rebuild() error {
	const byItself = 3 * time.Second
	if w.stop != nil && w.rng.IntN(3) == 0 {
		for end := time.Now().Add(byItself); w.box.Stats().Broken != ""; <-time.After(time.Millisecond) {
			if time.Now().After(end) {
				return errors.New("Run did not rebuild the outbox: " + w.box.Stats().Broken)
			}
		}
	} else if err := w.box.Rebuild(context.Background()); err != nil {
		return err
	}
	if err := w.box.Check(context.Background()); err != nil {
		fatal("after a rebuild: %v", err)
	}
	return w.sayAgain()
}

// drain delivers all that can be.
func (w *writer) drain() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- w.box.Drain(ctx) }()
	const look = 50 * time.Millisecond
	for {
		select {
		case err := <-done:
			return err
		case <-time.After(look):
			if err := w.afterErrors(); err != nil {
				return err
			}
		}
	}
}

// end is the end of a run that met no error.
func (w *writer) end() error {
	if err := w.pause(); err != nil || w.bug != "" {
		return err
	}
	err := w.box.Check(context.Background())
	if err != nil && w.box.Stats().Broken == "" {
		fatal("at the end: %v", err)
	}
	return err
}
