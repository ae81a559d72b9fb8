package outboxtest_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// lenient counts the errors of a test that is expected to fail.
type lenient struct {
	testing.TB
	errors []string
}

func (l *lenient) Errorf(format string, args ...any) {
	l.errors = append(l.errors, fmt.Sprintf(format, args...))
}

func TestGoroutineThatOutlivesRunFailsTheTest(t *testing.T) {
	t.Parallel()
	l := &lenient{TB: t}
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	h := &outboxtest.Host{}
	k := h.Value("stock")
	deliver := k.Deliver
	k.Deliver = func(ctx context.Context, batch []outbox.Lease) outbox.Answer {
		go func() { <-release }()
		return deliver(ctx, batch)
	}
	o := outboxtest.Open(t, outbox.Options{Kinds: []outbox.Kind{k}})
	stop := outboxtest.Run(l, o)
	_, err := o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: "sku"})
	require.NoError(t, err)
	require.NoError(t, o.Drain(t.Context()))
	stop()
	require.Len(t, l.errors, 1)
	require.Contains(t, l.errors[0], "outlived")
}

func TestFileThatStaysOpenFailsTheTest(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("descriptors cannot be listed here")
	}
	l := &lenient{TB: t}
	o := outboxtest.Open(t, outbox.Options{Kinds: []outbox.Kind{(&outboxtest.Host{}).Value("stock")}})
	outboxtest.Released(l, o)
	require.NotEmpty(t, l.errors, "it is open")
	require.Contains(t, strings.Join(l.errors, "\n"), o.Path()+".lock is still open")
	require.NoError(t, o.Close())
	outboxtest.Released(t, o)
}

// The table of what each answer proves, by class. R is a read.
func TestModesGiveTheVerdictsOfTheTable(t *testing.T) {
	t.Parallel()
	const (
		ok, no, bad    = outbox.Delivered, outbox.Unavailable, outbox.Rejected
		unk, fail      = outbox.Unknown, outbox.Failed
		limit, refused = outbox.Throttled, outbox.Unauthorized
	)
	for mode, want := range map[outboxtest.Mode][4]outbox.Verdict{ // read, absolute, once, step
		outboxtest.Up: {ok, ok, ok, ok}, outboxtest.Refused: {no, no, no, no}, outboxtest.Reset: {no, unk, unk, unk},
		outboxtest.Hang: {no, unk, unk, unk}, outboxtest.Busy: {no, no, unk, unk}, outboxtest.HTML: {no, no, unk, unk},
		outboxtest.BadGateway: {no, no, unk, unk}, outboxtest.Broken: {fail, fail, unk, fail}, outboxtest.Bad: {bad, bad, bad, bad},
		outboxtest.Limited: {limit, limit, limit, limit}, outboxtest.Denied: {refused, refused, refused, refused},
	} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := &outboxtest.Host{}
				if mode == outboxtest.Refused {
					h.Latency = time.Second
				}
				h.SetMode(mode)
				lease := []outbox.Lease{{Key: "k", Once: "o"}}
				var got [4]outbox.Verdict
				got[0] = h.Canary(t.Context(), "", "").Verdict
				for i, k := range []outbox.Kind{h.Value("v"), h.Creation("c", "f"), h.Step("s", "f")} {
					got[i+1] = k.Deliver(t.Context(), lease).Verdict
				}
				require.Equal(t, want, got)
				require.Equal(t, mode == outboxtest.Up, len(h.Effects()) == 3)
				require.Len(t, h.Calls(), 4)
			})
		})
	}
}

func TestCommitThenDropAndLateApply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		after := time.Duration(0)
		h := &outboxtest.Host{Script: func(outboxtest.Call) (outboxtest.Reply, bool) {
			return outboxtest.Reply{Mode: outboxtest.Reset, Applied: true, After: after}, true
		}}
		deliver := h.Value("v").Deliver
		require.Equal(t, outbox.Unknown, deliver(t.Context(), []outbox.Lease{{Key: "k", Body: []byte("1")}}).Verdict)
		require.Equal(t, "1", h.Holds("", "k"))
		after = time.Minute
		deliver(t.Context(), []outbox.Lease{{Key: "k", Body: []byte("2")}})
		require.Equal(t, "1", h.Holds("", "k"))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, "2", h.Holds("", "k"))
	})
}

func TestHangingCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.SetMode(outboxtest.Hang)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		require.Equal(t, outbox.Unknown, h.Value("v").Deliver(ctx, []outbox.Lease{{Key: "k"}}).Verdict)
		require.Equal(t, time.Second, time.Since(start))
	})
}
