package callback_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/callback"
)

func TestGuardianRepairsWhatIsMissingOrChanged(t *testing.T) {
	guarding(t, opts{}, func(g *guard) {
		_, err := g.Check(g.t.Context())
		require.ErrorIs(g.t, err, callback.ErrNothingRemembered)
		_, err = g.Remember(g.t.Context())
		require.ErrorIs(g.t, err, callback.ErrNothingRegistered)
		id := g.s.AddCallback(ours)
		other := g.s.AddCallback(anymarkettest.Callback{URL: "https://shop.test/hook", Product: true, Token: "account-token"})
		g.remember()
		stored, err := os.ReadFile(g.config.Memory)
		require.NoError(g.t, err)
		require.NotContains(g.t, string(stored), "account-token")
		info, err := os.Stat(g.config.Memory)
		require.NoError(g.t, err)
		require.Equal(g.t, os.FileMode(0o600), info.Mode().Perm())
		require.Equal(g.t, callback.Comparison{At: time.Now().UTC(), Listed: true, Remembered: 2}, g.check())

		g.s.RemoveCallback(id)
		d := g.one(g.check())
		require.Equal(g.t, callback.Missing, d.Kind)
		require.Equal(g.t, "https://erp.test/[hidden]", d.Address)
		require.False(g.t, d.Repaired)
		require.Zero(g.t, g.creations(), "a check changes nothing")
		c := g.repair()
		d = g.one(c)
		require.True(g.t, d.Repaired, d.Reason)
		require.True(g.t, c.OK())
		now := g.s.Callbacks()
		require.Len(g.t, now, 2)
		want := ours
		want.ID = now[1].ID
		require.Equal(g.t, want, now[1])
		require.Equal(g.t, api.ID(want.ID), d.ID)
		require.True(g.t, g.check().OK())

		changed := anymarkettest.Callback{ID: want.ID, URL: "https://elsewhere.test/", Question: true}
		g.s.AddCallback(changed)
		d = g.one(g.check())
		require.Equal(g.t, callback.Changed, d.Kind)
		require.Equal(g.t, []string{"url", "orderActive", "transmissionActive", "questionActive"}, d.Fields)
		require.True(g.t, g.one(g.repair()).Repaired)
		require.Equal(g.t, want, g.s.Callbacks()[1])

		// A token is kept where it is when something else is put right.
		g.s.AddCallback(anymarkettest.Callback{ID: other, URL: "https://shop.test/hook", Token: "account-token"})
		require.True(g.t, g.one(g.repair()).Repaired)
		require.Equal(g.t, anymarkettest.Callback{ID: other, URL: "https://shop.test/hook", Product: true, Token: "account-token"}, g.s.Callbacks()[0])
		g.s.RemoveCallback(other)
		d = g.one(g.repair())
		require.False(g.t, d.Repaired)
		require.Contains(g.t, d.Reason, "a token, which is not kept")
		require.Equal(g.t, 1, g.creations())
	})
}

func TestGuardianTurnsOnWhatAnymarketTurnedOff(t *testing.T) {
	guarding(t, opts{CallbackDisableAfter: 1}, func(g *guard) {
		g.s.AddCallback(ours)
		g.remember()
		g.s.AddOrder(`{}`) // nobody takes it
		time.Sleep(10 * time.Minute)
		require.True(g.t, g.s.Callbacks()[0].Disabled)
		d := g.one(g.repair())
		require.Equal(g.t, []string{"orderActive", "transmissionActive"}, d.Fields)
		require.True(g.t, d.Repaired)
		require.False(g.t, g.s.Callbacks()[0].Disabled)
	})
}

func TestGuardianFollowsWhatWasRegisteredAgain(t *testing.T) {
	guarding(t, opts{}, func(g *guard) {
		id := g.s.AddCallback(ours)
		g.remember()
		g.s.RemoveCallback(id)
		again := ours
		again.URL = strings.Replace(hookURL, "erp.test", "ERP.test", 1) + "/"
		id = g.s.AddCallback(again)
		require.Empty(g.t, g.check().Differences)
		added := g.s.AddCallback(anymarkettest.Callback{URL: "https://new.test/x"})
		double := g.s.AddCallback(ours)
		c := g.repair()
		require.Len(g.t, c.Differences, 2)
		require.Equal(g.t, callback.Doubled, c.Differences[0].Kind)
		require.Equal(g.t, api.ID(double), c.Differences[0].ID)
		require.Equal(g.t, callback.Added, c.Differences[1].Kind)
		require.Equal(g.t, api.ID(added), c.Differences[1].ID)
		require.False(g.t, c.OK())
		require.Len(g.t, g.s.Callbacks(), 3, "nothing is removed")
		g.s.RemoveCallback(id)
		g.s.RemoveCallback(added)
		require.Empty(g.t, g.check().Differences)
		older := ours
		older.ID = 7
		g.s.AddCallback(older)
		require.Equal(g.t, api.ID(7), g.one(g.check()).ID, "the one that is remembered is not the one too many")
		require.Zero(g.t, g.creations())
	})
}

