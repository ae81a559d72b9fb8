package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/internal/crash/model"
	"github.com/anymarket-go/sdk/internal/crash/trace"
)

type exploreFlags struct {
	dir, check, out, scratch string
	server, strict           bool
	limits                   limits
	seed                     uint64
	workers, maxFail         int
	timeout                  time.Duration
}

func parseExplore(args []string) (f exploreFlags, err error) {
	fl := flag.NewFlagSet("explore", flag.ExitOnError)
	fl.StringVar(&f.dir, "t", "", "recording (from record)")
	fl.StringVar(&f.check, "check", "", "checker command")
	fl.BoolVar(&f.server, "server", true, "the checker is a server (see checker.go)")
	fl.BoolVar(&f.strict, "strict", false, "names are durable only after fsync of their directory")
	fl.IntVar(&f.limits.prefixes, "prefixes", 64, "most issue-order prefixes per crash point")
	fl.IntVar(&f.limits.singles, "singles", 24, "most only-one and all-but-one images per crash point")
	fl.IntVar(&f.limits.random, "random", 6, "random subsets per crash point and grain (4096 and 512)")
	fl.Uint64Var(&f.seed, "seed", 1, "of the random subsets")
	fl.IntVar(&f.workers, "workers", runtime.NumCPU(), "checkers at work")
	fl.IntVar(&f.maxFail, "maxfail", 5, "stop after so many failures (0: never)")
	fl.StringVar(&f.out, "out", "", "where failing images go (default RECORDING/fail)")
	fl.StringVar(&f.scratch, "scratch", "", "where images are laid for the checker (default: in memory)")
	fl.DurationVar(&f.timeout, "timeout", 20*time.Second, "for one image")
	if err := fl.Parse(args); err != nil {
		return f, err
	}
	if f.dir == "" || f.check == "" {
		return f, errors.New("need -t and -check")
	}
	if f.out == "" {
		f.out = filepath.Join(f.dir, "fail")
	}
	return f, nil
}

// recording is what record keeps, read back.
type recording struct {
	root   string
	base   map[string][]byte
	before []byte // promises from before the run
	ops    []trace.Op
}

func load(dir string) (*recording, error) {
	root, err := os.ReadFile(filepath.Join(dir, recRoot))
	if err != nil {
		return nil, err
	}
	r := &recording{root: string(root), base: map[string][]byte{}}
	kept := filepath.Join(dir, recBase)
	files, err := readTree(kept)
	if err != nil {
		return nil, err
	}
	for p, b := range files {
		r.base[filepath.Join(r.root, strings.TrimPrefix(p, kept))] = b
	}
	if r.before, err = os.ReadFile(filepath.Join(dir, recBefore)); err != nil {
		return nil, err
	}
	dirs, err := os.ReadFile(filepath.Join(dir, recDirs))
	if err != nil {
		return nil, err
	}
	isDir := map[string]bool{}
	for line := range strings.Lines(string(dirs)) {
		isDir[strings.TrimSuffix(line, "\n")] = true
	}
	f, err := os.Open(filepath.Join(dir, recTrace))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // was only read
	r.ops, err = trace.Parse(f, r.root, func(p string) bool { return isDir[p] })
	return r, err
}

// job is one image to be judged.
type job struct {
	img    model.Image
	said   []byte
	point  model.Point
	how    string
	detail []string
}

// explorer makes the images of one recording and has workers judge them.
type explorer struct {
	exploreFlags
	rec  *recording
	jobs chan job

	// Of the goroutine that replays.
	disk    *model.Disk
	checked map[[32]byte]int // image -> length of what had been said when it was judged last
	made    made

	mu     sync.Mutex // guards the rest
	judged judged
	broken error // a worker could not work
}

// made counts what the replay found.
type made struct {
	calls, syncs, failedSyncs, outputs int
	points, images, different          int
	mostPending                        int
	byStrategy                         map[string]int
}

// judged counts verdicts.
type judged struct{ checks, failures int }

// errEnough ends a replay that has failed often enough.
var errEnough = errors.New("enough failures")

// explore makes crash images from a recording and has each judged.
func explore(ctx context.Context, args []string) error {
	f, err := parseExplore(args)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(f.out); err != nil {
		return err
	}
	rec, err := load(f.dir)
	if err != nil {
		return err
	}
	e := &explorer{
		exploreFlags: f,
		rec:          rec,
		jobs:         make(chan job, 64),
		disk:         model.New(rec.base, f.strict),
		checked:      map[[32]byte]int{},
		made:         count(rec.ops),
	}
	e.disk.Output = rec.before
	t0 := time.Now()
	var workers sync.WaitGroup
	for range f.workers {
		workers.Go(func() { e.work(ctx) })
	}
	err = model.Replay(e.disk, rec.ops, func(pt model.Point) error { return e.point(ctx, pt) })
	close(e.jobs)
	workers.Wait()
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err = errors.Join(err, e.broken); err != nil {
		return err
	}
	return e.report(time.Since(t0))
}

