package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/anymarket-go/sdk/internal/barebolt"
	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/bench/contender"
	"github.com/anymarket-go/sdk/internal/bench/measure"
)

// mixedRound is a round of accepts while what was accepted is settled.
type mixedRound struct {
	measure.Round

	Settled int
}

func (r mixedRound) settledRate() float64 { return float64(r.Settled) / r.Took.Seconds() }

// settler accepts, and settles behind that.
type settler struct {
	accept  func(value []byte) error
	settled func() int
	close   func() error
}

func settleStage(ctx context.Context, name, dir string) (stage, error) {
	open := openSettlingOutbox
	if name == contender.Bare {
		open = openSettlingBare
	}
	q, err := open(ctx, dir)
	if err != nil {
		return stage{}, err
	}
	return stage{acts: map[string]act{"accept": acting(func(o acceptOrder) (r mixedRound, err error) {
		value, before := randomBytes(o.Size), q.settled()
		r.Round, err = measure.Run(o.Plan, func(int) error { return q.accept(value) })
		r.Settled = q.settled() - before
		return r, err
	})}, close: q.close}, nil
}

// deliverAtOnce is the other side that takes no time.
func deliverAtOnce(context.Context, []outbox.Lease) outbox.Answer {
	return outbox.Answer{Result: outbox.Result{Verdict: outbox.Delivered}}
}

const unpaced = 1e6 // calls a second

// openSettlingOutbox has an outbox that delivers in batches of 50 to a host that
// takes no time.
func openSettlingOutbox(ctx context.Context, dir string) (*settler, error) {
	o, err := outbox.Open(filepath.Join(dir, "outbox.db"), outbox.Options{ //nolint:contextcheck // it takes none: opening is one scan of the file
		StartRate: unpaced, MaxRate: unpaced,
		Kinds: []outbox.Kind{{Name: "stock.set", Class: outbox.Absolute, MaxBatch: settleBatch, Deliver: deliverAtOnce}},
	})
	if err != nil {
		return nil, err
	}
	ran := make(chan error, 1)
	go func() { ran <- o.Run(ctx) }()
	keys := contender.Keys(50_000)
	var next atomic.Int64
	return &settler{
		accept: func(value []byte) error {
			_, err := o.Accept(ctx, outbox.Entry{Kind: "stock.set", Account: "1", Key: keys[int(next.Add(1))%len(keys)], Body: value})
			return err
		},
		settled: func() int { s := o.Stats(); return int(s.Delivered + s.Superseded) },
		close:   func() error { return errors.Join(o.Close(), <-ran) }, //nolint:contextcheck // it must be closed, whatever ctx says
	}, nil
}

const (
	settleBatch   = 50
	settleAtOnce  = 16 // as many calls are on the wire of an outbox
	settleBacklog = 1 << 16
)

// openSettlingBare has a bare committer that deletes what it stored, in as many
// batches of the same size.
func openSettlingBare(_ context.Context, dir string) (*settler, error) {
	s, err := barebolt.Open(filepath.Join(dir, "bare.db"))
	if err != nil {
		return nil, err
	}
	stored := make(chan uint64, settleBacklog)
	var settled atomic.Int64
	var failed error // of the settlers; read when they are joined
	var once sync.Once
	var all sync.WaitGroup
	for range settleAtOnce {
		all.Go(func() {
			for key := range stored {
				batch := gather(key, stored)
				if err := s.Delete(batch); err != nil {
					once.Do(func() { failed = err })
					continue // so that no producer waits for ever
				}
				settled.Add(int64(len(batch)))
			}
		})
	}
	return &settler{
		accept: func(value []byte) error {
			key, err := s.Put(value)
			if err == nil {
				stored <- key
			}
			return err
		},
		settled: func() int { return int(settled.Load()) },
		close: func() error {
			close(stored)
			all.Wait()
			return errors.Join(failed, s.Close())
		},
	}, nil
}

// gather fills a batch with what is there now.
func gather(key uint64, stored <-chan uint64) []uint64 {
	batch := append(make([]uint64, 0, settleBatch), key)
	for len(batch) < settleBatch {
		select {
		case key, ok := <-stored:
			if !ok {
				return batch
			}
			batch = append(batch, key)
		default:
			return batch
		}
	}
	return batch
}

func mixed(ctx context.Context, s *session) ([]table, error) {
	t := table{
		title: "Accepting while all that was accepted is delivered or superseded",
		head:  []string{"", "accepts/s", "x bare bbolt that deletes", "x accepting alone", "settled/s", "CPU µs per accept", "median", "p99"},
		note: "Values of 300 bytes on 50 000 lanes, batches of 50, 16 at once, a host that takes no time. " +
			"The bare committer deletes what it stored, in batches of the same size.",
	}
	for _, producers := range []int{1, manyProducers} {
		s.say("  producers %d", producers)
		if err := s.addMixed(ctx, &t, producers); err != nil {
			return nil, err
		}
	}
	return []table{t}, nil
}

func (s *session) addMixed(ctx context.Context, t *table, producers int) (err error) {
	var workers []*worker
	defer func() { err = endAll(workers, err) }()
	for _, w := range []struct {
		role role
		name string
	}{{settling, contender.Outbox}, {settling, contender.Bare}, {accepting, contender.Outbox}} {
		started, err := s.start(ctx, w.role, w.name, "")
		if err != nil {
			return err
		}
		workers = append(workers, started)
	}
	rounds := make([][]mixedRound, len(workers))
	o := acceptOrder{Size: 300, Plan: measure.Plan{Producers: producers, Time: s.roundTime()}}
	for round := range 1 + s.count() { // the first one warms up
		for i := range workers {
			which := (i + round) % len(workers)
			r, err := ask[mixedRound](workers[which], "accept", o)
			if err != nil {
				return err
			}
			if round > 0 {
				rounds[which] = append(rounds[which], r)
			}
		}
	}
	rate := func(r mixedRound) float64 { return r.Rate() }
	for i, name := range []string{"outbox", "bare bbolt that deletes", "outbox, accepting alone"} {
		t.add(
			fmt.Sprintf("%s, producers: %d", name, producers),
			number(measure.MedianOf(rounds[i], rate)),
			number(measure.MedianRatio(rounds[i], rounds[1], rate)),
			number(measure.MedianRatio(rounds[i], rounds[2], rate)),
			number(measure.MedianOf(rounds[i], mixedRound.settledRate)),
			number(measure.MedianOf(rounds[i], func(r mixedRound) float64 { return r.CPUPerOp() })),
			medianTime(rounds[i], func(r mixedRound) float64 { return float64(r.P50) }),
			medianTime(rounds[i], func(r mixedRound) float64 { return float64(r.P99) }),
		)
	}
	return nil
}
