package drill

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A step goes out when the one before it has its receipt, so that not both have
// to go again after a kill. Values have no such order.
func TestTruthKnowsWhatComesBefore(t *testing.T) {
	t.Parallel()
	var ops []*operation
	for _, line := range []string{
		`{"op":"order.create","order":{"marketPlace":"ECOMMERCE","marketPlaceId":"1"}}`,
		`{"op":"stock.set","partnerId":"A","quantity":1}`,
		`{"op":"order.status","marketplace":"ecommerce","marketPlaceId":"1","status":"PAID_WAITING_SHIP"}`,
		`{"op":"order.status","account":"x","marketplace":"ECOMMERCE","marketPlaceId":"1","status":"CANCELED"}`,
		`{"op":"stock.set","partnerId":"A","quantity":2}`,
		`{"op":"order.status","marketplace":"ECOMMERCE","marketPlaceId":"1","status":"CANCELED"}`,
		`{"op":"sale.notify","sale":{"marketPlaceId":"1"}}`,
		`{"op":"sale.mark","marketPlaceId":"1","status":"PAID"}`,
	} {
		o, err := parse([]byte(line))
		require.NoError(t, err)
		ops = append(ops, o)
	}
	truth := newTruth(ops)
	var before []int
	for _, r := range truth.all() {
		before = append(before, r.before)
	}
	require.Equal(t, []int{-1, -1, 0, -1, -1, 2, -1, 6}, before)

	require.False(t, truth.isAnswered(0))
	truth.answer(0, time.Now(), "")
	truth.answer(1, time.Now(), "no")
	require.True(t, truth.isAnswered(0))
	require.True(t, truth.isAnswered(1))
}
