package anymarket_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

// While a window holds nobody can say that a token is accepted again. What is
// handed over to the program itself asks for none and proves nothing.
func TestSuspensionOutlastsAWindow(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg, start := config(t, s), time.Now().Add(time.Minute)
		var err error
		cfg.Windows, err = maintenance.New(maintenance.Window{Start: start, End: start.Add(time.Hour)})
		require.NoError(t, err)
		s.MaintenanceAt(start, time.Hour)
		c := open(t, cfg)
		s.Revoke()
		_, err = c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: "SKU-1", Quantity: anymarket.Qty(1)})
		require.NoError(t, err)
		require.NoError(t, c.Close())
		c = open(t, cfg) // with all hosts that the account has
		for range 70 {
			time.Sleep(time.Minute)
			require.True(t, c.Outbox().IsSuspended(""), time.Since(start))
		}
	})
}
