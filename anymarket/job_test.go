package anymarket_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

func TestALoadOfANameRunsOnce(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		load := func(c *anymarket.Client, name string) error {
			_, err := c.Stock.Reload(t.Context(), anymarket.Reload{Name: name, Source: snapshot(1, 5)})
			return err
		}
		recheck := func(name string) error {
			now := time.Now()
			_, err := c.Orders.Recheck(t.Context(), anymarket.Recheck{
				Name: name, From: now.Add(-time.Hour), To: now,
				Found: func(context.Context, anymarket.Difference) error { return nil },
			})
			return err
		}
		_, err := c.Stock.Reload(t.Context(), anymarket.Reload{Name: "night", Source: func(context.Context, string) iter.Seq2[anymarket.Row, error] {
			return func(func(anymarket.Row, error) bool) {
				require.ErrorIs(t, load(c, "night"), anymarket.ErrRunning)
				require.NoError(t, load(c, "another"))
				require.NoError(t, load(c.For("b"), "night"), "of another account")
				require.NoError(t, recheck("night"), "another job")
			}
		}})
		require.NoError(t, err)
		require.NoError(t, load(c, "night"))
		require.NoError(t, recheck("night"))
	})
}
