package simulation

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
	"github.com/anymarket-go/sdk/outbox"
)

// Patience is how long after a storm something may wait. The longest way is that of
// creations whose outcome is unknown, LateApply and LookupLag, where ANYMARKET
// takes six calls a minute.
const Patience = time.Hour

// Client is what a program embeds.
type Client interface {
	Abort()
	Close() error
	Outbox() *outbox.Outbox
}

// Program is what is simulated.
type Program struct {
	// Start starts a life of it. Its client uses the simulation's Wire, Windows and
	// Token.
	Start func(ctx context.Context) (Client, error)
	// Act chooses the next thing that it does. What it returns stores it and says
	// how many entries there are now; after a crash it is called once more.
	Act func() (do func(ctx context.Context) (stored int, err error))
	// Ended, if set, is called after each life.
	Ended func()
	// Routes are what faults aim at; the empty route is any.
	Routes []string
	// Wrong holds what is there against what the program did: all of it must be
	// there if all is settled.
	Wrong func(settled bool) []string
	// Settled is how long it takes after nothing waits; zero is at once.
	Settled time.Duration
}

// Simulation is one run of a seed. Its fields are for the functions of the program,
// which are called one at a time. Rand is for Start and Act alone, so that a
// seed chooses the same again.
type Simulation struct {
	Server  *anymarkettest.Server
	Rand    *rand.Rand
	Windows *maintenance.Calendar
	// Path is that of the outbox.
	Path   string
	Orders Orders
	Values Values

	world   anymarkettest.Options
	program Program
	quiet   func() // returns when all other goroutines rest
	network *http.Transport
	repeats sync.WaitGroup // of requests, by the network
	windows *windows

	mu     sync.Mutex // guards the fields below; no crash while it is held
	client Client     // nil after a crash
	wire   *wire
	paused map[string]bool
	tokens int
	calm   bool

	receipts, uncertain uint64 // entries with a receipt, and those that may be there too
	virtual, slowest    time.Duration
	asked, routines     int
	calls               int

	telling sync.Mutex // guards the fields below
	met     map[string]int
	log     []string
	wrong   []string
}

// New returns a simulation in a world, with files in a folder. Quiet returns when
// all other goroutines of the bubble rest.
func New(rng *rand.Rand, world anymarkettest.Options, server *anymarkettest.Server, dir string, quiet func()) (*Simulation, error) {
	s := &Simulation{
		Server: server, Rand: rng, Path: filepath.Join(dir, "outbox.db"),
		world: world, quiet: quiet, network: server.Transport(), paused: map[string]bool{}, met: map[string]int{},
	}
	for _, account := range Accounts() {
		s.renew(account)
	}
	var err error
	s.windows, err = newWindows(filepath.Join(dir, "windows.json"))
	if err == nil {
		s.Windows = s.windows.calendar
	}
	return s, err
}

// Wire is the network of this life of the program.
func (s *Simulation) Wire() http.RoundTripper { return s.wire }

// Run plays a program through storms and adds what happened to a tally. It
// returns what was not as it has to be, with the log of all that happened.
func (s *Simulation) Run(ctx context.Context, p Program, storms, acts int, t *Tally) (wrong, log []string) {
	s.program = p
	pprof.SetGoroutineLabels(pprof.WithLabels(ctx, pprof.Labels("simulation", s.label())))
	began := time.Now()
	for range storms {
		s.storm(ctx, acts)
		s.recover(ctx)
		if len(s.blamed()) > 0 {
			break
		}
	}
	s.pause(ctx, time.Hour) // nothing comes late
	s.repeats.Wait()
	s.look(ctx, true)
	s.stop()
	s.virtual = time.Since(began)
	s.count()
	if grown := t.add(s); grown != "" {
		s.blame("%s", grown)
	}
	return s.wrong, s.story()
}

// storm plays acts, most of them the program's.
func (s *Simulation) storm(ctx context.Context, acts int) {
	s.Do(func() { s.calm = false })
	for range acts {
		s.act(ctx)
		s.pause(ctx, Pick(s.Rand, append(slices.Repeat([]time.Duration{s.upTo(30 * time.Second)}, 7), s.upTo(68*time.Minute))...))
		s.live(ctx)
		s.look(ctx, false)
	}
}

func (s *Simulation) upTo(d time.Duration) time.Duration {
	return time.Duration(s.Rand.Int64N(int64(d/time.Millisecond))) * time.Millisecond
}

