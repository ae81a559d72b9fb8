package drill

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/internal/admin"
)

// afterLoss is an ERP whose ANYMARKET lost the newest stock of A, the status of
// order 1 and the whole of order 2, and took an order of its own.
func afterLoss(t *testing.T) (*erp, *loss) {
	t.Helper()
	e := startERP(t)
	e.says(`{"op":"stock.set","partnerId":"A","quantity":5,"cost":"1.5"}`)
	e.call("PUT", "/stocks", `[{"partnerId":"A","quantity":5,"cost":1.5}]`)
	e.order()
	e.postOrder()
	backup := time.Now()
	require.Eventually(t, func() bool { return time.Now().After(backup) }, time.Second, time.Microsecond)
	e.step("PAID_WAITING_SHIP", "")
	e.putStep("PAID_WAITING_SHIP", "")
	e.says(`{"op":"order.create","order":{"marketPlace":"ECOMMERCE","marketPlaceId":"2"}}`)
	e.postSecond()
	e.stock(3)
	e.call("PUT", "/stocks", `[{"partnerId":"A","quantity":3,"cost":1.5}]`)
	l := lose(e.s, []string{""}, backup)
	require.NotNil(t, l)
	return e, l
}

func (e *erp) postSecond() {
	e.t.Helper()
	e.call("POST", "/orders", `{"marketPlace":"ECOMMERCE","marketPlaceId":"2"}`)
}

// mend makes all good.
func (e *erp) mend() {
	e.t.Helper()
	e.call("PUT", "/stocks", `[{"partnerId":"A","quantity":3,"cost":1.5}]`)
	e.putStep("PAID_WAITING_SHIP", "")
	e.postSecond()
}

// rightly is what a recheck has to say.
func rightly() []admin.Difference {
	return []admin.Difference{
		{Action: actionAdvance, Marketplace: "ECOMMERCE", MarketplaceID: "1"},
		{Action: actionRepush, Marketplace: "ECOMMERCE", MarketplaceID: "2"},
		{Action: actionImport, Marketplace: "MERCADO_LIVRE", MarketplaceID: "of its own"},
	}
}

func TestLossIsWhatWasThere(t *testing.T) {
	t.Parallel()
	e, l := afterLoss(t)
	require.Equal(t, differences{
		stock:    map[target]bool{{familyStock, "", "A@1"}: true},
		orders:   map[target]bool{{familyOrder, "", "ECOMMERCE/2"}: true},
		statuses: map[target]bool{{familyOrder, "", "ECOMMERCE/1"}: true},
	}, l.gone)
	require.Equal(t, map[target]bool{{familyOrder, "", "MERCADO_LIVRE/of its own"}: true}, l.own)
	require.Len(t, l.known(), 2)
	require.Len(t, l.agreed.orders, 3)

	require.Nil(t, lose(e.s, []string{""}, time.Now()), "nothing is gone since")
	require.Len(t, e.s.For("").Orders(), 2, "and no order came")
}

// Some of the stock and some of the orders are younger than the backup.
func TestBackup(t *testing.T) {
	t.Parallel()
	began := time.Now()
	at := func(n int) time.Time { return began.Add(time.Duration(n) * time.Minute) }
	var done []anymarkettest.Effect
	add := func(kind anymarkettest.EffectKind, request, n int, key, value string) {
		done = append(done, anymarkettest.Effect{Kind: kind, Request: request, At: at(n), Key: key, Value: value})
	}
	require.False(t, backupOf(nil).Before(began))
	add(anymarkettest.OrderCreated, 0, -99, "1", "x")
	require.False(t, backupOf(done).Before(began), "what it had before is not lost")
	add(anymarkettest.AdPriceSet, 1, -98, "20", "9")
	add(anymarkettest.StockSet, 2, -97, "A", "1")
	add(anymarkettest.StockSet, 3, -96, "A", "2")
	add(anymarkettest.StockSet, 4, -95, "A", "2")
	require.Equal(t, at(-96).Add(-1), backupOf(done), "it has been 2 since then")
	add(anymarkettest.OrderChanged, 5, -94, "1", "y")
	require.Equal(t, at(-96).Add(-1), backupOf(done), "orders are lost as well")
	for n := range 2 * lostPart {
		add(anymarkettest.StockSet, 6, n-60, fmt.Sprint(n), "1")
	}
	require.Equal(t, at(-94).Add(-1), backupOf(done))
	for n := range 2 * lostPart {
		add(anymarkettest.OrderCreated, 7, n-60, fmt.Sprint(10+n), "x")
	}
	require.Equal(t, at(2*lostPart-1-2-60).Add(-1), backupOf(done))
}

