package outbox_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// canaryInterval is the default of Options.CanaryInterval.
const canaryInterval = 30 * time.Second

// inBubble runs a test in virtual time, beside others.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// rig is an outbox and the fake host that it calls.
type rig struct {
	*testing.T
	h    *outboxtest.Host
	opts outbox.Options
	o    *outbox.Outbox
	stop func()
}

// newRig opens an outbox with the options that change sets; it does not run yet.
func newRig(t *testing.T, h *outboxtest.Host, change func(*outbox.Options)) *rig {
	t.Helper()
	r := &rig{T: t, h: h, opts: outbox.Options{
		Kinds:   []outbox.Kind{h.Value("stock")},
		Canary:  h.Canary,
		MinFree: -1, // the machine's disk is not what is tested
	}}
	if change != nil {
		change(&r.opts)
	}
	r.o = outboxtest.Open(t, r.opts)
	return r
}

func (r *rig) run() {
	r.Helper()
	r.stop = outboxtest.Run(r.T, r.o)
}

// crash ends the process, as far as the outbox can tell, and opens its file
// again; it does not run yet.
func (r *rig) crash() {
	r.Helper()
	r.o.Abort()
	r.o = outboxtest.Reopen(r.T, r.o, r.opts)
}

// restart is an orderly end, and another process.
func (r *rig) restart() {
	r.Helper()
	require.NoError(r, r.o.Close())
	r.o = outboxtest.Reopen(r.T, r.o, r.opts)
}

func (r *rig) accept(e outbox.Entry) outbox.Receipt {
	r.Helper()
	receipt, err := r.o.Accept(r.Context(), e)
	require.NoError(r, err)
	return receipt
}

func (r *rig) put(kind, account, key, body string) outbox.Receipt {
	r.Helper()
	return r.accept(outbox.Entry{Kind: kind, Account: account, Key: key, Body: []byte(body)})
}

func (r *rig) stock(key, body string) outbox.Receipt {
	r.Helper()
	return r.put("stock", "", key, body)
}

// stocks accepts the same body under many keys, for the price of one commit.
func (r *rig) stocks(account string, keys []string, body string) []outbox.Receipt {
	r.Helper()
	entries := make([]outbox.Entry, len(keys))
	for i, key := range keys {
		entries[i] = outbox.Entry{Kind: "stock", Account: account, Key: key, Body: []byte(body)}
	}
	receipts, err := r.o.AcceptAll(r.Context(), entries)
	require.NoError(r, err)
	return receipts
}

// create accepts a creation; it is made now, so a fresh file need not look it
// up first.
func (r *rig) create(key, once, body string) outbox.Receipt {
	r.Helper()
	return r.accept(outbox.Entry{Kind: "order", Key: key, Once: once, Body: []byte(body), MadeAt: madeNow()})
}

// madeNow is later than the file by more than the margin between two clocks.
func madeNow() time.Time { return time.Now().Add(2 * time.Hour) }

func (r *rig) step(key, once, body string) outbox.Receipt {
	r.Helper()
	return r.accept(outbox.Entry{Kind: "status", Key: key, Once: once, Body: []byte(body)})
}

// day is patience for what should not take a day of virtual time, so that a
// test that waits in vain fails soon.
func (r *rig) day() context.Context {
	ctx, cancel := context.WithTimeout(r.Context(), 24*time.Hour)
	r.Cleanup(cancel)
	return ctx
}

// drain waits, but not for ever, until nothing waits.
func (r *rig) drain(patience time.Duration) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	require.NoError(r, r.o.Drain(ctx), "%+v", r.o.Stats())
}

// settled waits until no value is in doubt either.
func (r *rig) settled(patience time.Duration) {
	r.Helper()
	r.drain(patience)
	r.until(patience, func() bool { return r.o.Stats().InDoubt == 0 })
}

// until waits for something that no event tells of. It looks again after a
// moment of virtual time.
func (r *rig) until(patience time.Duration, ok func() bool) {
	r.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(100 * time.Millisecond) {
		require.True(r, time.Now().Before(end), "waited %s in vain: %+v %+v", patience, r.o.Stats(), r.o.Gate())
	}
}

func (r *rig) show(receipt outbox.Receipt) outbox.Record {
	r.Helper()
	rec, err := r.o.Show(receipt.ID())
	require.NoError(r, err)
	return rec
}

func (r *rig) stands(receipt outbox.Receipt, want outbox.State) outbox.Record {
	r.Helper()
	rec := r.show(receipt)
	require.Equal(r, want.String(), rec.State.String(), rec.Reason)
	return rec
}

// orders are the kinds of a creation and the steps on it.
func orders(h *outboxtest.Host) []outbox.Kind {
	return []outbox.Kind{h.Creation("order", "orders"), h.Step("status", "orders")}
}

// by answers writes that carry the key with a reply, and leaves the others to
// the host's mode.
func by(key string, reply outboxtest.Reply) func(outboxtest.Call) (outboxtest.Reply, bool) {
	return func(c outboxtest.Call) (outboxtest.Reply, bool) { return reply, carries(c, key) }
}

// writes answers every write with a mode, and leaves reads to the host's.
func writes(mode outboxtest.Mode) func(outboxtest.Call) (outboxtest.Reply, bool) {
	return func(c outboxtest.Call) (outboxtest.Reply, bool) {
		return outboxtest.Reply{Mode: mode}, !c.Canary && !c.LookUp
	}
}

// carries says whether a write has an entry of that key.
func carries(c outboxtest.Call, key string) bool {
	if c.Canary || c.LookUp {
		return false
	}
	return slices.Contains(c.Keys, key)
}

// carrying picks the calls that have an entry of that key.
func carrying(calls []outboxtest.Call, key string) (out []outboxtest.Call) {
	for _, c := range calls {
		if carries(c, key) {
			out = append(out, c)
		}
	}
	return out
}
