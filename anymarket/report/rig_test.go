package report_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/report"
	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// night is a window of four hours in virtual time and what an outbox went through in
// it: values, creations, steps, refusals, unknown outcomes, operators.
type night struct {
	t          *testing.T
	h          *outboxtest.Host
	opts       outbox.Options
	o          *outbox.Outbox
	start, end time.Time
	seen       map[string]bool
}

// overNight plays the night and leaves it to check, in the same virtual time.
func overNight(t *testing.T, check func(n *night)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := &night{t: t, h: &outboxtest.Host{}, seen: map[string]bool{}}
		n.start = time.Now().Add(24 * time.Hour)
		n.end = n.start.Add(4 * time.Hour)
		stock, price := n.h.Value("stock.set"), n.h.Value("price.set")
		stock.MaxBatch = 10
		n.opts = outbox.Options{
			Kinds:  []outbox.Kind{stock, price, n.h.Creation("order.create", "order"), n.h.Step("order.status", "order")},
			Canary: n.h.Canary, MinFree: -1,
			Windows: func(_ string, now time.Time) (outbox.Window, bool) {
				return outbox.Window{Name: "night", Start: n.start, End: n.end}, !now.Before(n.start) && now.Before(n.end)
			},
		}
		n.h.Script = n.answer
		n.o = outboxtest.Open(t, n.opts)
		n.play()
		check(n)
	})
}

// answer is what is special about some calls; during the window all are answered
// by a page.
func (n *night) answer(c outboxtest.Call) (outboxtest.Reply, bool) {
	now := time.Now()
	switch {
	case !now.Before(n.start) && now.Before(n.end.Add(-10*time.Minute)):
		return outboxtest.Reply{Mode: outboxtest.HTML}, true
	case c.Canary || c.LookUp:
		return outboxtest.Reply{}, false
	case slices.ContainsFunc(c.Keys, func(k string) bool { return strings.HasPrefix(k, "bad") }):
		return outboxtest.Reply{Mode: outboxtest.Bad, Reason: `refused: mail ana@example.com, "<b>=1</b>"`}, true
	case slices.Contains(c.Keys, "lost-answer") && n.once("lost-answer"):
		return outboxtest.Reply{Mode: outboxtest.Reset, Applied: true}, true
	case slices.Contains(c.Keys, "doubtful") && n.once("doubtful"):
		return outboxtest.Reply{Mode: outboxtest.Reset}, true
	case slices.Contains(c.Keys, "doubtful-late") && n.once("doubtful-late"):
		return outboxtest.Reply{Mode: outboxtest.Reset}, true
	}
	return outboxtest.Reply{}, false
}

// once is true the first time; calls come one at a time to it.
func (n *night) once(key string) bool {
	if n.seen[key] {
		return false
	}
	n.seen[key] = true
	return true
}

func (n *night) accept(e outbox.Entry) outbox.ID {
	n.t.Helper()
	r, err := n.o.Accept(n.t.Context(), e)
	require.NoError(n.t, err)
	return r.ID()
}

func (n *night) stock(account, key, body string) outbox.ID {
	n.t.Helper()
	return n.accept(outbox.Entry{Kind: "stock.set", Account: account, Key: key, Body: []byte(`{"quantity":"` + body + `"}`)})
}

func (n *night) order(key string) outbox.ID {
	n.t.Helper()
	return n.accept(outbox.Entry{Kind: "order.create", Account: "shop", Key: key, Once: key, Body: []byte(`{"buyer":{"name":"Ana Souza"},"total":"10"}`)})
}

func (n *night) step(key string) outbox.ID {
	n.t.Helper()
	return n.accept(outbox.Entry{Kind: "order.status", Account: "shop", Key: key, Once: key, Body: []byte(`{"status":"INVOICED"}`)})
}

// until sleeps until a moment.
func until(at time.Time) { time.Sleep(time.Until(at)) }

func (n *night) play() {
	t, ctx := n.t, n.t.Context()
	stop := outboxtest.Run(t, n.o)
	n.stock("shop", "before", "1")
	n.stock("shop", "bad-old", "1") // a dead letter of before
	require.NoError(t, n.o.Pause(ctx, "late", "stocktaking"))
	n.stock("late", "carried", "1")
	until(n.start.Add(time.Second))
	for round := range 3 {
		for _, sku := range []string{"a", "b", "c", "d", "e"} {
			n.stock("shop", sku, string(rune('1'+round)))
			time.Sleep(time.Minute)
		}
		n.accept(outbox.Entry{Kind: "price.set", Account: "other", Key: "p", Body: []byte(`{"price":"9.90"}`)})
		time.Sleep(30 * time.Minute)
	}
	n.order("one")
	n.step("one")
	n.order("lost-answer")
	n.order("bad-order")
	n.step("bad-order") // waits behind a dead letter
	n.stock("shop", "doubtful", "5")
	bad := n.stock("shop", "bad-a", "1")
	badB := n.stock("shop", "bad-b", "1")
	n.stock("shop", "bad-c", "1")
	wrong := n.stock("shop", "never", "1")
	require.NoError(t, n.o.Discard(ctx, wrong, "=typed by mistake"))
	require.NoError(t, n.o.Pause(ctx, "slow", ""))
	n.stock("slow", "doubtful-late", "5")
	until(n.end.Add(30 * time.Minute))
	n.stock("shop", "after", "1")
	n.h.SetMode(outboxtest.Up)
	_, err := n.o.Edit(ctx, bad, []byte(`{"quantity":"2"}`))
	require.NoError(t, err)
	require.NoError(t, n.o.Requeue(ctx, badB))
	time.Sleep(time.Minute)
	require.NoError(t, n.o.Discard(ctx, badB, "not sold any more"))
	until(n.end.Add(88 * time.Minute))
	require.NoError(t, n.o.Resume(ctx, "slow")) // its confirming call is not due yet in the end
	until(n.end.Add(91 * time.Minute))
	stop()
}

// options report on the window.
func (n *night) options() report.Options {
	return report.Options{Name: "night", From: n.start, To: n.end}
}

func (n *night) write(o report.Options) (string, report.Summary) {
	n.t.Helper()
	var b bytes.Buffer
	s, err := report.Write(n.t.Context(), &b, report.Of(n.o), o)
	require.NoError(n.t, err)
	return b.String(), s
}
