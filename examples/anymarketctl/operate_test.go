package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
)

const saleOfAna = `{"op":"order.create","order":{"marketPlace":"ECOMMERCE","marketPlaceId":"A-1","buyer":{"name":"Ana Silva"},"items":[]}}` + "\n"

// inBothWays runs a test on a file that nobody holds, and on one that a process
// holds. Nothing is delivered in it.
func inBothWays(t *testing.T, f func(t *testing.T, r *rig)) {
	t.Helper()
	for name, live := range map[string]bool{"file": false, "process": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.fake.Maintenance(time.Hour)
			if live {
				child, _, _ := r.child(r.args("run")...)
				t.Cleanup(func() {
					_ = child.Process.Signal(os.Interrupt)
					require.NoError(t, child.Wait()) // an interruption is how it ends
				})
				r.waitForSocket()
			}
			f(t, r)
		})
	}
}

// decoded is what a command printed with --json, a value a line.
func decoded[T any](t *testing.T, got result) (all []T) {
	t.Helper()
	for line := range strings.Lines(got.out) {
		var v T
		require.NoError(t, json.Unmarshal([]byte(line), &v), line)
		all = append(all, v)
	}
	return all
}

func TestLookAtWhatWaits(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, r *rig) {
		sent := receipts(t, r.send(stock("A", "1")+stock("B", "2")+saleOfAna, "--drain", "0").out)
		require.Len(t, sent, 3)

		got := r.on("status")
		require.Equal(t, exit.Done, got.code, got)
		require.Regexp(t, `(?m)^accepted +3$`, got.out)
		require.Regexp(t, `(?m)^waiting +3$`, got.out)
		status := decoded[admin.Status](t, r.on("status", "--json"))[0]
		require.Equal(t, uint64(3), status.Waiting)

		got = r.on("list")
		require.Equal(t, exit.Done, got.code, got)
		require.Len(t, strings.Split(strings.TrimSpace(got.out), "\n"), 4, "a head and three rows")
		for _, s := range sent {
			require.Contains(t, got.out, s.ID.String())
		}
		require.Equal(t, "nothing\n", r.on("list", "--state", "dead").out)
		require.Empty(t, r.on("list", "--state", "dead", "--json").out)
		require.Len(t, decoded[admin.Entry](t, r.on("list", "--json", "--kind", "stock.set")), 2)
		require.Len(t, decoded[admin.Entry](t, r.on("list", "--json", "--limit", "1")), 1)
		require.Empty(t, r.on("list", "--json", "--account", "b").out)
		require.Len(t, decoded[admin.Entry](t, r.on("list", "--json", "--account", "", "--key", "ECOMMERCE/A-1")), 1)

		sale := sent[2].ID.String()
		got = r.on("show", sale)
		require.Equal(t, exit.Done, got.code, got)
		require.Contains(t, got.out, "order.create")
		require.NotContains(t, got.out, "Ana")
		require.Contains(t, r.on("show", sale, "--full").out, "Ana Silva")
		require.NotContains(t, r.on("show", sale, "--json").out, "Ana")
		require.True(t, json.Valid([]byte(r.on("show", sale, "--body").out)))

		got = r.on("why", sale)
		require.Equal(t, exit.Done, got.code, got)
		require.Contains(t, got.out, sale+" is waiting.")
		require.Contains(t, got.out, "next ")
		require.NotEmpty(t, decoded[admin.Why](t, r.on("why", sale, "--json"))[0].Next)

		require.Equal(t, "the file is whole\n", r.on("check").out)
		require.JSONEq(t, `{"ok":true}`, r.on("check", "--json").out)
	})
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, r *rig) {
		r.send(stock("A", "1"), "--drain", "0")
		require.Equal(t, "paused account b\n", r.on("pause", "--account", "b", "--reason", "new\x1b[2J token").out)
		require.Equal(t, "paused account (default)\n", r.on("pause", "--account", "").out)
		require.JSONEq(t, `{"account":"","all":true,"done":"paused"}`, r.on("pause", "--all", "--json").out)
		require.Len(t, decoded[admin.Status](t, r.on("status", "--json"))[0].Pauses, 3)
		require.Contains(t, r.on("status").out, `account b: new\u001b[2J token`)
		require.Equal(t, "resumed account (default); account (default) is still paused with all accounts\n", r.on("resume", "--account", "").out)
		require.Equal(t, "resumed all accounts; account b is still paused by itself\n", r.on("resume", "--all").out)
		require.Equal(t, "resumed account b\n", r.on("resume", "--account", "b").out)
		require.JSONEq(t, `{"account":"b","done":"resumed","notes":["account b was not paused"]}`, r.on("resume", "--account", "b", "--json").out)
		require.Empty(t, decoded[admin.Status](t, r.on("status", "--json"))[0].Pauses)
	})
}

