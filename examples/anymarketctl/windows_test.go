package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

func TestWindows(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "windows.json")
	w := func(args ...string) result {
		t.Helper()
		return ctl(t, "", append(append([]string{"windows"}, args...), "--windows", file)...)
	}
	require.Equal(t, "no windows\n", w("list").out)
	rows := []string{
		"--length", "4h", "--row", "America/Mexico_City 2024-07-27T22:00", "--row", "America/Lima 2024-07-27T23:00",
		"--row", "America/Santiago 2024-07-28T00:00", "--row", "America/Sao_Paulo 2024-07-28T01:00",
	}
	got := w(append([]string{"add", "--name", "july"}, rows...)...)
	require.Equal(t, exit.Done, got.code, got)
	require.Contains(t, got.out, "added july 2024-07-28 04:00:00 UTC")
	require.Contains(t, got.out, "4h0m0s")
	require.Contains(t, got.errors, "has passed")

	got = w(append([]string{"add"}, rows...)...)
	require.Equal(t, exit.Failed, got.code) // it is listed
	got = w("add", "--length", "4h", "--row", "America/Santiago 2024-01-28T00:00", "--row", "America/Sao_Paulo 2024-01-28T01:00", "--row", "America/Lima 2024-01-27T23:00")
	require.Equal(t, exit.Usage, got.code)
	require.Contains(t, got.errors, "--row: rows[")
	for says, args := range map[string][]string{
		"--row: rows[0]":       {"--row", "America/Lima tomorrow", "--length", "4h"},
		"not a zone such as":   {"--row", "America/Nowhere 2024-07-28T01:00", "--length", "4h"},
		"not after start":      {"--start", "2024-07-28T04:00:00Z", "--end", "2024-07-28T03:00:00Z"},
		"--end: is missing":    {"--start", "2024-07-28T04:00:00Z"},
		"--row: are missing":   {"--length", "4h"},
		"either start and end": {"--length", "4h", "--start", "2024-07-28T04:00:00Z"},
	} {
		got := w(append([]string{"add"}, args...)...)
		require.Equal(t, exit.Usage, got.code, args)
		require.Contains(t, got.errors, says)
		require.NotContains(t, got.errors, "tzdata")
	}
	got = w("add", "--start", "2024-08-28T01:00:00-03:00", "--end", "2024-08-28T05:00:00-03:00")
	require.Equal(t, exit.Done, got.code, got)

	listed := decoded[windowJSON](t, w("list", "--json"))
	require.Len(t, listed, 2)
	require.Equal(t, "july", listed[0].Name)
	require.Equal(t, exit.Done, w("remove", "july").code)
	require.Equal(t, exit.Done, w("remove", "2024-08-28T04:00:00Z").code)
	require.Equal(t, exit.Failed, w("remove", "july").code)
}

// A window file that goes wrong is not passed over in silence.
func TestWrongWindowFileIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	windows := filepath.Join(t.TempDir(), "windows.json")
	require.NoError(t, os.WriteFile(windows, []byte(`{"windows":[]}`), 0o600))
	ctx, interrupt := context.WithCancel(t.Context())
	c := begin(ctx, strings.NewReader(""), r.args("run", "--windows", windows)...)
	r.waitForSocket()
	require.NoError(t, os.WriteFile(windows, []byte(`{"windows":[{}]}`), 0o600))
	until(t, "a warning", func() bool { return strings.Contains(c.errors.String(), "the windows from before count") })
	require.NoError(t, os.WriteFile(windows, []byte(`{"windows":[ ]}`), 0o600))
	until(t, "the end of it", func() bool { return strings.Contains(c.errors.String(), "can be read again") })
	interrupt()
	require.Equal(t, exit.Done, c.wait(t).code)
}

func TestWindowThatMayNotBeMeant(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "windows.json")
	start := time.Now().Add(24 * time.Hour)
	add := func(name string, start time.Time) result {
		return ctl(t, "", "windows", "add", "--windows", file, "--name", name, "--start", at(start), "--end", at(start.Add(time.Hour)))
	}
	require.Empty(t, add("first", start).errors)
	require.Empty(t, add("next", start.Add(time.Hour)).errors)
	got := add("over", start.Add(30*time.Minute))
	require.Equal(t, exit.Done, got.code)
	require.Contains(t, got.errors, "first")
	require.Contains(t, got.errors, "next")
	require.Contains(t, add("past", start.Add(-48*time.Hour)).errors, "has passed")
}
