package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
)

var errSurvived = errors.New("some survived or could not be tried")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	pattern := flag.String("run", "", "only the patches whose name matches the regular expression")
	parallel := flag.Int("p", 1, "how many to try at a time")
	flag.Parse()
	err := tryAll(ctx, *pattern, *parallel)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func tryAll(ctx context.Context, pattern string, parallel int) error {
	chosen, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	patches, err := readPatches(filepath.Join(root, "internal", "mutants", "testdata"))
	if err != nil {
		return err
	}
	patches = slices.DeleteFunc(patches, func(p patch) bool { return !chosen.MatchString(p.name) })
	if len(patches) == 0 {
		return fmt.Errorf("no patch's name matches %s", pattern)
	}
	trials := make(chan trial)
	free := make(chan struct{}, max(1, parallel))
	go func() {
		for _, p := range patches {
			free <- struct{}{}
			go func() {
				defer func() { <-free }()
				trials <- try(ctx, root, p)
			}()
		}
	}()
	good := 0
	for range patches {
		t := <-trials
		if t.by != "" {
			good++
		}
		printRow(os.Stdout, t)
	}
	_, _ = fmt.Fprintf(os.Stdout, "%d of %d planted bugs were caught\n", good, len(patches))
	if good < len(patches) {
		return errSurvived
	}
	return ctx.Err()
}

// printRow writes the row of a trial.
func printRow(w io.Writer, t trial) {
	verdict, by := "caught", t.by
	switch {
	case t.err != nil:
		verdict, by = "ERROR", t.err.Error()
	case t.by == "":
		verdict, by = "SURVIVED", "-"
	}
	_, _ = fmt.Fprintf(w, "%-8s %6.1f s  %-28s %-60s %s\n", verdict, t.seconds, t.patch.name, by, t.patch.sentence)
}
