package marketplace_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
)

// A simulation: random sales and marks of several sellers, while answers are
// lost or late, maintenance comes and the program crashes, in a random one of the
// worlds that the fake can be. It proves that in the end
//
//   - each sale is there once, although nothing there helps against a second one,
//   - its marks were applied in the order in which they were accepted; a mark
//     that came late may have been repeated, which changes nothing,
//   - nothing waits and nothing is a dead letter, once a person has looked at what
//     was sent several times without an answer.
//
// What is there is told by the fake, what ought to be by the generator.
var (
	simSeeds = flag.Int("sim.seeds", defaultSeeds, "how many seeds the simulation runs")
	simFirst = flag.Uint64("sim.seed", 1, "the first of them")
)

func TestSimulation(t *testing.T) {
	t.Parallel()
	var sales, marks, calls atomic.Int64
	t.Cleanup(func() {
		t.Logf("seeds %d to %d: %d sales, %d marks, %d calls", *simFirst, *simFirst+uint64(*simSeeds)-1, sales.Load(), marks.Load(), calls.Load())
	})
	for n := range *simSeeds {
		seed := *simFirst + uint64(n)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			m := simulate(t, seed, nil)
			for _, ids := range m.sold {
				sales.Add(int64(len(ids)))
			}
			for _, went := range m.marks {
				marks.Add(int64(len(went)))
			}
			calls.Add(int64(m.calls))
			require.Empty(t, m.wrong, "seed %d", seed)
		})
	}
}

// Outside of the model the simulation finds sales that are there twice, so it
// would find them inside.
func TestSimulationOutsideTheModel(t *testing.T) {
	t.Parallel()
	const first, last = 52, 150 // the first finds one as things are
	for seed := uint64(first); seed <= last; seed++ {
		m := simulate(t, seed, func(c *marketplace.Config) { c.LateApply, c.LookupLag = time.Millisecond, time.Millisecond })
		if strings.Contains(strings.Join(m.wrong, "\n"), "is there 2 times") {
			return
		}
	}
	t.Error("no sale was there twice")
}

// simulate runs a seed.
func simulate(t *testing.T, seed uint64, change func(*marketplace.Config)) (m *sim) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	o := world(rng)
	anymarkettest.RunWith(t, o, func(t *testing.T, s *anymarkettest.Server) {
		m = newSim(t, s, rng)
		m.paid = o.NoPendingSales
		if change != nil {
			require.NoError(t, m.c.Close())
			change(&m.cfg)
			m.c = open(t, m.cfg)
		}
		m.run()
		m.wrong = m.judge()
		m.calls = len(s.Log())
	})
	return m
}

// world is one of the possible ones: each switch that matters to sales in any of
// its positions. Effects are hidden for less than Config.LookupLag, as the model
// demands.
func world(rng *rand.Rand) anymarkettest.Options {
	outages := anymarkettest.Outages()
	flip := func() bool { return rng.IntN(2) == 0 }
	o := anymarkettest.Options{
		Seed: rng.Uint64(), Duplicate: []int{201, 201, 201, 400, 409}[rng.IntN(5)],
		Latency:   time.Duration(rng.IntN(300)) * time.Millisecond,
		LookupLag: time.Duration(rng.IntN(59)) * time.Second,
		Outage:    outages[rng.IntN(len(outages))], BadToken: 401 + 2*rng.IntN(2),
		OtherSpelling: flip(), StrictOrders: flip(), SilentMarks: flip(), Gzip: flip(), SalesInAnyStatus: flip(), NoPendingSales: flip(),
	}
	if rng.IntN(3) == 0 {
		o.Limit = anymarkettest.Limit{Requests: 20, NoRetryAfter: flip(), RetryAfterDate: flip(), Headers: flip(), Text: flip()}
	}
	return o
}

