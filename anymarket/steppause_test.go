package anymarket_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// A step that a gateway refuses again and again, while reads are answered, goes
// again with pauses, and at once when it can.
func TestStepThatIsNotTakenGoesAgainWithPauses(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		id := s.AddOrder(`{}`)
		s.Fail(anymarkettest.Fault{Mode: anymarkettest.BadGateway, Route: "PUT /orders/{id}", Times: -1})
		r, err := c.Orders.SetStatus(t.Context(), anymarket.OrderKey{ID: anymarket.ID(id)}, api.OrderUpdate{Status: api.StatusPaid})
		require.NoError(t, err)
		time.Sleep(time.Hour)
		require.Equal(t, outbox.Waiting, state(t, r))
		require.Less(t, s.Count("PUT /orders/{id}"), 200)
		require.Greater(t, s.Count("PUT /orders/{id}"), 100)
		s.Heal()
		healed := time.Now()
		require.NoError(t, r.Wait(t.Context()))
		require.Less(t, time.Since(healed), time.Minute)
	})
}
