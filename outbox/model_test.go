package outbox

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

var modelSeed = flag.Uint64("model.seed", 0, "run the model test with this seed alone")

// modelOps is the number of operations of a run. Its file grows, and with it
// what a check of it costs, so many short runs are quicker than few long ones.
const modelOps = 5000

// TestModel does random operations to an outbox, crashes and reopenings
// included, while the other side answers at random, fails, hangs and applies
// late. A simple model that shares no code with the engine says what must hold:
//
//   - no receipt is lost, and each ends in one state, which only moves on;
//   - accepted = delivered + superseded + dead + cancelled + waiting;
//   - a lane has at most one call in flight;
//   - steps are applied once each and in their order;
//   - no value is sent after a newer one of its lane, and what stands in the
//     end is the newest value of each field;
//   - an attempt is charged only if the host took other writes meanwhile, so
//     that an outage costs nothing;
//   - a creation takes effect at most once, and its key knows its body;
//   - nothing of a paused account is sent;
//   - every file that is found after a crash passes Check.
//
// A seed repeats the operations and the answers; which goroutine goes first is
// up to the scheduler.
func TestModel(t *testing.T) {
	t.Parallel()
	seeds := make([]uint64, modelSeeds)
	base := uint64(time.Now().UnixNano())
	for i := range seeds {
		seeds[i] = base + uint64(i)
	}
	if *modelSeed != 0 {
		seeds = []uint64{*modelSeed}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "outbox.db")
			synctest.Test(t, func(t *testing.T) {
				m := newModel(t, seed, path)
				m.run(modelOps)
			})
		})
	}
}

// model is one run: the driver, and what it knows of what it did.
type model struct {
	t    *testing.T
	seed uint64
	rng  *rand.Rand
	path string
	r    *remote
	n    int // operations done

	o      *Outbox
	ran    chan error // by Run
	crash  *crashPoint
	opened int

	books
}

// crashPoint ends an outbox at a commit, which then never happens.
type crashPoint struct {
	o    *Outbox
	left int // commits until then; negative is never
}

// hit is called before each commit.
func (c *crashPoint) hit() {
	if c.o == nil {
		return // still opening
	}
	c.o.mu.Lock()
	defer c.o.mu.Unlock()
	if c.left == 0 {
		return
	}
	if c.left--; c.left == 0 {
		c.o.closing, c.o.closed = true, true // as Abort begins
	}
}

func (c *crashPoint) met() bool {
	c.o.mu.Lock()
	defer c.o.mu.Unlock()
	return c.left == 0
}

const (
	modelLate = 20 * time.Second
	modelLag  = 5 * time.Second
	// An outage between two signs of life that are close enough goes unnoticed.
	modelSlack    = 4 * 5 * time.Second
	modelAttempts = 3
)

func newModel(t *testing.T, seed uint64, path string) *model {
	m := &model{
		t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), path: path,
		r: newRemote(seed, modelLate, modelLag), books: newBooks(),
	}
	m.r.ended = func(seq uint64) (end EventType, dead bool) {
		events, err := m.o.Events(ID{file: m.o.store.file, seq: seq})
		if err != nil {
			return 0, false
		}
		for _, e := range events {
			switch e.Type {
			case EventDead:
				end, dead = e.Type, true
			case EventCancelled, EventSuperseded:
				end = e.Type
			}
		}
		return end, dead
	}
	t.Logf("model seed %d", seed)
	return m
}

func (m *model) fatalf(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf("operation %d, repeat with -run TestModel -model.seed=%d: %s", m.n, m.seed, fmt.Sprintf(format, args...))
}

func (m *model) noError(err error, what string) {
	m.t.Helper()
	if err != nil {
		m.fatalf("%s: %v", what, err)
	}
}

func (m *model) run(ops int) {
	m.open()
	defer func() { m.o.Abort(); <-m.ran }() // a failure must not leave goroutines behind
	table := m.operations()
	total := 0
	for _, op := range table {
		total += op.weight
	}
	for m.n = 1; m.n <= ops; m.n++ {
		pick := m.rng.IntN(total)
		for _, op := range table {
			if pick -= op.weight; pick < 0 {
				op.do()
				break
			}
		}
		if m.rng.IntN(3) == 0 {
			m.settle()
		}
	}
	m.finish()
}

func (m *model) options() Options {
	var keys [][]byte
	if m.seed%3 == 0 {
		keys = [][]byte{make([]byte, KeySize)}
	}
	return Options{
		Keys:  keys,
		Kinds: m.r.kinds(), Canary: m.r.canary, CanaryInterval: 5 * time.Second,
		MaxAttempts: modelAttempts, MinBackoff: 100 * time.Millisecond, MaxBackoff: 10 * time.Second,
		LateApply: modelLate + modelSlack, LookupLag: modelLag, Stale: time.Hour,
		StartRate: 20, MaxRate: 500, MaxInFlight: 6, MinFree: -1, HistoryBytes: 1 << 40,
		HistoryRetention: 10 * 365 * 24 * time.Hour, OnceRetention: 10 * 365 * 24 * time.Hour,
	}
}

// open opens the file and compares everything with the books.
func (m *model) open() {
	m.t.Helper()
	m.crash = &crashPoint{left: -1}
	c := m.crash
	o, err := open(m.path, m.options(), hooks{noSync: true, beforeCommit: c.hit})
	m.noError(err, "open")
	c.o, m.o = o, o
	m.opened++
	m.noError(o.Check(context.Background()), "check after opening")
	m.compare()
	if m.pauseUnknown {
		// A crash met the pause, so that either may be remembered.
		m.pauseUnknown = false
		for _, a := range modelAccounts {
			m.setPaused(a, false)
			m.noError(o.Resume(context.Background(), a), "resume")
		}
		m.noError(o.ResumeAll(context.Background()), "resume all")
	}
	m.ran = make(chan error, 1)
	ran := m.ran
	go func() {
		ran <- o.Run(context.Background())
		close(ran)
	}()
}

// reopen ends the outbox as a crash does, or in an orderly way.
func (m *model) reopen(orderly bool) {
	m.t.Helper()
	if orderly && !m.crash.met() {
		m.noError(m.o.Close(), "close")
	}
	if !orderly || m.crash.met() {
		m.o.Abort()
	}
	m.stopped()
	m.open()
}

// stopped waits for Run, which may not have begun.
func (m *model) stopped() {
	m.t.Helper()
	if err := <-m.ran; !errors.Is(err, ErrClosed) {
		m.noError(err, "run")
	}
}

// crashed says whether err means that the crash point was met, and comes back
// from the crash then. Nothing was stored.
func (m *model) crashed(err error) bool {
	m.t.Helper()
	if !errors.Is(err, ErrClosed) {
		return false
	}
	if !m.crash.met() {
		m.fatalf("closed although nobody closed it: %v", err)
	}
	m.reopen(false)
	return true
}
