package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/anymarket-go/sdk/internal/bench/measure"
)

// pile is a file with a backlog, and what was measured of it.
type pile struct {
	load

	dir     string
	worker  *worker
	opened  opened
	accepts []measure.Round
	drained drained
}

func backlog(ctx context.Context, s *session) (tables []table, err error) {
	b := newBudgets()
	tables = []table{{}}
	for _, shape := range []struct {
		kind, title string
		lanes       func(waiting int) int
		sizes       []int
	}{
		{kindStep, "Steps, ten to a lane, one a call", func(n int) int { return n / 10 }, s.sizes(5_000_000)},
		{kindValue, "Values, one to a lane, fifty a call", func(n int) int { return n }, s.sizes(1_000_000)},
	} {
		piles := make([]*pile, 0, len(shape.sizes))
		for _, n := range shape.sizes {
			piles = append(piles, &pile{load: load{Kind: shape.kind, Waiting: n, Lanes: shape.lanes(n), Delivered: n / 5}})
		}
		if err := s.measurePiles(ctx, piles); err != nil {
			return nil, err
		}
		judgePiles(b, piles)
		tables = append(tables, tableOf(shape.title, piles))
	}
	tables[0] = b.table
	return tables, nil
}

// sizes are how many entries wait, the largest of them given.
func (s *session) sizes(largest int) (sizes []int) {
	if s.short {
		return []int{1000, largest / 500}
	}
	for _, n := range []int{10_000, 100_000, 1_000_000, 5_000_000} {
		if n <= largest {
			sizes = append(sizes, n)
		}
	}
	return sizes
}

func (s *session) measurePiles(ctx context.Context, piles []*pile) (err error) {
	defer func() {
		for _, p := range piles {
			if p.worker != nil {
				err = errors.Join(err, p.worker.end())
			}
			err = errors.Join(err, os.RemoveAll(p.dir))
		}
	}()
	for _, p := range piles {
		s.say("  %d waiting (%s): fill and open", p.Waiting, p.Kind)
		if err := s.pile(ctx, p); err != nil {
			return err
		}
	}
	plan := measure.Plan{Producers: manyProducers, Time: s.roundTime() / 2}
	for round := range 1 + s.count() { // the first one warms up
		for i := range piles {
			p := piles[(i+round)%len(piles)]
			r, err := ask[measure.Round](p.worker, "accept", plan)
			if err != nil {
				return err
			}
			if round > 0 {
				p.accepts = append(p.accepts, r)
			}
		}
	}
	for _, p := range piles {
		s.say("  %d waiting (%s): drain", p.Waiting, p.Kind)
		d := drainOrder{Limit: 20 * time.Second, Half: uint64(p.Waiting) / 2, Rest: uint64(p.Waiting) / 10, RoundTime: s.roundTime() / 2}
		if s.short {
			d.Limit = 2 * time.Second
		}
		if p.drained, err = ask[drained](p.worker, "drain", d); err != nil {
			return err
		}
	}
	return nil
}

// pile fills a file in a process of its own, and opens it in another.
func (s *session) pile(ctx context.Context, p *pile) (err error) {
	if p.dir, err = os.MkdirTemp(s.dir, "backlog-"); err != nil {
		return err
	}
	w, err := s.start(ctx, filling, "", p.dir)
	if err != nil {
		return err
	}
	waiting, err := ask[int](w, "fill", p.load)
	if err := endAll([]*worker{w}, err); err != nil {
		return err
	}
	if waiting != p.Waiting {
		return fmt.Errorf("%d wait in the file, %d should", waiting, p.Waiting)
	}
	if p.worker, err = s.start(ctx, backlogged, "", p.dir); err != nil {
		return err
	}
	p.opened, err = ask[opened](p.worker, "open", none{})
	if err == nil && p.opened.Waiting != uint64(p.Waiting) {
		return fmt.Errorf("%d wait in the opened file, %d should", p.opened.Waiting, p.Waiting)
	}
	return err
}

func (p *pile) heapPerEntry() float64 { return float64(p.opened.Heap) / float64(p.Waiting) }

func (p *pile) drainRate() float64 { return float64(p.drained.Settled) / p.drained.Took.Seconds() }

func judgePiles(b *budgets, piles []*pile) {
	first, last := piles[0], piles[len(piles)-1]
	at := fmt.Sprintf("%s %s waiting on %s lanes: ", thousands(int64(last.Waiting)), last.Kind, thousands(int64(last.Lanes)))
	ratio := measure.MedianRatio(last.accepts, first.accepts, measure.Round.Rate)
	than := fmt.Sprintf("%saccept rate over that at %s", at, thousands(int64(first.Waiting)))
	if last.Kind == kindValue {
		b.told(than, ratio)
		b.atMost(at+"p99 of an accept over its median while they drain", measure.MedianOf(last.drained.Rounds, measure.Round.Tail), 5)
		return
	}
	b.atMost(at+"open, seconds", last.opened.Took.Seconds(), 5)
	b.atMost(at+"peak anonymous memory, MiB", float64(last.drained.PeakAnonymous)/(1<<20), 512)
	b.atMost(at+"heap per entry, bytes", last.heapPerEntry(), 64)
	b.atMost(at+"first call after the gate opened, seconds", last.drained.FirstCall.Seconds(), 2)
	b.atLeast(than, ratio, 0.9)
}

func tableOf(title string, piles []*pile) table {
	t := table{title: title, head: []string{
		"waiting", "lanes", "delivered before", "file", "open", "heap", "bytes each", "peak anonymous", "first call",
		"accepts/s", "drain/s", "CPU µs each", "accepts/s while draining", "p99 over median then",
	}, note: "Bodies of 300 bytes, page cache warm. Accepts are of 64 producers, beside a backlog that waits at a closed gate. The other side takes no time. The peak is of the whole time until the first call."}
	for _, p := range piles {
		t.add(
			thousands(int64(p.Waiting)), thousands(int64(p.Lanes)), thousands(int64(p.Delivered)),
			mebibytes(p.opened.File), millis(p.opened.Took), mebibytes(p.opened.Heap), number(p.heapPerEntry()),
			mebibytes(p.drained.PeakAnonymous), millis(p.drained.FirstCall),
			number(measure.MedianOf(p.accepts, measure.Round.Rate)),
			number(p.drainRate()), number(float64(p.drained.CPU.Microseconds())/float64(p.drained.Settled)),
			number(measure.MedianOf(p.drained.Rounds, measure.Round.Rate)), number(measure.MedianOf(p.drained.Rounds, measure.Round.Tail)),
		)
	}
	return t
}
