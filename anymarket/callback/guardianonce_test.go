package callback_test

import (
	"context"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/callback"
)

func TestGuardianNeverRegistersTwiceAfterAnUnknownOutcome(t *testing.T) {
	for name, fault := range map[string]anymarkettest.Fault{
		"applied, answer lost":     {Mode: anymarkettest.Reset, Applied: true},
		"applied late":             {Mode: anymarkettest.Hang, Applied: true, After: 5 * time.Minute},
		"gateway timeout, applied": {Status: 504, Body: "<html>", Applied: true},
		"500, not applied":         {Status: 500, Body: `{"code":"500","message":"erro"}`},
		"reset, not applied":       {Mode: anymarkettest.Reset},
	} {
		t.Run(name, func(t *testing.T) {
			guarding(t, opts{}, func(g *guard) {
				id := g.s.AddCallback(ours)
				g.remember()
				g.s.RemoveCallback(id)
				fault.Route = "POST /callbacks"
				g.s.Fail(fault)
				d := g.one(g.repair())
				require.False(g.t, d.Repaired)
				require.Contains(g.t, d.Reason, "not known")
				for range 60 {
					again, err := callback.NewGuardian(g.config) // as after a restart
					require.NoError(g.t, err)
					_, err = again.Repair(g.t.Context())
					require.NoError(g.t, err)
					time.Sleep(10 * time.Second)
				}
				require.Len(g.t, g.s.Callbacks(), 1)
				require.True(g.t, g.check().OK())
				if fault.Applied {
					require.Equal(g.t, 1, g.creations())
				} else {
					require.Equal(g.t, 2, g.creations())
				}
			})
		})
	}
}

func TestGuardianCountsAnewAfterAnOutage(t *testing.T) {
	guarding(t, opts{}, func(g *guard) {
		id := g.s.AddCallback(ours)
		g.remember()
		g.s.RemoveCallback(id)
		// It is queued inside when the maintenance begins, and applied some time after it.
		g.s.Fail(anymarkettest.Fault{Route: "POST /callbacks", Mode: anymarkettest.Reset, Applied: true, After: 4*time.Hour + 10*time.Minute})
		g.repair()
		g.repair()
		time.Sleep(5 * time.Minute)
		g.s.Maintenance(4 * time.Hour)
		_, err := g.Repair(g.t.Context())
		require.Error(g.t, err)
		time.Sleep(4 * time.Hour)
		for range 20 {
			g.repair()
			time.Sleep(time.Minute)
		}
		require.Len(g.t, g.s.Callbacks(), 1)
		require.Equal(g.t, 1, g.creations())
	})
}

// lagging does not list or find what was registered in the last minutes.
type lagging struct {
	api.Callbacks

	lag time.Duration
	mu  sync.Mutex
	at  map[api.ID]time.Time
}

func (l *lagging) hidden(id api.ID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.at[id]) < l.lag
}

func (l *lagging) List(ctx context.Context) iter.Seq2[api.Callback, error] {
	return func(yield func(api.Callback, error) bool) {
		for row, err := range l.Callbacks.List(ctx) {
			if (err != nil || !l.hidden(row.ID)) && !yield(row, err) {
				return
			}
		}
	}
}

func (l *lagging) Get(ctx context.Context, id api.ID) (api.Callback, error) {
	if l.hidden(id) {
		return api.Callback{}, &api.Error{Status: 404, Shape: api.ShapeAPI}
	}
	return l.Callbacks.Get(ctx, id)
}

func (l *lagging) Create(ctx context.Context, c api.Callback) (api.Callback, error) {
	row, err := l.Callbacks.Create(ctx, c)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[row.ID] = time.Now()
	return row, err
}

func TestGuardianWaitsForListsThatLag(t *testing.T) {
	guarding(t, opts{}, func(g *guard) {
		g.config.Registry = &lagging{Callbacks: g.client.Callbacks(), lag: 5 * time.Minute, at: map[api.ID]time.Time{}}
		var err error
		g.Guardian, err = callback.NewGuardian(g.config)
		require.NoError(g.t, err)
		g.s.RemoveCallback(g.s.AddCallback(ours))
		id := g.s.AddCallback(ours)
		g.remember()
		g.s.RemoveCallback(id)
		for range 30 {
			g.repair()
			time.Sleep(20 * time.Second)
		}
		require.Len(g.t, g.s.Callbacks(), 1)
		require.True(g.t, g.check().OK())
	})
}
