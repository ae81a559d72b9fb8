package drill

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/admin"
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
	truth.answer(0, time.Now(), refusal{})
	truth.answer(1, time.Now(), refusal{Error: "no", Code: admin.CodeInvalid})
	require.True(t, truth.isAnswered(0))
	require.True(t, truth.isAnswered(1))
}

// What is refused for a fault of its own needs nothing more; else the client did
// not take what it should have.
func TestTruthKnowsWhatWasNotTheOperationsFault(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		op    string
		code  admin.Code
		fault bool
	}{
		{opStock, admin.CodeInvalid, true},
		{opStock, admin.CodeAddressing, true},
		{opCreate, admin.CodeConflict, true},
		{opCreate, admin.CodeTooLarge, true},
		{opStatus, admin.CodeState, true},
		{opMark, admin.CodeState, true},
		{opCreate, admin.CodeState, false},
		{opStock, admin.CodeFull, false},
		{opStock, admin.CodeClosed, false},
		{opStock, admin.CodeUnknown, false},
		{opStock, admin.CodeInternal, false},
		{opStock, "", false},
	} {
		truth := newTruth([]*operation{{op: c.op}})
		require.False(t, truth.hasUnstored())
		truth.answer(0, time.Now(), refusal{Error: "no", Code: c.code})
		require.Equal(t, !c.fault, truth.hasUnstored(), "%s of %s", c.code, c.op)
	}
}
