// Package life is what the writers have in common: their command line, how they
// say what they promise, and the life of the store that they write: it is opened,
// delivers or not, is compacted, closed, left as by a crash, rebuilt after a failed
// commit.
package life

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
	exitWrong   = 4 // the store broke a rule
)

// Config is the command line of a writer; README.md has the flags.
type Config struct {
	Dir       string
	N         int
	Producers int
	ValMax    int
	Seed      uint64
	Pace      time.Duration
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

// Main is the main function of a writer of that name.
func Main(name string, run func(Config) error) {
	// The main goroutine opens, compacts and rebuilds: strace counts calls per thread.
	runtime.LockOSThread()
	c, err := parse(name, os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(exitUsage)
	}
	plantBug(c.bug)
	if err := run(c); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(exitStorage)
	}
}

func parse(name string, args []string) (c Config, err error) {
	fl := flag.NewFlagSet(name, flag.ExitOnError)
	fl.StringVar(&c.Dir, "dir", "", "data directory")
	fl.IntVar(&c.N, "n", 200, "about so many entries to accept")
	fl.IntVar(&c.Producers, "producers", 2, "goroutines that accept")
	fl.IntVar(&c.ValMax, "val", 300, "largest body in bytes, near enough")
	fl.Uint64Var(&c.Seed, "seed", 1, "of what is done")
	fl.DurationVar(&c.Pace, "pace", 0, "wait between a producer's entries")
	fl.IntVar(&c.compact, "compact", 6, "compact every so many rounds; 0 is never")
	fl.BoolVar(&c.noDeliver, "nodeliver", false, "deliver nothing")
	fl.BoolVar(&c.drainOnly, "drainonly", false, "accept nothing, deliver all that waits")
	fl.StringVar(&c.onErr, "onerr", onErrStop, "after a failed commit: stop, or rebuild and go on")
	fl.StringVar(&c.bug, "bug", "", "bug to plant, see README.md")
	if err := fl.Parse(args); err != nil {
		return c, err
	}
	bugs := []string{"", "nosync", "ackearly", "rawinit", "nodirsync", bugGoOn, "answerearly", "nomerge"}
	switch {
	case c.Dir == "":
		return c, errors.New("need -dir")
	case c.Producers < 1:
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

// Say writes whole lines with one call, so that a kill cuts at most one.
func Say(format string, args ...any) {
	// What cannot be said was not promised.
	_, _ = fmt.Fprintf(os.Stdout, format, args...)
}

// Fatal ends the process: the store did what it must not. A panic would not do,
// the outbox survives those of handlers.
func Fatal(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "WRONG: "+format+"\n", args...)
	os.Exit(exitWrong)
}
