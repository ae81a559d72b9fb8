package simulation

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// Plan says which seeds the tests of a package play.
type Plan struct {
	First  uint64
	Number int
	// Times is how often each is played.
	Times int
	// totals is the file to which the totals are added; then they must be large.
	totals string
}

// Flags returns the plan that the flags of go test say. Call it once, before they are
// read.
func Flags() *Plan {
	p := &Plan{}
	flag.Uint64Var(&p.First, "sim.seed", 1, "the first seed of the simulation")
	flag.IntVar(&p.Number, "sim.seeds", defaultSeeds, "how many seeds the simulation plays")
	flag.IntVar(&p.Times, "sim.times", 1, "how many times it plays each")
	flag.StringVar(&p.totals, "sim.totals", "", "the file to add the totals to, which must show that every fault was met often")
	return p
}

// Part returns a plan of one in n seeds, which adds nothing to totals.
func (p *Plan) Part(n int) *Plan {
	part := *p
	part.Number, part.totals = (p.Number+n-1)/n, ""
	return &part
}

// Seeds returns the seeds that are played, each as often as it is.
func (p *Plan) Seeds() (seeds []uint64) {
	for n := range uint64(p.Number) {
		seeds = append(seeds, slices.Repeat([]uint64{p.First + n}, p.Times)...)
	}
	return seeds
}

// Tally are the sums over many seeds. It is safe for concurrent use.
type Tally struct {
	mu       sync.Mutex // guards the fields below
	began    time.Time
	seeds    int
	calls    int
	entries  uint64
	orders   int
	steps    int
	virtual  time.Duration
	slowest  time.Duration // from the end of a storm until nothing waits
	asked    int           // creations that a person was asked about
	routines int           // most goroutines of a simulation at rest
	heap     uint64        // most bytes in use, of all that was going on
	faults   map[string]int
}

// NewTally returns a tally of nothing.
func NewTally() *Tally {
	t := &Tally{began: time.Now(), faults: map[string]int{}}
	for _, m := range anymarkettest.Outages() {
		t.faults["maintenance: "+m.String()] = 0
	}
	for _, m := range faultModes() {
		t.faults["fault: "+m.String()] = 0
	}
	for _, name := range []string{
		wasApplied, wasLate, wasTwice, wasReordered, wasHidden, wasSlow, wasCutOff, wasLimited, wasRefused, wasBroken,
		wasKilled, wasCrashed, wasCrashedAccepting, wasRestarted, wasForward, wasBack, wasRevoked, wasChanged, wasPaused,
		wasAnnounced, wasUntrue, wasOverrun, wasEarly,
	} {
		t.faults[name] = 0
	}
	return t
}

// What goes wrong besides maintenances and modes of faults.
const (
	wasApplied          = "effect: applied, the answer lost"
	wasLate             = "effect: applied late"
	wasTwice            = "effect: applied again by the network"
	wasReordered        = "effect: after one of a later request"
	wasHidden           = "effect: hidden from a look-up"
	wasSlow             = "answer: slow"
	wasCutOff           = "answer: lost as maintenance began"
	wasLimited          = "answer: too many calls"
	wasRefused          = "answer: token refused"
	wasBroken           = "connections broken"
	wasKilled           = "program: killed between requests"
	wasCrashed          = "program: killed in a request"
	wasCrashedAccepting = "program: killed while it accepts"
	wasRestarted        = "program: restarted"
	wasForward          = "clock: forward"
	wasBack             = "clock: back"
	wasRevoked          = "token: revoked"
	wasChanged          = "token: another one"
	wasPaused           = "operator: paused an account"
	wasAnnounced        = "window: announced, and came"
	wasUntrue           = "window: announced, and did not come"
	wasOverrun          = "window: longer than announced"
	wasEarly            = "window: shorter than announced"
)

// heapEvery is after how many seeds the memory is measured.
const heapEvery = 10

// maxHeap is the most memory in bytes that may be in use after a collection, by
// all that the process does at the moment.
const maxHeap = 256 << 20

// add takes in one simulation that has ended.
func (t *Tally) add(s *Simulation) (wrong string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seeds++
	t.calls += s.calls
	t.entries += s.receipts
	orders, steps := s.Orders.number()
	t.orders, t.steps = t.orders+orders, t.steps+steps
	t.virtual += s.virtual
	t.asked += s.asked
	t.slowest = max(t.slowest, s.slowest)
	t.routines = max(t.routines, s.routines)
	for name, n := range s.met {
		t.faults[name] += n
	}
	if t.seeds%heapEvery == 0 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		t.heap = max(t.heap, m.HeapAlloc)
		if m.HeapAlloc > maxHeap {
			return fmt.Sprintf("%d MiB are in use after %d seeds", m.HeapAlloc>>20, t.seeds)
		}
	}
	return ""
}

// String returns the totals, with every fault and how often it was met.
func (t *Tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := strings.Builder{}
	fmt.Fprintf(&out, "%d seeds, %.0f simulated hours in %.0f s: %d entries (%d orders, %d steps), %d calls; after a storm at most %s until nothing waits; %d times a person was asked; at most %d goroutines, %d MiB\n",
		t.seeds, t.virtual.Hours(), time.Since(t.began).Seconds(), t.entries, t.orders, t.steps, t.calls, t.slowest.Round(time.Second), t.asked, t.routines, t.heap>>20)
	for _, name := range slices.Sorted(maps.Keys(t.faults)) {
		fmt.Fprintf(&out, "%8d  %s\n", t.faults[name], name)
	}
	return out.String()
}

// often is how often each fault must be met at least where totals are written. There are two
// programs.
const often = 500

// Close adds the totals to the file of the plan, if it has one. The error names
// what was not met often enough then.
func (t *Tally) Close(p *Plan, name string) error {
	if p.totals == "" {
		return nil
	}
	f, err := os.OpenFile(p.totals, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s: %s", name, t)
	if err := cmp.Or(err, f.Close()); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var rare []string
	for name, n := range t.faults {
		if n < often {
			rare = append(rare, fmt.Sprintf("%s: %d", name, n))
		}
	}
	if len(rare) > 0 {
		return fmt.Errorf("met less than %d times: %s", often, strings.Join(rare, "; "))
	}
	return nil
}
