package marketplace_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/simulation"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
)

var plan = simulation.Flags()

// A marketplace with three sellers notifies sales and moves them, while
// everything goes wrong that may, see package simulation.
func TestSimulation(t *testing.T) {
	t.Parallel()
	tally := simulation.NewTally()
	t.Cleanup(func() {
		t.Logf("from seed %d: %s", plan.First, tally)
		require.NoError(t, tally.Close(plan, "marketplace"))
	})
	for _, seed := range plan.Seeds() {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			wrong, log := simulate(t, seed, 4, tally, nil)
			if len(wrong) > 0 {
				t.Log(strings.Join(log, "\n"))
			}
			require.Empty(t, wrong, "seed %d", seed)
		})
	}
}

// Outside of the model the simulation finds sales that are there twice, so it
// would find them inside.
func TestSimulationOutsideTheModel(t *testing.T) {
	t.Parallel()
	const first, last = 17, 80 // the first finds one, mostly, as things are
	for seed := uint64(first); seed <= last; seed++ {
		wrong, _ := simulate(t, seed, 1, simulation.NewTally(), func(c *marketplace.Config) { c.LateApply, c.LookupLag = time.Millisecond, time.Millisecond })
		if strings.Contains(strings.Join(wrong, "\n"), "is there 2 times") {
			return
		}
	}
	t.Error("no sale was there twice")
}

// simulate plays a seed.
func simulate(t *testing.T, seed uint64, storms int, tally *simulation.Tally, change func(*marketplace.Config)) (wrong, log []string) {
	t.Helper()
	rng := simulation.Rand(seed)
	world := simulation.World(rng)
	anymarkettest.RunWith(t, world, func(t *testing.T, server *anymarkettest.Server) {
		s, err := simulation.New(rng, world, server, t.TempDir(), synctest.Wait)
		require.NoError(t, err)
		p := &market{Simulation: s, paid: world.NoPendingSales, config: marketplace.Config{
			Outbox: s.Path, AppID: server.AppID(), Tokens: s.Token, BaseURL: server.MarketplaceURL(), Windows: s.Windows, Observer: s.Observe,
		}}
		if change != nil {
			change(&p.config)
		}
		wrong, log = s.Run(t.Context(), simulation.Program{
			Start: p.start, Act: p.act, Wrong: p.wrong, Routes: []string{create, create, lookUp, "PUT /marketplace/api/orders/{id}/markAsPaid", "PUT /marketplace/api/orders/{id}/markAsInvoiced"},
		}, storms, 32, tally)
	})
	return wrong, log
}

// market is the program that is simulated.
type market struct {
	*simulation.Simulation

	config marketplace.Config
	c      *marketplace.Client
	paid   bool // sales are made when they are paid
}

func (p *market) start(ctx context.Context) (simulation.Client, error) {
	config := p.config
	config.Transport = p.Wire()
	c, err := marketplace.Open(ctx, config)
	p.c = c
	return c, err
}

func (p *market) wrong(settled bool) (wrong []string) {
	for _, seller := range simulation.Accounts() {
		wrong = append(wrong, p.Orders.Wrong(p.Server.For(seller), settled)...)
	}
	return wrong
}

// act makes a sale known, one that is there already perhaps, or stores its next
// mark or its cancellation.
func (p *market) act() func(context.Context) (int, error) {
	seller := simulation.Pick(p.Rand, simulation.Accounts()...)
	sold := p.Orders.Made(seller)
	if len(sold) == 0 || p.Rand.IntN(3) == 0 {
		return p.sell(seller, sold)
	}
	id := simulation.Pick(p.Rand, sold...)
	marks := steps()
	if p.paid {
		marks = marks[1:]
	}
	last := len(marks) - 1
	moved := p.Orders.Moved(seller, id)
	n := len(moved)
	if n >= last || n > 0 && moved[n-1] == marks[last].status {
		return p.sell(seller, sold)
	}
	if p.Rand.IntN(10) == 0 {
		n = last
	}
	p.Orders.Move(seller, id, marks[n].status)
	return one(func(ctx context.Context) (marketplace.Receipt, error) {
		return marks[n].send(ctx, p.c.For(seller).Sales, id)
	})
}

func (p *market) sell(seller string, sold []string) func(context.Context) (int, error) {
	id := fmt.Sprint("S-", len(sold)) // the same numbers for all sellers
	if len(sold) > 0 && p.Rand.IntN(5) == 0 {
		id = simulation.Pick(p.Rand, sold...)
	} else {
		p.Orders.Make(seller, id)
	}
	s := sale(id)
	s.CreatedAt = api.At(time.Date(2000, 1, 1, 0, len(id), 0, 0, time.UTC)) // the same each time
	if p.paid {
		s.Status = marketplace.StatusPaid
	}
	return one(func(ctx context.Context) (marketplace.Receipt, error) { return p.c.For(seller).Sales.Notify(ctx, s) })
}

// one is the act of storing one entry.
func one(store func(context.Context) (marketplace.Receipt, error)) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		r, err := store(ctx)
		if err != nil || r.Duplicate {
			return 0, err
		}
		return 1, nil
	}
}