// sim is one run.
type sim struct {
	t   *testing.T
	s   *anymarkettest.Server
	rng *rand.Rand
	cfg marketplace.Config

	mu sync.Mutex          // guards the field below
	c  *marketplace.Client // nil after a crash

	sold  map[string][]string // sellers' ids
	marks map[string][]string // by seller and id: the statuses that its marks lead to
	dead  map[string]bool     // cancelled, so that no mark may follow

	paid  bool // sales are made when they are paid
	calls int
	wrong []string
}

func newSim(t *testing.T, s *anymarkettest.Server, rng *rand.Rand) *sim {
	t.Helper()
	cfg := config(t, s)
	cfg.Token, cfg.Tokens = "", func(_ context.Context, account string) (string, error) {
		if token := s.For(account).Token(); token != "" {
			return token, nil
		}
		return "revoked", nil
	}
	return &sim{t: t, s: s, rng: rng, cfg: cfg, c: open(t, cfg), sold: map[string][]string{}, marks: map[string][]string{}, dead: map[string]bool{}}
}

const simulatedActs = 100

func (m *sim) run() {
	for range simulatedActs {
		m.act()
		time.Sleep(time.Duration(m.rng.IntN(90_000)) * time.Millisecond)
	}
	m.s.EndMaintenance()
	m.s.Heal()
	for n := range sellers {
		m.allow(fmt.Sprint("seller-", n))
	}
	m.restart()
	m.drain()
	for r, err := range m.c.Outbox().Waiting() {
		require.NoError(m.t, err)
		if strings.Contains(r.Reason, "sent several times without an answer") { // a person has looked
			require.NoError(m.t, m.c.Outbox().Requeue(m.t.Context(), r.ID))
		}
	}
	m.drain()
	time.Sleep(time.Hour) // nothing comes late
}

// act does one thing. No crash comes while it does.
func (m *sim) act() {
	m.restart()
	m.mu.Lock()
	defer m.mu.Unlock()
	switch n := m.rng.IntN(20); {
	case m.c == nil:
	case n == 0:
		m.s.Maintenance(time.Duration(m.rng.IntN(240)) * time.Minute)
	case n == 1:
		m.c.Abort()
		m.c = nil
	case n == 2:
		seller := m.seller()
		if m.s.For(seller).Token() != "" {
			m.s.For(seller).Revoke()
		} else {
			m.allow(seller)
		}
	case n < 6:
		m.disturb()
	case n < 12:
		m.sell()
	default:
		m.move()
	}
}

// crash ends the program while a request of it is on the wire.
func (m *sim) crash(anymarkettest.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.c != nil {
		m.c.Abort()
		m.c = nil
	}
}

func (m *sim) restart() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.c == nil {
		m.c = open(m.t, m.cfg)
	}
}

func (m *sim) drain() {
	ctx, cancel := context.WithTimeout(m.t.Context(), 24*time.Hour)
	defer cancel()
	require.NoError(m.t, m.c.Outbox().Drain(ctx))
}

// disturb lets one of the next requests fare badly.
func (m *sim) disturb() {
	modes := []anymarkettest.Mode{
		anymarkettest.Unavailable, anymarkettest.UnavailablePage, anymarkettest.Refused, anymarkettest.NoToken, anymarkettest.Forbidden, anymarkettest.Page, anymarkettest.Redirect, anymarkettest.Reset, anymarkettest.Hang, anymarkettest.BadGateway,
		anymarkettest.GatewayTimeout, anymarkettest.Closed, anymarkettest.Cut, anymarkettest.Empty, anymarkettest.EmptyError, anymarkettest.TooMany,
	}
	f := anymarkettest.Fault{Mode: modes[m.rng.IntN(len(modes))], Times: 1 + m.rng.IntN(2)}
	f.Route = []string{"", "", create, lookUp}[m.rng.IntN(4)]
	switch f.Mode {
	case anymarkettest.TooMany, anymarkettest.NoToken, anymarkettest.Forbidden, anymarkettest.Refused: // said by what stands before it
	default:
		if f.Applied = m.rng.IntN(2) == 0; f.Applied {
			// Late, but within LateApply.
			f.After = []time.Duration{0, time.Duration(m.rng.IntN(280)) * time.Second}[m.rng.IntN(2)]
		}
	}
	switch m.rng.IntN(6) {
	case 0:
		f.Do = func(anymarkettest.Request) { m.s.Break() }
	case 1:
		f.Do = m.crash
	}
	m.s.Fail(f)
}

