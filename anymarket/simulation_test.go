package anymarket_test

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

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
)

// A simulation: random orders, steps and documents of several accounts, while
// answers are lost or late, tokens are revoked, maintenance comes and the
// program crashes, in a random one of the worlds that the fake can be. It proves
// that in the end
//
//   - each order is there once, although in many worlds nothing there helps
//     against a second one,
//   - its steps were applied in the order in which they were accepted; a step
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
	var orders, steps, calls atomic.Int64
	t.Cleanup(func() {
		t.Logf("seeds %d to %d: %d orders, %d steps, %d calls", *simFirst, *simFirst+uint64(*simSeeds)-1, orders.Load(), steps.Load(), calls.Load())
	})
	for n := range *simSeeds {
		seed := *simFirst + uint64(n)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			m := simulate(t, seed, nil)
			orders.Add(int64(m.orders))
			steps.Add(int64(m.steps))
			calls.Add(int64(m.calls))
			require.Empty(t, m.wrong, "seed %d", seed)
		})
	}
}

// Outside of the model the simulation finds orders that are there twice, so it
// would find them inside.
func TestSimulationOutsideTheModel(t *testing.T) {
	t.Parallel()
	const first, last = 15, 60 // the first finds one as things are
	for seed := uint64(first); seed <= last; seed++ {
		m := simulate(t, seed, func(c *anymarket.Config) { c.LateApply, c.LookupLag = time.Millisecond, time.Millisecond })
		if strings.Contains(strings.Join(m.wrong, "\n"), "is there 2 times") {
			return
		}
	}
	t.Error("no order was there twice")
}

// simulate runs a seed.
func simulate(t *testing.T, seed uint64, change func(*anymarket.Config)) *simulation {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	m := &simulation{rng: rng, made: map[string][]string{}, went: map[string][]string{}, over: map[string]bool{}}
	anymarkettest.RunWith(t, world(rng), func(t *testing.T, s *anymarkettest.Server) {
		m.t, m.s, m.cfg = t, s, config(t, s)
		m.cfg.Token, m.cfg.Tokens = "", func(_ context.Context, account string) (string, error) {
			if token := s.For(account).Token(); token != "" {
				return token, nil
			}
			return "revoked", nil
		}
		if change != nil {
			change(&m.cfg)
		}
		m.c = open(t, m.cfg)
		m.run()
		m.judge()
		m.calls = len(s.Log())
	})
	return m
}

// simulation is one run.
type simulation struct {
	t   *testing.T
	s   *anymarkettest.Server
	rng *rand.Rand
	cfg anymarket.Config

	mu sync.Mutex        // guards the field below
	c  *anymarket.Client // nil after a crash

	made map[string][]string // accounts' orders
	went map[string][]string // by account and order: the statuses of its steps
	over map[string]bool     // cancelled, so that no step may follow

	orders, steps, calls int
	wrong                []string
}

const simulatedActs = 100

func (m *simulation) run() {
	for range simulatedActs {
		m.act()
		time.Sleep(time.Duration(m.rng.IntN(90_000)) * time.Millisecond)
	}
	m.s.EndMaintenance()
	m.s.Heal()
	for n := range accounts {
		m.allow(m.account(n))
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
func (m *simulation) act() {
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
		account := m.account(m.rng.IntN(accounts))
		if m.s.For(account).Token() != "" {
			m.s.For(account).Revoke()
		} else {
			m.allow(account)
		}
	case n < 6:
		m.disturb()
	case n < 12:
		m.create()
	default:
		m.move()
	}
}

const accounts = 3

func (m *simulation) account(n int) string { return fmt.Sprint("account-", n) }

// allow gives an account a token again, a new one.
func (m *simulation) allow(account string) {
	if a := m.s.For(account); a.Token() == "" {
		a.SetToken(fmt.Sprint("token-", m.rng.Uint64()))
	}
}

// crash ends the program while a request of it is on the wire.
func (m *simulation) crash(anymarkettest.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.c != nil {
		m.s.Crash(m.c)
		m.c = nil
	}
}

func (m *simulation) restart() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.c == nil {
		m.c = open(m.t, m.cfg)
	}
}

func (m *simulation) drain() {
	ctx, cancel := context.WithTimeout(m.t.Context(), 24*time.Hour)
	defer cancel()
	require.NoError(m.t, m.c.Outbox().Drain(ctx))
}

