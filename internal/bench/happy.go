package main

import (
	"context"
	"fmt"
	"time"

	"github.com/anymarket-go/sdk/internal/bench/measure"
)

// profiledTime is that of a round whose CPU time is sampled, each 10 ms of it.
const profiledTime = time.Second

func happy(ctx context.Context, s *session) (tables []table, err error) {
	timed, err := s.start(ctx, calling, "times", "")
	if err != nil {
		return nil, err
	}
	counted, err := s.start(ctx, calling, countAllocations, "")
	if err != nil {
		return nil, endAll([]*worker{timed}, err)
	}
	defer func() { err = endAll([]*worker{timed, counted}, err) }()
	b := newBudgets()
	reads, err := s.reads(timed, b)
	if err != nil {
		return nil, err
	}
	writes, err := s.writes(timed, counted, b)
	return []table{b.table, reads, writes}, err
}

// reads compares ways of the same read.
func (s *session) reads(w *worker, b *budgets) (table, error) {
	t := table{
		title: "A read", head: []string{"", "CPU µs", "allocations", "x net/http"},
		note: "GET of 59 bytes of JSON, one after the other, from a RoundTripper that answers at once.",
	}
	s.say("  reads")
	costs, err := s.rounds(w, callOrder{Plan: measure.Plan{Producers: 1, Time: s.roundTime()}}, "net/http read", "api read", "gated read")
	if err != nil {
		return t, err
	}
	plain, called, gated := costs[0], costs[1], costs[2]
	for i, name := range []string{"plain net/http", "api", "api, through the gate"} {
		t.add(name, number(cpuOf(costs[i])), number(allocationsOf(costs[i])), number(measure.MedianRatio(costs[i], plain, costCPU)))
	}
	b.atMost("a read through the gate, CPU µs over the bare api call", over(gated, called, costCPU), 3)
	b.atMost("a read through the gate, allocations over the bare api call", over(gated, called, costAllocations), 10)
	return t, nil
}

// writes takes apart what a stock costs from Set to delivered.
func (s *session) writes(timed, counted *worker, b *budgets) (table, error) {
	t := table{
		title: "Stock.Set until it is delivered, one call for each",
		head:  []string{"producers", "calls/s", "commits", "CPU µs", "of it commits", "of it Go's scheduler and collector", "the bare api call", "beside these", "allocations", "of them commits", "the bare api call", "beside these"},
		note: "CPU time is taken apart by profile: commits is what bbolt does, and what nobody else can be named for is Go's scheduler and collector. " +
			"Most of that is threads that are handed over while a commit syncs: with one producer all pay for it alone.",
	}
	for _, producers := range []int{1, manyProducers} {
		s.say("  Stock.Set, producers: %d", producers)
		puts, err := s.rounds(timed, callOrder{Plan: measure.Plan{Producers: 1, Time: s.roundTime()}}, "api put")
		if err != nil {
			return t, err
		}
		plan := measure.Plan{Producers: producers, Time: profiledTime}
		sets, err := s.rounds(timed, callOrder{Plan: plan, Profiled: true}, "set")
		if err != nil {
			return t, err
		}
		put, set := puts[0], sets[0]
		all, err := ask[cost](counted, "set", callOrder{Plan: plan})
		if err != nil {
			return t, err
		}
		spent := func(of func(shares) float64) float64 {
			return measure.MedianOf(set, func(c cost) float64 { return of(c.Spent) * c.CPUPerOp() })
		}
		commits, nobody := spent(func(s shares) float64 { return s.Commits }), spent(func(s shares) float64 { return s.Runtime })
		beside := spent(func(s shares) float64 { return s.Library }) - cpuOf(put)
		made := all.AllocatedBy.sum() - all.AllocatedBy.Commits - allocationsOf(put)
		t.add(
			number(float64(producers)), number(measure.MedianOf(set, func(c cost) float64 { return c.Rate() })),
			number(measure.MedianOf(set, func(c cost) float64 { return c.Commits })),
			number(cpuOf(set)), number(commits), number(nobody), number(cpuOf(put)), number(beside),
			number(all.Allocations), number(all.AllocatedBy.Commits), number(allocationsOf(put)), number(made),
		)
		at := fmt.Sprintf("Stock.Set until delivered, producers %d, beside the commits and the bare api call: ", producers)
		b.atMost(at+"CPU µs", beside, 20)
		b.told(at+"CPU µs with all of the scheduler's and collector's", beside+nobody)
		b.atMost(at+"allocations", made, 40)
	}
	return t, nil
}

// rounds has a worker make rounds of calls of several kinds, in turns.
func (s *session) rounds(w *worker, o callOrder, kinds ...string) ([][]cost, error) {
	costs := make([][]cost, len(kinds))
	for round := range 1 + s.count() { // the first one warms up
		for i := range kinds {
			which := (i + round) % len(kinds)
			c, err := ask[cost](w, kinds[which], o)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				costs[which] = append(costs[which], c)
			}
		}
	}
	return costs, nil
}

func costCPU(c cost) float64         { return c.CPUPerOp() }
func costAllocations(c cost) float64 { return c.Allocations }

func cpuOf(costs []cost) float64         { return measure.MedianOf(costs, costCPU) }
func allocationsOf(costs []cost) float64 { return measure.MedianOf(costs, costAllocations) }

// over is by how much one costs more than the other, in rounds that ran together.
func over(more, less []cost, of func(cost) float64) float64 {
	differences := make([]float64, len(more))
	for i := range more {
		differences[i] = of(more[i]) - of(less[i])
	}
	return measure.Median(differences)
}
