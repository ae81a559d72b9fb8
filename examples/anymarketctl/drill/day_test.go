package drill

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
)

func testSchedule() schedule {
	s := newSchedule(20 * time.Second)
	s.begin(time.Date(2024, 7, 28, 3, 59, 30, 5, time.UTC))
	return s
}

// The same seed is the same day, another seed another one.
func TestDayIsRepeatable(t *testing.T) {
	t.Parallel()
	lines := func(seed uint64) string {
		ops, err := newDays(seed, testSchedule())
		require.NoError(t, err)
		var b strings.Builder
		for _, o := range ops {
			b.WriteString(o.at.String())
			b.Write(o.line)
		}
		return b.String()
	}
	once, again := lines(1), lines(1)
	require.Equal(t, once, again)
	require.NotEqual(t, once, lines(2))

	plan := func(seed uint64) *kills { return newKills(rng(seed, 2), testSchedule(), 1000) }
	planned, same := plan(1), plan(1)
	require.Equal(t, planned.fed, same.fed)
	require.Equal(t, planned.answers, same.answers)
	require.NotEqual(t, planned.fed, plan(2).fed)
}

// The day has all that an ERP does, and nothing that can be refused at once.
func TestDayIsRealistic(t *testing.T) {
	t.Parallel()
	s := testSchedule()
	ops, err := newDay(7, s)
	require.NoError(t, err)
	accounts, kinds, lanes, statuses := map[string]int{}, map[string]int{}, map[string]int{}, map[api.OrderStatus]int{}
	soldOut, during, byID, created := 0, 0, 0, map[string]bool{}
	last := time.Duration(0)
	for _, o := range ops {
		require.GreaterOrEqual(t, o.at, last, "in the order of the day")
		require.LessOrEqual(t, o.at, s.day())
		last = o.at
		if o.at >= s.before && o.at < s.before+s.window {
			during++
		}
		accounts[o.account]++
		kinds[o.op]++
		switch o.op {
		case opStock:
			lanes[o.account+o.lane]++
			if o.said.Quantity.String() == "0" {
				soldOut++
			}
		case opCreate:
			require.NoError(t, o.said.Order.Validate())
			created[o.account+o.lane] = true
		case opStatus:
			update, err := o.update()
			require.NoError(t, err)
			require.NoError(t, update.Validate())
			statuses[o.said.Status]++
			if o.said.ID != 0 {
				byID++
			} else {
				require.True(t, created[o.account+o.lane], "a step follows its creation")
			}
			if i := update.Invoice; o.said.Status == api.StatusInvoiced {
				require.Len(t, i.AccessKey, 44)
				require.Equal(t, i.AccessKey, checked(i.AccessKey[:43], 9))
			}
		}
	}
	require.Len(t, accounts, 3)
	require.Greater(t, kinds[opStock], 3000)
	require.Greater(t, kinds[opPrice], 1000)
	require.Greater(t, kinds[opCreate], 100)
	require.Len(t, statuses, 5)
	require.Positive(t, byID)
	require.Positive(t, soldOut)
	require.Greater(t, during, len(ops)/2)
	require.Less(t, len(lanes), kinds[opStock]/4, "fewer SKUs than changes")
	hottest := 0
	for _, n := range lanes {
		hottest = max(hottest, n)
	}
	require.Greater(t, hottest, 10*kinds[opStock]/len(lanes), "some are hot")
}

// Keys and numbers known to be right.
func TestCheckDigits(t *testing.T) {
	t.Parallel()
	for full, weights := range map[string]int{
		"35080599999090910270550010000000015180051273": 9, // an NF-e
		"11222333000181": 9,  // a company
		"11144477735":    11, // a person
	} {
		require.Equal(t, full, checked(full[:len(full)-1], weights))
	}
}

