package anymarket_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/simulation"
)

// Orders change at any moment, while they are handed over too, and the ERP errs now
// and then. In the end it has each order as it is, nothing is in the feed, and nothing
// is owed.
func TestFeedSimulation(t *testing.T) {
	play(t, plan.Part(5), 1, 60, func(t *testing.T, s *simulation.Simulation) simulation.Program {
		return newFollower(t, s).program()
	})
}

// follower is the program that is simulated: it follows the feed of an account.
type follower struct {
	*testing.T
	*simulation.Simulation

	chance  *rand.Rand // what happens while an order is handed over
	e       *erp
	end     func() error
	account *anymarkettest.Account
	truth   map[int64]string // what was last said of each order
	ids     []int64
	c       *anymarket.Client
}

func newFollower(t *testing.T, s *simulation.Simulation) *follower {
	t.Helper()
	f := &follower{T: t, Simulation: s, chance: simulation.Rand(s.Rand.Uint64()), e: &erp{}, account: s.Server.For(simulation.Accounts()[0]), truth: map[int64]string{}}
	f.e.setRefuse(f.refuse)
	return f
}

func (f *follower) program() simulation.Program {
	return simulation.Program{
		Start: f.start, Act: f.act, Wrong: f.wrong,
		Ended:  func() { _ = f.end() }, // which tells that the client is closed
		Routes: []string{feedRoute, orderRoute, ackRoute},
		// An order on which the ERP erred comes again after an hour at the latest.
		Settled: 6 * time.Hour,
	}
}

func (f *follower) start(ctx context.Context) (simulation.Client, error) {
	c, err := anymarket.Open(ctx, anymarket.Config{
		Outbox: f.Path, Account: f.account.Name(), Tokens: f.Token, BaseURL: f.Server.URL, Transport: f.Wire(), Windows: f.Windows, Observer: f.Observe,
	})
	if err == nil {
		f.c, f.end = c, follow(f.T, c, f.e.feed())
	}
	return c, err
}

// act changes an order, or makes one. Nothing is stored by that.
func (f *follower) act() do {
	f.change(f.Rand)
	return func(context.Context) (int, error) { return 0, nil }
}

func (f *follower) change(chance *rand.Rand) {
	if len(f.ids) == 0 || chance.IntN(3) == 0 {
		id := f.account.AddOrder(fmt.Sprintf(`{"marketPlace":"AMAZON","marketPlaceId":"A-%d","status":"PENDING","observation":"v1"}`, len(f.ids)))
		f.ids, f.truth[id] = append(f.ids, id), "v1"
		return
	}
	id, version := simulation.Pick(chance, f.ids...), fmt.Sprint("v", chance.Uint64())
	status := simulation.Pick(chance, "PENDING", "PAID_WAITING_SHIP", "INVOICED", "PAID_WAITING_DELIVERY", "CONCLUDED", "CANCELED")
	f.account.SetOrder(id, fmt.Sprintf(`{"observation":%q,"status":%q}`, version, status))
	f.truth[id] = version
}

// refuse is what happens while an order is handed over.
func (f *follower) refuse(context.Context, api.Order) (err error) {
	f.Do(func() {
		switch n := f.chance.IntN(8); {
		case f.Calm():
		case n == 0:
			err = errERP
		case n == 1:
			go f.Crash()
		case n < 4:
			f.change(f.chance)
		}
	})
	return err
}

func (f *follower) wrong(settled bool) (wrong []string) {
	if !settled {
		return nil
	}
	for id, version := range f.truth {
		if has, _ := f.e.taken(id); has != version {
			wrong = append(wrong, fmt.Sprintf("the ERP has order %d as %q, it is %q", id, has, version))
		}
	}
	if left := f.account.Feed("ORDER"); len(left) > 0 {
		wrong = append(wrong, fmt.Sprintf("%v is in the feed", left))
	}
	kept, err := f.c.Outbox().Bookmark("feed/" + f.account.Name())
	require.NoError(f, err)
	if kept != nil {
		wrong = append(wrong, fmt.Sprintf("owed: %s", kept))
	}
	return wrong
}
