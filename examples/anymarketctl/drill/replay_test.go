package drill

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Two batches of stock, one of prices, an order and a step are owed; what was
// delivered before the end, or accepted after it, is not.
func TestReplayCountsWhatWasOwed(t *testing.T) {
	t.Parallel()
	e := startERP(t)
	e.says(`{"op":"stock.set","partnerId":"EARLY","quantity":1}`)
	e.call("PUT", "/stocks", `[{"partnerId":"EARLY","quantity":1}]`)
	for i := range batch + 1 {
		e.says(fmt.Sprintf(`{"op":"stock.set","partnerId":"S%d","quantity":1}`, i))
		e.says(fmt.Sprintf(`{"op":"stock.set","partnerId":"S%d","quantity":2}`, i))
	}
	e.price("9.90")
	e.order()
	e.order() // again, which is the same
	e.step("INVOICED", "K")
	end := time.Now()
	e.says(`{"op":"stock.set","partnerId":"LIVE","quantity":1}`)

	first, second := "", ""
	for i := range batch + 1 {
		item := fmt.Sprintf(`{"partnerId":"S%d","quantity":2}`, i)
		if i < batch {
			first += "," + item
		} else {
			second = item
		}
	}
	e.call("PUT", "/stocks", "["+first[1:]+"]")
	e.call("PUT", "/stocks", "["+second+"]")
	e.call("PUT", "/stocks", `[{"partnerId":"LIVE","quantity":1}]`) // not counted
	e.call("PUT", "/stocks", "["+second+"]")                        // nor what repeats an answered call
	e.postOrder()
	e.putStep("INVOICED", "K")
	e.putPrice("9.9")

	j := e.judge()
	require.Empty(t, j.verdict.findings)
	r := j.replay(end)
	require.Equal(t, 2+1+1+1, r.leastPossible)
	require.Equal(t, 2+1+1+1, r.calls)
	require.True(t, r.until.After(end))
}

// A call that was not answered has to be made again, and that counts.
func TestReplayCountsRepeatedCalls(t *testing.T) {
	t.Parallel()
	e := startERP(t)
	e.stock(7)
	end := time.Now()
	e.s.Maintenance(50 * time.Millisecond)
	e.putStock(7)
	require.Eventually(t, func() bool { _, down := e.s.Down(); return !down }, 10*time.Second, time.Millisecond)
	e.putStock(7)
	r := e.judge().replay(end)
	require.Equal(t, 1, r.leastPossible)
	require.Equal(t, 2, r.calls)
}

// What was owed may be served by a newer value; the replay lasts until then.
func TestReplayEndsWithNewerValues(t *testing.T) {
	t.Parallel()
	e := startERP(t)
	e.stock(7)
	end := time.Now()
	e.stock(9)
	e.putStock(9)
	e.putStock(9)
	r := e.judge().replay(end)
	require.Equal(t, 1, r.leastPossible)
	require.Equal(t, 1, r.calls)
	require.True(t, r.until.After(end))
}

func TestReplayOfNothing(t *testing.T) {
	t.Parallel()
	e := startERP(t)
	end := time.Now()
	require.Equal(t, replay{until: end}, newJudge(nil, look(e.s, familyOrder, nil)).replay(end))
}
