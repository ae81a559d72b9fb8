package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures, or serves the process that does.
func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == serveArg {
		return serve(ctx, args[1:])
	}
	s := session{err: os.Stderr}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := flags.String("only", "", "the `parts` to run, with commas between; all of them if empty: "+strings.Join(partNames(), ", "))
	page := flags.String("page", "", "the `file` into which the tables are written; made if there is none")
	flags.BoolVar(&s.short, "short", false, "a few seconds for each part, to see that it works: its figures mean little")
	flags.StringVar(&s.dir, "dir", "", "an existing `folder` on the disk to measure; defaults to that for temporary files")
	flags.StringVar(&s.profiles, "profiles", "", "an existing `folder` for profiles of each process")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("what is %q? Parts are named with -only", flags.Arg(0))
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	if s.profiles != "" {
		if s.profiles, err = filepath.Abs(s.profiles); err != nil {
			return err
		}
	}
	return s.measure(ctx, chosen, *page)
}

// session is one run.
type session struct {
	short         bool
	dir, profiles string
	err           *os.File
}

func (s *session) measure(ctx context.Context, chosen []part, page string) (err error) {
	dir, err := os.MkdirTemp(s.dir, "bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s.dir = dir
	for _, p := range chosen {
		start := time.Now()
		s.say("%s: %s", p.name, p.title)
		tables, err := p.run(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		m, err := thisMachine(s.dir)
		if err != nil {
			return err
		}
		r := report{part: p, tables: tables, machine: m, at: time.Now(), took: time.Since(start), short: s.short}
		if _, err := os.Stdout.WriteString(r.text() + "\n"); err != nil {
			return err
		}
		if page != "" { // at once, so that a long run that fails leaves what it had
			if err := r.writeTo(page); err != nil {
				return err
			}
		}
	}
	return nil
}

// count is how many rounds medians are made of.
func (s *session) count() int {
	if s.short {
		return 2
	}
	return 9
}

// roundTime is how long producers work in a round.
func (s *session) roundTime() time.Duration {
	if s.short {
		return 50 * time.Millisecond
	}
	return 500 * time.Millisecond
}

// say tells how far it is.
func (s *session) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.err, format+"\n", args...) // there is nobody to tell if that fails
}
