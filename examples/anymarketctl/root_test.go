package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "none.db")
	for _, args := range [][]string{
		{"frob"},
		{"--frob"},
		{"send"},
		{"send", "--outbox", file},
		{"send", "--outbox", file, "--base-url", "http://127.0.0.1:1/v2", "--drain", "soon"},
		{"run", "--base-url", "http://127.0.0.1:1/v2"},
		{"status"},
		{"status", "--outbox", file, "more"},
		{"list", "--outbox", file, "--limit", "few"},
		{"show", "--outbox", file},
		{"show", "--outbox", file, "a", "b"},
		{"show", "--outbox", file, "00000001-1", "--full", "--body"},
		{"edit", "--outbox", file, "00000001-1"},
		{"requeue", "--outbox", file},
		{"discard", "--outbox", file, "00000001-1"},
		{"pause", "--outbox", file},
		{"pause", "--outbox", file, "--all", "--account", "b"},
		{"resume", "--outbox", file},
		{"windows"},
		{"windows", "frob"},
		{"windows", "list"},
		{"windows", "remove", "--windows", file},
		{"windows", "add", "--windows", file, "--start", "tomorrow"},
		{"windows", "add", "--windows", file, "--row", "America/Lima", "--length", "4h"},
		{"fake", "more"},
	} {
		got := ctl(t, "", args...)
		require.Equal(t, exit.Usage, got.code, "%v %v", args, got)
		require.Contains(t, got.errors, "anymarketctl: ", args)
		require.Empty(t, got.out, args)
	}
}

func TestWrongArgumentsOfAFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.Equal(t, exit.Done, r.send("").code)
	for _, args := range [][]string{
		{"list", "--state", "sleeping"},
		{"list", "--limit", "-1"},
		{"export", "--format", "xml"},
		{"show", "7"},
		{"why", "x"},
		{"requeue", "00000001-0"},
		{"edit", "x", "--body", "-"},
	} {
		got := r.on(args...)
		require.Equal(t, exit.Usage, got.code, "%v %v", args, got)
	}
	require.Equal(t, exit.Failed, r.on("show", "00000001-1").code)
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, c := range newRoot().Commands() {
		got := ctl(t, "", c.Name(), "--help")
		require.Equal(t, exit.Done, got.code)
		require.Contains(t, got.out, "Usage:")
		require.NotEmpty(t, c.Short)
	}
}

func TestNoToken(t *testing.T) {
	t.Setenv(tokenVariable, "")
	file := filepath.Join(t.TempDir(), "a.db")
	got := ctl(t, "", "send", "--outbox", file, "--base-url", "http://127.0.0.1:1/v2")
	require.Equal(t, exit.Usage, got.code)
	require.Contains(t, got.errors, "set "+tokenVariable)
	require.NoFileExists(t, file)
}

func TestTokenOfTheEnvironment(t *testing.T) {
	r := newRig(t)
	t.Setenv(tokenVariable, r.fake.Token())
	got := ctl(t, stock("A", "1"), "send", "--outbox", r.outbox, "--base-url", r.url)
	require.Equal(t, exit.Done, got.code, got)
}

func TestRunUntilEmpty(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.Maintenance(time.Hour)
	require.Equal(t, exit.Waiting, r.send(stock("A", "1")+stock("B", "2"), "--drain", "0").code)
	r.fake.EndMaintenance()
	r.fake.Refuse("B", "no such SKU")
	got := ctl(t, "", r.args("run", "--until-empty", "--json")...)
	require.Equal(t, exit.Refused, got.code, got)
	require.JSONEq(t, `{"delivered":1,"dead":1,"waiting":0,"parked":0}`, got.out)
	got = ctl(t, "", r.args("run", "--until-empty")...)
	require.Equal(t, exit.Done, got.code, got)
}

func TestRunUntilEmptyInterrupted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.Maintenance(time.Hour)
	require.Equal(t, exit.Waiting, r.send(stock("A", "1"), "--drain", "0").code)
	ctx, interrupt := context.WithCancel(t.Context())
	c := begin(ctx, strings.NewReader(""), r.args("run", "--until-empty")...)
	r.waitForSocket()
	interrupt()
	got := c.wait(t)
	require.Equal(t, exit.Waiting, got.code, got)
	require.Contains(t, got.out, "1 left waiting")
}

// The signals that end a service end every command in order.
func TestSignalsEndTheProcessInOrder(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		r := newRig(t)
		child, _, out := r.child(r.args("run")...)
		r.waitForSocket()
		require.NoError(t, child.Process.Signal(signal))
		require.True(t, out.Scan())
		require.Contains(t, out.Text(), "0 delivered")
		require.NoError(t, child.Wait())
		require.NoFileExists(t, r.outbox+".sock")
	}
}

func TestFake(t *testing.T) {
	t.Parallel()
	r := newRig(t) // for its child only
	child, _, out := r.child("fake", "--account", "b", "--json")
	require.True(t, out.Scan())
	var said fakeJSON
	require.NoError(t, json.Unmarshal(out.Bytes(), &said))
	require.NotEmpty(t, said.Tokens["b"])
	r.url = said.BaseURL
	r.setTokens(said.Tokens)
	require.Equal(t, exit.Done, r.send(stock("A", "1")+`{"op":"stock.set","account":"b","partnerId":"A","quantity":1}`).code)

	tell := func(method, query string) {
		req, err := http.NewRequestWithContext(t.Context(), method, said.MaintenanceURL+query, nil)
		require.NoError(t, err)
		client := http.Client{Transport: new(http.Transport)}
		defer client.CloseIdleConnections()
		resp, err := client.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
	}
	tell(http.MethodPost, "?for=1h")
	require.Equal(t, exit.Waiting, r.send(stock("A", "2"), "--drain", "200ms").code)
	tell(http.MethodDelete, "")
	require.Equal(t, exit.Done, r.send("", "--drain", "20s").code)

	require.NoError(t, child.Process.Signal(os.Interrupt))
	require.NoError(t, child.Wait())
}

func TestFakeForPeople(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	c := begin(ctx, strings.NewReader(""), "fake", "--account", "seller-42")
	until(t, "it serves", func() bool { return strings.Contains(c.out.String(), "serving") })
	interrupt()
	got := c.wait(t)
	require.Equal(t, exit.Done, got.code)
	for _, word := range []string{"http://127.0.0.1:", "token of seller-42", "curl -X POST", "curl -X DELETE"} {
		require.Contains(t, got.out, word)
	}
	require.Equal(t, exit.Failed, ctl(t, "", "fake", "--addr", "nowhere").code)
}