// recover makes everything well again and waits until nothing waits.
func (s *Simulation) recover(ctx context.Context) {
	s.Do(func() { s.calm = true })
	s.Server.EndMaintenance()
	s.Server.Heal()
	s.say("all is well")
	if err := s.windows.clear(); err != nil {
		s.blame("clear the windows: %v", err)
	}
	s.live(ctx)
	s.mu.Lock()
	for _, account := range Accounts() {
		s.allow(account)
		if s.paused[account] {
			delete(s.paused, account)
			s.must("resume", s.client.Outbox().Resume(ctx, account))
		}
	}
	s.mu.Unlock()
	began := time.Now()
	s.firstCall(ctx)
	s.drain(ctx)
	for r, err := range s.client.Outbox().Waiting() {
		s.must("read what waits", err)
		if strings.Contains(r.Reason, "sent several times without an answer") { // a person has looked
			s.asked++
			s.must("requeue", s.client.Outbox().Requeue(ctx, r.ID))
		}
	}
	s.drain(ctx)
	s.slowest = max(s.slowest, time.Since(began))
	for end := time.Now().Add(Patience); s.client.Outbox().Stats().InDoubt > 0; s.pause(ctx, time.Minute) {
		if time.Now().After(end) {
			s.blame("%d values are in doubt an hour after the storm", s.client.Outbox().Stats().InDoubt)
			return
		}
	}
	s.pause(ctx, s.program.Settled)
	s.look(ctx, true)
	s.must("check", s.client.Outbox().Check(ctx))
	s.rest()
}

// promised is within what time of service being back the first call leaves: two
// canary intervals and five seconds; an account that called too fast waits up to
// a minute more.
const promised = 2*30*time.Second + 5*time.Second

// firstCall waits until the first call must have left.
func (s *Simulation) firstCall(ctx context.Context) {
	s.quiet()
	st := s.client.Outbox().Stats()
	due := !st.OldestDue.IsZero() && st.InFlight == 0
	before := s.wire.count()
	patience := promised
	if s.world.Limit.Requests > 0 {
		patience += time.Minute
	}
	s.pause(ctx, patience)
	if due && s.wire.count() == before {
		s.blame("no call has left %s after the storm, though something from %s is due: %+v", patience, st.OldestDue, s.client.Outbox().Gate())
		s.sayWaiting()
	}
}

func (s *Simulation) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	if err := s.client.Outbox().Drain(ctx); err != nil {
		s.blame("after the storm: %v; %+v", err, s.client.Outbox().Gate())
		s.sayWaiting()
	}
}

// act does one thing.
func (s *Simulation) act(ctx context.Context) {
	s.mu.Lock()
	for s.client == nil { // it crashed just now
		s.mu.Unlock()
		s.live(ctx)
		s.mu.Lock()
	}
	switch n := s.Rand.IntN(30); {
	case n < 1:
		d := Pick(s.Rand, s.upTo(time.Hour), s.upTo(time.Hour), s.upTo(time.Hour), s.upTo(4*time.Hour))
		s.say("a maintenance of %s", d)
		s.Server.Maintenance(d)
		s.mu.Unlock()
	case n < 3:
		s.announce()
		s.mu.Unlock()
	case n < 5:
		end := s.chooseEnd()
		s.mu.Unlock()
		end(ctx)
	case n < 7:
		s.disturbAccount(ctx)
		s.mu.Unlock()
	case n < 15:
		s.disturb(ctx)
		s.mu.Unlock()
	default:
		do := s.program.Act()
		ok := s.store(ctx, do, n == 15)
		s.mu.Unlock()
		for !ok { // it crashed before it had a receipt
			s.live(ctx)
			s.mu.Lock()
			ok = s.client != nil && s.store(ctx, do, false)
			s.mu.Unlock()
		}
	}
}

// store lets the program store something, and kills it meanwhile if that is asked for.
func (s *Simulation) store(ctx context.Context, do func(context.Context) (int, error), kill bool) bool {
	killed := make(chan struct{})
	if c := s.client; kill {
		s.client = nil
		s.meet(wasCrashedAccepting)
		go func() { c.Abort(); close(killed) }()
	}
	stored, err := do(ctx)
	if kill {
		<-killed
	}
	s.receipts += uint64(stored)
	switch {
	case err == nil:
		return true
	case errors.Is(err, outbox.ErrUnknown):
		s.uncertain += maxStored
		return false
	case errors.Is(err, outbox.ErrClosed):
		return false
	default:
		s.must("store", err)
		return true
	}
}

// maxStored is the most entries that an act stores.
const maxStored = 8

// pause lets time pass.
func (s *Simulation) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
