package drill

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// market plays a marketplace as erp plays an ERP.
type market struct{ *erp }

func startMarket(t *testing.T) *market {
	t.Helper()
	m := &market{startERP(t)}
	m.made = familySale
	return m
}

// call makes a request as the client of a seller would.
func (m *market) call(method, path, body string) {
	m.t.Helper()
	req, err := http.NewRequestWithContext(m.t.Context(), method, m.s.MarketplaceURL()+path, strings.NewReader(body))
	require.NoError(m.t, err)
	req.Header.Set("appId", m.s.AppID())
	req.Header.Set("token", m.s.For("").Token())
	req.Header.Set("Content-Type", "application/json")
	resp, err := m.client.Do(req)
	require.NoError(m.t, err)
	require.NoError(m.t, resp.Body.Close())
}

const newSale = `{"marketPlaceId":"S 1","status":"PENDING","total":"9.90","createdAt":"2024-07-28T01:00:00-03:00"}`

func (m *market) sale() { m.t.Helper(); m.says(`{"op":"sale.notify","sale":` + newSale + `}`) }

func (m *market) postSale() {
	m.t.Helper()
	m.call("POST", "/orders", `{"marketPlaceId":"S 1","status":"PENDING","total":9.9,"createdAt":"2024-07-28T04:00:00Z"}`)
}

func (m *market) paid() {
	m.t.Helper()
	m.says(`{"op":"sale.mark","marketPlaceId":"S 1","status":"PAID","paid":{"date":"2024-07-28T01:00:00-03:00"}}`)
}

func (m *market) putPaid() {
	m.t.Helper()
	m.call("PUT", "/orders/S%201/markAsPaid", `{"date":"2024-07-28T04:00:00Z"}`)
}

func (m *market) shipped(number string) {
	m.t.Helper()
	m.says(`{"op":"sale.mark","marketPlaceId":"S 1","status":"SHIPPED","shipped":{"shippedDate":"2024-07-28T04:00:00Z","number":"` + number + `"}}`)
}

func (m *market) putShipped(number string) {
	m.t.Helper()
	m.call("PUT", "/orders/S%201/markAsShipped", `{"shippedDate":"2024-07-28T04:00:00Z","number":"`+number+`"}`)
}