func TestGuardianWithoutAListCreatesNothing(t *testing.T) {
	for _, status := range []int{404, 405, 500} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			guarding(t, opts{CallbackListing: status}, func(g *guard) {
				id := g.s.AddCallback(ours)
				_, err := g.Remember(g.t.Context())
				require.Error(g.t, err)
				_, err = g.Remember(g.t.Context(), 1)
				require.Error(g.t, err)
				g.remember(api.ID(id))
				c := g.check()
				require.True(g.t, c.OK())
				require.False(g.t, c.Listed)

				g.s.AddCallback(anymarkettest.Callback{ID: id, URL: hookURL})
				require.True(g.t, g.one(g.repair()).Repaired)
				require.True(g.t, g.s.Callbacks()[0].Order)

				g.s.AddCallback(anymarkettest.Callback{ID: id, URL: "https://elsewhere.test/", Order: true, Transmission: true})
				d := g.one(g.repair())
				require.False(g.t, d.Repaired)
				require.Contains(g.t, d.Reason, "may be registered elsewhere")

				g.s.RemoveCallback(id)
				g.s.AddCallback(ours) // by somebody else, and not to be seen
				d = g.one(g.repair())
				require.Equal(g.t, callback.Missing, d.Kind)
				require.False(g.t, d.Repaired)
				require.Contains(g.t, d.Reason, "the list cannot be read")
				require.Zero(g.t, g.creations())
			})
		})
	}
}

// Pages that repeat, and lists that break off, are no lists.
func TestGuardianDoesNotTrustHalfAList(t *testing.T) {
	guarding(t, opts{IgnoreFilters: []string{"offset"}}, func(g *guard) {
		var ids []api.ID
		for range 99 {
			g.s.AddCallback(anymarkettest.Callback{URL: "https://other.test/" + time.Now().String()})
			time.Sleep(time.Second)
		}
		for _, at := range []string{"/a", "/b", "/c"} {
			ids = append(ids, api.ID(g.s.AddCallback(anymarkettest.Callback{URL: hookURL + at, Order: true})))
		}
		g.remember(ids...)
		g.s.RemoveCallback(int64(ids[2]))
		c := g.repair()
		require.False(g.t, c.Listed)
		require.False(g.t, g.one(c).Repaired)
		require.Zero(g.t, g.creations())
	})
	t.Run("down", func(t *testing.T) {
		guarding(t, opts{}, func(g *guard) {
			g.s.RemoveCallback(g.s.AddCallback(ours))
			g.s.AddCallback(ours)
			g.remember()
			g.s.Maintenance(time.Hour)
			_, err := g.Repair(g.t.Context())
			require.Error(g.t, err, "nothing can be said")
			require.Zero(g.t, g.creations())
		})
	})
}

func TestGuardianRefusedByAnymarket(t *testing.T) {
	guarding(t, opts{}, func(g *guard) {
		id := g.s.AddCallback(ours)
		g.remember()
		g.s.RemoveCallback(id)
		g.s.Fail(anymarkettest.Fault{Route: "POST /callbacks", Status: 422, Body: `{"code":"422","message":"url ` + hookURL + ` inv\u00e1lida"}`})
		d := g.one(g.repair())
		require.False(g.t, d.Repaired)
		require.Contains(g.t, d.Reason, "422")
		require.True(g.t, g.one(g.repair()).Repaired, "it is known not to be there, so nothing is waited for")
		id = g.s.Callbacks()[0].ID
		g.s.AddCallback(anymarkettest.Callback{ID: id, URL: hookURL})
		g.s.Fail(anymarkettest.Fault{Route: "PUT /callbacks/{id}", Status: 503})
		require.Contains(g.t, g.one(g.repair()).Reason, "503")
		require.True(g.t, g.one(g.repair()).Repaired)

		g.s.RemoveCallback(id)
		g.s.Fail(anymarkettest.Fault{Route: "GET /callbacks/{id}", Status: 503})
		require.Contains(g.t, g.one(g.repair()).Reason, "503")
		require.Equal(g.t, 2, g.creations())
	})
}

func TestGuardiansOfOneMemoryTakeTurns(t *testing.T) {
	guarding(t, opts{Latency: time.Second}, func(g *guard) {
		id := g.s.AddCallback(ours)
		g.remember()
		g.s.RemoveCallback(id)
		var wg sync.WaitGroup
		errs := make([]error, 10)
		for i := range errs {
			other, err := callback.NewGuardian(g.config)
			require.NoError(g.t, err)
			wg.Go(func() { _, errs[i] = other.Repair(g.t.Context()) })
		}
		wg.Wait()
		require.NoError(g.t, errors.Join(errs...))
		require.Equal(g.t, 1, g.creations())
		g.s.Fail(anymarkettest.Fault{Route: "GET /callbacks", Mode: anymarkettest.Hang})
		wg.Go(func() { _, _ = g.Check(g.t.Context()) })
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(g.t.Context(), time.Second)
		defer cancel()
		_, err := g.Check(ctx)
		require.ErrorIs(g.t, err, context.DeadlineExceeded)
		require.ErrorContains(g.t, err, "another guardian")
		wg.Wait()
	})
}