const sellers = 3

func (m *sim) seller() string { return fmt.Sprint("seller-", m.rng.IntN(sellers)) }

// allow gives a seller a token again, a new one.
func (m *sim) allow(seller string) {
	if a := m.s.For(seller); a.Token() == "" {
		a.SetToken(fmt.Sprint("token-", m.rng.Uint64()))
	}
}

func (m *sim) sell() {
	seller := m.seller()
	if ids := m.sold[seller]; len(ids) > 0 && m.rng.IntN(5) == 0 {
		m.sellAgain(seller, ids[m.rng.IntN(len(ids))])
		return
	}
	id := fmt.Sprint("S-", len(m.sold[seller])) // the same numbers for all sellers
	_, err := m.c.For(seller).Sales.Notify(m.t.Context(), m.sale(id))
	require.NoError(m.t, err)
	m.sold[seller] = append(m.sold[seller], id)
}

// sale is the same each time it is made.
func (m *sim) sale(id string) marketplace.NewSale {
	s := sale(id)
	s.CreatedAt = api.At(time.Date(2000, 1, 1, 0, len(id), 0, 0, time.UTC))
	if m.paid {
		s.Status = marketplace.StatusPaid
	}
	return s
}

func (m *sim) sellAgain(seller, id string) {
	r, err := m.c.For(seller).Sales.Notify(m.t.Context(), m.sale(id))
	require.NoError(m.t, err)
	require.True(m.t, r.Duplicate)
}

// move stores the next mark of a sale, or its cancellation.
func (m *sim) move() {
	seller := m.seller()
	ids := m.sold[seller]
	if len(ids) == 0 {
		return
	}
	id := ids[m.rng.IntN(len(ids))]
	key := seller + " " + id
	n := len(m.marks[key])
	if m.paid {
		n++
	}
	last := len(steps()) - 1
	if m.dead[key] || n >= last {
		return
	}
	if m.rng.IntN(10) == 0 {
		n, m.dead[key] = last, true
	}
	mark := steps()[n]
	_, err := mark.send(m.t.Context(), m.c.For(seller).Sales, id)
	require.NoError(m.t, err)
	m.marks[key] = append(m.marks[key], mark.status)
}

// judge says what is wrong.
func (m *sim) judge() (wrong []string) {
	if st := m.c.Outbox().Stats(); st.Accepted != st.Delivered {
		wrong = append(wrong, fmt.Sprintf("of %d entries %d are delivered, %d dead, %d wait", st.Accepted, st.Delivered, st.Dead, st.Waiting))
	}
	for seller, ids := range m.sold {
		there := map[string]int{}
		for _, o := range m.s.For(seller).Orders() {
			there[o.MarketPlaceID]++
			var got []string
			for _, step := range o.Steps {
				got = append(got, step.Status)
			}
			want := m.marks[seller+" "+o.MarketPlaceID]
			if !slices.Equal(slices.Compact(slices.Clone(got)), slices.Compact(slices.Clone(want))) {
				wrong = append(wrong, fmt.Sprintf("sale %s of %s went %v, want %v", o.MarketPlaceID, seller, got, want))
			}
		}
		for _, id := range ids {
			if there[id] != 1 {
				wrong = append(wrong, fmt.Sprintf("sale %s of %s is there %d times", id, seller, there[id]))
			}
		}
	}
	return wrong
}
