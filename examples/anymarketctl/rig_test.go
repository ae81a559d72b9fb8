package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/internal/admin"
)

// childArgs makes the test binary be the command.
const childArgs = "ANYMARKETCTL_TEST_ARGS"

func TestMain(m *testing.M) {
	text := os.Getenv(childArgs)
	if text == "" {
		goleak.VerifyTestMain(m)
		return
	}
	var args []string
	if err := json.Unmarshal([]byte(text), &args); err != nil {
		panic(err)
	}
	os.Args = append(os.Args[:1], args...)
	main()
}

// rig is a fake ANYMARKET on a real port, an outbox and a token file.
type rig struct {
	t                      *testing.T
	fake                   *anymarkettest.Server
	url, outbox, tokenFile string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, fake: anymarkettest.New(anymarkettest.Options{})}
	t.Cleanup(func() { require.NoError(t, r.fake.Close()) })
	var err error
	r.url, err = r.fake.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	dir := t.TempDir()
	r.outbox, r.tokenFile = filepath.Join(dir, "outbox.db"), filepath.Join(dir, "tokens.json")
	r.setTokens(map[string]string{"": r.fake.Token(), "b": r.fake.For("b").Token()})
	return r
}

func (r *rig) setTokens(of map[string]string) {
	r.t.Helper()
	data, err := json.Marshal(of)
	require.NoError(r.t, err)
	require.NoError(r.t, os.WriteFile(r.tokenFile, data, 0o600))
}

// args are those of a command that delivers, fast.
func (r *rig) args(command string, more ...string) []string {
	return append([]string{
		command, "--outbox", r.outbox, "--base-url", r.url, "--tokens", r.tokenFile,
		"--max-rate", "1000", "--start-rate", "1000", "--canary", "100ms",
	}, more...)
}

func (r *rig) send(input string, more ...string) result {
	r.t.Helper()
	return ctl(r.t, input, r.args("send", more...)...)
}

// on runs a command on the outbox.
func (r *rig) on(args ...string) result {
	r.t.Helper()
	return ctl(r.t, "", append(args, "--outbox", r.outbox)...)
}

type result struct {
	code        int
	out, errors string
}

// ctl runs a command in this process.
func ctl(t *testing.T, input string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return begin(ctx, strings.NewReader(input), args...).wait(t)
}

// command is a command that runs in this process.
type command struct {
	out, errors text
	code        int
	done        chan struct{}
}

func begin(ctx context.Context, stdin io.Reader, args ...string) *command {
	c := &command{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.code = run(ctx, args, stdin, &c.out, &c.errors)
	}()
	return c
}

func (c *command) wait(t *testing.T) result {
	t.Helper()
	select {
	case <-c.done:
	case <-time.After(time.Minute):
		t.Fatal("the command does not end: " + c.out.String() + c.errors.String())
	}
	return result{c.code, c.out.String(), c.errors.String()}
}

// text is a buffer that is written and read at the same time.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(p)
}

func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

// until waits for something that another goroutine or process does.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	require.Eventually(t, done, 30*time.Second, 10*time.Millisecond, what)
}

// holder runs "run" in this process until the test, or its end, stops it.
func (r *rig) holder(more ...string) (stop func() result) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	c := begin(ctx, strings.NewReader(""), r.args("run", more...)...)
	r.t.Cleanup(func() { cancel(); c.wait(r.t) })
	r.waitForSocket()
	return func() result { cancel(); return c.wait(r.t) }
}

func (r *rig) waitForSocket() {
	r.t.Helper()
	until(r.t, "somebody listens on the socket", func() bool {
		o, err := admin.Dial(r.t.Context(), r.outbox)
		return err == nil && o.Close() == nil
	})
}

// child begins a command in a process of its own.
func (r *rig) child(args ...string) (child *exec.Cmd, stdin io.WriteCloser, lines *bufio.Scanner) {
	r.t.Helper()
	exe, err := os.Executable()
	require.NoError(r.t, err)
	text, err := json.Marshal(args)
	require.NoError(r.t, err)
	child = exec.CommandContext(context.WithoutCancel(r.t.Context()), exe) // a cleanup may end it in order
	child.Env = append(os.Environ(), childArgs+"="+string(text))
	stdin, err = child.StdinPipe()
	require.NoError(r.t, err)
	stdout, err := child.StdoutPipe()
	require.NoError(r.t, err)
	require.NoError(r.t, child.Start())
	return child, stdin, bufio.NewScanner(stdout)
}

// receipts decodes the output of send.
func receipts(t *testing.T, out string) (all []receipt) {
	t.Helper()
	for line := range strings.Lines(out) {
		var r receipt
		require.NoError(t, json.Unmarshal([]byte(line), &r), line)
		all = append(all, r)
	}
	return all
}

// stock is an operation.
func stock(sku, quantity string) string {
	return `{"op":"stock.set","partnerId":"` + sku + `","quantity":"` + quantity + `"}` + "\n"
}

// whoeverHolds runs a test that delivers by itself, and one through a process
// that holds the file, with flags.
func whoeverHolds(t *testing.T, f func(t *testing.T, r *rig), flags ...string) {
	t.Helper()
	for name, held := range map[string]bool{"own": false, "held": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			if held {
				r.holder(flags...)
			}
			f(t, r)
		})
	}
}

func at(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func quantity(t *testing.T, r *rig, sku string) string {
	t.Helper()
	s, ok := r.fake.Stock(sku, 0)
	require.True(t, ok, sku)
	return s.Quantity
}
