package marketplace_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
	"github.com/anymarket-go/sdk/outbox"
)

// tokens are those of the fake's accounts.
func tokens(s *anymarkettest.Server) marketplace.TokenSource {
	return func(_ context.Context, account string) (string, error) { return s.For(account).Token(), nil }
}

// A seller whose token is refused waits, the others do not.
func TestSellerWhoseTokenIsRefused(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		gone := s.For("gone")
		cfg.Token, cfg.Tokens = "", func(ctx context.Context, account string) (string, error) {
			if account == "gone" && gone.Token() == "" {
				return "old", nil
			}
			return tokens(s)(ctx, account)
		}
		gone.Revoke()
		c := open(t, cfg)
		waiting, err := c.For("gone").Sales.Notify(t.Context(), sale("S-1"))
		require.NoError(t, err)
		require.NoError(t, notify(t, c.For("shop"), sale("S-1")))
		time.Sleep(time.Hour)
		require.Equal(t, outbox.Waiting, state(t, waiting))
		require.Equal(t, []string{"gone"}, c.Outbox().Stats().Suspended)
		require.NoError(t, notify(t, c.For("shop"), sale("S-2")))
		gone.SetToken("new")
		time.Sleep(10 * time.Second)
		require.Equal(t, outbox.Done, state(t, waiting))
	})
}

func TestWrongAppID(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		cfg.AppID = "other"
		c := open(t, cfg)
		r, err := c.Sales.Notify(t.Context(), sale("S-1"))
		require.NoError(t, err)
		time.Sleep(time.Hour)
		require.Equal(t, outbox.Waiting, state(t, r), "it is kept")
		require.NotEmpty(t, c.Outbox().Stats().Suspended)
	})
}

// Reads fail at once in a window, with the reason, or wait.
func TestReadsInAWindow(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		s.Maintenance(time.Hour)
		_, err := c.Sales.Notify(t.Context(), sale("S-1")) // finds out
		require.NoError(t, err)
		time.Sleep(5 * time.Minute)
		_, err = c.Configurations(t.Context())
		var closed *outbox.ClosedError
		require.ErrorAs(t, err, &closed)
		require.NotEmpty(t, closed.Reason)
		start := time.Now()
		_, err = c.Waiting().Configurations(t.Context())
		require.NoError(t, err)
		require.Greater(t, time.Since(start), 50*time.Minute)
	})
}
