package callback_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/anymarket/report"
)

// A maintenance begins before the orders could be read that were told of. What
// needs ANYMARKET waits, at no cost, beside what does not; afterwards all is read,
// and the guardian has registered the callback again that was lost.
func TestThroughAMaintenance(t *testing.T) {
	in(t, opts{CallbackTwice: true}, nil, func(r *rig) {
		client, err := anymarket.Open(r.t.Context(), anymarket.Config{
			Outbox: filepath.Join(r.t.TempDir(), "anymarket.db"), Token: r.s.Token(), BaseURL: r.s.URL, Transport: r.s.Transport(),
		})
		require.NoError(r.t, err)
		defer func() { require.NoError(r.t, client.Close()) }()
		var mu sync.Mutex
		read := map[string]string{}
		r.p.set(func(ctx context.Context, n callback.Notification) error {
			if n.Type != callback.TypeOrder {
				return nil
			}
			order, err := client.Orders.Get(ctx, n.ResourceID())
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			read[n.ID] = string(order.Status)
			return nil
		})
		r.run()
		g := &guard{t: r.t, s: r.s}
		g.guardianOf(r.s)
		id := r.s.AddCallback(anymarkettest.Callback{URL: hookURL, Order: true})
		g.remember()

		r.s.Maintenance(4 * time.Hour)
		const orders = 10
		for range orders { // told just before, and on their way until now
			r.order(int(r.s.AddOrder(`{"status":"PENDING"}`)), "CREATE")
		}
		time.Sleep(time.Second)
		require.Len(r.t, r.waiting(), orders)
		r.s.RemoveCallback(id)
		for minute := range 4 * 60 {
			status, _ := r.post(`{"type":"PRODUCT","content":{"id":"` + itoa(minute) + `","oi":"` + r.s.OI() + `"}}`)
			require.Equal(r.t, 200, status)
			time.Sleep(time.Minute)
		}
		time.Sleep(5 * time.Minute)
		require.Zero(r.t, r.r.Inbox().Stats().Dead)
		require.Empty(r.t, r.waiting())
		mu.Lock()
		require.Len(r.t, read, orders)
		mu.Unlock()

		require.True(r.t, g.one(g.repair()).Repaired)
		later := r.s.AddOrder(`{"status":"PENDING"}`)
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		require.Equal(r.t, "PENDING", read[itoa(int(later))])
	})
}

// Around a window callbacks are lost, told twice and overtake each other, and in it
// the registration is cleared, so that what changes until it is repaired is told to
// nobody. After guardian and sweep the program has read each order as it is, and the
// report says what was repaired.
func TestNothingIsMissedAroundAWindow(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			in(t, opts{Seed: seed, CallbackTwice: true}, nil, func(r *rig) { aroundAWindow(r, seed) })
		})
	}
}

func aroundAWindow(r *rig, seed uint64) {
	client, err := anymarket.Open(r.t.Context(), anymarket.Config{
		Outbox: filepath.Join(r.t.TempDir(), "anymarket.db"), Token: r.s.Token(), BaseURL: r.s.URL, Transport: r.s.Transport(),
	})
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, client.Close()) }()
	read := r.read(client.Orders)
	r.run()
	id := r.s.AddCallback(anymarkettest.Callback{URL: hookURL, Order: true})

	// As a program has them: the one wakes the other.
	ctx, stop := context.WithCancel(r.t.Context())
	sweeper := r.sweeper(nil)
	var (
		mu    sync.Mutex
		found []report.Guarded
	)
	guardian, err := callback.NewGuardian(callback.GuardianConfig{
		Registry: client.Callbacks, Memory: filepath.Join(r.t.TempDir(), "callbacks.json"), Repair: true,
		Observer: func(c callback.Comparison) {
			sweeper.Wake()
			mu.Lock()
			defer mu.Unlock()
			found = append(found, report.Guarded{Account: "shop", Comparison: c})
		},
	})
	require.NoError(r.t, err)
	var running sync.WaitGroup
	running.Go(func() { _ = guardian.Run(ctx) })
	running.Go(func() { _ = sweeper.Run(ctx) })
	defer running.Wait()
	defer stop()

	dice := rand.New(rand.NewPCG(seed, 1))
	r.s.SetFates(func(anymarkettest.Push) anymarkettest.Fate {
		mu.Lock()
		defer mu.Unlock()
		return anymarkettest.Fate{Lost: dice.IntN(10) < 8, After: time.Duration(dice.IntN(90)) * time.Second}
	})
	var orders []int64
	change := func(statuses ...string) {
		for _, id := range orders {
			time.Sleep(2 * time.Second)
			r.s.SetOrder(id, `{"status":"`+statuses[int(id)%len(statuses)]+`"}`)
		}
	}
	time.Sleep(time.Minute)
	for range 15 {
		orders = append(orders, r.s.AddOrder(`{"status":"PENDING"}`))
		time.Sleep(time.Second)
	}
	change("PAID_WAITING_SHIP")
	start := time.Now()
	r.s.Maintenance(4 * time.Hour) // with callbacks on their way
	time.Sleep(2 * time.Hour)
	r.s.RemoveCallback(id)
	time.Sleep(2 * time.Hour)
	change("INVOICED", "CANCELED", "PAID_WAITING_SHIP") // at once: nobody is registered at first
	time.Sleep(time.Hour)

	given := 0 // up after three attempts, each of which was lost
	for _, p := range r.s.Pushes() {
		if p.Attempt == 3 && p.Status == 0 {
			given++
		}
	}
	require.Positive(r.t, given)
	require.Equal(r.t, r.truth(), read.orders())
	require.Empty(r.t, r.s.Feed("ORDER"))
	require.Positive(r.t, r.r.Stats().Taken)
	require.Positive(r.t, r.r.Stats().Stored)
	require.Len(r.t, r.s.Callbacks(), 1)

	mu.Lock()
	defer mu.Unlock()
	var text strings.Builder
	_, err = report.Write(r.t.Context(), &text, report.Of(client.Outbox()), report.Options{From: start, To: start.Add(5 * time.Hour), Callbacks: found})
	require.NoError(r.t, err)
	require.Contains(r.t, text.String(), "it was not registered any more, and was registered again")
	require.NotContains(r.t, text.String(), secret)
}
