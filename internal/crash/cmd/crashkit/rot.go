package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

type rotFlags struct {
	dir, said, check string
	n                int
	strict           bool
	seed             uint64
	timeout          time.Duration
}

func parseRot(args []string) (f rotFlags, err error) {
	fl := flag.NewFlagSet("rot", flag.ExitOnError)
	fl.StringVar(&f.dir, "dir", "", "directory with whole files")
	fl.StringVar(&f.said, "said", "", "what the program had said")
	fl.StringVar(&f.check, "check", "", "checker command (server)")
	fl.IntVar(&f.n, "n", 400, "damaged copies of each kind")
	fl.BoolVar(&f.strict, "strict", false, "damage that kills or hangs the checker is a failure")
	fl.Uint64Var(&f.seed, "seed", 1, "of the damage")
	fl.DurationVar(&f.timeout, "timeout", 5*time.Second, "for one copy")
	if err := fl.Parse(args); err != nil {
		return f, err
	}
	if f.dir == "" || f.said == "" || f.check == "" {
		return f, errors.New("need -dir, -said and -check")
	}
	return f, nil
}

// damage is one way to spoil a file that is not empty.
type damage struct {
	name string
	do   func([]byte, *rand.Rand) []byte
}

func damages() []damage {
	return []damage{
		{"bit", func(b []byte, r *rand.Rand) []byte {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
			return b
		}},
		{"zeroed sector", func(b []byte, r *rand.Rand) []byte {
			o := r.IntN((len(b)+511)/512) * 512
			clear(b[o:min(o+512, len(b))])
			return b
		}},
		{"misdirected page", func(b []byte, r *rand.Rand) []byte {
			if p := len(b) / 4096; p > 0 {
				from, to := r.IntN(p)*4096, r.IntN(p)*4096
				copy(b[to:to+4096], bytes.Clone(b[from:from+4096]))
			}
			return b
		}},
		{"cut short", func(b []byte, r *rand.Rand) []byte { return b[:r.IntN(len(b))] }},
	}
}

// rot damages copies of a directory and tallies what the checker says. It proves
// nothing durable; it shows what of the damage is noticed, by what, and that
// nothing hangs or dies.
func rot(ctx context.Context, args []string) error {
	f, err := parseRot(args)
	if err != nil {
		return err
	}
	files, err := readTree(f.dir)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no files in %s", f.dir)
	}
	tmp, err := tempDir("", "crashkit-rot-")
	if err != nil {
		return err
	}
	defer discard(tmp)
	c := newChecker(f.check, true, f.timeout)
	defer c.close()
	t0, copies, noticed, died := time.Now(), 0, 0, 0
	for _, kind := range damages() {
		tally := map[string]int{}
		for i := range f.n {
			rng := rand.New(rand.NewPCG(f.seed, uint64(i)))
			d := filepath.Join(tmp, "d")
			if err := writeTree(d, f.dir, spoil(files, kind, rng)); err != nil {
				return err
			}
			err := c.check(ctx, d, f.said)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			copies++
			if err != nil {
				noticed++
			}
			if errors.Is(err, errDied) {
				died++
			}
			tally[inGeneral(err)]++
		}
		printTally(kind.name, tally)
	}
	fmt.Printf("%d damaged copies, %d noticed, %d killed or hung the checker, %.1f s\n", copies, noticed, died, time.Since(t0).Seconds())
	if f.strict && died > 0 {
		return fmt.Errorf("%d damaged copies killed or hung the checker", died)
	}
	return nil
}

// spoil returns files with one of them damaged.
func spoil(files map[string][]byte, kind damage, rng *rand.Rand) map[string][]byte {
	spoiled := maps.Clone(files)
	names := slices.Sorted(maps.Keys(files))
	if hit := names[rng.IntN(len(names))]; len(files[hit]) > 0 {
		spoiled[hit] = kind.do(bytes.Clone(files[hit]), rng)
	}
	return spoiled
}

// inGeneral is a verdict without its numbers and its end, so that alike ones
// count as one.
func inGeneral(verdict error) string {
	if verdict == nil {
		return "ok"
	}
	s := regexp.MustCompile(`[0-9a-fx]*[0-9]+[0-9a-f]*`).ReplaceAllString(verdict.Error(), "N")
	return s[:min(46, len(s))]
}

func printTally(name string, tally map[string]int) {
	fmt.Printf("%s:\n", name)
	for _, w := range slices.SortedFunc(maps.Keys(tally), func(a, b string) int { return tally[b] - tally[a] }) {
		fmt.Printf("  %4d  %s\n", tally[w], w)
	}
}
