package anymarket_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/outbox"
)

// In a window the guardian is kept quiet by the gate; after it, it finds out what
// the window did to the registration, and repairs it.
func TestCallbacksAreGuardedThroughTheGate(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		c := open(t, cfg)
		made, err := c.Callbacks.Create(t.Context(), api.Callback{URL: "https://erp.example/secret-secret-secret", OrderActive: true})
		require.NoError(t, err)
		g, err := callback.NewGuardian(callback.GuardianConfig{Registry: c.Callbacks, Memory: filepath.Join(t.TempDir(), "callbacks.json"), Repair: true})
		require.NoError(t, err)
		n, err := g.Remember(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n)

		s.Maintenance(4 * time.Hour)
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "so that it is closed at once"))
		before := s.Count("GET /callbacks")
		_, err = g.Check(t.Context())
		var closed *outbox.ClosedError
		require.ErrorAs(t, err, &closed)
		_, err = c.Callbacks.Update(t.Context(), made.ID, made)
		require.ErrorAs(t, err, &closed)
		require.Equal(t, before, s.Count("GET /callbacks"))
		s.RemoveCallback(int64(made.ID))
		time.Sleep(4 * time.Hour)
		require.NoError(t, c.Outbox().ResumeAll(t.Context()))
		time.Sleep(time.Hour)

		comparison, err := g.Repair(t.Context())
		require.NoError(t, err)
		require.True(t, comparison.OK(), "%+v", comparison)
		require.Len(t, s.Callbacks(), 1)
	})
}
