package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

type faultFlags struct {
	root, check        string
	calls, errs, exits []string
	when               []string
	timeout            time.Duration
	verbose            bool
	argv               []string
}

func parseFault(args []string) (f faultFlags, err error) {
	fl := flag.NewFlagSet("fault", flag.ExitOnError)
	fl.StringVar(&f.root, "root", "", "directory the program keeps its files in (emptied before each run)")
	calls := fl.String("calls", "fdatasync,pwrite64,fsync,ftruncate", "system calls")
	errs := fl.String("errors", "EIO,ENOSPC", "errors")
	exits := fl.String("exits", "0,3", "exit statuses that are all right: another one, a signal or a hang is a failure")
	when := fl.String("when", "1-12", "which calls of a thread fail: N, A-B (each in turn), A-B+ (from each on)")
	fl.StringVar(&f.check, "check", "", "checker command (one-shot form)")
	fl.DurationVar(&f.timeout, "timeout", 20*time.Second, "for one run")
	fl.BoolVar(&f.verbose, "v", false, "print every run")
	if err := fl.Parse(args); err != nil {
		return f, err
	}
	f.argv = fl.Args()
	if f.root == "" || f.check == "" || len(f.argv) == 0 {
		return f, errors.New("need -root, -check and a command")
	}
	f.calls, f.errs, f.exits = strings.Split(*calls, ","), strings.Split(*errs, ","), strings.Split(*exits, ",")
	f.when, err = expand(*when)
	return f, err
}

// expand turns "1-3,7+,8-9+" into "1" "2" "3" "7+" "8+" "9+".
func expand(when string) ([]string, error) {
	var ns []string
	for w := range strings.SplitSeq(when, ",") {
		w, plus := strings.CutSuffix(w, "+")
		a, b, isRange := strings.Cut(w, "-")
		if !isRange {
			b = a
		}
		lo, err := strconv.Atoi(a)
		if err != nil {
			return nil, fmt.Errorf("-when: %w", err)
		}
		hi, err := strconv.Atoi(b)
		if err != nil {
			return nil, fmt.Errorf("-when: %w", err)
		}
		for i := lo; i <= hi; i++ {
			n := strconv.Itoa(i)
			if plus {
				n += "+"
			}
			ns = append(ns, n)
		}
	}
	return ns, nil
}

// outcome is what became of one run.
type outcome struct {
	state  string // how it ended
	hit    bool   // the failing call was reached
	bad    error  // why this must not be
	acked  int    // lines said
	stderr string
}

func (o outcome) String() string {
	s := o.state
	if !o.hit {
		s += " (not reached)"
	}
	if o.bad != nil {
		return s + ", BAD: " + firstLines(o.bad.Error(), 2)
	}
	return s + ", files ok"
}

// fault runs a program once per (call, error, N) with the Nth such call of a
// thread failing, and prints what became of it.
func fault(ctx context.Context, args []string) error {
	f, err := parseFault(args)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "crashkit-fault-")
	if err != nil {
		return err
	}
	defer discard(tmp)
	t0, runs, hits, bad := time.Now(), 0, 0, 0
	for _, call := range f.calls {
		for _, e := range f.errs {
			tally := map[string]int{}
			for _, n := range f.when {
				o, err := f.one(ctx, tmp, call, fmt.Sprintf("%s:error=%s:when=%s", call, e, n))
				if err != nil {
					return err
				}
				runs++
				if o.hit {
					hits++
				}
				if o.bad != nil {
					bad++
				}
				tally[o.String()]++
				if f.verbose {
					fmt.Printf("%-10s %-7s #%-4s said %-5d %s %s\n", call, e, n, o.acked, o, firstLines(o.stderr, 1))
				}
			}
			fmt.Printf("%s=%s: %v\n", call, e, tally)
		}
	}
	fmt.Printf("%d runs, %d with the fault reached, %d bad, %.1f s\n", runs, hits, bad, time.Since(t0).Seconds())
	switch {
	case bad > 0:
		return fmt.Errorf("%d runs hung, died or left bad files", bad)
	case hits == 0:
		return errors.New("no fault was reached, so nothing was tested")
	}
	return nil
}

// one is one run with one injected fault.
func (f faultFlags) one(ctx context.Context, tmp, call, inject string) (o outcome, err error) {
	if err := emptyDir(f.root); err != nil {
		return o, err
	}
	log, said := filepath.Join(tmp, "log"), filepath.Join(tmp, "said")
	argv := append([]string{"strace"}, straceArgs(log, inject, call)...)
	hung := false
	out, stderr, werr := run(ctx, append(argv, f.argv...), func(ctx context.Context, p *os.Process) error {
		if sleep(ctx, f.timeout); ctx.Err() == nil {
			hung = true
			killGroup(p)
		}
		return nil
	})
	if ctx.Err() != nil {
		return o, ctx.Err()
	}
	logged, err := os.ReadFile(log)
	if err != nil {
		return o, fmt.Errorf("strace left no log: %w", errors.Join(werr, err))
	}
	if err := os.WriteFile(said, wholeLines(out), 0o600); err != nil {
		return o, err
	}
	o = outcome{
		hit:    bytes.Contains(logged, []byte("(INJECTED)")),
		acked:  bytes.Count(out, []byte("\n")),
		stderr: stderr,
		state:  "exit status 0",
	}
	var ee *exec.ExitError
	switch {
	case errors.As(werr, &ee):
		o.state = ee.String()
	case werr != nil:
		return o, werr
	}
	c := newChecker(f.check, false, time.Minute)
	switch {
	case hung:
		o.bad = fmt.Errorf("hung for %v", f.timeout)
	case !f.allowed(o.state):
		o.bad = fmt.Errorf("must not end so: %s", firstLines(stderr, 3))
	default:
		o.bad = c.check(ctx, f.root, said)
	}
	return o, nil
}

func (f faultFlags) allowed(state string) bool {
	for _, x := range f.exits {
		if state == "exit status "+x {
			return true
		}
	}
	return false
}