func count(ops []trace.Op) made {
	m := made{byStrategy: map[string]int{}}
	for _, o := range ops {
		switch {
		case o.Kind.IsSync():
			m.syncs++
			if o.Errno != "" {
				m.failedSyncs++
			}
		case o.Kind == trace.Output:
			m.outputs++
		default:
			m.calls++
		}
	}
	return m
}

// point makes the images of one crash point.
func (e *explorer) point(ctx context.Context, pt model.Point) error {
	e.mu.Lock()
	enough, broken := e.maxFail > 0 && e.judged.failures >= e.maxFail, e.broken
	e.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case enough || broken != nil:
		return errEnough
	}
	np, nn := e.disk.Pending()
	e.made.points++
	e.made.mostPending = max(e.made.mostPending, np+nn)
	enumerate(e.disk, e.limits, rand.New(rand.NewPCG(e.seed, uint64(pt.Index))), func(how string, ch model.Choice) {
		e.image(pt, how, ch)
	})
	return nil
}

// image builds one image and hands it to the workers, unless an equal one was
// judged when as much had been said.
func (e *explorer) image(pt model.Point, how string, ch model.Choice) {
	img, said := e.disk.Build(ch), e.disk.Output
	e.made.images++
	e.made.byStrategy[how]++
	h := img.Hash()
	n, seen := e.checked[h]
	if !seen {
		e.made.different++
	}
	if seen && n >= len(said) {
		return
	}
	e.checked[h] = len(said)
	e.jobs <- job{img: img, said: slices.Clip(said), point: pt, how: how, detail: e.detail(ch)}
}

// detail says in words what is on disk.
func (e *explorer) detail(ch model.Choice) []string {
	np, nn := e.disk.Pending()
	lines := make([]string, 0, np+1)
	for i := range np {
		s := "not on disk "
		if ch.Whole(i) {
			s = "on disk     "
			if ch.Piece != nil {
				s = "maybe partly"
			}
		}
		lines = append(lines, s+" "+e.disk.Describe(i))
	}
	return append(lines, fmt.Sprintf("name changes on disk: %d of %d", ch.Names, nn))
}

// work judges images until there are no more. It goes on draining them if it
// cannot judge, so that the replay never hangs.
func (e *explorer) work(ctx context.Context) {
	c := newChecker(e.check, e.server, e.timeout)
	defer c.close()
	tmp, err := tempDir(e.scratch, "crashkit-")
	if err != nil {
		e.fail(err)
	} else {
		defer discard(tmp)
	}
	for j := range e.jobs {
		if err != nil || ctx.Err() != nil {
			continue
		}
		dir, said := filepath.Join(tmp, "img"), filepath.Join(tmp, "said")
		if err = errors.Join(writeTree(dir, e.rec.root, j.img), os.WriteFile(said, j.said, 0o600)); err != nil {
			e.fail(err)
			continue
		}
		if keepErr := e.verdict(j, c.check(ctx, dir, said)); keepErr != nil {
			err = keepErr
			e.fail(err)
		}
	}
}

func (e *explorer) fail(err error) {
	e.mu.Lock()
	e.broken = errors.Join(e.broken, err)
	e.mu.Unlock()
}

// verdict counts a verdict; of a bad one the image is kept and a line printed.
func (e *explorer) verdict(j job, why error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.judged.checks++
	if why == nil {
		return nil
	}
	e.judged.failures++
	if e.maxFail > 0 && e.judged.failures > e.maxFail {
		return nil
	}
	fmt.Printf("FAIL crash point %d (trace line %d, %s), %s: %v\n", j.point.Index, j.point.Line, j.point.What, j.how, why)
	return e.keep(filepath.Join(e.out, fmt.Sprintf("%03d", e.judged.failures)), j, why)
}

func (e *explorer) keep(dir string, j job, why error) error {
	text := fmt.Sprintf("%v\ncrash point %d, trace line %d, %s, strategy %s\n%s\n",
		why, j.point.Index, j.point.Line, j.point.What, j.how, strings.Join(j.detail, "\n"))
	if err := writeTree(filepath.Join(dir, "img"), e.rec.root, j.img); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "said"), j.said, 0o600),
		os.WriteFile(filepath.Join(dir, "why"), []byte(text), 0o600))
}

func (e *explorer) report(took time.Duration) error {
	m, j, s := e.made, e.judged, took.Seconds()
	fmt.Printf("%d storage calls, %d syncs (%d failed), %d outputs; at most %d changes pending\n",
		m.calls, m.syncs, m.failedSyncs, m.outputs, m.mostPending)
	fmt.Printf("%d crash points, %d images (%d different), %d checks, %d failures; %.1f s, %.0f images/s, %.0f checks/s\n",
		m.points, m.images, m.different, j.checks, j.failures, s, float64(m.images)/s, float64(j.checks)/s)
	fmt.Printf("by strategy: %v\n", m.byStrategy)
	switch {
	case j.failures > 0:
		return fmt.Errorf("%d failures (kept in %s)", j.failures, e.out)
	case m.failedSyncs == 0 && m.outputs == 0:
		return errors.New("the program promised nothing, so nothing was tested")
	}
	return nil
}
