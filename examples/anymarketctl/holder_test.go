package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/outbox"
)

// A process that has the file without a socket begins, ends, or looks: commands
// say whom they wait for, and go on when it is through.
func TestCommandsWaitForWhoHasTheFile(t *testing.T) {
	t.Parallel()
	for name, args := range map[string]func(r *rig) []string{
		"send":   func(r *rig) []string { return r.args("send") },
		"run":    func(r *rig) []string { return r.args("run", "--until-empty") },
		"status": func(r *rig) []string { return []string{"status", "--outbox", r.outbox} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			holder, err := anymarket.Open(t.Context(), anymarket.Config{Outbox: r.outbox, Token: "x", BaseURL: r.url})
			require.NoError(t, err)
			c := begin(t.Context(), strings.NewReader(""), args(r)...)
			until(t, "word of who is waited for", func() bool {
				return strings.Contains(c.errors.String(), fmt.Sprintf("process=%d", os.Getpid()))
			})
			require.NoError(t, holder.Close())
			got := c.wait(t)
			require.Equal(t, exit.Done, got.code, got)
			require.Equal(t, 1, strings.Count(got.errors, "waiting for the process"))
		})
	}
}

// Who does not want to wait interrupts, and is told whom to ask; nothing is
// stored.
func TestWaitingForWhoHasTheFileCanBeInterrupted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	holder, err := anymarket.Open(t.Context(), anymarket.Config{Outbox: r.outbox, Token: "x", BaseURL: r.url})
	require.NoError(t, err)
	defer holder.Close()
	for _, args := range [][]string{r.args("send"), {"status", "--outbox", r.outbox}} {
		ctx, cancel := context.WithCancel(t.Context())
		c := begin(ctx, strings.NewReader(stock("A", "1")), args...)
		until(t, "word of who is waited for", func() bool { return strings.Contains(c.errors.String(), "waiting for the process") })
		cancel()
		got := c.wait(t)
		require.Equal(t, exit.Failed, got.code)
		require.Contains(t, got.errors, fmt.Sprintf("process %d", os.Getpid()))
		require.Contains(t, got.errors, "no admin socket")
		require.NotContains(t, got.errors, "Config.Admin", "it is this program")
		require.Empty(t, got.out)
	}
}

func TestOnlyAnotherProgramIsToldToOpenASocket(t *testing.T) {
	t.Parallel()
	locked := &outbox.LockedError{Path: "x", PID: 1, Program: "shop"}
	require.ErrorContains(t, unreachable(locked, locked), "Config.Admin")
}

// One process delivers; another that wants to is told at once.
func TestRunDoesNotWaitForWhoDelivers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.holder()
	got := ctl(t, "", r.args("run")...)
	require.Equal(t, exit.Failed, got.code)
	require.Contains(t, got.errors, "it delivers already")
	require.NotContains(t, got.errors, "waiting for")
}

// stuckReader reads nothing until it is let.
type stuckReader struct {
	reached chan struct{} // somebody wrote
	let     chan struct{}
	text
}

func (w *stuckReader) Write(p []byte) (int, error) {
	select {
	case w.reached <- struct{}{}:
	default:
	}
	<-w.let
	return w.text.Write(p)
}

// Who looks at a list by a pager keeps nobody from delivering.
func TestSlowReaderKeepsNobodyFromTheFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.Maintenance(time.Hour)
	require.Equal(t, exit.Waiting, r.send(stock("A", "1"), "--drain", "0").code)
	w := &stuckReader{reached: make(chan struct{}, 1), let: make(chan struct{})}
	listed := make(chan int, 1)
	go func() {
		listed <- run(t.Context(), []string{"list", "--outbox", r.outbox}, strings.NewReader(""), w, io.Discard)
	}()
	<-w.reached
	r.fake.EndMaintenance()
	require.Equal(t, exit.Done, r.send(stock("A", "2")).code)
	close(w.let)
	require.Equal(t, exit.Done, <-listed)
	require.Contains(t, w.String(), "stock.set")
}

// Nor does who types a new body.
func TestTypingKeepsNobodyFromTheFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.Equal(t, exit.Done, r.send(stock("A", "1")).code)
	in, input := io.Pipe()
	c := begin(t.Context(), in, "edit", "00000001-1", "--body", "-", "--outbox", r.outbox)
	_, err := io.WriteString(input, "{")
	require.NoError(t, err)
	require.Equal(t, exit.Done, r.send(stock("A", "2")).code)
	_, err = io.WriteString(input, "}")
	require.NoError(t, err)
	require.NoError(t, input.Close())
	require.Equal(t, exit.Failed, c.wait(t).code)
}

// All that was said is stored when the process that delivers dies: what waits is
// no fault of who said it, token or not.
func TestSendWithoutTokenOutlivesTheHolder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.Maintenance(time.Hour)
	holder, _, _ := r.child(r.args("run")...)
	defer func() { _ = holder.Process.Kill() }() // in case the test fails
	r.waitForSocket()
	c := begin(t.Context(), strings.NewReader(stock("A", "1")), "send", "--outbox", r.outbox, "--base-url", r.url, "--drain", "1m")
	until(t, "a receipt", func() bool { return strings.Contains(c.out.String(), `"id"`) })
	require.NoError(t, holder.Process.Kill())
	_ = holder.Wait()
	got := c.wait(t)
	require.Equal(t, exit.Waiting, got.code, got)
	require.Contains(t, got.errors, "1 left waiting")
}

func TestSpoolKeepsAll(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp) // where Windows looks
	for _, size := range []int{0, 10, spoolMemory, spoolMemory + 1, 3*spoolMemory + 7} {
		var s spool
		want := bytes.Repeat([]byte("0123456789abcde\n"), size/16+1)[:size]
		for rest := want; len(rest) > 0; {
			n, err := s.Write(rest[:min(len(rest), 100_000)])
			require.NoError(t, err)
			rest = rest[n:]
		}
		files, err := filepath.Glob(filepath.Join(temp, "*"))
		require.NoError(t, err)
		require.Equal(t, size > spoolMemory, len(files) == 1)
		var got bytes.Buffer
		require.NoError(t, s.release(&got))
		require.True(t, bytes.Equal(want, got.Bytes()))
		files, err = filepath.Glob(filepath.Join(temp, "*"))
		require.NoError(t, err)
		require.Empty(t, files)
	}
}
