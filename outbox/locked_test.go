package outbox_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

const holdFile = "OUTBOX_TEST_HOLD_FILE"

// TestMain lets the test binary be the process that holds a file. Else it fails
// if a goroutine of any test is left at the end.
func TestMain(m *testing.M) {
	path := os.Getenv(holdFile)
	if path == "" {
		goleak.VerifyTestMain(m, goleak.Cleanup(outboxtest.Exit))
	}
	o, err := outbox.Open(path, stockOnly(&outboxtest.Host{}))
	if err != nil {
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString("open\n")
	_, _ = os.Stdin.Read(make([]byte, 1)) // until the test ends it
	_ = o.Close()
	os.Exit(0)
}

// Not in parallel: until it runs its program, a child has the open files of the
// others, and their locks, and what waits for one in a bubble gives up at once.
func TestSecondProcessIsToldWhoHoldsTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	exe, err := os.Executable()
	require.NoError(t, err)
	child := exec.CommandContext(t.Context(), exe)
	child.Env = append(os.Environ(), holdFile+"="+path)
	stdin, err := child.StdinPipe()
	require.NoError(t, err)
	stdout, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "open\n", line)

	start := time.Now()
	_, err = outbox.Open(path, stockOnly(&outboxtest.Host{}))
	require.Less(t, time.Since(start), 2*time.Second)
	locked := new(outbox.LockedError)
	require.ErrorAs(t, err, &locked)
	require.Equal(t, child.Process.Pid, locked.PID)
	require.Equal(t, filepath.Base(exe), locked.Program)
	require.WithinDuration(t, time.Now(), locked.Since, time.Minute)

	require.NoError(t, child.Process.Kill()) // a crash frees the file
	_ = child.Wait()
	_ = stdin.Close()
	outboxtest.OpenFile(t, path, stockOnly(&outboxtest.Host{}))
}

// One of several that are started at once makes the file and has it; the others are
// refused and leave it alone. Not in parallel, as above.
func TestOneOfTheProcessesStartedAtOnceHasTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	exe, err := os.Executable()
	require.NoError(t, err)
	type child struct {
		*exec.Cmd
		stdin io.Closer
		said  *bufio.Reader
	}
	var children []child
	for range 4 {
		c := exec.CommandContext(t.Context(), exe)
		c.Env = append(os.Environ(), holdFile+"="+path)
		stdin, err := c.StdinPipe()
		require.NoError(t, err)
		stdout, err := c.StdoutPipe()
		require.NoError(t, err)
		children = append(children, child{c, stdin, bufio.NewReader(stdout)})
	}
	for _, c := range children {
		require.NoError(t, c.Start())
	}
	var holders []child
	for _, c := range children {
		line, err := c.said.ReadString('\n')
		if err != nil {
			require.ErrorIs(t, err, io.EOF)
			require.Error(t, c.Wait(), "it ends with status 1")
			continue
		}
		require.Equal(t, "open\n", line)
		holders = append(holders, c)
	}
	require.Len(t, holders, 1)
	require.NoError(t, holders[0].stdin.Close())
	require.NoError(t, holders[0].Wait())
	outboxtest.OpenFile(t, path, stockOnly(&outboxtest.Host{}))
}

// The same process cannot open it twice either.
func TestSecondOpeningInOneProcessIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, nil)
		_, err := outbox.Open(r.o.Path(), r.opts)
		locked := new(outbox.LockedError)
		require.ErrorAs(t, err, &locked)
		require.Equal(t, os.Getpid(), locked.PID)
	})
}

// By whatever link it is named, a file is one outbox with one lock, and stays
// where it is.
func TestOutboxBehindASymbolicLink(t *testing.T) {
	h := &outboxtest.Host{}
	opts := outbox.Options{Kinds: []outbox.Kind{h.Value("stock")}, MinFree: -1}
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file.db"), filepath.Join(dir, "link.db")
	o := outboxtest.OpenFile(t, file, opts)
	require.NoError(t, o.Close())
	require.NoError(t, os.Symlink(file, link))
	o = outboxtest.OpenFile(t, link, opts)
	require.NoError(t, o.Compact(t.Context()))
	_, err := outbox.Open(file, opts)
	require.ErrorAs(t, err, new(*outbox.LockedError))
	require.NoError(t, o.Close())
	fi, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, fi.Mode()&os.ModeSymlink)
	dangling := filepath.Join(dir, "dangling.db")
	require.NoError(t, os.Symlink("nowhere", dangling))
	_, err = outbox.Open(dangling, opts)
	require.ErrorContains(t, err, "is a symbolic link to what is not there")
}