func TestDeadLettersAreEditedRequeuedAndDiscarded(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, r *rig) {
		r.fake.EndMaintenance()
		for _, sku := range []string{"A", "B", "C"} {
			r.fake.Refuse(sku, "no such SKU")
		}
		got := r.send(stock("A", "1") + stock("B", "2") + stock("C", "3"))
		require.Equal(t, exit.Refused, got.code, got)
		require.Contains(t, got.errors, "3 refused by ANYMARKET")
		sent := receipts(t, got.out)
		r.fake.Maintenance(time.Hour)

		got = r.on("status")
		require.Equal(t, exit.Alarm, got.code)
		require.Contains(t, got.out, "ALARM")
		require.Equal(t, exit.Alarm, r.on("status", "--json").code)
		require.Len(t, decoded[admin.Entry](t, r.on("list", "--state", "dead", "--json")), 3)

		id := func(i int) string { return sent[i].ID.String() }
		require.Equal(t, "requeued "+id(0)+"\n", r.on("requeue", id(0)).out)
		require.Equal(t, exit.Done, r.on("discard", id(1), "--reason", "sold no more").code)
		require.Contains(t, r.on("show", id(1)).out, "sold no more")
		again := r.on("discard", id(1), id(2), "--reason", "all")
		require.Equal(t, exit.Failed, again.code) // the first is settled
		require.Contains(t, again.errors, id(1))
		require.Equal(t, "discarded "+id(2)+"\n", again.out)

		r.fake.EndMaintenance()
		r.fake.Refuse("A", "quantity is odd")
		until(t, "the requeued one is refused again", func() bool {
			r.send("", "--drain", "5s")
			return len(decoded[admin.Entry](t, r.on("list", "--state", "dead", "--json"))) == 1
		})
		r.fake.Refuse("A", "")
		body := filepath.Join(t.TempDir(), "body.json")
		require.NoError(t, os.WriteFile(body, []byte(strings.Replace(r.on("show", id(0), "--body").out, "1", "12", 1)), 0o600))
		got = r.on("edit", id(0), "--body", body, "--json")
		require.Equal(t, exit.Done, got.code, got)
		edited := decoded[doneJSON](t, got)[0]
		require.NotEqual(t, id(0), edited.ID.String())
		require.Equal(t, exit.Done, r.send("", "--drain", "20s").code)
		s, ok := r.fake.Stock("A", 0)
		require.True(t, ok)
		require.Equal(t, "12", s.Quantity)
	})
}

func TestEditRefusesWhatCannotBeMeant(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.Refuse("A", "no such SKU")
	id := receipts(t, r.send(stock("A", "1")).out)[0].ID.String()
	for input, says := range map[string]string{
		`{"partnerId"`:                 "not JSON",
		``:                             "not JSON",
		`{"a":[{"name":"***"}]}`:       "show --body",
		strings.Repeat(" ", maxLine+9): "not JSON",
	} {
		got := ctl(t, input, "edit", id, "--body", "-", "--outbox", r.outbox)
		require.Equal(t, exit.Failed, got.code, got)
		require.Contains(t, got.errors, says)
	}
	require.Equal(t, exit.Failed, r.on("edit", id, "--body", r.outbox+".not").code)
}

