package outbox_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// merging is a kind whose bodies are JSON objects that carry fields over.
func merging(h *outboxtest.Host) outbox.Kind {
	k := h.Value("stock")
	k.Merge = func(older, newer []byte) ([]byte, error) {
		var o, n map[string]string
		if err := json.Unmarshal(older, &o); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(newer, &n); err != nil {
			return nil, err
		}
		maps.Copy(o, n)
		return json.Marshal(o)
	}
	return k
}

func TestResendSendsTheNewestOfEachFieldAgain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		refusing := false
		h := &outboxtest.Host{Script: func(c outboxtest.Call) (outboxtest.Reply, bool) {
			return outboxtest.Reply{Mode: outboxtest.Bad}, refusing && carries(c, "dead")
		}}
		r := newRig(t, h, func(o *outbox.Options) { o.Kinds = []outbox.Kind{merging(h)} })
		r.run()
		set := func(key, field, value string) {
			r.stock(key, fmt.Sprintf(`{%q:%q}`, field, value))
			r.drain(time.Minute)
			time.Sleep(time.Second)
		}
		set("outside", "qty", "1")
		time.Sleep(time.Hour)
		from := time.Now()
		set("sku", "cost", "5")
		set("sku", "qty", "1")
		set("later", "qty", "1")
		set("dead", "qty", "1")
		refusing = true
		set("dead", "qty", "2")
		set("waiting", "qty", "1")
		to := time.Now()
		time.Sleep(time.Hour)
		set("later", "qty", "2")
		set("not in range", "qty", "1")
		require.NoError(t, r.o.PauseAll(t.Context(), "so that it waits"))
		r.stock("waiting", `{"qty":"3"}`)
		calls := len(h.Values())

		want := outbox.Resent{Selected: 4, Sent: 2, Waiting: 1, Undelivered: 1}
		dry, err := r.o.Resend(t.Context(), outbox.Resend{From: from, To: to, DryRun: true})
		require.NoError(t, err)
		require.Equal(t, want, dry)
		require.Equal(t, uint64(1), r.o.Stats().Waiting)
		var last outbox.Resent
		sums, err := r.o.Resend(t.Context(), outbox.Resend{From: from, To: to, Progress: func(s outbox.Resent) { last = s }})
		require.NoError(t, err)
		require.Equal(t, want, sums)
		require.Equal(t, want, last)
		again, err := r.o.Resend(t.Context(), outbox.Resend{From: from, To: to})
		require.NoError(t, err)
		require.Equal(t, outbox.Resent{Selected: 4, Waiting: 3, Undelivered: 1}, again, "what was resent waits now")

		require.NoError(t, r.o.ResumeAll(t.Context()))
		r.drain(time.Minute)
		require.JSONEq(t, `{"cost":"5","qty":"1"}`, h.Holds("", "sku"))
		require.JSONEq(t, `{"qty":"2"}`, h.Holds("", "later"))
		require.JSONEq(t, `{"qty":"3"}`, h.Holds("", "waiting"))
		require.Len(t, h.Values(), calls)
	})
}

// A value that comes while a resend runs is newer than what is resent.
func TestResendGivesWayToLiveValue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) { o.MaxRate, o.StartRate = 100, 100 })
		r.run()
		from := time.Now()
		r.stocks("", names("sku", 300), "old")
		r.drain(time.Minute)
		set := false
		sums, err := r.o.Resend(t.Context(), outbox.Resend{From: from, To: time.Now(), Progress: func(outbox.Resent) {
			if !set { // after the first 200 are stored, before the others are
				set = true
				r.stocks("", names("sku", 300), "live")
				r.drain(time.Minute)
			}
		}})
		require.NoError(t, err)
		require.Equal(t, outbox.Resent{Selected: 300, Sent: 200, Changed: 100}, sums)
		r.drain(time.Minute)
		for _, key := range names("sku", 300) {
			require.Equal(t, "live", h.Holds("", key))
		}
	})
}

func TestResendOfUnfitRangeIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) { o.Kinds = append(o.Kinds, orders(h)...) })
		now := time.Now()
		for _, bad := range []outbox.Resend{
			{},
			{From: now, To: now.Add(-time.Second)},
			{From: now, To: now.Add(time.Hour)},
			{From: now, To: now, Kinds: []string{"order"}},
			{From: now, To: now, Kinds: []string{"none"}},
		} {
			_, err := r.o.Resend(t.Context(), bad)
			require.ErrorIs(t, err, outbox.ErrInvalid)
		}
	})
}

// What was refreshed is as of when the ERP was asked, not of its acceptance.
func TestSnapshotFromBeforeARefreshGivesWay(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		e := &erp{value: []byte("now")}
		r := newRig(t, h, func(o *outbox.Options) { o.Kinds[0].Refresh = e.refresh })
		require.NoError(t, r.o.PauseAll(t.Context(), "test"))
		r.stock("sku", "then")
		time.Sleep(time.Hour)
		snapshot := time.Now()
		time.Sleep(time.Hour)
		require.False(t, r.row("other", "row", snapshot).GaveWay)
		require.NoError(t, r.o.ResumeAll(t.Context()))
		r.run()
		r.drain(time.Minute)
		require.Equal(t, "now", h.Holds("", "sku"))
		require.True(t, r.row("sku", "row", snapshot).GaveWay)
		r.restart()
		require.True(t, r.row("sku", "row", snapshot).GaveWay)
	})
}

// Fields that were said before the range are not said again.
func TestResendLeavesOutWhatWasSaidBeforeTheRange(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) { o.Kinds = []outbox.Kind{merging(h)} })
		r.run()
		r.stock("sku", `{"cost":"5"}`)
		r.drain(time.Minute)
		time.Sleep(time.Hour)
		from := time.Now()
		r.stock("sku", `{"qty":"1"}`)
		r.drain(time.Minute)
		sums, err := r.o.Resend(t.Context(), outbox.Resend{From: from, To: time.Now()})
		require.NoError(t, err)
		require.Equal(t, outbox.Resent{Selected: 1, Sent: 1}, sums)
		r.drain(time.Minute)
		require.JSONEq(t, `{"qty":"1"}`, h.Holds("", "sku"))
	})
}

// A confirming call in the range says that the other side took the value then, also
// if it was delivered before.
func TestResendSendsWhatWasConfirmedInTheRange(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		first := true
		h := &outboxtest.Host{Script: func(outboxtest.Call) (outboxtest.Reply, bool) {
			defer func() { first = false }()
			return outboxtest.Reply{Mode: outboxtest.Reset, Applied: true}, first
		}}
		r := newRig(t, h, func(o *outbox.Options) { o.Kinds = []outbox.Kind{merging(h)} })
		r.run()
		r.stock("sku", `{"qty":"1"}`)
		r.drain(time.Minute)
		require.Equal(t, uint64(1), r.o.Stats().InDoubt)
		time.Sleep(time.Second)
		from := time.Now()
		r.settled(time.Hour)
		sums, err := r.o.Resend(t.Context(), outbox.Resend{From: from, To: time.Now()})
		require.NoError(t, err)
		require.Equal(t, outbox.Resent{Selected: 1, Sent: 1}, sums)
	})
}
