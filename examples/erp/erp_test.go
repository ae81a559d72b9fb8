package main

import (
	"context"
	"log/slog"
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
)

const asProgram = "ERP_TEST_AS_PROGRAM"

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
	require.Contains(t, string(out), "calls are held")
	require.Contains(t, string(out), "refused 0 + discarded 0 + waiting 0")
	require.Contains(t, string(out), "ANYMARKET has what the ERP has: 24 stocks and prices")
}

// Interrupted it ends in order, and what the sheet said is there.
func TestInterruptedProgram(t *testing.T) {
	t.Parallel()
	seen := make(chan struct{}, 100)
	s := anymarkettest.New(anymarkettest.Options{Script: func(r anymarkettest.Request) (anymarkettest.Fault, bool) {
		if r.Route == "PUT /stocks" {
			seen <- struct{}{}
		}
		return anymarkettest.Fault{}, false
	}})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	url, err := s.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	dir := t.TempDir()
	write(t, dir, ",SKU-1,5,,,\noutlet,SKU-1,7,,,\n")
	outlet := s.For("outlet")
	p := program(t, []string{"ANYMARKET_BASE_URL=" + url, "ANYMARKET_TOKEN=" + s.Token(), "ANYMARKET_TOKEN_OUTLET=" + outlet.Token()},
		"-sheet", filepath.Join(dir, "stock.csv"), "-outbox", filepath.Join(dir, "anymarket.db"))
	var out strings.Builder
	p.Stdout, p.Stderr = &out, os.Stderr
	require.NoError(t, p.Start())
	<-seen
	<-seen
	require.NoError(t, p.Process.Signal(syscall.SIGINT))
	require.NoError(t, p.Wait())
	require.Contains(t, out.String(), "accepted 2 = delivered 2 + ")
	stock, _ := s.Stock("SKU-1", 0)
	require.Equal(t, "5", stock.Quantity)
	stock, _ = outlet.Stock("SKU-1", 0)
	require.Equal(t, "7", stock.Quantity)
}

func TestProgramThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	out, err := program(t, []string{"ANYMARKET_TOKEN=t"}, "-outbox", filepath.Join(t.TempDir(), "none", "anymarket.db")).CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Contains(t, string(out), "no such file or directory")
}

// Only what changed is sent, and a value that waited long is as of now.
func TestFollow(t *testing.T) {
	t.Parallel()
	anymarkettest.Run(t, func(t *testing.T, s *anymarkettest.Server) {
		dir := t.TempDir()
		ad := s.AddAd(anymarkettest.Ad{PartnerID: "A", Marketplace: "AMAZON"})
		write(t, dir, ",A,5,AMAZON,10.00,9.50\n,B,6,,,\n")
		var out, log strings.Builder
		f := follower{
			config: anymarket.Config{Outbox: filepath.Join(dir, "anymarket.db"), Token: s.Token(), BaseURL: s.URL, Transport: s.Transport()},
			erp:    sheet(filepath.Join(dir, "stock.csv")), every: 10 * time.Minute, patience: 10 * time.Second,
			log: slog.New(slog.NewTextHandler(&log, nil)), out: &out,
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- f.run(ctx) }()
		time.Sleep(30 * time.Second)
		price, _ := s.Price(ad)
		require.Equal(t, "10.00 9.50", price.Price+" "+price.Discount)

		s.Maintenance(4 * time.Hour)
		write(t, dir, ",A,5,AMAZON,10.00,9.00\n,B,7,,,\n")
		time.Sleep(time.Hour)
		write(t, dir, ",A,five,,,\n")
		time.Sleep(3*time.Hour - time.Second)
		write(t, dir, ",A,5,AMAZON,10.00,9.00\n,B,8,,,\n")
		time.Sleep(5 * time.Minute) // it has not looked again yet
		b, _ := s.Stock("B", 0)
		require.Equal(t, "8", b.Quantity)
		cancel()
		require.NoError(t, <-ended)
		price, _ = s.Price(ad)
		require.Equal(t, "9.00", price.Discount)
		require.Equal(t, 2, price.Writes)
		a, _ := s.Stock("A", 0)
		require.Equal(t, 1, a.Writes, "it did not change")
		require.Contains(t, out.String(), "refused 0 + discarded 0 + waiting 0")
		require.Contains(t, log.String(), "line 2: quantity")
	})
}

func TestSheetNamesTheLine(t *testing.T) {
	t.Parallel()
	for want, lines := range map[string]string{
		"line 2: quantity":       ",A,x,,,\n",
		"line 3: price":          ",A,1,,,\n,B,1,AMAZON,,\n",
		"line 2: discount_price": ",A,1,AMAZON,1,x\n",
		"wrong number of fields": ",A,1\n",
	} {
		dir := t.TempDir()
		write(t, dir, lines)
		_, err := sheet(filepath.Join(dir, "stock.csv")).rows()
		require.ErrorContains(t, err, want)
	}
	_, err := sheet(filepath.Join(t.TempDir(), "stock.csv")).rows()
	require.ErrorIs(t, err, os.ErrNotExist)
}

func write(t *testing.T, dir, lines string) {
	t.Helper()
	text := strings.Join(header(), ",") + "\n" + lines
	path := filepath.Join(dir, "stock.csv")
	require.NoError(t, os.WriteFile(path+".new", []byte(text), 0o600))
	require.NoError(t, os.Rename(path+".new", path))
}
