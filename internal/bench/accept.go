package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/anymarket-go/sdk/internal/bench/contender"
	"github.com/anymarket-go/sdk/internal/bench/measure"
)

// acceptOrder is what a worker that accepts is asked for.
type acceptOrder struct {
	measure.Plan

	Size int // of a value, in bytes
}

func acceptStage(ctx context.Context, name, dir string) (stage, error) {
	e, err := contender.ByName(name)
	if err != nil {
		return stage{}, err
	}
	c, err := e.Open(ctx, dir)
	if err != nil {
		return stage{}, err
	}
	return stage{acts: map[string]act{"accept": acting(func(o acceptOrder) (measure.Round, error) {
		value := randomBytes(o.Size)
		return measure.Run(o.Plan, func(int) error { return c.Accept(value) })
	})}, close: c.Close}, nil
}

// randomBytes are the same each time, and nothing that could be compressed.
func randomBytes(size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b) // it never errs
	return b
}

// bout is what the entrants did with values of one size from so many producers.
type bout struct {
	size, producers int
	rounds          map[string][]measure.Round
}

const manyProducers = 64 // of whom tails and peers are judged

func accept(ctx context.Context, s *session) ([]table, error) {
	var bouts []bout
	for _, size := range []int{300, 4096} {
		for _, producers := range []int{1, 8, manyProducers, 512} {
			s.say("  %d bytes, %d producers", size, producers)
			b, err := s.bout(ctx, size, producers)
			if err != nil {
				return nil, err
			}
			bouts = append(bouts, b)
		}
	}
	syncs, err := s.syncs(ctx)
	if err != nil {
		return nil, err
	}
	tables := []table{acceptBudgets(bouts)}
	for _, b := range bouts {
		tables = append(tables, b.table())
	}
	return append(tables, syncs), nil
}

func (s *session) bout(ctx context.Context, size, producers int) (b bout, err error) {
	b = bout{size: size, producers: producers, rounds: map[string][]measure.Round{}}
	var workers []*worker
	defer func() { err = endAll(workers, err) }()
	for _, e := range contender.Entrants() {
		w, err := s.start(ctx, accepting, e.Name, "")
		if err != nil {
			return b, err
		}
		workers = append(workers, w)
	}
	o := acceptOrder{Size: size, Plan: measure.Plan{Producers: producers, Time: s.roundTime()}}
	for round := range 1 + s.count() { // the first one warms up
		for i := range workers {
			// Whoever comes next finds the disk as the one before left it.
			which := (i + round) % len(workers)
			r, err := ask[measure.Round](workers[which], "accept", o)
			if err != nil {
				return b, err
			}
			if name := contender.Entrants()[which].Name; round > 0 {
				b.rounds[name] = append(b.rounds[name], r)
			}
		}
	}
	return b, nil
}

// ratio is of throughput, in rounds that ran together.
func (b bout) ratio(over, under string) float64 {
	return measure.MedianRatio(b.rounds[over], b.rounds[under], measure.Round.Rate)
}

// bestUngrouped is the fastest packaged queue that syncs for each accept.
func (b bout) bestUngrouped() (name string) {
	best := 0.0
	for _, e := range contender.Entrants() {
		rate := measure.MedianOf(b.rounds[e.Name], measure.Round.Rate)
		if e.Packaged && !e.Grouped && rate > best {
			name, best = e.Name, rate
		}
	}
	return name
}

func acceptBudgets(bouts []bout) table {
	t := newBudgets()
	for _, b := range bouts {
		at := fmt.Sprintf("%s, producers %d: ", sizeText(b.size), b.producers)
		over := at + "times the bare bbolt group committer"
		if b.producers == 8 {
			t.told(over, b.ratio(contender.Outbox, contender.Bare))
		} else {
			t.atLeast(over, b.ratio(contender.Outbox, contender.Bare), 0.85)
		}
		if b.producers != manyProducers {
			continue
		}
		t.atLeast(at+"times the group-committed raw log", b.ratio(contender.Outbox, contender.RawGroup), 0.35)
		best := b.bestUngrouped()
		t.atLeast(at+"times the best packaged peer that syncs each accept, "+best, b.ratio(contender.Outbox, best), 7)
		t.atMost(at+"p99 over median", measure.MedianOf(b.rounds[contender.Outbox], measure.Round.Tail), 3)
	}
	return t.table
}

func (b bout) table() table {
	t := table{
		title: fmt.Sprintf("%s, producers: %d", sizeText(b.size), b.producers),
		head:  []string{"", "accepts/s", "x raw log, grouped", "x bare bbolt", "outbox is x", "CPU µs/op", "median", "p99"},
	}
	for _, e := range contender.Entrants() {
		rounds := b.rounds[e.Name]
		t.add(
			e.Name,
			number(measure.MedianOf(rounds, measure.Round.Rate)),
			number(b.ratio(e.Name, contender.RawGroup)),
			number(b.ratio(e.Name, contender.Bare)),
			number(b.ratio(contender.Outbox, e.Name)),
			number(measure.MedianOf(rounds, measure.Round.CPUPerOp)),
			medianTime(rounds, func(r measure.Round) float64 { return float64(r.P50) }),
			medianTime(rounds, func(r measure.Round) float64 { return float64(r.P99) }),
		)
	}
	return t
}

func sizeText(size int) string {
	if size%1024 == 0 {
		return fmt.Sprintf("%d KiB", size/1024)
	}
	return fmt.Sprintf("%d B", size)
}

// none is for orders without arguments.
type none struct{}
