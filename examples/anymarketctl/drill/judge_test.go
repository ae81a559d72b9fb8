package drill

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// erp plays an ERP whose client is the test: it notes what the ERP sends, and
// the test decides what reaches ANYMARKET.
type erp struct {
	t       *testing.T
	s       *anymarkettest.Server
	client  *http.Client
	made    family
	records []record
}

func (e *erp) judge() *judge { return newJudge(e.records, look(e.s, e.made, nil)) }

func startERP(t *testing.T) *erp {
	t.Helper()
	s := anymarkettest.New(anymarkettest.Options{Duplicate: http.StatusCreated})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return &erp{t: t, s: s, client: s.Client(), made: familyOrder}
}

// says notes an operation with its receipt.
func (e *erp) says(line string) {
	e.t.Helper()
	o, err := parse([]byte(line))
	require.NoError(e.t, err)
	e.records = append(e.records, record{operation: o, sent: time.Now(), acked: time.Now()})
}

// call makes a request as a client would.
func (e *erp) call(method, path, body string) {
	e.t.Helper()
	req, err := http.NewRequestWithContext(e.t.Context(), method, e.s.URL+path, strings.NewReader(body))
	require.NoError(e.t, err)
	req.Header.Set("gumgaToken", e.s.For("").Token())
	req.Header.Set("Content-Type", "application/json")
	resp, err := e.client.Do(req)
	require.NoError(e.t, err)
	require.NoError(e.t, resp.Body.Close())
}

func (e *erp) stock(quantity int) {
	e.t.Helper()
	e.says(fmt.Sprintf(`{"op":"stock.set","partnerId":"A","quantity":"%d"}`, quantity))
}

func (e *erp) putStock(quantity int) {
	e.t.Helper()
	e.call("PUT", "/stocks", fmt.Sprintf(`[{"partnerId":"A","quantity":%d}]`, quantity))
}

func (e *erp) price(price string) {
	e.t.Helper()
	e.says(fmt.Sprintf(`{"op":"price.set","ad":20,"price":%q,"discountPrice":"1"}`, price))
}

func (e *erp) putPrice(price string) {
	e.t.Helper()
	e.call("PUT", "/skus/marketplaces/prices", fmt.Sprintf(`[{"id":20,"price":%s,"discountPrice":1.00}]`, price))
}

const newOrder = `{"marketPlace":"ECOMMERCE","marketPlaceId":"1","total":"9.90","createdAt":"2024-07-28T01:00:00-03:00"}`

func (e *erp) order() { e.t.Helper(); e.says(`{"op":"order.create","order":` + newOrder + `}`) }

func (e *erp) postOrder() {
	e.t.Helper()
	e.call("POST", "/orders", `{"marketPlace":"ECOMMERCE","marketPlaceId":"1","total":9.9,"createdAt":"2024-07-28T04:00:00Z"}`)
}

// step names its data by one letter, so that two invoices can be told apart.
func (e *erp) step(status, data string) {
	e.t.Helper()
	e.says(`{"op":"order.status","marketplace":"ecommerce","marketPlaceId":"1",` + stepBody(status, data) + `}`)
}

func (e *erp) putStep(status, data string) {
	e.t.Helper()
	orders := e.s.For("").Orders()
	require.NotEmpty(e.t, orders)
	e.call("PUT", fmt.Sprintf("/orders/%d", orders[0].ID), `{`+stepBody(status, data)+`}`)
}

func stepBody(status, data string) string {
	switch status {
	case "INVOICED":
		return `"status":"INVOICED","invoice":{"accessKey":"` + data + `","date":"2024-07-28T01:00:00-03:00"}`
	case "PAID_WAITING_DELIVERY":
		return `"status":"PAID_WAITING_DELIVERY","tracking":{"number":"` + data + `","carrier":"C","shippedDate":"2024-07-28T01:00:00-03:00"}`
	default:
		return `"status":"` + status + `"`
	}
}

