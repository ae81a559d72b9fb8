package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
)

// newMarketRig is a rig for a marketplace: the commands get flags from
// [rig.market].
func newMarketRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.url = strings.TrimSuffix(r.url, "/v2") + anymarkettest.MarketplacePath
	r.setTokens(map[string]string{"ana": r.fake.For("ana").Token(), "bia": r.fake.For("bia").Token()})
	return r
}

func (r *rig) market(more ...string) []string { return append(more, "--app-id", r.fake.AppID()) }

// sold is an operation.
func sold(seller, id, status string) string {
	return `{"op":"sale.notify","account":"` + seller + `","sale":{"marketPlaceId":"` + id + `","status":"` + status + `"}}` + "\n"
}

func marked(seller, id, rest string) string {
	return `{"op":"sale.mark","account":"` + seller + `","marketPlaceId":"` + id + `",` + rest + `}` + "\n"
}

// statusOf is that of the one sale with an id, in the words of orders.
func (r *rig) statusOf(seller, id string) string {
	o, _ := r.fake.For(seller).Order(r.fake.Marketplace(), id)
	return o.Status
}

func TestSendSales(t *testing.T) {
	t.Parallel()
	r := newMarketRig(t)
	got := r.send(sold("ana", "S-1", "PENDING")+sold("bia", "S-1", "PAID")+
		marked("ana", "S-1", `"status":"PAID","paid":{"date":"2024-07-28T10:00:00-03:00"}`)+
		marked("bia", "S-1", `"status":"PAID_WAITING_DELIVERY"`)+
		sold("ana", "S-2", "CONCLUDED")+
		stock("SKU-1", "7")+
		sold("ana", "S-1", "PENDING"), r.market()...)
	require.Equal(t, exit.Refused, got.code, got.errors)
	all := receipts(t, got.out)
	require.Len(t, all, 7)
	for _, i := range []int{0, 1, 2} {
		require.Empty(t, all[i].Error)
	}
	require.Equal(t, "status", all[3].Field)
	require.Contains(t, all[3].Error, "say SHIPPED")
	require.Equal(t, "sale.status", all[4].Field)
	require.Equal(t, "op", all[5].Field)
	require.True(t, all[6].Duplicate)
	require.Equal(t, all[0].ID, all[6].ID)
	require.Equal(t, "PAID_WAITING_SHIP", r.statusOf("ana", "S-1"))
	require.Len(t, r.fake.For("ana").Orders(), 1)
	require.Len(t, r.fake.For("bia").Orders(), 1)
}

// Another process has the outbox of the marketplace: operations and commands go
// through it.
func TestSalesAreHandedOver(t *testing.T) {
	t.Parallel()
	r := newMarketRig(t)
	child, _, _ := r.child(r.args("run", r.market()...)...)
	r.waitForSocket()
	got := r.send(sold("ana", "S-1", "PAID"), r.market()...)
	require.Equal(t, exit.Done, got.code, got.errors)
	require.Equal(t, "PAID_WAITING_SHIP", r.statusOf("ana", "S-1"))
	r.fake.Maintenance(time.Hour)
	got = r.send(marked("ana", "S-1", `"status":"CANCELED","canceled":{"date":"2024-07-28T10:00:00Z"}`), r.market("--drain", "0s")...)
	require.Equal(t, exit.Waiting, got.code, got.errors)
	require.Contains(t, r.on("list", "--kind", "sale.mark").out, "ana: S-1")

	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())
	r.fake.EndMaintenance()
	got = ctl(t, "", r.args("run", r.market("--until-empty")...)...)
	require.Equal(t, exit.Done, got.code, got.errors)
	require.Equal(t, "CANCELED", r.statusOf("ana", "S-1"))
}

// On a file that nobody holds the commands know what is in it.
func TestOperateSales(t *testing.T) {
	t.Parallel()
	r := newMarketRig(t)
	got := r.send(marked("ana", "S-1", `"status":"PAID"`)+sold("bia", "S-2", "DELIVERED")+marked("bia", "S-2", `"status":"PAID"`), r.market()...)
	require.Equal(t, exit.Refused, got.code, got.errors)
	ids := receipts(t, got.out)
	mark, sale, behind := ids[0].ID.String(), ids[1].ID.String(), ids[2].ID.String()

	var e admin.Entry
	dead := map[string]string{}
	for line := range strings.Lines(r.on("list", "--state", "dead", "--json").out) {
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		dead[e.ID.String()] = e.Kind
	}
	require.Equal(t, map[string]string{mark: "sale.mark", sale: "sale.notify"}, dead)
	require.Contains(t, r.on("why", behind).out, sale)
	require.Equal(t, "the file is whole\n", r.on("check").out)

	body := strings.Replace(r.on("show", sale, "--body").out, "DELIVERED", "PAID_WAITING_SHIP", 1)
	refused := ctl(t, body, "edit", sale, "--body", "-", "--outbox", r.outbox)
	require.Equal(t, exit.Failed, refused.code)
	require.Contains(t, refused.errors, "say PAID")
	body = strings.Replace(body, "PAID_WAITING_SHIP", "PENDING", 1)
	require.Equal(t, exit.Done, ctl(t, body, "edit", sale, "--body", "-", "--outbox", r.outbox).code)
	r.fake.For("ana").AddOrder(`{"marketPlace":"` + r.fake.Marketplace() + `","marketPlaceId":"S-1"}`)
	require.Equal(t, exit.Done, r.on("requeue", mark).code)

	got = ctl(t, "", r.args("run", r.market("--until-empty")...)...)
	require.Equal(t, exit.Done, got.code, got.errors+got.out)
	require.Equal(t, "PAID_WAITING_SHIP", r.statusOf("ana", "S-1"))
	require.Equal(t, "PAID_WAITING_SHIP", r.statusOf("bia", "S-2"))
}

// The API that was not meant is not called, and does no harm.
func TestWhichAPI(t *testing.T) {
	r := newMarketRig(t)
	got := r.send("")
	require.Equal(t, exit.Usage, got.code)
	require.Contains(t, got.errors, "--app-id")
	v2 := strings.TrimSuffix(r.url, anymarkettest.MarketplacePath) + "/v2"
	got = ctl(t, "", "run", "--outbox", r.outbox, "--base-url", v2+"/", "--tokens", r.tokenFile, "--app-id", "app")
	require.Equal(t, exit.Usage, got.code)
	require.Contains(t, got.errors, appVariable)

	t.Setenv(appVariable, r.fake.AppID())
	r.fake.Maintenance(time.Hour)
	got = r.send(sold("ana", "S-1", "PAID"), "--drain", "0s")
	require.Equal(t, exit.Waiting, got.code, got.errors)
	t.Setenv(appVariable, "")

	// The client of API v2 leaves alone what it does not know.
	r.fake.EndMaintenance()
	got = ctl(t, "", "run", "--until-empty", "--outbox", r.outbox, "--base-url", v2, "--tokens", r.tokenFile)
	require.Equal(t, exit.Waiting, got.code, got.errors)
	require.Contains(t, got.out, "1 left waiting, 1 of them for a person")
	require.Zero(t, r.fake.Count("POST "+anymarkettest.MarketplacePath+"/orders"))
	got = ctl(t, "", r.args("run", r.market("--until-empty")...)...)
	require.Equal(t, exit.Done, got.code, got.errors)
	require.Equal(t, "PAID_WAITING_SHIP", r.statusOf("ana", "S-1"))
}