func TestExportIsTheWholeHistory(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, r *rig) {
		r.fake.EndMaintenance()
		sent := receipts(t, r.send(stock("=1+1", "1")+saleOfAna, "--drain", "20s").out)
		r.fake.Maintenance(time.Hour)

		events := decoded[exported](t, r.on("export"))
		require.Equal(t, "0@=1+1", events[0].Key)
		require.Len(t, events, 3, "the order is looked up first: when it was made is not said")
		require.Equal(t, sent[0].ID, events[0].ID)
		require.True(t, events[1].LookUp)
		require.Equal(t, "delivered", events[2].Type)

		got := r.on("export", "--format", "csv")
		require.Equal(t, exit.Done, got.code, got)
		rows, err := csv.NewReader(strings.NewReader(got.out)).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 4)
		require.Equal(t, "key", rows[0][13])
		require.Equal(t, "0@=1+1", rows[1][13])
		for _, row := range rows[1:] {
			require.Equal(t, "delivered", row[10], row)
			require.NotEmpty(t, row[11], row)
			require.NotEmpty(t, row[13], row)
		}
		require.Equal(t, "answered, not found", rows[2][3], rows[2])
		require.Contains(t, r.on("show", sent[1].ID.String()).out, "a look-up: answered, not found")
		require.NotContains(t, got.out, "Ana")
	})
}

func TestOperatingWithoutAFile(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "none.db")
	for _, args := range [][]string{
		{"status"},
		{"list"},
		{"check"},
		{"export"},
		{"show", "00000001-1"},
		{"why", "00000001-1"},
		{"requeue", "00000001-1"},
		{"discard", "00000001-1", "--reason", "x"},
		{"pause", "--all"},
		{"resume", "--all"},
	} {
		got := ctl(t, "", append(args, "--outbox", missing)...)
		require.Equal(t, exit.Failed, got.code, "%v %v", args, got)
		require.Contains(t, got.errors, "no such file")
		require.NoFileExists(t, missing)
	}
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.NoError(t, os.WriteFile(r.outbox, []byte("something else"), 0o600))
	got := r.on("check")
	require.Equal(t, exit.Failed, got.code)
	require.Contains(t, got.errors, "not a usable outbox file")
}

func TestDeliveredEntryIsNamedSo(t *testing.T) {
	t.Parallel()
	whoeverHolds(t, func(t *testing.T, r *rig) {
		t.Helper()
		got := r.send(stock("A", "1"))
		require.Equal(t, exit.Done, got.code, got)
		id := receipts(t, got.out)[0].ID.String()
		got = r.on("requeue", id)
		require.Equal(t, exit.Failed, got.code)
		require.Contains(t, got.errors, id+": it is delivered")
		require.Contains(t, r.on("discard", id, "--reason", "no more").errors, id+": it is delivered")
	})
}

// An account that named its SKUs by code names them by id.
func TestAccountIsReaddressed(t *testing.T) {
	t.Parallel()
	whoeverHolds(t, func(t *testing.T, r *rig) {
		t.Helper()
		byID := `{"op":"stock.set","id":7,"quantity":1}` + "\n"
		require.Equal(t, exit.Done, r.send(stock("A", "1")).code)
		got := r.send(byID)
		require.Equal(t, exit.Refused, got.code)
		require.Equal(t, admin.CodeAddressing, receipts(t, got.out)[0].Code)
		got = r.on("readdress", "--account", "", "--family", "stock")
		require.Equal(t, "readdressed stock of account (default)\n", got.out, got)
		require.JSONEq(t, `{"account":"b","family":"price","done":"readdressed"}`, r.on("readdress", "--account", "b", "--family", "price", "--json").out)
		require.Empty(t, receipts(t, r.send(byID, "--drain", "0").out)[0].Error)
		require.Equal(t, exit.Usage, r.on("readdress", "--account", "", "--family", "orders").code)
	})
}

func TestListOfAKind(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.Maintenance(time.Hour)
	r.send(stock("A", "1")+`{"op":"order.status","id":77,"status":"CANCELED"}`+"\n", "--drain", "0")
	require.Contains(t, r.on("list", "--kind", "order.status").out, "order.status.id")
	require.NotContains(t, r.on("list", "--kind", "order.status").out, "stock.set")
	require.Contains(t, r.on("list", "--key", "0@A").out, "stock.set")
	got := r.on("list", "--kind", "stock.sett")
	require.Equal(t, exit.Usage, got.code)
	require.Contains(t, got.errors, "stock.set, price.set")
}
