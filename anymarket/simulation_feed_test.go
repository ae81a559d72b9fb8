package anymarket_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
)

// Orders change at any moment, while they are handled too; answers are lost or
// late, the caller errs now and then, maintenance comes and the program crashes
// wherever it is. In the end the caller has each order as it is, nothing is in
// the feed, and nothing is owed.
func TestFeedSimulation(t *testing.T) {
	t.Parallel()
	seeds := (*simSeeds + 4) / 5
	t.Logf("seeds %d to %d", *simFirst, *simFirst+uint64(seeds)-1)
	for n := range seeds {
		seed := *simFirst + uint64(n)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 1))
			anymarkettest.RunWith(t, world(rng), func(t *testing.T, s *anymarkettest.Server) { simulateFeed(t, s, rng) })
		})
	}
}

func simulateFeed(t *testing.T, s *anymarkettest.Server, rng *rand.Rand) {
	t.Helper()
	var (
		mu    sync.Mutex // guards what follows
		truth = map[int64]string{}
		ids   []int64
		calm  bool
		crash func()
	)
	change := func() {
		statuses := []string{"PENDING", "PAID_WAITING_SHIP", "INVOICED", "PAID_WAITING_DELIVERY", "CONCLUDED", "CANCELED"}
		if len(ids) == 0 || rng.IntN(3) == 0 {
			ids = append(ids, addOrder(s, fmt.Sprint("A-", len(ids))))
			truth[ids[len(ids)-1]] = "v1"
			return
		}
		id, version := pick(rng, ids...), fmt.Sprint("v", rng.Uint64())
		s.SetOrder(id, fmt.Sprintf(`{"observation":%q,"status":%q}`, version, pick(rng, statuses...)))
		truth[id] = version
	}
	e := &erp{}
	e.setRefuse(func(context.Context, api.Order) error {
		mu.Lock()
		defer mu.Unlock()
		switch n := rng.IntN(8); {
		case calm:
		case n == 0:
			return errERP
		case n == 1:
			go crash()
		case n < 4:
			change()
		}
		return nil
	})
	cfg, c, end := config(t, s), (*anymarket.Client)(nil), func() error { return nil }
	start := func() {
		mu.Lock()
		defer mu.Unlock()
		now := open(t, cfg)
		c, crash, end = now, sync.OnceFunc(func() { s.Crash(now) }), follow(t, now, e.feed())
	}
	start()
	for range 60 {
		mu.Lock()
		switch n := rng.IntN(12); {
		case n == 0:
			s.Maintenance(time.Duration(rng.IntN(60)) * time.Minute)
		case n < 4:
			f := anymarkettest.Fault{
				Route: pick(rng, "", feedRoute, orderRoute, ackRoute), Times: 1 + rng.IntN(4),
				Mode: pick(rng, anymarkettest.Unavailable, anymarkettest.Hang, anymarkettest.Reset, anymarkettest.BadGateway, anymarkettest.Cut, anymarkettest.TooMany),
			}
			if f.Mode != anymarkettest.TooMany && rng.IntN(2) == 0 {
				f.Applied, f.After = true, pick(rng, 0, time.Duration(rng.IntN(280))*time.Second)
			}
			if now := crash; rng.IntN(3) == 0 {
				f.Do = func(anymarkettest.Request) { now() }
			}
			s.Fail(f)
		default:
			change()
		}
		pause := time.Duration(rng.IntN(120)) * time.Second
		mu.Unlock()
		time.Sleep(pause)
		if c.Outbox().Check(t.Context()) != nil { // it crashed
			_ = end()
			start()
		}
	}
	s.EndMaintenance()
	s.Heal()
	mu.Lock()
	calm = true
	mu.Unlock()
	if c.Outbox().Check(t.Context()) != nil {
		_ = end()
		start()
	}
	time.Sleep(6 * time.Hour)
	for id, version := range truth {
		has, _ := e.taken(id)
		require.Equal(t, version, has, "order %d", id)
	}
	require.Empty(t, s.Feed("ORDER"))
	require.Empty(t, deadLetters(t, c))
	kept, err := c.Outbox().Bookmark("feed/")
	require.NoError(t, err)
	require.Nil(t, kept)
	require.NoError(t, end())
}
