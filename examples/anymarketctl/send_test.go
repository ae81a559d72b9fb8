package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

func TestBaseURLWithoutTheAPIsPathIsTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		api, url, want string
	}{
		{"", "https://api.anymarket.com.br/v2/", ""},
		{"", "https://api.anymarket.com.br", "/v2"},
		{"shop", "https://api.anymarket.com.br/marketplace/api", ""},
		{"shop", "https://api.anymarket.com.br/marketplace", "/marketplace/api"},
	} {
		var said text
		d := delivery{appID: c.api, baseURL: c.url}
		d.warnOfURL(slog.New(slog.NewTextHandler(&said, nil)))
		require.Equal(t, c.want != "", said.String() != "", c.url)
		require.Contains(t, said.String(), c.want)
	}
	r := newRig(t)
	require.NotContains(t, r.send("").errors, "base URL")
	r.url = strings.TrimSuffix(r.url, "/v2")
	require.Contains(t, r.send("").errors, "want=/v2")
}

// What is strict is so whoever delivers.
func TestStrictCountsWhereAnotherProcessDelivers(t *testing.T) {
	t.Parallel()
	whoeverHolds(t, func(t *testing.T, r *rig) {
		t.Helper()
		const doubtful = `{"op":"price.set","ad":1,"price":1,"discountPrice":1.5}` + "\n"
		got := r.send(doubtful, "--strict")
		require.Equal(t, exit.Refused, got.code, got)
		a := receipts(t, got.out)[0]
		require.Equal(t, admin.CodeInvalid, a.Code)
		require.Contains(t, a.Error, "strict")
	})
}

func TestSendDeliversEachKindOfOperation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	order := `{"op":"order.create","order":{"marketPlace":"ECOMMERCE","marketPlaceId":"A-1","items":[{"sku":{"partnerId":"SKU-1"},"amount":1,"unit":10,"gross":10,"total":10}]}}`
	got := r.send(stock("SKU-1", "7") +
		`{"op":"stock.set","account":"b","partnerId":"SKU-1","quantity":9}` + "\n" +
		`{"op":"price.set","ad":20,"price":"99.90","discountPrice":89.90}` + "\n" +
		order + "\n" + order + "\n" +
		`{"op":"order.status","marketplace":"ECOMMERCE","marketPlaceId":"A-1","status":"CONCLUDED","tracking":{"deliveredDate":"2026-07-28T10:00:00-03:00"}}`)
	require.Equal(t, exit.Done, got.code, got)
	all := receipts(t, got.out)
	require.Len(t, all, 6)
	for i, a := range all {
		require.Equal(t, i+1, a.N)
		require.Empty(t, a.Error)
		require.NotZero(t, a.ID)
	}
	require.Equal(t, all[3].ID, all[4].ID)
	require.True(t, all[4].Duplicate)
	require.Contains(t, got.errors, "6 accepted, 1 of them accepted before")

	s, ok := r.fake.Stock("SKU-1", 0)
	require.True(t, ok)
	require.Equal(t, "7", s.Quantity)
	s, ok = r.fake.For("b").Stock("SKU-1", 0)
	require.True(t, ok)
	require.Equal(t, "9", s.Quantity)
	orders := r.fake.Orders()
	require.Len(t, orders, 1)
	require.Equal(t, "CONCLUDED", orders[0].Status)
}

func TestSendAnswersEachLineForItself(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	long := `{"op":"stock.set","partnerId":"` + strings.Repeat("x", admin.MaxLine) + `"}`
	got := r.send("\n" + stock("SKU-1", "1") + "  \r\n" + "nonsense\n" + stock("SKU-2", "-1") +
		`{"op":"stock.set","partnerId":"SKU-3"}` + "\n" + long + "\n" +
		`{"op":"order.status","id":77,"status":"NOPE"}` + "\n" + stock("SKU-4", "4"))
	require.Equal(t, exit.Refused, got.code, got.errors)
	all := receipts(t, got.out)
	want := []struct {
		n     int
		field string
		code  admin.Code
	}{
		{2, "", ""},
		{4, "", admin.CodeInvalid},
		{5, "quantity", admin.CodeInvalid},
		{6, "quantity", admin.CodeInvalid},
		{7, "", admin.CodeTooLarge},
		{8, "status", admin.CodeInvalid},
		{9, "", ""},
	}
	require.Len(t, all, len(want))
	for i, w := range want {
		require.Equal(t, w.n, all[i].N)
		require.Equal(t, w.field, all[i].Field, all[i].Error)
		require.Equal(t, w.code, all[i].Code, all[i].Error)
		require.Equal(t, w.code == "", all[i].Error == "")
		require.Equal(t, w.code == "", all[i].ID != (outbox.ID{}))
	}
	_, ok := r.fake.Stock("SKU-4", 0)
	require.True(t, ok)
}

// A receipt comes as soon as its operation is on disk, not when the input ends.
func TestSendAnswersWhileTheInputGoesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in, input := io.Pipe()
	c := begin(t.Context(), in, r.args("send")...)
	for i := range 3 {
		_, err := io.WriteString(input, stock("SKU-1", fmt.Sprint(i)))
		require.NoError(t, err)
		until(t, "the receipt", func() bool { return strings.Count(c.out.String(), "\n") == i+1 })
	}
	require.NoError(t, input.Close())
	require.Equal(t, exit.Done, c.wait(t).code)
}

