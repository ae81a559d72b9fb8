package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

type killFlags struct {
	root, check, said string
	n, fresh          int
	lo, hi            time.Duration
	pause             float64
	server            bool
	seed              uint64
	argv              []string
}

func parseKill(args []string) (f killFlags, err error) {
	fl := flag.NewFlagSet("kill", flag.ExitOnError)
	fl.StringVar(&f.root, "root", "", "directory the program keeps its files in (emptied first)")
	fl.IntVar(&f.n, "n", 100, "cycles")
	fl.DurationVar(&f.lo, "min", time.Millisecond, "shortest life")
	fl.DurationVar(&f.hi, "max", 200*time.Millisecond, "longest life")
	fl.IntVar(&f.fresh, "fresh", 250, "cycles after which to begin again with an empty directory (the checker reads all ever said)")
	fl.Float64Var(&f.pause, "pause", 0.2, "share of cycles with a SIGSTOP of up to 50 ms before the kill")
	fl.StringVar(&f.check, "check", "", "checker command")
	fl.BoolVar(&f.server, "server", true, "the checker is a server")
	fl.StringVar(&f.said, "said", "", "keep in this file what was said since the directory was last empty")
	fl.Uint64Var(&f.seed, "seed", 1, "of the lives")
	if err := fl.Parse(args); err != nil {
		return f, err
	}
	f.argv = fl.Args()
	if f.root == "" || f.check == "" || len(f.argv) == 0 {
		return f, errors.New("need -root, -check and a command")
	}
	return f, nil
}

// killLoop runs a program again and again in the same directory, kills it -9 at
// a random moment and has the directory judged against all it ever said.
func killLoop(ctx context.Context, args []string) error {
	f, err := parseKill(args)
	if err != nil {
		return err
	}
	if f.said == "" {
		tmp, err := os.MkdirTemp("", "crashkit-kill-")
		if err != nil {
			return err
		}
		defer discard(tmp)
		f.said = filepath.Join(tmp, "said")
	}
	c := newChecker(f.check, f.server, time.Minute)
	defer c.close()
	rng := rand.New(rand.NewPCG(f.seed, 0))
	var said []byte
	own, lines, t0 := 0, 0, time.Now()
	for i := range f.n {
		if i%f.fresh == 0 {
			if err := emptyDir(f.root); err != nil {
				return err
			}
			said = nil
		}
		life, out, byItself, err := f.cycle(ctx, rng)
		if err != nil {
			return fmt.Errorf("cycle %d: %w", i, err)
		}
		if byItself {
			own++
		}
		said = append(said, wholeLines(out)...)
		lines += bytes.Count(out, []byte("\n"))
		if err := os.WriteFile(f.said, said, 0o600); err != nil {
			return err
		}
		if err := c.check(ctx, f.root, f.said); err != nil {
			return fmt.Errorf("FAIL cycle %d (life %v): %w", i, life, err)
		}
	}
	if lines == 0 {
		return errors.New("the program promised nothing, so nothing was tested")
	}
	s := time.Since(t0).Seconds()
	fmt.Printf("%d kills (%d ended by themselves), %d lines said, 0 failures, %.1f s, %.0f ms a cycle\n",
		f.n, own, lines, s, s*1000/float64(f.n))
	return nil
}

// cycle is one life of the program.
func (f killFlags) cycle(ctx context.Context, rng *rand.Rand) (life time.Duration, out []byte, byItself bool, err error) {
	life = f.lo + time.Duration(rng.Int64N(int64(f.hi-f.lo)+1))
	stop := time.Duration(0)
	if rng.Float64() < f.pause {
		stop = time.Duration(rng.Int64N(int64(50 * time.Millisecond)))
	}
	out, stderr, err := run(ctx, f.argv, func(ctx context.Context, p *os.Process) error {
		sleep(ctx, life)
		if stop > 0 {
			_ = syscall.Kill(-p.Pid, syscall.SIGSTOP) // if it is gone, nothing is to stop
			sleep(ctx, stop)
		}
		killGroup(p)
		return nil
	})
	switch ee := (*exec.ExitError)(nil); {
	case ctx.Err() != nil:
		return life, out, false, ctx.Err()
	case err == nil:
		return life, out, true, nil
	case errors.As(err, &ee) && killed(ee):
		return life, out, false, nil
	default:
		return life, out, false, fmt.Errorf("the program failed by itself: %w: %s", err, firstLines(stderr, 3))
	}
}

func killed(ee *exec.ExitError) bool {
	ws, ok := ee.Sys().(syscall.WaitStatus)
	return ok && ws.Signaled() && ws.Signal() == syscall.SIGKILL
}
