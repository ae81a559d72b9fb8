package outbox_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// row accepts a value of a snapshot.
func (r *rig) row(key, body string, asOf time.Time) outbox.Receipt {
	r.Helper()
	return r.accept(outbox.Entry{Kind: "stock", Key: key, Body: []byte(body), AsOf: asOf})
}

func TestValueOfSnapshotGivesWayToWhatWasAcceptedAfterIt(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Script: by("refused", outboxtest.Reply{Mode: outboxtest.Bad})}
		r := newRig(t, h, nil)
		r.run()
		r.stock("settled before", "live")
		r.drain(time.Minute)
		require.NoError(t, r.o.PauseAll(t.Context(), "so that it waits"))
		r.stock("waiting before", "live")
		time.Sleep(time.Minute)
		snapshot := time.Now()
		time.Sleep(time.Minute)
		require.NoError(t, r.o.ResumeAll(t.Context()))
		settled, refused := r.stock("settled after", "live"), r.stock("refused", "live")
		r.drain(time.Minute)
		r.stands(refused, outbox.Dead)
		require.NoError(t, r.o.PauseAll(t.Context(), "so that it waits"))
		waiting := r.stock("waiting after", "live")

		for range 2 { // the second time in a new process
			for key, newer := range map[string]outbox.Receipt{"waiting after": waiting, "settled after": settled, "refused": refused} {
				receipt := r.row(key, "row", snapshot)
				require.True(t, receipt.GaveWay, key)
				require.Equal(t, newer.ID(), receipt.ID(), key)
			}
			for _, key := range []string{"settled before", "waiting before", "never set"} {
				require.False(t, r.row(key, "row", snapshot).GaveWay, key)
			}
			r.restart()
		}
		require.Equal(t, snapshot.UnixNano(), r.show(r.row("settled before", "row", snapshot)).AsOf.UnixNano())
		require.NoError(t, r.o.ResumeAll(t.Context()))
		r.run()
		r.drain(time.Minute)
		for _, key := range []string{"settled before", "waiting before", "never set"} {
			require.Equal(t, "row", h.Holds("", key), key)
		}
		for _, key := range []string{"settled after", "waiting after"} {
			require.Equal(t, "live", h.Holds("", key), key)
		}
	})
}

// A value of a snapshot is as old as the snapshot, whenever it is accepted.
func TestOlderSnapshotGivesWayToNewer(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, nil)
		r.run()
		older := time.Now()
		time.Sleep(time.Minute)
		newer := time.Now()
		time.Sleep(time.Hour)
		r.row("sku", "newer", newer)
		require.False(t, r.row("other", "older", older).GaveWay)
		require.True(t, r.row("sku", "older", older).GaveWay)
		require.False(t, r.row("sku", "newer still", newer).GaveWay, "of one snapshot the last counts")
		require.False(t, r.row("other", "newer", newer).GaveWay)
		r.restart()
		r.run()
		require.True(t, r.row("sku", "older", older).GaveWay)
		r.drain(time.Minute)
		require.Equal(t, map[string]string{"sku": "newer still", "other": "newer"}, map[string]string{"sku": h.Holds("", "sku"), "other": h.Holds("", "other")})
	})
}

func TestBatchOfLiveAndSnapshotValues(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, nil)
		snapshot := time.Now()
		time.Sleep(time.Second)
		receipts, err := r.o.AcceptAll(t.Context(), []outbox.Entry{
			{Kind: "stock", Key: "a", Body: []byte("live")},
			{Kind: "stock", Key: "a", Body: []byte("row"), AsOf: snapshot},
			{Kind: "stock", Key: "b", Body: []byte("row"), AsOf: snapshot},
		})
		require.NoError(t, err)
		require.True(t, receipts[1].GaveWay)
		require.Equal(t, receipts[0].ID(), receipts[1].ID())
		require.False(t, receipts[2].GaveWay)
		require.Equal(t, uint64(2), r.o.Stats().Accepted)
	})
}

func TestSnapshotThatCannotBeJudgedIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) {
			o.Kinds = append(o.Kinds, orders(h)...)
			o.HistoryRetention = time.Hour
		})
		r.run()
		start := time.Now()
		_, err := r.o.Accept(t.Context(), outbox.Entry{Kind: "status", Key: "1", AsOf: start, Body: []byte("x")})
		require.ErrorIs(t, err, outbox.ErrInvalid)
		require.ErrorContains(t, err, "AsOf: only an absolute value")
		_, err = r.o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: "1", AsOf: start.Add(time.Hour), Body: []byte("x")})
		require.ErrorIs(t, err, outbox.ErrInvalid)
		require.ErrorContains(t, err, "AsOf: 2000-01-01T01:00:00Z lies in the future")
		r.stock("sku", "1")
		r.drain(time.Minute)
		time.Sleep(3 * time.Hour) // the history forgets it
		_, err = r.o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: "sku", AsOf: start, Body: []byte("x")})
		require.ErrorIs(t, err, outbox.ErrHistory)
		require.ErrorContains(t, err, "AsOf is 2000-01-01T00:00:00Z, and the history is whole since")
		require.False(t, r.row("sku", "row", start.Add(2*time.Hour)).GaveWay)
	})
}

