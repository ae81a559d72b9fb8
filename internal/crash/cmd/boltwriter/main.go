// Command boltwriter is a small durable queue on bbolt with group commit. It
// says "ACK id" once an entry is committed and "DONE id" once its removal is.
// Built with the tag plantedbugs it can be given well-known bugs, so that the
// kit can show that it finds them.
package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// Exit statuses.
const (
	exitUsage   = 2
	exitStorage = 3 // stopped after an error of the storage, as it should
)

// The bugs that can be planted.
const (
	bugNoSync    = "nosync"    // no sync at all
	bugAckEarly  = "ackearly"  // say ACK before the commit
	bugRawInit   = "rawinit"   // create the file in place, no directory sync
	bugNoDirSync = "nodirsync" // temporary file and rename, no directory sync
	bugGoOn      = "goon"      // after a failed commit, go on as if nothing had happened
)

// config is the command line.
type config struct {
	dir       string
	n         int
	producers int
	valMax    int
	seed      uint64
	pace      time.Duration
	noDeliver bool
	drainOnly bool
	onErr     string
	bug       string
}

func main() {
	c, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "boltwriter:", err)
		os.Exit(exitUsage)
	}
	if err := run(c); err != nil {
		fmt.Fprintln(os.Stderr, "boltwriter:", err)
		os.Exit(exitStorage)
	}
}

func parse(args []string) (c config, err error) {
	fl := flag.NewFlagSet("boltwriter", flag.ExitOnError)
	fl.StringVar(&c.dir, "dir", "", "data directory")
	fl.IntVar(&c.n, "n", 200, "entries to append")
	fl.IntVar(&c.producers, "producers", 4, "goroutines that append")
	fl.IntVar(&c.valMax, "val", 900, "largest payload in bytes")
	fl.Uint64Var(&c.seed, "seed", 1, "of the sizes of the batches")
	fl.DurationVar(&c.pace, "pace", 0, "wait between a producer's entries")
	fl.BoolVar(&c.noDeliver, "nodeliver", false, "deliver nothing")
	fl.BoolVar(&c.drainOnly, "drainonly", false, "append nothing, deliver all that is pending")
	fl.StringVar(&c.onErr, "onerr", "stop", "after a failed commit: stop, or rebuild: copy the store into a new file and go on")
	fl.StringVar(&c.bug, "bug", "", "bug to plant: nosync, ackearly, rawinit, nodirsync, goon")
	if err := fl.Parse(args); err != nil {
		return c, err
	}
	bugs := []string{"", bugNoSync, bugAckEarly, bugRawInit, bugNoDirSync, bugGoOn}
	switch {
	case c.dir == "":
		return c, errors.New("need -dir")
	case c.onErr != "stop" && c.onErr != "rebuild":
		return c, fmt.Errorf("unknown -onerr %q", c.onErr)
	case !slices.Contains(bugs, c.bug):
		return c, fmt.Errorf("unknown -bug %q", c.bug)
	case c.bug != "" && !canPlant:
		return c, errors.New("-bug needs the build tag plantedbugs")
	}
	return c, nil
}

func run(c config) (err error) {
	db, err := open(c)
	if err != nil {
		return err
	}
	w := &writer{config: c, db: db, rng: rand.New(rand.NewPCG(c.seed, 7))}
	defer func() { err = errors.Join(err, w.db.Close()) }()
	// All commits come from one thread: strace counts calls per thread.
	runtime.LockOSThread()
	if c.drainOnly {
		return w.drain()
	}
	return w.appendAll()
}

// writer is the one that commits.
type writer struct {
	config
	db  *bbolt.DB
	rng *rand.Rand
}

const mostInBatch = 16

// appendAll commits what the producers want appended, several at once.
func (w *writer) appendAll() error {
	in, stop := make(chan struct{}), make(chan struct{})
	var producers sync.WaitGroup
	for p := range w.producers {
		producers.Go(func() { w.produce(p, in, stop) })
	}
	go func() { producers.Wait(); close(in) }()
	// Whoever still wants to append when the writer stops is let go.
	defer producers.Wait()
	defer close(stop)
	for range in {
		err := w.commit(1+gather(in, w.rng.IntN(mostInBatch)), w.deliverable)
		if err != nil {
			if err := w.afterError(err); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *writer) produce(first int, in chan<- struct{}, stop <-chan struct{}) {
	for i := first; i < w.n; i += w.producers {
		select {
		case in <- struct{}{}:
		case <-stop:
			return
		}
		if w.pace > 0 {
			<-time.After(w.pace)
		}
	}
}

// gather takes what is wanted right now, at most this many.
func gather(in <-chan struct{}, most int) (n int) {
	for ; n < most; n++ {
		select {
		case _, ok := <-in:
			if !ok {
				return n
			}
		default:
			return n
		}
	}
	return n
}

// afterError returns nil if it is all right to go on after a failed commit.
func (w *writer) afterError(err error) error {
	if w.bug != bugGoOn && w.onErr != "rebuild" {
		return err
	}
	fmt.Fprintln(os.Stderr, "boltwriter: commit:", err)
	if w.bug == bugGoOn {
		return nil
	}
	return w.rebuild()
}

// drain delivers all that is pending.
func (w *writer) drain() error {
	for {
		left, err := w.pending()
		if err != nil || left == 0 {
			return err
		}
		if err := w.commit(0, func(int) int { return mostInBatch }); err != nil {
			return err
		}
	}
}

// deliverable says how many of the pending entries to deliver in a commit.
func (w *writer) deliverable(pending int) int {
	if w.noDeliver || pending <= 2*mostInBatch {
		return 0
	}
	return mostInBatch
}
