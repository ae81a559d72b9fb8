package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

type settings struct {
	rows   int
	memory uint64 // bytes above those at the start of a loader
	// Of a loader.
	outbox, url, token string
	asOf               time.Time
}

func main() {
	var s settings
	loading := flag.Bool("load", false, "be the loader")
	flag.IntVar(&s.rows, "rows", 500_000, "rows of the snapshot")
	flag.Uint64Var(&s.memory, "memory", 64<<20, "bound of a loader's memory above that at its start, in bytes")
	flag.StringVar(&s.outbox, "outbox", "", "file of the outbox; defaults to a temporary one")
	flag.StringVar(&s.url, "url", "", "of the fake, for the loader")
	flag.StringVar(&s.token, "token", "", "of the fake, for the loader")
	flag.TextVar(&s.asOf, "as-of", time.Time{}, "the moment of the snapshot, for the loader")
	flag.Parse()
	run := func() error { return play(context.Background(), s) }
	if *loading {
		run = func() error { return load(context.Background(), s) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "reloadload:", err)
		os.Exit(1)
	}
}

// play is the whole test; its error names every bound that was broken.
func play(ctx context.Context, s settings) (err error) {
	if s.outbox == "" {
		dir, mkErr := os.MkdirTemp("", "reloadload-")
		if mkErr != nil {
			return mkErr
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		s.outbox = filepath.Join(dir, "anymarket.db")
	}
	fake := anymarkettest.New(anymarkettest.Options{})
	defer func() { err = errors.Join(err, fake.Close()) }()
	if s.url, err = fake.Listen(ctx, "127.0.0.1:0"); err != nil {
		return err
	}
	s.token, s.asOf = fake.Token(), time.Now()

	live := newLive(s)
	living, end := context.WithCancel(ctx)
	changing := make(chan error, 1)
	go func() { changing <- live.change(living) }()
	var broken []error
	begin, before := time.Now(), status{}
	for run, until := range []int{s.rows / 3, 2 * s.rows / 3, -1} {
		last, err := runLoader(ctx, s, until)
		if err != nil {
			end()
			return errors.Join(err, <-changing)
		}
		above := last.Most - min(last.Most, last.Start)
		report("run %d: from %d to %d of %d rows, %d MiB of memory above the %d MiB at its start", run+1, last.First, last.Rows, s.rows, above>>20, last.Start>>20)
		if above > s.memory {
			broken = append(broken, fmt.Errorf("run %d: %d bytes of memory above those at its start, at most %d are allowed", run+1, above, s.memory))
		}
		if last.First < before.Rows {
			broken = append(broken, fmt.Errorf("run %d begins at %d rows, after %d were stored", run+1, last.First, before.Rows))
		}
		before = last
		if until < 0 && (!last.Done || last.Rows != s.rows) {
			broken = append(broken, fmt.Errorf("the last run ends at %d of %d rows", last.Rows, s.rows))
		}
	}
	end()
	if err := <-changing; err != nil {
		return err
	}
	report("%s in all, %d live changes", time.Since(begin).Round(100*time.Millisecond), live.changes)
	if live.changes < 100 {
		broken = append(broken, fmt.Errorf("only %d live changes were made", live.changes))
	}
	broken = append(broken, live.compare(fake.Stocks())...)
	return errors.Join(broken...)
}

func report(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stdout, format+"\n", args...) // nobody to tell otherwise
}