// Live values come while snapshots of different age are loaded, and processes
// end: at the end each target has the newest value by when it was true.
func TestSnapshotsAmongLiveValues(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) { o.MaxRate, o.StartRate = 50, 50 })
		r.run()
		random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's choice
		var mu sync.Mutex
		newest := map[string]time.Time{}
		want := map[string]string{}
		say := func(key string, at, asOf time.Time) {
			mu.Lock()
			defer mu.Unlock()
			body := fmt.Sprint(at.UnixNano())
			_, err := r.o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: key, Body: []byte(body), AsOf: asOf})
			require.NoError(t, err)
			if !at.Before(newest[key]) {
				newest[key], want[key] = at, body
			}
		}
		for i := range 3000 {
			key := fmt.Sprintf("sku-%d", random.IntN(40))
			switch n := random.IntN(1000); {
			case n < 400:
				asOf := time.Now().Add(-time.Duration(random.IntN(3600)) * time.Second)
				if i > 1000 {
					say(key, asOf, asOf)
				}
			case n < 995:
				say(key, time.Now(), time.Time{})
			default:
				if random.IntN(2) == 0 {
					r.restart()
				} else {
					r.crash()
				}
				r.run()
			}
			time.Sleep(time.Duration(random.IntN(5)) * time.Second)
		}
		r.settled(time.Hour)
		for key, body := range want {
			require.Equal(t, body, h.Holds("", key), key)
		}
	})
}

// What waited long and was refreshed when it was sent is newer than its place in
// the history says.
func TestSnapshotGivesWayToARefreshedValueOfLongAgo(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		e := &erp{value: []byte("now")}
		r := newRig(t, h, func(o *outbox.Options) { o.Kinds[0].Refresh = e.refresh })
		require.NoError(t, r.o.PauseAll(t.Context(), "test"))
		r.stock("sku", "then")
		time.Sleep(10 * time.Hour)
		snapshot := time.Now()
		time.Sleep(time.Hour)
		require.NoError(t, r.o.ResumeAll(t.Context()))
		r.run()
		r.drain(time.Minute)
		r.stock("other", "live")
		r.drain(time.Minute)
		r.restart()
		require.True(t, r.row("sku", "row", snapshot).GaveWay)
	})
}

// A value that gives way is no part of what the next covers.
func TestValueThatGaveWayIsNotMerged(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) { o.Kinds = []outbox.Kind{merging(h)} })
		r.run()
		snapshot := time.Now()
		time.Sleep(time.Second)
		r.stock("a", `{"qty":"1"}`)
		r.drain(time.Minute)
		receipts, err := r.o.AcceptAll(t.Context(), []outbox.Entry{
			{Kind: "stock", Key: "a", Body: []byte(`{"cost":"9"}`), AsOf: snapshot},
			{Kind: "stock", Key: "a", Body: []byte(`{"qty":"2"}`)},
			{Kind: "stock", Key: "a", Body: []byte(`{"cost":"8"}`), AsOf: snapshot},
			{Kind: "stock", Key: "a", Body: []byte(`{"qty":"3"}`)},
		})
		require.NoError(t, err)
		require.True(t, receipts[0].GaveWay && receipts[2].GaveWay)
		require.Equal(t, receipts[1].ID(), receipts[2].ID())
		r.drain(time.Minute)
		require.JSONEq(t, `{"qty":"3"}`, h.Holds("", "a"))
	})
}

func TestSnapshotFromBeforeTheAccountWasReaddressedIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, nil)
		r.run()
		start := time.Now()
		set := func(way, key string) {
			_, err := r.o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: key, Addressing: way, Body: []byte("live")})
			require.NoError(t, err)
			r.drain(time.Minute)
		}
		set("partnerId", "SKU-1")
		time.Sleep(time.Minute)
		require.NoError(t, r.o.Readdress(t.Context(), "", "stock"))
		set("id", "4711")
		r.restart()
		_, err := r.o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: "4711", Addressing: "id", AsOf: start, Body: []byte("row")})
		require.ErrorIs(t, err, outbox.ErrHistory)
		require.ErrorContains(t, err, "names its targets in another way since")
		sums, err := r.o.Resend(t.Context(), outbox.Resend{From: start, To: time.Now()})
		require.NoError(t, err)
		require.Equal(t, outbox.Resent{Selected: 1, Sent: 1}, sums)
	})
}
