package measure

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Plan says who works how long.
type Plan struct {
	Producers int
	// Time ends the round. Ops, if not zero, ends it after so many operations
	// of each producer instead.
	Time time.Duration
	Ops  int
}

// Round is what producers got done in it.
type Round struct {
	Ops       int
	Took, CPU time.Duration
	// P50 and P99 are percentiles of what one operation took.
	P50, P99 time.Duration
}

// Rate is in operations a second.
func (r Round) Rate() float64 { return float64(r.Ops) / r.Took.Seconds() }

// CPUPerOp is in microseconds, of the whole process.
func (r Round) CPUPerOp() float64 { return float64(r.CPU.Nanoseconds()) / 1e3 / float64(r.Ops) }

// Tail is how many times its median the 99th percentile is.
func (r Round) Tail() float64 { return float64(r.P99) / float64(r.P50) }

// Run has producers repeat op, each with its own number, until the plan is
// done. It returns the joined errors of those that failed.
func Run(p Plan, op func(producer int) error) (Round, error) {
	before, err := cpuTime()
	if err != nil {
		return Round{}, err
	}
	took, failed := make([][]time.Duration, p.Producers), make([]error, p.Producers)
	start := time.Now()
	var all sync.WaitGroup
	for producer := range p.Producers {
		all.Go(func() { took[producer], failed[producer] = p.repeat(start, func() error { return op(producer) }) })
	}
	all.Wait()
	r := Round{Took: time.Since(start)}
	after, err := cpuTime()
	if err := errors.Join(append(failed, err)...); err != nil {
		return Round{}, err
	}
	r.CPU = after - before
	latencies := slices.Concat(took...)
	r.Ops = len(latencies)
	r.P50, r.P99 = Quantile(latencies, 0.5), Quantile(latencies, 0.99)
	return r, nil
}

func (p Plan) repeat(start time.Time, op func() error) (took []time.Duration, err error) {
	for from := start; ; {
		if p.Ops != 0 && len(took) == p.Ops || p.Ops == 0 && from.Sub(start) >= p.Time {
			return took, nil
		}
		if err := op(); err != nil {
			return took, err
		}
		to := time.Now()
		took = append(took, to.Sub(from))
		from = to
	}
}

func cpuTime() (time.Duration, error) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("read the CPU time used: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
