package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

var (
	errNoBuild   = errors.New("it does not build")
	errNoTest    = errors.New("no such test")
	errHangs     = errors.New("the test did not end, which counts only with \"hangs: yes\"")
	errUnplanted = errors.New("its test fails without it too")
)

// trial is what became of a planted bug.
type trial struct {
	patch   patch
	by      string // the test that failed; empty if it survived
	seconds float64
	err     error // it could not be tried
}

// try runs the tests of a patch with it and, if one fails, without it.
func try(ctx context.Context, root string, p patch) trial {
	began := time.Now()
	t := trial{patch: p}
	t.by, t.err = caught(ctx, root, &p)
	t.seconds = time.Since(began).Seconds()
	return t
}

func caught(ctx context.Context, root string, p *patch) (by string, err error) {
	sources := map[string]string{}
	if err := p.apply(root, sources); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file, err := overlay(root, dir, sources)
	if err != nil {
		return "", err
	}
	for _, args := range p.caughtBy {
		planted, err := runTests(ctx, root, append([]string{"-overlay", file, "-count=1"}, args...))
		switch {
		case err != nil:
			return "", err
		case planted.hung && !p.hangs:
			return "", errHangs
		case planted.failed == "":
			continue
		}
		// Mostly from the cache of tests.
		switch unplanted, err := runTests(ctx, root, args); {
		case err != nil:
			return "", err
		case unplanted.failed != "":
			return "", fmt.Errorf("%w: %s", errUnplanted, unplanted.failed)
		}
		return planted.failed, nil
	}
	return "", nil
}

// outcome is how a run of tests ended.
type outcome struct {
	failed string // the first test that failed, or its package; empty if none did
	hung   bool
}

// runTests runs go test. Its error says that no test was run.
func runTests(ctx context.Context, root string, args []string) (outcome, error) {
	// Vet is for the source, and a planted bug may well displease it.
	cmd := command(ctx, root, append([]string{"test", "-json", "-vet=off", "-timeout", "5m"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	runErr := cmd.Run()
	if ctx.Err() != nil {
		return outcome{}, ctx.Err()
	}
	out, err := judge(stdout.Bytes())
	if runErr != nil && out.failed == "" {
		err = errors.Join(err, fmt.Errorf("go test: %w: %s", runErr, stderr.String()))
	}
	return out, err
}

// judge reads what go test -json prints.
func judge(events []byte) (outcome, error) {
	var out outcome
	var built strings.Builder
	unbuilt, ran := false, false
	running := ""
	for line := range bytes.Lines(events) {
		var e struct{ Action, Package, Test, Output, FailedBuild string }
		if err := json.Unmarshal(line, &e); err != nil {
			return out, fmt.Errorf("go test -json: %w", err)
		}
		switch e.Action {
		case "run":
			running, ran = e.Test, true
		case "build-output":
			built.WriteString(e.Output)
		case "output":
			out.hung = out.hung || strings.HasPrefix(e.Output, "panic: test timed out after ")
		case "fail":
			unbuilt = unbuilt || e.FailedBuild != ""
			// A test whose panic ended the process has no end of its own.
			out.failed = cmp.Or(out.failed, e.Test, running, e.Package)
		}
	}
	switch {
	case unbuilt:
		return out, fmt.Errorf("%w:\n%s", errNoBuild, built.String())
	case !ran:
		return out, errNoTest
	}
	return out, nil
}