// TestJudgeSeesEveryLie plants what a client may get wrong, and each must be
// counted; what is fine must not be.
func TestJudgeSeesEveryLie(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		play func(e *erp)
		want verdict
	}{
		"all well": {func(e *erp) {
			e.stock(5)
			e.stock(3)
			e.putStock(3)
			e.price("9.90")
			e.putPrice("9.9")
			e.order()
			e.postOrder()
			e.step("PAID_WAITING_SHIP", "")
			e.putStep("PAID_WAITING_SHIP", "")
			e.putStep("PAID_WAITING_SHIP", "") // a repeated step harms nobody
			e.step("INVOICED", "K")
			e.putStep("INVOICED", "K")
		}, verdict{}},
		"a stock lost": {func(e *erp) { e.stock(5) }, verdict{lost: 1, staleStock: 1}},
		"the newest stock lost": {func(e *erp) {
			e.stock(5)
			e.putStock(5)
			e.stock(3)
		}, verdict{lost: 1, staleStock: 1}},
		"the newest stock lost, and it looks like one before": {func(e *erp) {
			e.stock(5)
			e.putStock(5)
			e.stock(3)
			e.putStock(3)
			e.stock(5)
		}, verdict{lost: 1, staleStock: 1}},
		"an old stock over a new one": {func(e *erp) {
			e.stock(5)
			e.stock(3)
			e.putStock(3)
			e.putStock(5)
		}, verdict{staleStock: 1}},
		"a cost that was not carried over": {func(e *erp) {
			e.says(`{"op":"stock.set","partnerId":"A","quantity":7,"cost":"1.5"}`)
			e.stock(3)
			e.putStock(3)
		}, verdict{staleStock: 1}},
		"stock at another location": {func(e *erp) {
			e.s.For("").AddLocation(anymarkettest.Location{ID: 2})
			e.says(`{"op":"stock.set","partnerId":"A","stockLocalId":2,"quantity":7}`)
			e.putStock(7)
		}, verdict{lost: 1, staleStock: 1}},
		"stock of another account": {func(e *erp) {
			e.says(`{"op":"stock.set","account":"other","partnerId":"A","quantity":7}`)
			e.putStock(7)
		}, verdict{lost: 1, staleStock: 1}},
		"stock that ANYMARKET refuses": {func(e *erp) {
			e.s.For("").Refuse("A", "blocked")
			e.stock(7)
			e.putStock(7)
		}, verdict{refused: 1}},
		"a refused cost is not carried over": {func(e *erp) {
			e.s.For("").Refuse("A", "blocked")
			e.says(`{"op":"stock.set","partnerId":"A","quantity":7,"cost":"1.5"}`)
			e.call("PUT", "/stocks", `[{"partnerId":"A","quantity":7,"cost":1.5}]`)
			e.s.For("").Refuse("A", "")
			e.stock(3)
			e.putStock(3)
		}, verdict{}},
		"a price that one of two ads refuses": {func(e *erp) {
			e.s.For("").AddAd(anymarkettest.Ad{ID: 20, PartnerID: "A"})
			e.s.For("").AddAd(anymarkettest.Ad{ID: 21, PartnerID: "B"})
			e.s.For("").Refuse("B", "blocked")
			e.price("9.90")
			e.records[0].targets = append(e.records[0].targets, adTarget("", 21))
			e.call("PUT", "/skus/marketplaces/prices", `[{"id":20,"price":9.9,"discountPrice":1},{"id":21,"price":9.9,"discountPrice":1}]`)
			e.putPrice("8")
		}, verdict{refused: 1, stalePrices: 1}},
		"stock that was refused in another value": {func(e *erp) {
			e.s.For("").Refuse("A", "blocked")
			e.stock(7)
			e.putStock(8)
		}, verdict{lost: 1, staleStock: 1}},
		"stock that the client gave up in an outage": {func(e *erp) {
			e.s.Maintenance(time.Hour)
			e.stock(7)
			e.putStock(7)
		}, verdict{lost: 1, staleStock: 1}},
		"a price lost":                {func(e *erp) { e.price("9.90") }, verdict{lost: 1, stalePrices: 1}},
		"an old price over a new one": {func(e *erp) { e.price("9.90"); e.price("8"); e.putPrice("8"); e.putPrice("9.90") }, verdict{stalePrices: 1}},
		"an order lost":               {func(e *erp) { e.order() }, verdict{lost: 1}},
		"an order twice":              {func(e *erp) { e.order(); e.postOrder(); e.postOrder() }, verdict{duplicateOrders: 1}},
		"a creation repeated, which is the first one": {func(e *erp) {
			e.order()
			e.step("PAID_WAITING_SHIP", "")
			e.postOrder()
			e.putStep("PAID_WAITING_SHIP", "")
			e.order()
		}, verdict{}},
		"a repeated creation lost, which is one loss": {func(e *erp) { e.order(); e.order() }, verdict{lost: 1}},
		"a repeated creation with other content": {func(e *erp) {
			e.order()
			e.postOrder()
			e.says(`{"op":"order.create","order":` + strings.Replace(newOrder, "9.90", "9.91", 1) + `}`)
		}, verdict{lost: 1}},
		"an order three times": {func(e *erp) {
			e.order()
			e.postOrder()
			e.postOrder()
			e.postOrder()
		}, verdict{duplicateOrders: 2}},
		"an order without all that it has": {func(e *erp) {
			e.order()
			e.call("POST", "/orders", `{"marketPlace":"ECOMMERCE","marketPlaceId":"1"}`)
		}, verdict{lost: 1}},
		"a step lost": {func(e *erp) {
			e.order()
			e.postOrder()
			e.step("PAID_WAITING_SHIP", "")
			e.step("INVOICED", "K")
			e.putStep("INVOICED", "K")
		}, verdict{lost: 1}},
		"a step with the data of another": {func(e *erp) {
			e.order()
			e.postOrder()
			e.step("INVOICED", "K")
			e.putStep("INVOICED", "L")
		}, verdict{lost: 1}},
		"a step refused because a later one came first": {func(e *erp) {
			e.order()
			e.postOrder()
			e.step("INVOICED", "K")
			e.step("PAID_WAITING_DELIVERY", "T")
			e.putStep("PAID_WAITING_DELIVERY", "T")
			e.putStep("INVOICED", "K")
		}, verdict{lost: 1}},
		"steps in another order, which ANYMARKET does not mind": {func(e *erp) {
			e.order()
			e.postOrder()
			e.step("INVOICED", "K")
			e.step("INVOICED", "L")
			e.putStep("INVOICED", "L")
			e.putStep("INVOICED", "K")
		}, verdict{lost: 1}},
		"a step behind a cancellation, not even sent": {func(e *erp) {
			e.order()
			e.postOrder()
			e.step("CANCELED", "")
			e.putStep("CANCELED", "")
			e.step("INVOICED", "K")
		}, verdict{refused: 1}},
		"a step behind a cancellation that was lost": {func(e *erp) {
			e.order()
			e.postOrder()
			e.step("CANCELED", "")
			e.step("INVOICED", "K")
		}, verdict{lost: 2}},
		"a step that ANYMARKET refuses": {func(e *erp) {
			e.order()
			e.postOrder()
			e.step("CANCELED", "")
			e.putStep("CANCELED", "")
			e.step("INVOICED", "K")
			e.putStep("INVOICED", "K")
		}, verdict{refused: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := startERP(t)
			c.play(e)
			got := e.judge().verdict
			require.Equal(t, got.lost+got.duplicateOrders+got.staleStock+got.stalePrices == 0, len(got.findings) == 0)
			got.findings = nil
			require.Equal(t, c.want, got)
		})
	}
}

// What has no receipt is nobody's loss, and what cannot be right must not have
// one.
func TestJudgeHoldsReceiptsOnly(t *testing.T) {
	t.Parallel()
	e := startERP(t)
	e.stock(5)
	e.records[0].acked = time.Time{}
	require.Empty(t, e.judge().verdict.findings)

	e.records[0].acked, e.records[0].targets = time.Now(), nil
	require.Equal(t, 1, e.judge().verdict.lost)
}

// An effect that comes late counts when it came, and is no excuse for a value
// that is stale then.
func TestJudgeSeesLateEffects(t *testing.T) {
	t.Parallel()
	e := startERP(t)
	e.s.Fail(anymarkettest.Fault{Mode: anymarkettest.GatewayTimeout, Applied: true, After: time.Millisecond})
	e.stock(5)
	e.putStock(5)
	e.stock(3)
	e.putStock(3)
	require.Eventually(t, func() bool { return len(e.s.Effects()) == 2 }, 10*time.Second, time.Millisecond)
	v := e.judge().verdict
	row, _ := e.s.For("").Stock("A", 0)
	require.Equal(t, row.Quantity == "5", v.staleStock == 1, "whichever came last")
	require.Zero(t, v.lost)
}
