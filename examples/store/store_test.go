package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
)

const asProgram = "STORE_TEST_AS_PROGRAM"

// TestMain lets the test binary be the program.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program is the program as a process, with no token but those in env.
func program(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe, args...)
	for _, v := range append(os.Environ(), asProgram+"=1") {
		if !strings.HasPrefix(v, "ANYMARKET_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

func TestDemo(t *testing.T) {
	t.Parallel()
	out, err := program(t, nil).CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, want := range []string{
		"is safe on disk, and goes when ANYMARKET can take it",
		"SALE-003: ANYMARKET refuses it, so it is taken back: POST /orders: 422 Unprocessable Entity: the SKU is not for sale",
		"SALE-005 was sold before, with another [total]",
		"ANYMARKET has each of 11 orders once, paid and invoiced",
	} {
		require.Contains(t, string(out), want)
	}
	require.Regexp(t, `SALE-003 INVOICED: (was )?taken back`, string(out))
	require.Regexp(t, `= delivered 33 \+ refused 0 \+ taken back [123] \+ waiting 0`, string(out))
}

// Interrupted it ends in order; started again it goes on after what it handed
// over.
func TestInterruptedProgram(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 100)
	s := anymarkettest.New(anymarkettest.Options{Duplicate: 201, Script: func(r anymarkettest.Request) (anymarkettest.Fault, bool) {
		seen <- r.Route
		return anymarkettest.Fault{}, false
	}})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	url, err := s.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	dir := t.TempDir()
	first, second := demoOrder(1), demoOrder(2)
	write(t, dir, event{Order: &first})
	sellUntil := func(route string) {
		p := program(t, []string{"ANYMARKET_BASE_URL=" + url, "ANYMARKET_TOKEN=" + s.Token()},
			"-journal", filepath.Join(dir, "sales.ndjson"), "-outbox", filepath.Join(dir, "anymarket.db"))
		p.Stdout, p.Stderr = os.Stderr, os.Stderr
		require.NoError(t, p.Start())
		for r := <-seen; r != route; {
			r = <-seen
		}
		require.NoError(t, p.Process.Signal(syscall.SIGINT))
		require.NoError(t, p.Wait())
	}
	sellUntil("POST /orders")
	write(t, dir, event{Order: &second}, event{Sale: saleID(1), Step: &api.OrderUpdate{Status: api.StatusPaid}})
	sellUntil("PUT /orders/{id}")
	require.Len(t, s.Orders(), 2)
	require.Equal(t, 2, s.Count("POST /orders"))
	o, _ := s.Order(marketplace, saleID(1))
	require.Equal(t, string(api.StatusPaid), o.Status)
}

// What only a person can decide is said once, and does not keep the program
// from ending.
func TestParkedOrder(t *testing.T) {
	t.Parallel()
	anymarkettest.Run(t, func(t *testing.T, s *anymarkettest.Server) {
		dir := t.TempDir()
		order := demoOrder(1)
		for range 2 { // two fit, so nobody knows which it is
			s.AddOrder(`{"marketPlace":"ECOMMERCE","marketPlaceId":"SALE-001"}`)
		}
		s.Fail(anymarkettest.Fault{Route: "POST /orders", Mode: anymarkettest.Reset})
		write(t, dir, event{Order: &order}, event{Sale: saleID(1), Step: &api.OrderUpdate{Status: api.StatusPaid}})
		out := sell(t, s, dir, time.Hour)
		require.Equal(t, 1, strings.Count(out, "SALE-001: waits for a decision"), out)
		require.Equal(t, 1, strings.Count(out, "SALE-001 PAID_WAITING_SHIP: waits for a decision"), out)
		require.Contains(t, out, "accepted 2 = delivered 0 + refused 0 + taken back 0 + waiting 2")
		require.Len(t, s.Orders(), 2)
	})
}

// What can never be right is left out, and the events after it are handed over.
func TestEventThatCannotBeRight(t *testing.T) {
	t.Parallel()
	anymarkettest.Run(t, func(t *testing.T, s *anymarkettest.Server) {
		dir := t.TempDir()
		negative, good := demoOrder(1), demoOrder(2)
		negative.Total = anymarket.Qty(-1)
		write(t, dir, event{Order: &negative}, event{Order: &good}, event{Sale: saleID(2), Step: &api.OrderUpdate{Status: "LOST"}})
		out := sell(t, s, dir, time.Minute)
		require.Contains(t, out, "event 1 can never be right: total")
		require.Contains(t, out, "event 3 can never be right: status")
		require.Len(t, s.Orders(), 1)
	})
}

func TestJournalNamesTheLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	order := demoOrder(1)
	write(t, dir, event{Order: &order}, event{})
	j := journal(filepath.Join(dir, "sales.ndjson"))
	events, err := j.after(0)
	require.ErrorContains(t, err, "line 2: want an order or a step")
	require.Len(t, events, 1, "what stands before it is good")
	require.NoError(t, os.WriteFile(string(j), []byte("{\n"), 0o600))
	_, err = j.after(0)
	require.ErrorContains(t, err, "line 1: unexpected end")
	require.NoError(t, os.WriteFile(string(j), []byte(`{"order":`), 0o600))
	events, err = j.after(0)
	require.NoError(t, err, "the line is being written")
	require.Empty(t, events)

	s := shop{config: anymarket.Config{Outbox: filepath.Join(dir, "anymarket.db"), Token: "t"}, journal: "nowhere", every: time.Hour, patience: time.Second, out: &strings.Builder{}}
	require.ErrorIs(t, s.run(t.Context()), os.ErrNotExist)
}

// sell runs the shop for a time and returns what it said.
func sell(t *testing.T, s *anymarkettest.Server, dir string, d time.Duration) string {
	t.Helper()
	var out strings.Builder
	shop := shop{
		config:  anymarket.Config{Outbox: filepath.Join(dir, "anymarket.db"), Token: s.Token(), BaseURL: s.URL, Transport: s.Transport()},
		journal: journal(filepath.Join(dir, "sales.ndjson")), every: time.Second, checkout: 2 * time.Second, patience: 10 * time.Second, out: &out,
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	require.NoError(t, shop.run(ctx))
	return out.String()
}

// write appends to the journal.
func write(t *testing.T, dir string, events ...event) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "sales.ndjson"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	for _, e := range events {
		require.NoError(t, json.NewEncoder(f).Encode(e))
	}
	require.NoError(t, f.Close())
}
