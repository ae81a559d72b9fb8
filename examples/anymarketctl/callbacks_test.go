package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

const hook = "https://erp.example/anymarket/correct-horse-battery"

// guarding runs a command on the callbacks of the first account.
func (r *rig) guarding(memory, command string, more ...string) result {
	r.t.Helper()
	return ctl(r.t, "", append([]string{"callbacks", command, "--base-url", r.url, "--tokens", r.tokenFile, "--memory", memory}, more...)...)
}

func TestCallbacksAreCheckedAndRepaired(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	begin := time.Now()
	memory := filepath.Join(t.TempDir(), "callbacks.json")
	got := r.guarding(memory, "remember")
	require.Equal(t, exit.Failed, got.code)
	require.Contains(t, got.errors, "register one, then remember it")
	got = r.guarding(memory, "check")
	require.Equal(t, exit.Failed, got.code)
	require.Contains(t, got.errors, "remember them while all is well")

	first := r.fake.AddCallback(anymarkettest.Callback{URL: hook, Order: true})
	second := r.fake.AddCallback(anymarkettest.Callback{URL: hook + "-2", Product: true})
	got = r.guarding(memory, "remember")
	require.Equal(t, exit.Done, got.code, got)
	require.Equal(t, "callbacks remembered: 2\n", got.out)
	got = r.guarding(memory, "check")
	require.Equal(t, exit.Done, got.code, got)
	require.Equal(t, "callbacks remembered: 2, differences: 0\n", got.out)

	r.fake.RemoveCallback(first)
	r.fake.RemoveCallback(second)
	r.fake.AddCallback(anymarkettest.Callback{ID: second, URL: hook + "-2", Product: true, Order: true})
	for _, command := range [][]string{{"check"}, {"repair", "--dry-run"}} {
		got = r.guarding(memory, command[0], command[1:]...)
		require.Equal(t, exit.Alarm, got.code, got)
		require.Contains(t, got.out, "missing  https://erp.example/[hidden]")
		require.Contains(t, got.out, "changed  https://erp.example/[hidden]")
		require.Len(t, r.fake.Callbacks(), 1)
	}
	said := decoded[callback.Comparison](t, r.guarding(memory, "repair", "--json"))
	require.Len(t, said, 1)
	require.Len(t, said[0].Differences, 2)
	require.True(t, said[0].OK())
	for _, cb := range r.fake.Callbacks() {
		require.Equal(t, cb.URL == hook, cb.Order)
		require.Equal(t, cb.URL != hook, cb.Product)
	}
	require.Len(t, r.fake.Callbacks(), 2)

	// The report says what was repaired, and that nothing is left to be done.
	require.Equal(t, exit.Done, r.send("").code)
	for from, shown := range map[time.Time]int{begin: 2, time.Now(): 0} {
		got = r.on("report", "--from", at(from), "--to", at(begin.Add(time.Hour)), "--callbacks", memory)
		require.Equal(t, exit.Done, got.code, got)
		require.Equal(t, shown, strings.Count(got.out, "https://erp.example/[hidden]"), got.out)
		require.Contains(t, got.out, "there is nothing left for a person to do")
	}
	got = r.guarding(memory, "repair")
	require.Equal(t, exit.Done, got.code, got)
	require.Len(t, r.fake.Callbacks(), 2)
	fi, err := os.Stat(memory)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), fi.Mode().Perm())
}

// What is wrong beyond repair, another account, and a list that is not there.
func TestCallbacksThatAPersonHasToSee(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	memory := filepath.Join(t.TempDir(), "callbacks.json")
	of := r.fake.For("b")
	id := of.AddCallback(anymarkettest.Callback{URL: hook, Order: true})
	require.Equal(t, exit.Failed, r.guarding(memory, "remember").code, "of another account")
	require.Equal(t, exit.Usage, r.guarding(memory, "remember", "--account", "b", "--id", "0").code)
	require.Equal(t, exit.Failed, r.guarding(memory, "remember", "--account", "b", "--id", "99").code)
	got := r.guarding(memory, "remember", "--account", "b", "--id", fmt.Sprint(id), "--json")
	require.Equal(t, exit.Done, got.code, got)
	require.JSONEq(t, `{"remembered":1}`, got.out)

	of.AddCallback(anymarkettest.Callback{URL: hook, Order: true})
	got = r.guarding(memory, "repair", "--account", "b")
	require.Equal(t, exit.Alarm, got.code, got)
	require.Contains(t, got.out, "doubled  https://erp.example/[hidden]")

	r.fake.Fail(anymarkettest.Fault{Route: "GET /callbacks", Status: 404, Times: -1, Body: `{"code":"404","message":"no such route"}`})
	of.RemoveCallback(id)
	got = r.guarding(memory, "repair", "--account", "b")
	require.Equal(t, exit.Alarm, got.code, got)
	require.Contains(t, got.out, "missing ")
	require.Contains(t, got.out, "does not list them")
	require.Zero(t, r.fake.Count("POST /callbacks"))

	r.fake.Fail(anymarkettest.Fault{Mode: anymarkettest.Unavailable, Times: -1})
	got = r.guarding(memory, "check", "--account", "b")
	require.Equal(t, exit.Failed, got.code, got)
	require.NotContains(t, got.errors, "battery")
}

func TestCallbacksWronglyUsed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "x")
	tokens := filepath.Join(t.TempDir(), "tokens.json")
	require.NoError(t, os.WriteFile(tokens, []byte(`{"":"x"}`), 0o600))
	for _, args := range [][]string{
		{},
		{"frob"},
		{"check"},
		{"check", "--memory", file},
		{"check", "--base-url", "http://127.0.0.1:1/v2"},
		{"repair", "--memory", file, "--base-url", "http://example.com/v2", "--tokens", tokens},
		{"repair", "--memory", file, "--base-url", "http://127.0.0.1:1/v2", "--tokens", tokens, "--timeout", "0"},
		{"repair", "--memory", file, "--base-url", "http://127.0.0.1:1/v2", "--tokens", tokens, "more"},
	} {
		got := ctl(t, "", append([]string{"callbacks"}, args...)...)
		require.Equal(t, exit.Usage, got.code, "%v %v", args, got)
		require.NoFileExists(t, file)
	}
}
