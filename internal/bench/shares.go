package main

import (
	"bytes"
	"errors"
	"iter"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"

	pprofile "github.com/google/pprof/profile"
)

// shares say to whose account something goes: that of bbolt, so of the commits,
// of the library and what it calls, or of nobody who could be named: the
// scheduler, the garbage collector.
type shares struct{ Commits, Library, Runtime float64 }

func (s shares) less(t shares) shares {
	return shares{s.Commits - t.Commits, s.Library - t.Library, s.Runtime - t.Runtime}
}

func (s shares) scaled(by float64) shares {
	return shares{s.Commits * by, s.Library * by, s.Runtime * by}
}

func (s shares) sum() float64 { return s.Commits + s.Library + s.Runtime }

// add puts something to the account of the first function, from the innermost
// one, that is bbolt's or the library's: it may call bbolt, and bbolt it.
func (s *shares) add(functions iter.Seq[string], amount float64) {
	for f := range functions {
		switch {
		case strings.HasPrefix(f, "go.etcd.io/bbolt"):
			s.Commits += amount
			return
		case strings.HasPrefix(f, "github.com/anymarket-go/sdk/"), strings.HasPrefix(f, "main."):
			s.Library += amount
			return
		}
	}
	s.Runtime += amount
}

// profiled runs a function and says where the CPU time of the process went, in
// parts of one. The profile is kept, in place of the one before, if keep says how
// its file begins.
func profiled(f func() error, keep string) (spent shares, err error) {
	var data bytes.Buffer
	if err := pprof.StartCPUProfile(&data); err != nil {
		return spent, err
	}
	err = f()
	pprof.StopCPUProfile()
	if err != nil {
		return spent, err
	}
	if keep != "" {
		if err := os.WriteFile(keep+".cpu.prof", data.Bytes(), 0o600); err != nil {
			return spent, err
		}
	}
	p, err := pprofile.Parse(&data)
	if err != nil {
		return spent, err
	}
	for _, sample := range p.Sample {
		spent.add(sampled(sample), float64(sample.Value[0]))
	}
	if spent.sum() == 0 {
		return spent, errors.New("the CPU profile has no samples: the round was too short")
	}
	return spent.scaled(1 / spent.sum()), nil
}

func sampled(s *pprofile.Sample) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, location := range s.Location {
			for _, line := range location.Line {
				if !yield(line.Function.Name) {
					return
				}
			}
		}
	}
}

// allocations says by whom all allocations so far were made. It wants
// runtime.MemProfileRate to be 1 from the start.
func allocations() (made shares) {
	runtime.GC()
	runtime.GC() // the profile is that of the last collection but one
	n, _ := runtime.MemProfile(nil, true)
	records := make([]runtime.MemProfileRecord, n+100)
	n, ok := runtime.MemProfile(records, true)
	for !ok {
		records = slices.Grow(records, n+100)[:n+100]
		n, ok = runtime.MemProfile(records, true)
	}
	for _, r := range records[:n] {
		made.add(called(r.Stack()), float64(r.AllocObjects))
	}
	return made
}

func called(stack []uintptr) iter.Seq[string] {
	return func(yield func(string) bool) {
		frames := runtime.CallersFrames(stack)
		for more := len(stack) > 0; more; {
			var f runtime.Frame
			f, more = frames.Next()
			if !yield(f.Function) {
				return
			}
		}
	}
}
