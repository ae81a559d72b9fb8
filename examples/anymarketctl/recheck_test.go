package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
)

func TestRecheck(t *testing.T) {
	t.Parallel()
	whoeverHolds(t, func(t *testing.T, r *rig) {
		from := time.Now().Add(-time.Hour)
		sale := func(id string) string {
			return strings.Replace(strings.Replace(saleOfAna, "A-1", id, 1), `"items"`, `"createdAt":"`+at(time.Now())+`","items"`, 1)
		}
		require.Equal(t, exit.Done, r.send(sale("kept")).code)
		backup := time.Now()
		time.Sleep(10 * time.Millisecond)
		require.Equal(t, exit.Done, r.send(sale("lost")).code)
		r.fake.RollBack(backup)
		r.fake.AddOrder(`{"marketPlace":"MERCADO_LIVRE","marketPlaceId":"theirs","status":"PAID_WAITING_SHIP","buyer":{"name":"Maria"}}`)
		id := r.fake.AddOrder(`{"marketPlace":"MERCADO_LIVRE","marketPlaceId":"moved","status":"CONCLUDED"}`)
		known := written(t, "orders.csv", "marketplace,marketPlaceId,id,createdAt,status\n"+
			"ecommerce,kept,,"+at(time.Now())+",\n,,"+fmt.Sprint(id)+","+at(time.Now())+",INVOICED\n")
		args := r.args("recheck", "--from", at(from), "--to", at(time.Now()), "--known", known, "--lookup-lag", "10ms", "--late-apply", "10ms")

		got := ctl(t, "", append(args, "--json")...)
		require.Equal(t, exit.Alarm, got.code, got)
		lines := strings.Split(strings.TrimSpace(got.out), "\n")
		var found []string
		for _, l := range lines[:len(lines)-1] {
			var d admin.Difference
			require.NoError(t, json.Unmarshal([]byte(l), &d), l)
			found = append(found, fmt.Sprintf("%s/%s %s %s %t", d.Marketplace, d.MarketplaceID, d.Kind, d.Action, d.Pushed))
		}
		require.ElementsMatch(t, []string{
			"ECOMMERCE/lost only here repush true",
			"MERCADO_LIVRE/theirs only there import false",
			"MERCADO_LIVRE/moved status differs import false",
		}, found)
		var sums admin.Rechecked
		require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &sums))
		require.Equal(t, 1, sums.Same)
		require.NotContains(t, got.out, "Maria")

		got = ctl(t, "", args...)
		require.Equal(t, exit.Alarm, got.code, got)
		require.Contains(t, got.out, "repush   ECOMMERCE/lost: ANYMARKET does not have the order, although it acknowledged its creation\n")
		require.Contains(t, got.out, "1 orders are the same, 1 only there, 1 only here, 1 with another status\n")

		got = ctl(t, "", r.args("recheck", "--from", at(from.Add(-48*time.Hour)), "--to", at(from.Add(-24*time.Hour)))...)
		require.Equal(t, exit.Done, got.code, got)
		require.Contains(t, got.out, "0 orders are the same\n")
	})
}

// After resend and recheck with repush both sides agree, and no sale is doubled.
func TestRecheckSendsLostOrdersAgain(t *testing.T) {
	t.Parallel()
	fast := []string{"--lookup-lag", "10ms", "--late-apply", "10ms"}
	whoeverHolds(t, func(t *testing.T, r *rig) {
		sale := func(id string) string {
			return strings.Replace(strings.Replace(saleOfAna, "A-1", id, 1), `"items"`, `"createdAt":"`+at(time.Now())+`","items"`, 1)
		}
		from := time.Now()
		kept, lost, unknown := sale("kept"), sale("lost"), sale("unknown")
		require.Equal(t, exit.Done, r.send(kept).code)
		backup := time.Now()
		time.Sleep(10 * time.Millisecond)
		require.Equal(t, exit.Done, r.send(lost+unknown).code)
		r.fake.RollBack(backup)
		args := append(r.args("recheck", "--from", at(from.Add(-time.Minute)), "--to", at(time.Now())), fast...)

		got := ctl(t, "", append(args, "--repush", written(t, "sent.ndjson", kept+stock("A", "1")+lost+"no operation\n"))...)
		require.Equal(t, exit.Alarm, got.code, got)
		require.Contains(t, got.out, "ECOMMERCE/lost is looked up and sent again: ")
		require.Contains(t, got.out, "ECOMMERCE/unknown is not sent again: it is not in the file")
		require.NotContains(t, got.out, "Ana")

		got = ctl(t, "", append(args, "--json", "--repush", written(t, "sent.ndjson", kept+unknown))...)
		require.Equal(t, exit.Waiting, got.code, got)
		require.Contains(t, got.out, `"marketPlaceId":"unknown","id":"`)
		until(t, "both are there again", func() bool {
			r.send("", append(fast, "--drain", "5s")...)
			return len(r.fake.Orders()) == 3
		})
		require.Equal(t, exit.Done, ctl(t, "", args...).code)
		require.Len(t, r.fake.Orders(), 3)

		got = ctl(t, "", append(args, "--repush", "nowhere")...)
		require.Equal(t, exit.Failed, got.code, got)
	}, fast...)
}

func TestRecheckRefusesAFileThatIsWrong(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for content, why := range map[string]string{
		"id;createdAt\n77;2024-07-28\n":                                           "line 2",
		"id;createdAt\n77;\n":                                                     "createdAt is missing",
		"id;createdAt\n;2024-07-28T01:00:00Z\n":                                   "id is missing, and so is marketPlaceId",
		"marketPlaceId;createdAt\nA;2024-07-28T01:00:00Z\n":                       "marketplace is missing",
		"id;createdAt\n77\n":                                                      "has 1 cells",
		`{"id":77,"createdAt":"2024-07-28T01:00:00Z","state":"PAID"}`:             `unknown field "state"`,
		"id;createdAt;status\n77;2024-07-28T01:00:00Z;x\n\xff;2024-07-28T01:00Z;": "--encoding",
	} {
		got := ctl(t, "", r.args("recheck", "--from", "2024-07-28T00:00:00Z", "--to", "2024-07-29T00:00:00Z", "--known", written(t, "orders", content))...)
		require.Equal(t, exit.Failed, got.code, got)
		require.Contains(t, got.errors, why)
	}
	require.NoFileExists(t, r.outbox)
}
