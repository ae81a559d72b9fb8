package anymarkettest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// What a maintenance holds back takes effect when it ends, also if that is earlier
// than planned.
func TestEndedMaintenanceHoldsNothingBack(t *testing.T) {
	anymarkettest.Run(t, func(t *testing.T, s *anymarkettest.Server) {
		r := newRig(t, s)
		s.Fail(anymarkettest.Fault{Route: "PUT /stocks", Mode: anymarkettest.Reset, Applied: true, After: time.Minute})
		_, err := r.try(t.Context(), "PUT", "/stocks", `[{"partnerId":"A","quantity":7}]`)
		require.Error(t, err)
		s.Maintenance(4 * time.Hour)
		time.Sleep(10 * time.Minute)
		require.Empty(t, s.Effects())
		s.EndMaintenance()
		effects := s.Effects()
		require.Len(t, effects, 1)
		require.Equal(t, time.Now(), effects[0].At)
	})
}
