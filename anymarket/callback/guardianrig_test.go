package callback_test

import (
	"encoding/json"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/callback"
)

// guard is a guardian of a fake's first account.
type guard struct {
	*callback.Guardian

	t      *testing.T
	s      *anymarkettest.Server
	log    *logged
	config callback.GuardianConfig
	client *api.Client
}

func guarding(t *testing.T, o opts, f func(g *guard)) {
	t.Helper()
	t.Parallel()
	anymarkettest.RunWith(t, o, func(t *testing.T, s *anymarkettest.Server) {
		t.Helper()
		g := &guard{t: t, s: s}
		g.guardianOf(s)
		f(g)
		require.NotContains(t, g.log.String(), secret)
	})
}

// guardianOf makes the guardian of a fake's first account.
func (g *guard) guardianOf(s *anymarkettest.Server) {
	g.t.Helper()
	token, err := api.StaticToken(s.Token())
	require.NoError(g.t, err)
	g.client, err = api.New(api.Config{BaseURL: s.URL, Transport: s.Transport(), Token: token})
	require.NoError(g.t, err)
	g.log = &logged{}
	g.config = callback.GuardianConfig{
		Registry: g.client.Callbacks(), Memory: filepath.Join(g.t.TempDir(), "callbacks.json"),
		Logger: slog.New(slog.NewTextHandler(g.log, nil)),
	}
	g.Guardian, err = callback.NewGuardian(g.config)
	require.NoError(g.t, err)
}

// remember remembers what is registered.
func (g *guard) remember(ids ...api.ID) {
	g.t.Helper()
	_, err := g.Remember(g.t.Context(), ids...)
	require.NoError(g.t, err)
}

// check and repair want to be able to compare, and never show the secret.
func (g *guard) check() callback.Comparison { g.t.Helper(); return g.whole(g.Check(g.t.Context())) }

func (g *guard) repair() callback.Comparison { g.t.Helper(); return g.whole(g.Repair(g.t.Context())) }

func (g *guard) whole(c callback.Comparison, err error) callback.Comparison {
	g.t.Helper()
	require.NoError(g.t, err)
	shown, err := json.Marshal(c)
	require.NoError(g.t, err)
	require.NotContains(g.t, string(shown), secret)
	return c
}

// one is the only difference.
func (g *guard) one(c callback.Comparison) callback.Difference {
	g.t.Helper()
	require.Len(g.t, c.Differences, 1)
	return c.Differences[0]
}

// creations are the attempts to register something.
func (g *guard) creations() int { return g.s.Count("POST /callbacks") }

var ours = anymarkettest.Callback{URL: hookURL, Order: true, Transmission: true}
