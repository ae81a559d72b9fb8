package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
)

const replayPackage = "github.com/anymarket-go/sdk/internal/bench/replay"

// figures are what tests of package replay told, by test and name.
type figures map[string]map[string]float64

func replayed(ctx context.Context, s *session) ([]table, error) {
	args := []string{"test", "-json", "-count=1", "-timeout=60m", replayPackage}
	if !s.short {
		args = append(args, "-args", "-replay.full")
	}
	s.say("  go %s", strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the arguments are those above
	cmd.Stderr = s.err
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the tests in virtual time: %w", err)
	}
	got, said, err := readFigures(out)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		return nil, fmt.Errorf("the tests in virtual time, which run from a folder of this module: %w\n%s", err, said)
	}
	return replayTables(got)
}

// readFigures reads the attributes in the output of go test -json, and what the
// tests said, for when they failed.
func readFigures(out io.Reader) (got figures, said string, err error) {
	got = figures{}
	var text strings.Builder
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return got, text.String(), nil
		}
		if err != nil {
			return nil, text.String(), err
		}
		var event struct{ Action, Test, Output, Key, Value string }
		if err := json.Unmarshal(line, &event); err != nil {
			return nil, text.String(), fmt.Errorf("read what go test says: %w", err)
		}
		if event.Action == "output" {
			text.WriteString(event.Output)
		}
		if event.Action != "attr" {
			continue
		}
		v, err := strconv.ParseFloat(event.Value, 64)
		if err != nil {
			return nil, text.String(), fmt.Errorf("%s of %s: %w", event.Key, event.Test, err)
		}
		if got[event.Test] == nil {
			got[event.Test] = map[string]float64{}
		}
		got[event.Test][event.Key] = v
	}
}

func replayTables(got figures) ([]table, error) {
	b := newBudgets()
	windows := table{
		title: "After four hours without service",
		head: []string{
			"ceiling of 10 calls a second", "changes", "SKUs", "calls", "of them 429", "least possible", "seconds", "least possible",
			"oldest sold-out SKU after", "all sold-out SKUs after", "first call after the end of the window",
		},
		note: "Virtual time, against the fake ANYMARKET, which permits 10 calls a second and takes 100 ms for each; batches of 50, one SKU in a hundred is sold out. " +
			"Calls are all writes after the window, and seconds run from the first of them. With a ceiling that has to be learned the client is allowed 100 calls a second.",
	}
	for _, ceiling := range []struct {
		name string
		time float64 // times the least possible
	}{{"configured", 1.1}, {"learned", 1.4}} {
		f := got["TestReplayOfAWindow/"+ceiling.name]
		if f == nil {
			return nil, fmt.Errorf("the tests told nothing of a ceiling that is %s", ceiling.name)
		}
		at := "ceiling " + ceiling.name + ": "
		b.atMost(at+"calls over the least possible", f["calls"]/f["least-calls"], 1.05)
		b.atMost(at+"time over the least possible", f["seconds"]/f["least-seconds"], ceiling.time)
		b.atMost(at+"oldest sold-out SKU, part of the least possible time", f["oldest-sold-out-seconds"]/f["least-seconds"], 0.05)
		windows.add(
			ceiling.name, number(f["changes"]), number(f["skus"]), number(f["calls"]), number(f["throttled"]), number(f["least-calls"]),
			number(f["seconds"]), number(f["least-seconds"]), secondsText(f["oldest-sold-out-seconds"]), secondsText(f["last-sold-out-seconds"]), secondsText(f["begin-seconds"]),
		)
	}
	f := got["TestFairness"]
	if f == nil {
		return nil, errors.New("the tests told nothing of fairness")
	}
	b.atMost("20 accounts, one with 90 % of the backlog: time of the other 19 over that of one alone", f["with-seconds"]/f["alone-seconds"], 1.5)
	b.told("the same over that of the 19 without the huge one", f["with-seconds"]/f["without-seconds"])
	b.told("fairness index of their calls (Jain; 1 is even)", f["fairness"])
	fair := table{
		title: "Twenty accounts, one with 90 % of the backlog",
		head:  []string{"SKUs of the 19", "of the huge one", "the last of the 19 is through after", "without the huge one", "one of them alone"},
		note:  "The same world, 10 calls a second for each account. The index is over the calls until the first of the 19 is through.",
	}
	fair.add(number(f["skus"]), number(f["huge-skus"]), secondsText(f["with-seconds"]), secondsText(f["without-seconds"]), secondsText(f["alone-seconds"]))
	return []table{b.table, windows, fair}, nil
}

func secondsText(v float64) string { return number(v) + " s" }