// disturb lets one of the next requests fare badly.
func (m *simulation) disturb() {
	f := anymarkettest.Fault{Times: 1 + m.rng.IntN(2), Mode: pick(
		m.rng, anymarkettest.Unavailable, anymarkettest.UnavailablePage, anymarkettest.Page, anymarkettest.Redirect, anymarkettest.Reset,
		anymarkettest.Hang, anymarkettest.Refused, anymarkettest.BadGateway, anymarkettest.GatewayTimeout, anymarkettest.Closed, anymarkettest.Cut,
		anymarkettest.Empty, anymarkettest.EmptyError, anymarkettest.TooMany, anymarkettest.NoToken, anymarkettest.Forbidden,
	)}
	f.Route = pick(m.rng, "", "", "POST /orders", "GET /orders", "PUT /orders/{id}", "GET /orders/{id}")
	switch f.Mode {
	case anymarkettest.TooMany, anymarkettest.NoToken, anymarkettest.Forbidden, anymarkettest.Refused: // said by what stands before it
	default:
		if f.Applied = m.rng.IntN(2) == 0; f.Applied {
			f.After = pick(m.rng, 0, time.Duration(m.rng.IntN(280))*time.Second) // late, but within LateApply
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

func (m *simulation) create() {
	account := m.account(m.rng.IntN(accounts))
	ids := m.made[account]
	again := len(ids) > 0 && m.rng.IntN(5) == 0
	id := fmt.Sprint("S-", len(ids)) // the same numbers for all accounts
	if again {
		id = ids[m.rng.IntN(len(ids))]
	}
	o := order(id)
	o.CreatedAt = api.At(time.Date(2000, 1, 1, 0, len(id), 0, 0, time.UTC)) // the same each time
	r, err := m.c.For(account).Orders.Create(m.t.Context(), o)
	require.NoError(m.t, err)
	require.Equal(m.t, again, r.Duplicate)
	if !again {
		m.made[account] = append(ids, id)
		m.orders++
	}
}

// move stores the next step of an order, its document or its cancellation.
func (m *simulation) move() {
	account := m.account(m.rng.IntN(accounts))
	ids := m.made[account]
	if len(ids) == 0 {
		return
	}
	id := pick(m.rng, ids...)
	at := account + " " + id
	n := len(m.went[at])
	updates := []api.OrderUpdate{
		{Status: api.StatusPaid},
		invoiced(accessKey),
		{Status: api.StatusShipped, Tracking: &api.Tracking{Number: "BR1", Carrier: "C", ShippedDate: api.At(time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC))}},
		{Status: api.StatusDelivered, Tracking: &api.Tracking{DeliveredDate: api.At(time.Date(2000, 1, 3, 0, 0, 0, 0, time.UTC))}},
		{Status: api.StatusCancelled},
	}
	last := len(updates) - 1
	if m.over[at] || n >= last {
		return
	}
	if m.rng.IntN(10) == 0 {
		n, m.over[at] = last, true
	}
	orders, key := m.c.For(account).Orders, anymarket.OrderKey{Marketplace: "ECOMMERCE", MarketplaceID: id}
	_, err := orders.SetStatus(m.t.Context(), key, updates[n])
	require.NoError(m.t, err)
	m.went[at] = append(m.went[at], string(updates[n].Status))
	m.steps++
	if updates[n].Status == api.StatusInvoiced {
		_, err := orders.SendInvoiceXML(m.t.Context(), key, []byte(nfe))
		require.NoError(m.t, err)
		m.steps++
	}
}

// judge says what is wrong.
func (m *simulation) judge() {
	say := func(format string, args ...any) { m.wrong = append(m.wrong, fmt.Sprintf(format, args...)) }
	if st := m.c.Outbox().Stats(); st.Accepted != st.Delivered {
		say("of %d entries %d are delivered, %d dead, %d wait", st.Accepted, st.Delivered, st.Dead, st.Waiting)
	}
	for account, ids := range m.made {
		there := map[string]int{}
		for _, o := range m.s.For(account).Orders() {
			there[o.MarketPlaceID]++
			var got []string
			for _, step := range o.Steps {
				got = append(got, step.Status)
			}
			want := m.went[account+" "+o.MarketPlaceID]
			if !slices.Equal(slices.Compact(slices.Clone(got)), want) {
				say("order %s of %s went %v, want %v", o.MarketPlaceID, account, got, want)
			}
			if slices.Contains(want, string(api.StatusInvoiced)) && string(m.s.For(account).Fiscal()[o.ID]) != nfe {
				say("order %s of %s has no document", o.MarketPlaceID, account)
			}
		}
		for _, id := range ids {
			if there[id] != 1 {
				say("order %s of %s is there %d times", id, account, there[id])
			}
		}
	}
}
