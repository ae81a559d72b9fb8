package simulation

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// A clock that was set forward makes everything in the file that much older,
// and the file stays whole. A moment that is not moved would be seen here.
func TestSetClockMovesEveryMoment(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{36 * time.Hour, -36 * time.Hour} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := &outboxtest.Host{}
				opts := outbox.Options{
					Kinds: []outbox.Kind{h.Value("stock"), h.Creation("order", "orders"), h.Step("status", "orders")}, Canary: h.Canary, MinFree: -1,
				}
				o := outboxtest.Open(t, opts)
				stop := outboxtest.Run(t, o)
				accept := func(e outbox.Entry) {
					_, err := o.Accept(t.Context(), e)
					require.NoError(t, err)
				}
				accept(outbox.Entry{Kind: "stock", Key: "delivered", Addressing: "code", Body: []byte("1")})
				accept(outbox.Entry{Kind: "order", Key: "a", Once: "a", Body: []byte("x")})
				require.NoError(t, o.Drain(t.Context()))
				h.SetMode(outboxtest.Bad)
				accept(outbox.Entry{Kind: "stock", Key: "dead", Addressing: "code", Body: []byte("1")})
				require.NoError(t, o.Drain(t.Context()))
				h.SetMode(outboxtest.Broken)
				accept(outbox.Entry{Kind: "status", Key: "a", Once: "a", Body: []byte("y")})
				accept(outbox.Entry{Kind: "stock", Key: "waits", Addressing: "code", Body: []byte("1"), AsOf: time.Now().Add(-time.Minute)})
				time.Sleep(20 * time.Minute) // the gate closes, pauses grow
				stop()
				require.NoError(t, o.Close())

				o = outboxtest.Reopen(t, o, opts)
				before := moments(t, o)
				require.NoError(t, o.Close())
				require.NoError(t, setClock(o.Path(), d))
				o = outboxtest.Reopen(t, o, opts)
				after := moments(t, o)
				require.Greater(t, len(before), 10)
				require.Len(t, after, len(before))
				for what, at := range before {
					require.WithinDuration(t, at.Add(-d), after[what], 0, what)
				}
				require.NoError(t, o.Close())
				require.NoError(t, setClock(o.Path(), -d))
				o = outboxtest.Reopen(t, o, opts)
				for what, at := range moments(t, o) {
					require.WithinDuration(t, before[what], at, 0, what)
				}
				require.NoError(t, o.Check(context.WithoutCancel(t.Context())))
			})
		})
	}
}

// moments are all that an outbox tells.
func moments(t *testing.T, o *outbox.Outbox) map[string]time.Time {
	t.Helper()
	all := map[string]time.Time{}
	put := func(at time.Time, format string, args ...any) {
		if !at.IsZero() {
			all[fmt.Sprintf(format, args...)] = at
		}
	}
	record := func(prefix string, r outbox.Record) {
		put(r.AcceptedAt, "%s %s accepted", prefix, r.ID)
		put(r.AsOf, "%s %s as of", prefix, r.ID)
	}
	for l, err := range o.Lives() {
		require.NoError(t, err)
		record("life", l.Record)
		for n, e := range l.Events {
			put(e.At, "%s event %d", l.ID, n)
			if e.Entry != nil {
				record("event", *e.Entry)
			}
		}
	}
	n := 0
	for c, err := range o.GateChanges() {
		require.NoError(t, err)
		put(c.At, "gate %d", n)
		n++
	}
	return all
}
