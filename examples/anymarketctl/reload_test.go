package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
)

func TestReload(t *testing.T) {
	t.Parallel()
	fast := []string{"--lookup-lag", "10ms"} // which a comparison waits for
	whoeverHolds(t, func(t *testing.T, r *rig) {
		r.fake.Refuse("D", "no such SKU")
		asOf := at(time.Now())
		time.Sleep(10 * time.Millisecond)
		require.Equal(t, exit.Done, r.send(stock("B", "99")).code, "a live change")
		file := written(t, "stock.csv", "partnerId;quantity;cost\nA;5;1,5\nB;5;\nC;;\nD;5;\nE;5\nF;x;\nG;7;\n")
		args := r.args("reload", file, "--as-of", asOf)

		got := ctl(t, "", args...)
		require.Equal(t, exit.Failed, got.code, got)
		require.Contains(t, got.errors, "--decimal-comma")
		_, there := r.fake.Stock("A", 0)
		require.False(t, there, "nothing is sent of a file that may be misread")

		args = append(args, "--decimal-comma")
		got = ctl(t, "", append(args, "--dry-run")...)
		require.Equal(t, exit.Refused, got.code, got)
		require.Contains(t, got.out, "7 rows: 4 to be sent, if no newer change comes first, 3 refused\n")
		_, there = r.fake.Stock("A", 0)
		require.False(t, there)

		got = ctl(t, "", append(args, "--json")...)
		require.Equal(t, exit.Refused, got.code, got)
		lines := strings.Split(strings.TrimSpace(got.out), "\n")
		var refused []string
		for _, l := range lines[:len(lines)-1] {
			var row admin.RefusedRow
			require.NoError(t, json.Unmarshal([]byte(l), &row), l)
			refused = append(refused, fmt.Sprint(row.Line, " ", row.Field))
		}
		require.ElementsMatch(t, []string{"6 ", "4 quantity", "7 quantity", "5 "}, refused, got.out)
		require.JSONEq(t, `{"rows":7,"stored":3,"settled":2,"same":0,"gave_way":1,"refused":4}`, lines[len(lines)-1])
		require.Equal(t, "5", quantity(t, r, "A"))
		require.Equal(t, "99", quantity(t, r, "B"))
		require.Equal(t, "7", quantity(t, r, "G"))

		file = written(t, "stock.ndjson", `{"partnerId":"A","quantity":5}`+"\n"+`{"partnerId":"G","quantity":8,"colour":1}`+"\n"+`{"partnerId":"G","quantity":9}`+"\n")
		got = ctl(t, "", append(r.args("reload", file, "--as-of", at(time.Now()), "--compare"), fast...)...)
		require.Equal(t, exit.Refused, got.code, got)
		require.Contains(t, got.out, "line 2: colour is not known here")
		require.Contains(t, got.out, "3 rows: 1 sent, 1 are the same there, 1 refused\n")
		require.Equal(t, "9", quantity(t, r, "G"))
	}, fast...)
}

func TestReloadRefusesWhatCannotBeMeant(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	file := written(t, "stock.csv", "partnerId;quantity\nA;5\n")
	future := at(time.Now().Add(time.Hour))
	for _, test := range []struct {
		code int
		args []string
	}{
		{exit.Usage, []string{file}},
		{exit.Usage, []string{"--as-of", at(time.Now())}},
		{exit.Usage, []string{file, "--as-of", future}},
		{exit.Usage, []string{file, "--as-of", "yesterday"}},
		{exit.Usage, []string{file, "--as-of", at(time.Now()), "--ahead", "-1"}},
		{exit.Usage, []string{file, "--as-of", at(time.Now()), "--encoding", "ebcdic"}},
		{exit.Failed, []string{file + ".none", "--as-of", at(time.Now())}},
	} {
		got := ctl(t, "", r.args("reload", test.args...)...)
		require.Equal(t, test.code, got.code, "%v %v", test.args, got)
	}
	require.NoFileExists(t, r.outbox)
}

// A killed process that delivers, and a killed command, are where the same
// command goes on.
func TestReloadGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		held bool
	}{{"own", false}, {"the command", true}, {"the holder", true}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			var csv strings.Builder
			csv.WriteString("partnerId;quantity\n")
			const rows = 3000
			for i := range rows {
				fmt.Fprintf(&csv, "SKU-%d;%d\n", i, i)
			}
			file := written(t, "stock.csv", csv.String())
			args := append(r.args("reload", file, "--as-of", at(time.Now()), "--ahead", "400", "--json"), "--max-rate", "20", "--start-rate", "20")
			var victim *os.Process
			if test.held {
				holder, _, _ := r.child(append(r.args("run"), "--max-rate", "20", "--start-rate", "20")...)
				t.Cleanup(func() {
					_ = holder.Process.Signal(os.Interrupt)
					_ = holder.Wait() // it may be killed
				})
				r.waitForSocket()
				victim = holder.Process
			}
			child, _, _ := r.child(args...)
			if test.name != "the holder" {
				victim = child.Process
			}
			until(t, "a good part is there", func() bool { return len(r.fake.Stocks()) > 1000 })
			require.NoError(t, victim.Signal(syscall.SIGKILL))
			require.Error(t, child.Wait())
			require.Less(t, len(r.fake.Stocks()), rows)

			until(t, "the one before is gone", func() bool {
				got := ctl(t, "", args...)
				if got.code == exit.Failed {
					require.Contains(t, got.errors, "running")
					return false
				}
				require.Equal(t, exit.Done, got.code, got)
				var sums admin.Reloaded
				require.NoError(t, json.Unmarshal([]byte(strings.TrimSpace(got.out)), &sums))
				require.Equal(t, rows, sums.Rows, "over all runs")
				return true
			})
			require.Equal(t, exit.Done, r.send("", "--drain", "50s").code)
			for i := range rows {
				require.Equal(t, fmt.Sprint(i), quantity(t, r, fmt.Sprint("SKU-", i)))
			}
			writes := 0
			for _, s := range r.fake.Stocks() {
				writes += s.Writes
			}
			require.Less(t, writes, 2*rows-1000, "what was sent before the kill is not sent again")
		})
	}
}

func TestReloadInterrupted(t *testing.T) {
	t.Parallel()
	whoeverHolds(t, func(t *testing.T, r *rig) {
		r.fake.Maintenance(time.Hour)
		file := written(t, "stock.csv", "partnerId;quantity\nA;5\n")
		ctx, interrupt := context.WithCancel(t.Context())
		c := begin(ctx, strings.NewReader(""), r.args("reload", file, "--as-of", at(time.Now()))...)
		r.waitForSocket()
		until(t, "the row waits", func() bool { return decoded[admin.Status](t, r.on("status", "--json"))[0].Waiting == 1 })
		interrupt()
		got := c.wait(t)
		require.Equal(t, exit.Waiting, got.code, got)
		require.Contains(t, got.errors, "the same command goes on")
	})
}