// TestJudgeSeesEveryBadRepair plants what can go wrong when a loss is made good,
// and each must be counted; what is fine must not be.
func TestJudgeSeesEveryBadRepair(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		play  func(e *erp, m *repair)
		found []admin.Difference
		want  verdict
	}{
		"all well": {func(e *erp, _ *repair) { e.mend() }, rightly(), verdict{}},
		"stock not sent again": {func(e *erp, _ *repair) {
			e.putStep("PAID_WAITING_SHIP", "")
			e.postSecond()
		}, rightly(), verdict{staleStock: 1, leftDifferent: 1}},
		"stock without its cost": {func(e *erp, _ *repair) {
			e.mend()
			e.call("PUT", "/stocks", `[{"partnerId":"A","quantity":3,"cost":2}]`)
		}, rightly(), verdict{staleStock: 1, leftDifferent: 1}},
		"an order not sent again": {func(e *erp, _ *repair) {
			e.call("PUT", "/stocks", `[{"partnerId":"A","quantity":3,"cost":1.5}]`)
			e.putStep("PAID_WAITING_SHIP", "")
		}, rightly(), verdict{leftDifferent: 1}},
		"an order sent twice": {func(e *erp, _ *repair) {
			e.mend()
			e.postSecond()
		}, rightly(), verdict{duplicateOrders: 1}},
		"a step not sent again": {func(e *erp, _ *repair) {
			e.call("PUT", "/stocks", `[{"partnerId":"A","quantity":3,"cost":1.5}]`)
			e.postSecond()
		}, rightly(), verdict{leftDifferent: 1}},
		"an order that still differs": {func(e *erp, m *repair) {
			e.mend()
			m.left = []rechecked{{differences: rightly()[:1]}}
		}, rightly(), verdict{leftDifferent: 1}},
		"nothing named": {func(e *erp, _ *repair) { e.mend() }, nil, verdict{misnamed: 3}},
		"named wrongly": {
			func(e *erp, _ *repair) { e.mend() },
			append(rightly()[:2], admin.Difference{Action: actionAdvance, Marketplace: "MERCADO_LIVRE", MarketplaceID: "of its own"}),
			verdict{misnamed: 1},
		},
		"named though it is the same": {
			func(e *erp, _ *repair) { e.mend() },
			append(rightly(), admin.Difference{Action: "look", ID: 7}),
			verdict{misnamed: 1},
		},
		"a live change": {func(e *erp, m *repair) {
			e.mend()
			e.live(m, 9)
			e.putStock(9)
			e.call("PUT", "/stocks", `[{"partnerId":"A","quantity":9,"cost":1.5}]`)
		}, rightly(), verdict{}},
		"a live change overwritten": {func(e *erp, m *repair) {
			e.live(m, 9)
			e.putStock(9)
			e.mend()
		}, rightly(), verdict{overwritten: 1, staleStock: 1}},
		"a live change overwritten for a while": {func(e *erp, m *repair) {
			e.live(m, 9)
			e.putStock(9)
			e.mend()
			e.call("PUT", "/stocks", `[{"partnerId":"A","quantity":9,"cost":1.5}]`)
		}, rightly(), verdict{overwritten: 1}},
		"a live change that makes the rest forgotten": {func(e *erp, m *repair) {
			e.mend()
			e.live(m, 9)
			e.call("PUT", "/stocks", `[{"partnerId":"A","quantity":9,"cost":2}]`)
		}, rightly(), verdict{staleStock: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, l := afterLoss(t)
			m := &repair{found: []rechecked{{differences: c.found}}}
			c.play(e, m)
			j := newJudge(e.records, look(e.s, e.made, l))
			j.repaired(l, m, holdingsOf(e.s))
			got := j.verdict
			findings := got.findings
			got.findings = nil
			require.Equal(t, c.want, got)
			require.Equal(t, reflect.DeepEqual(got, verdict{}), len(findings) == 0)
		})
	}
}

// live is a change while the loss is made good.
func (e *erp) live(m *repair, quantity int) {
	e.t.Helper()
	m.live = append(m.live, len(e.records))
	e.stock(quantity)
}

// What a step follows is what ANYMARKET lacks, but for what it refused.
func TestStepsThatGoAgain(t *testing.T) {
	t.Parallel()
	e := startERP(t)
	e.order()
	e.postOrder()
	for _, status := range []string{"PAID_WAITING_SHIP", "INVOICED", "CANCELED"} {
		e.step(status, "K")
		e.putStep(status, "K")
	}
	e.step("PAID_WAITING_SHIP", "")
	e.putStep("PAID_WAITING_SHIP", "")
	e.says(`{"op":"order.status","marketplace":"ECOMMERCE","marketPlaceId":"other","status":"CANCELED"}`)
	j := e.judge()
	again := func(there string) (statuses []string) {
		for _, o := range j.stepsAfter(target{familyOrder, "", "ECOMMERCE/1"}, api.OrderStatus(there)) {
			statuses = append(statuses, string(o.said.Status))
		}
		return statuses
	}
	require.Equal(t, []string{"PAID_WAITING_SHIP", "INVOICED", "CANCELED"}, again(""))
	require.Equal(t, []string{"INVOICED", "CANCELED"}, again("PAID_WAITING_SHIP"))
	require.Empty(t, again("CANCELED"))
}

// The live changes are of stock that was lost, in quantities that no other has.
func TestLiveChanges(t *testing.T) {
	t.Parallel()
	e := startERP(t)
	gone := map[target]bool{}
	for i := range 7 {
		e.says(`{"op":"stock.set","account":"x","partnerId":"` + string(rune('A'+i)) + `","stockLocalId":2,"quantity":1,"cost":3}`)
		gone[e.records[i].targets[0]] = i > 0
	}
	e.says(`{"op":"stock.set","account":"x","partnerId":"B","stockLocalId":2,"quantity":2}`)
	l := &loss{gone: differences{stock: gone}}
	ops, err := l.live(e.records, func(n int) time.Duration { return time.Duration(n) })
	require.NoError(t, err)
	require.Len(t, ops, 2)
	for i, o := range ops {
		require.Equal(t, time.Duration(i), o.at)
		require.True(t, gone[o.targets[0]])
		require.False(t, o.said.Cost.IsSet())
		require.Equal(t, "x", o.account)
	}
	require.NotEqual(t, ops[0].said.Quantity, ops[1].said.Quantity)
}