func TestGuardianRuns(t *testing.T) {
	guarding(t, opts{}, func(g *guard) {
		var seen []callback.Comparison
		g.config.Repair = true
		g.config.Observer = func(c callback.Comparison) { seen = append(seen, c) }
		var err error
		g.Guardian, err = callback.NewGuardian(g.config)
		require.NoError(g.t, err)
		ctx, cancel := context.WithCancel(g.t.Context())
		done := make(chan error, 1)
		go func() { done <- g.Run(ctx) }()
		time.Sleep(time.Second)
		require.Contains(g.t, g.log.String(), "no callbacks are registered")
		id := g.s.AddCallback(ours)
		time.Sleep(time.Hour)
		require.Contains(g.t, g.log.String(), "callbacks remembered")
		time.Sleep(30 * time.Minute)
		g.s.Maintenance(4 * time.Hour)
		g.s.RemoveCallback(id)
		time.Sleep(4*time.Hour - time.Second)
		require.Empty(g.t, g.s.Callbacks())
		time.Sleep(time.Minute + 2*time.Second)
		require.Len(g.t, g.s.Callbacks(), 1, "soon after the maintenance")
		g.s.RemoveCallback(g.s.Callbacks()[0].ID)
		time.Sleep(time.Minute)
		require.Empty(g.t, g.s.Callbacks(), "the next hour has not come")
		g.Wake()
		g.Wake()
		time.Sleep(10 * time.Minute)
		require.Len(g.t, g.s.Callbacks(), 1)
		require.Contains(g.t, g.log.String(), "kind=missing")
		cancel()
		require.NoError(g.t, <-done)
		repaired := slices.ContainsFunc(seen, func(c callback.Comparison) bool { return len(c.Differences) == 1 && c.OK() })
		require.True(g.t, repaired)
	})
}

func TestGuardianWithADamagedMemory(t *testing.T) {
	guarding(t, opts{}, func(g *guard) {
		g.s.AddCallback(ours)
		g.remember()
		for _, content := range []string{"", "{", `{"format":2}`} {
			require.NoError(g.t, os.WriteFile(g.config.Memory, []byte(content), 0o600))
			_, err := g.Repair(g.t.Context())
			require.Error(g.t, err)
			kept, err := os.ReadFile(g.config.Memory)
			require.NoError(g.t, err)
			require.Equal(g.t, content, string(kept))
		}
		g.remember()
		require.True(g.t, g.check().OK())
		_, err := callback.NewGuardian(callback.GuardianConfig{Interval: -1, LateApply: -1})
		var bad *api.FieldError
		require.ErrorAs(g.t, err, &bad)
		require.ErrorContains(g.t, err, "Memory")
	})
}

func TestGuardianKeepsWhatItFound(t *testing.T) {
	guarding(t, opts{}, func(g *guard) {
		_, err := g.History()
		require.ErrorIs(g.t, err, callback.ErrNothingRemembered)
		id := g.s.AddCallback(ours)
		g.remember()
		var want []callback.Comparison
		kept := func(c callback.Comparison) {
			g.t.Helper()
			want = append(want, c)
			got, err := g.History()
			require.NoError(g.t, err)
			require.Equal(g.t, want, got)
			time.Sleep(time.Minute)
		}
		g.check() // all is well, and was
		g.s.RemoveCallback(id)
		kept(g.check())
		g.check()
		kept(g.repair())
		kept(g.check())
		g.check()
		for range 2 {
			g.s.AddCallback(anymarkettest.Callback{ID: g.s.Callbacks()[0].ID, URL: hookURL})
			kept(g.repair())
		}
		g.remember()
		kept(g.check())
		for range 200 {
			g.s.AddCallback(anymarkettest.Callback{ID: g.s.Callbacks()[0].ID, URL: hookURL})
			g.repair()
		}
		got, err := g.History()
		require.NoError(g.t, err)
		require.Len(g.t, got, 100)
	})
}

func TestGuardianDoesNotCallWhatItCannotRecord(t *testing.T) {
	guarding(t, opts{}, func(g *guard) {
		id := g.s.AddCallback(ours)
		g.remember()
		g.s.RemoveCallback(id)
		require.NoError(g.t, os.Mkdir(g.config.Memory+".new", 0o700)) // in the way of saving
		_, err := g.Repair(g.t.Context())
		require.ErrorContains(g.t, err, "save memory")
		require.Zero(g.t, g.creations())
	})
}