// What a marketplace's client may get wrong is counted, and what is fine is not.
func TestJudgeSeesEveryLieOfAMarketplace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		play func(m *market)
		want verdict
	}{
		"all well": {func(m *market) {
			m.sale()
			m.postSale()
			m.paid()
			m.putPaid()
			m.putPaid() // a repeated mark harms nobody
			m.shipped("BR1")
			m.putShipped("BR1")
			m.says(`{"op":"sale.mark","marketPlaceId":"S 1","transmission":{"success":true,"marketPlaceStatus":"sent"}}`)
			m.call("PUT", "/orders/S%201/transmissionStatus", `{"success":true,"marketPlaceStatus":"sent"}`)
		}, verdict{}},
		"a sale lost":  {func(m *market) { m.sale() }, verdict{lost: 1, lostSales: 1}},
		"a sale twice": {func(m *market) { m.sale(); m.postSale(); m.postSale() }, verdict{duplicateSales: 1}},
		"a sale three times": {func(m *market) {
			m.sale()
			m.postSale()
			m.postSale()
			m.postSale()
		}, verdict{duplicateSales: 2}},
		"a sale of another seller": {func(m *market) {
			m.says(`{"op":"sale.notify","account":"other","sale":` + newSale + `}`)
			m.postSale()
		}, verdict{lost: 1, lostSales: 1}},
		"a sale without all that it has": {func(m *market) {
			m.sale()
			m.call("POST", "/orders", `{"marketPlaceId":"S 1","status":"PENDING"}`)
		}, verdict{lost: 1, lostSales: 1}},
		"a sale that the client gave up in an outage": {func(m *market) {
			m.s.Maintenance(time.Hour)
			m.sale()
			m.postSale()
		}, verdict{lost: 1, lostSales: 1}},
		"a sale that ANYMARKET refuses": {func(m *market) {
			m.says(`{"op":"sale.notify","sale":{"marketPlaceId":"S-2","status":"SHIPPED"}}`)
			m.call("POST", "/orders", `{"marketPlaceId":"S-2","status":"SHIPPED"}`)
		}, verdict{refused: 1}},
		"a mark lost": {func(m *market) {
			m.sale()
			m.postSale()
			m.paid()
		}, verdict{lost: 1}},
		"another mark in its place": {func(m *market) {
			m.sale()
			m.postSale()
			m.says(`{"op":"sale.mark","marketPlaceId":"S 1","status":"PAID","paid":{"date":"2024-07-28T04:00:00Z"}}`)
			m.call("PUT", "/orders/S%201/markAsInvoiced", `{"date":"2024-07-28T04:00:00Z"}`)
		}, verdict{lost: 1}},
		"a mark with the data of another": {func(m *market) {
			m.sale()
			m.postSale()
			m.shipped("BR1")
			m.putShipped("BR2")
		}, verdict{lost: 1}},
		"a mark refused because a later one came first": {func(m *market) {
			m.sale()
			m.postSale()
			m.paid()
			m.shipped("BR1")
			m.putShipped("BR1")
			m.putPaid()
		}, verdict{lost: 1}},
		"marks in another order, which ANYMARKET does not mind": {func(m *market) {
			m.sale()
			m.postSale()
			m.shipped("BR1")
			m.shipped("BR2")
			m.putShipped("BR2")
			m.putShipped("BR1")
		}, verdict{lost: 1}},
		"a mark that ANYMARKET refuses": {func(m *market) {
			m.sale()
			m.postSale()
			m.says(`{"op":"sale.mark","marketPlaceId":"S 1","status":"CANCELED","canceled":{"date":"2024-07-28T04:00:00Z"}}`)
			m.call("PUT", "/orders/S%201/markAsCanceled", `{"date":"2024-07-28T04:00:00Z"}`)
			m.paid()
			m.putPaid()
		}, verdict{refused: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := startMarket(t)
			c.play(m)
			got := m.judge().verdict
			require.Equal(t, got.lost+got.duplicateSales == 0, len(got.findings) == 0)
			got.findings = nil
			require.Equal(t, c.want, got)
		})
	}
}

// An order of API v2 in the same ANYMARKET is none of the marketplace's calls.
func TestReplayOfSales(t *testing.T) {
	t.Parallel()
	m := startMarket(t)
	end := time.Now()
	m.sale()
	m.paid()
	for i := range m.records {
		m.records[i].acked = end
	}
	m.s.Fail(anymarkettest.Fault{Mode: anymarkettest.BadGateway})
	m.postSale()
	m.postSale()
	m.putPaid()
	r := m.judge().replay(end)
	require.Equal(t, 2, r.leastPossible)
	require.Equal(t, 3, r.calls)
}

// The marketplace's day has all that happens to sales, and nothing that can be
// refused at once.
func TestMarketIsRealistic(t *testing.T) {
	t.Parallel()
	s := testSchedule()
	ops, err := newMarket(7, s)
	require.NoError(t, err)
	sellers, kinds, numbers, statuses := map[string]bool{}, map[string]int{}, map[string]int{}, map[string]int{}
	created := map[target]bool{}
	last := time.Duration(0)
	for _, o := range ops {
		require.True(t, o.ofMarketplace())
		require.GreaterOrEqual(t, o.at, last, "in the order of the day")
		last = o.at
		sellers[o.account] = true
		kinds[o.op]++
		if o.op == opNotify {
			require.NoError(t, o.said.Sale.Validate())
			require.False(t, created[o.targets[0]], "each once")
			created[o.targets[0]] = true
			numbers[o.targets[0].name]++
		} else {
			require.True(t, created[o.targets[0]], "a mark follows its creation")
			statuses[string(o.said.Status)]++
		}
	}
	require.Len(t, sellers, 4)
	require.Greater(t, kinds[opNotify], 150)
	require.Greater(t, kinds[opMark], kinds[opNotify])
	require.Len(t, statuses, 6, "and the transmissions")
	require.Equal(t, 4, numbers["2024-000001"], "sellers have the same numbers")
}