// ANYMARKET has what the operations name, and the judge knows it by the same
// names.
func TestPrepare(t *testing.T) {
	t.Parallel()
	s := anymarkettest.New(anymarkettest.Options{})
	defer func() { require.NoError(t, s.Close()) }()
	var ops []*operation
	for _, line := range []string{
		`{"op":"stock.set","id":7,"stockLocalId":3,"quantity":1}`,
		`{"op":"stock.set","id":7,"stockLocalId":3,"quantity":2}`,
		`{"op":"price.set","ad":20,"price":9,"discountPrice":8}`,
		`{"op":"price.set","account":"x","partnerId":"A","marketplace":"shopee","price":9,"discountPrice":8}`,
		`{"op":"order.status","id":77,"status":"CANCELED"}`,
		`{"op":"order.status","marketplace":"shopee","marketPlaceId":"5","status":"CANCELED"}`,
		`{"op":"order.create","order":{"marketPlace":"ECOMMERCE","marketPlaceId":"6"}}`,
		`{"op":"order.status","marketplace":"ECOMMERCE","marketPlaceId":"6","status":"CANCELED"}`,
		`{"op":"sale.mark","account":"seller","marketPlaceId":"7","status":"PAID"}`,
		`{"op":"sale.notify","account":"seller","sale":{"marketPlaceId":"8"}}`,
		`{"op":"sale.mark","account":"seller","marketPlaceId":"8","status":"PAID"}`,
	} {
		o, err := parse([]byte(line))
		require.NoError(t, err)
		ops = append(ops, o)
	}
	prepare(s, ops)
	sales := s.For("seller").Orders()
	require.Len(t, sales, 1, "the other is made by the client")
	require.Equal(t, s.Marketplace(), sales[0].MarketPlace)
	require.Equal(t, ops[8].targets[0].name, sales[0].MarketPlaceID)
	sku, ok := s.For("").SKU(skuOf(7))
	require.True(t, ok)
	require.EqualValues(t, 7, sku.ID)
	ad, ok := s.For("").Price(20)
	require.True(t, ok)
	require.Equal(t, ownMarketplace, ad.Marketplace)
	ads := s.For("x").Ads()
	require.Len(t, ops[3].targets, len(ads))
	require.Equal(t, adTarget("x", ads[0].ID), ops[3].targets[0])
	orders := s.For("").Orders()
	require.Len(t, orders, 2, "the third is made by the client")
	at := map[string]int64{}
	for _, o := range orders {
		at[o.MarketPlace+"/"+o.MarketPlaceID] = o.ID
	}
	require.EqualValues(t, 77, at[ops[4].targets[0].name])
	require.Contains(t, at, ops[5].targets[0].name)
}

// A user's lines are all played, wrong ones too.
func TestReadInput(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "day.ndjson")
	require.NoError(t, os.WriteFile(file, []byte(`{"op":"stock.set","partnerId":"A","quantity":"7"}

not JSON
{"op":"stock.set","partnerId":"A"}
{"op":"price.set","partnerId":"A","price":1,"discountPrice":1}
{"op":"dance"}
`), 0o600))
	ops, err := readInput(file, testSchedule())
	require.NoError(t, err)
	require.Len(t, ops, 5)
	require.Equal(t, opStock, ops[0].op)
	for _, o := range ops[1:] {
		require.Empty(t, o.op)
		require.Empty(t, o.targets)
	}
	require.Greater(t, ops[4].at, testSchedule().day()/2)

	require.NoError(t, os.WriteFile(file, []byte("\n\n"), 0o600))
	_, err = readInput(file, testSchedule())
	require.ErrorContains(t, err, "no operations")
}

// The window is planned for a whole second, and begins and ends later.
func TestSchedule(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 7, 28, 3, 59, 30, 5, time.UTC)
	s := testSchedule()
	require.InDelta(t, 720, s.factor, 0)
	require.Equal(t, realCanary/720, s.fast(realCanary))
	require.GreaterOrEqual(t, s.start.Sub(now), s.before)
	require.Equal(t, s.start, s.start.Truncate(time.Second))
	require.Equal(t, realLate/720, s.down().Sub(s.start))
	require.Equal(t, realOverrun/720, s.back().Sub(s.end()))
	require.Equal(t, s.before, s.into(s.start))
	require.Equal(t, inWindow, s.partOf(s.end()))
	require.Equal(t, afterIt, s.partOf(s.back()))
}

func TestShows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		got, want string
		ok        bool
	}{
		{`{"a":1.50,"b":2}`, `{"a":1.5}`, true},
		{`{"a":1.50}`, `{"a":"1.5"}`, true},
		{`{"a":"7"}`, `{"a":7}`, true},
		{`{"a":7}`, `{"a":7,"b":1}`, false},
		{`{"a":"2024-07-28T01:00:00-03:00"}`, `{"a":"2024-07-28T04:00:00Z"}`, true},
		{`{"a":"007"}`, `{"a":"7"}`, false},
		{`{"a":[{"b":1,"c":2}]}`, `{"a":[{"b":1}]}`, true},
		{`{"a":[1,2]}`, `{"a":[1]}`, false},
		{`{"a":true}`, `{"a":true}`, true},
		{`{"a":true}`, `{"a":false}`, false},
		{`{"a":null}`, `{"a":null}`, true},
		{`{}`, `{"a":null}`, false},
		{`{"a":1}`, `{"a":{"b":1}}`, false},
	} {
		got, err := decode([]byte(c.got))
		require.NoError(t, err)
		want, err := decode([]byte(c.want))
		require.NoError(t, err)
		require.Equal(t, c.ok, shows(got, want), "%s shows %s", c.got, c.want)
	}
}