func TestSendExitCodes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		prepare func(r *rig)
		input   string
		more    []string
		want    int
		says    string
	}{
		"nothing to do":       {want: exit.Done, says: "0 accepted"},
		"delivered":           {input: stock("A", "1"), want: exit.Done, says: "1 accepted"},
		"maintenance":         {prepare: func(r *rig) { r.fake.Maintenance(time.Hour) }, input: stock("A", "1"), more: []string{"--drain", "300ms"}, want: exit.Waiting, says: "1 left waiting"},
		"no time to drain":    {prepare: func(r *rig) { r.fake.Maintenance(time.Hour) }, input: stock("A", "1"), more: []string{"--drain", "0"}, want: exit.Waiting, says: "1 left waiting"},
		"refused by the fake": {prepare: func(r *rig) { r.fake.Refuse("A", "no such SKU") }, input: stock("A", "1"), want: exit.Refused, says: "1 refused by ANYMARKET"},
		"refused here":        {input: "{}\n", want: exit.Refused, says: "1 refused"},
		"a warning":           {input: `{"op":"price.set","ad":1,"price":1,"discountPrice":1.5}`, prepare: func(r *rig) { r.fake.Maintenance(time.Hour) }, more: []string{"--drain", "0"}, want: exit.Waiting},
		"a warning, strict":   {input: `{"op":"price.set","ad":1,"price":1,"discountPrice":1.5}`, more: []string{"--strict"}, want: exit.Refused, says: "1 refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			if tc.prepare != nil {
				tc.prepare(r)
			}
			got := r.send(tc.input, tc.more...)
			require.Equal(t, tc.want, got.code, got)
			require.Contains(t, got.errors, tc.says)
			require.Equal(t, exit.Done, r.on("check").code)
		})
	}
}

// A dead letter from before is not one of what is sent now.
func TestSendTellsItsOwnDeadLetters(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.Refuse("A", "no such SKU")
	require.Equal(t, exit.Refused, r.send(stock("A", "1")).code)
	require.Equal(t, exit.Done, r.send(stock("B", "1")).code)
}

func TestSendHoldsInAWindowOfTheFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	windows := filepath.Join(t.TempDir(), "windows.json")
	now := time.Now()
	require.Equal(t, exit.Done, ctl(t, "", "windows", "add", "--windows", windows, "--name", "july",
		"--start", now.Add(-time.Hour).Format(time.RFC3339), "--end", now.Add(time.Hour).Format(time.RFC3339)).code)
	got := r.send(stock("A", "1"), "--windows", windows, "--drain", "300ms")
	require.Equal(t, exit.Waiting, got.code, got)
	require.Contains(t, got.errors, "july")
	require.Zero(t, r.fake.Count("PUT /stocks"))
	require.Equal(t, exit.Done, r.send("", "--drain", "20s").code)
	require.Equal(t, 1, r.fake.Count("PUT /stocks"))
}

func TestSendInterrupted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in, input := io.Pipe()
	defer input.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	c := begin(ctx, in, r.args("send")...)
	_, err := io.WriteString(input, stock("A", "1"))
	require.NoError(t, err)
	until(t, "the receipt", func() bool { return c.out.String() != "" })
	interrupt()
	got := c.wait(t)
	require.Equal(t, exit.Failed, got.code, got)
	require.Contains(t, got.errors, "interrupted before the end of the input")
	require.Equal(t, exit.Done, r.on("check").code) // the file was given back
}

// What is refused before anything is stored.
func TestSendRefusesToBegin(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	open := filepath.Join(t.TempDir(), "open.json")
	require.NoError(t, os.WriteFile(open, []byte(`{"":"x"}`), 0o644)) //nolint:gosec // that others may read it is the point
	for name, tc := range map[string]struct {
		more []string
		want int
		says string
	}{
		"http elsewhere":     {[]string{"--base-url", "http://example.com/v2"}, exit.Usage, "http"},
		"open token file":    {[]string{"--tokens", open}, exit.Failed, "chmod 600 " + open},
		"no token file":      {[]string{"--tokens", open + ".not"}, exit.Failed, "token file"},
		"no window file":     {[]string{"--windows", open + ".not"}, exit.Failed, "window file"},
		"no time":            {[]string{"--canary", "0"}, exit.Usage, "--canary"},
		"negative drain":     {[]string{"--drain", "-1s"}, exit.Usage, "--drain"},
		"rates":              {[]string{"--start-rate", "2000"}, exit.Usage, "--start-rate"},
		"back-off":           {[]string{"--min-backoff", "1h"}, exit.Usage, "--min-backoff"},
		"an argument":        {[]string{"file.ndjson"}, exit.Usage, "file.ndjson"},
		"a folder not there": {[]string{"--outbox", filepath.Join(open, "not", "a.db")}, exit.Failed, "open"},
	} {
		t.Run(name, func(t *testing.T) {
			got := r.send(stock("A", "1"), tc.more...)
			require.Equal(t, tc.want, got.code, got)
			require.Contains(t, got.errors, tc.says)
			require.Empty(t, got.out)
			require.NoFileExists(t, r.outbox)
		})
	}
}

func TestIDRuns(t *testing.T) {
	t.Parallel()
	id := func(n int) outbox.ID {
		id, err := outbox.ParseID(fmt.Sprintf("00000001-%d", n))
		require.NoError(t, err)
		return id
	}
	var r idRuns
	for _, n := range []int{2, 3, 4, 7, 9, 10} {
		r.add(id(n))
	}
	require.Len(t, r, 3)
	for n := 1; n < 12; n++ {
		require.Equal(t, n >= 2 && n <= 4 || n == 7 || n == 9 || n == 10, r.has(id(n)), n)
	}
}
