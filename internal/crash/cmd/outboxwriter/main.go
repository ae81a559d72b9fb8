// Command outboxwriter does with an outbox all that can be done with one, and
// says what it promises. README.md beside go.mod has the protocol; the words are
// in package content.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"
)

// Exit statuses.
const (
	exitUsage   = 2
	exitStorage = 3 // stopped after an error of the storage, as it should
	exitWrong   = 4 // the outbox broke a rule
)

// config is the command line.
type config struct {
	dir       string
	n         int
	producers int
	valMax    int
	seed      uint64
	pace      time.Duration
	compact   int
	noDeliver bool
	drainOnly bool
	onErr     string
	bug       string
}

const (
	onErrStop    = "stop"
	onErrRebuild = "rebuild"
	bugGoOn      = "goon"
)

func main() {
	// The main goroutine opens, compacts and rebuilds: strace counts calls per thread.
	runtime.LockOSThread()
	c, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "outboxwriter:", err)
		os.Exit(exitUsage)
	}
	plantBug(c.bug)
	if err := run(c); err != nil {
		fmt.Fprintln(os.Stderr, "outboxwriter:", err)
		os.Exit(exitStorage)
	}
}

func parse(args []string) (c config, err error) {
	fl := flag.NewFlagSet("outboxwriter", flag.ExitOnError)
	fl.StringVar(&c.dir, "dir", "", "data directory")
	fl.IntVar(&c.n, "n", 200, "about so many entries to accept")
	fl.IntVar(&c.producers, "producers", 2, "goroutines that accept")
	fl.IntVar(&c.valMax, "val", 300, "largest body in bytes, near enough")
	fl.Uint64Var(&c.seed, "seed", 1, "of what is done")
	fl.DurationVar(&c.pace, "pace", 0, "wait between a producer's entries")
	fl.IntVar(&c.compact, "compact", 6, "compact every so many rounds; 0 is never")
	fl.BoolVar(&c.noDeliver, "nodeliver", false, "deliver nothing")
	fl.BoolVar(&c.drainOnly, "drainonly", false, "accept nothing, deliver all that waits")
	fl.StringVar(&c.onErr, "onerr", onErrStop, "after a failed commit: stop, or rebuild and go on")
	fl.StringVar(&c.bug, "bug", "", "bug to plant: nosync, ackearly, rawinit, nodirsync, goon")
	if err := fl.Parse(args); err != nil {
		return c, err
	}
	bugs := []string{"", "nosync", "ackearly", "rawinit", "nodirsync", bugGoOn}
	switch {
	case c.dir == "":
		return c, errors.New("need -dir")
	case c.producers < 1:
		return c, errors.New("need at least one producer")
	case c.onErr != onErrStop && c.onErr != onErrRebuild:
		return c, fmt.Errorf("unknown -onerr %q", c.onErr)
	case !slices.Contains(bugs, c.bug):
		return c, fmt.Errorf("unknown -bug %q", c.bug)
	case c.bug != "" && !canPlant:
		return c, errors.New("-bug needs the build tag plantedbugs")
	}
	return c, nil
}
