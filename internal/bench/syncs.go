package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/anymarket-go/sdk/internal/bench/contender"
	"github.com/anymarket-go/sdk/internal/bench/measure"
)

// syncs says what an accept of each entrant syncs, and how many calls of that
// strace saw.
func (s *session) syncs(ctx context.Context) (table, error) {
	t := table{
		title: "What an accept syncs",
		head:  []string{"", "version", "an accept syncs", "syncs per accept, 1 producer", "64 producers"},
		note:  "Syncs are calls of fsync, fdatasync, msync and sync_file_range that strace saw, less those of opening and closing.",
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		strace = ""
		t.note = "Syncs were not counted: there is no strace."
	}
	each := 100
	if s.short {
		each = 10
	}
	for _, e := range contender.Entrants() {
		alone, together := "–", "–"
		if strace != "" {
			s.say("  syncs of %s", e.Name)
			one, err := s.syncsPerOp(ctx, strace, e, measure.Plan{Producers: 1, Ops: each})
			if err != nil {
				return t, err
			}
			many, err := s.syncsPerOp(ctx, strace, e, measure.Plan{Producers: manyProducers, Ops: each / 5})
			if err != nil {
				return t, err
			}
			alone, together = number(one), number(many)
		}
		t.add(e.Name, version(e.Module), e.Syncs, alone, together)
	}
	return t, nil
}

func (s *session) syncsPerOp(ctx context.Context, strace string, e contender.Entrant, p measure.Plan) (float64, error) {
	idle, err := s.countSyncs(ctx, strace, e, measure.Plan{Producers: 1, Ops: 1})
	if err != nil {
		return 0, err
	}
	p.Ops++ // what the idle one did
	busy, err := s.countSyncs(ctx, strace, e, p)
	return float64(busy-idle) / float64(p.Producers*p.Ops-1), err
}

// countSyncs counts those of a worker from its start to its end.
func (s *session) countSyncs(ctx context.Context, strace string, e contender.Entrant, p measure.Plan) (n int, err error) {
	counts := filepath.Join(s.dir, "syncs")
	w, err := s.start(ctx, accepting, e.Name, "", strace, "-f", "-c", "-o", counts, "-e", "trace=fsync,fdatasync,msync,sync_file_range")
	if err != nil {
		return 0, err
	}
	_, err = ask[measure.Round](w, "accept", acceptOrder{Size: 300, Plan: p})
	if err := endAll([]*worker{w}, err); err != nil {
		return 0, err
	}
	summary, err := os.ReadFile(counts)
	if err != nil {
		return 0, err
	}
	return sumCalls(string(summary)), nil
}

// sumCalls adds up the calls in a summary of strace. Its rows have the share of
// time, seconds, microseconds a call, calls, perhaps errors, and the name.
func sumCalls(summary string) (n int) {
	for line := range strings.Lines(summary) {
		cells := strings.Fields(line)
		if len(cells) < 5 || cells[len(cells)-1] == "total" {
			continue
		}
		if calls, err := strconv.Atoi(cells[3]); err == nil {
			n += calls
		}
	}
	return n
}
