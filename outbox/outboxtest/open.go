package outboxtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/pprof"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

// Open opens a new outbox in a temporary file. At the end of the test, when
// what [Run] started is joined, every invariant of it is checked, it is closed,
// and no file of it may be open any more. One that the test closed or aborted
// itself is left as it is.
func Open(tb testing.TB, opts outbox.Options) *outbox.Outbox {
	tb.Helper()
	return OpenFile(tb, filepath.Join(tb.TempDir(), "outbox.db"), opts)
}

// OpenFile is [Open] for the file at path, made anew if there is none.
func OpenFile(tb testing.TB, path string, opts outbox.Options) *outbox.Outbox {
	tb.Helper()
	o, err := outbox.Open(path, opts)
	if err != nil {
		tb.Fatalf("open outbox: %v", err)
	}
	tb.Cleanup(func() {
		// The context of the test has ended when it is cleaned up.
		if err := o.Check(context.WithoutCancel(tb.Context())); err != nil && !errors.Is(err, outbox.ErrClosed) {
			tb.Errorf("check of the outbox: %v", err)
		}
		if err := o.Close(); err != nil {
			tb.Errorf("close outbox: %v", err)
		}
		Released(tb, o)
	})
	return o
}

// Reopen opens the file of an outbox that was closed or aborted, and goes on
// as [Open] does. The invariants are checked at once, too, since this is what
// a crash left behind.
func Reopen(tb testing.TB, o *outbox.Outbox, opts outbox.Options) *outbox.Outbox {
	tb.Helper()
	again := OpenFile(tb, o.Path(), opts)
	if err := again.Check(tb.Context()); err != nil {
		tb.Fatalf("check of the outbox opened again: %v", err)
	}
	return again
}

// Run delivers in the background until stop is called, the outbox is closed or
// the test ends. stop returns when Run did, and Run may be called again then.
// A goroutine of it that is left after that fails the test.
func Run(tb testing.TB, o *outbox.Outbox) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	done := make(chan struct{})
	name := fmt.Sprint(runs.Add(1))
	go func() {
		defer close(done)
		// Goroutines inherit the label, so that those of this run are told from
		// those of tests that run beside it.
		pprof.Do(ctx, pprof.Labels(label, name), func(ctx context.Context) {
			if err := o.Run(ctx); err != nil {
				tb.Errorf("run of the outbox: %v", err)
			}
		})
	}()
	stop = func() {
		tb.Helper()
		cancel()
		<-done
		if left := leftovers(name); left != "" {
			tb.Errorf("goroutines outlived the run of the outbox:\n%s", left)
		}
	}
	tb.Cleanup(stop)
	return stop
}

const label = "outboxtest.run"

// runs numbers the runs of this process, for the labels of their goroutines.
var runs atomic.Uint64 //nolint:gochecknoglobals // the profile that it names goroutines in is global, too

// leftovers returns the goroutines that carry the label, empty if there are
// none. One that has said that it is done may still be about to end, so they
// are given a moment.
func leftovers(name string) string {
	want := []byte(fmt.Sprintf("%q:%q", label, name))
	for patience := 0; ; patience++ {
		var all bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
			return err.Error()
		}
		var left bytes.Buffer
		for block := range bytes.SplitSeq(all.Bytes(), []byte("\n\n")) {
			if bytes.Contains(block, want) {
				left.Write(block)
				left.WriteString("\n\n")
			}
		}
		const enough = 100
		if left.Len() == 0 || patience == enough {
			return left.String()
		}
		<-time.After(time.Millisecond)
	}
}
