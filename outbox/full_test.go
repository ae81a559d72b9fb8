package outbox_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func TestQuotaRefusesEntriesWhileSettlingWorks(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) { o.MaxBytes = 2 << 20; o.HistoryRetention = time.Hour })
		require.NoError(t, r.o.PauseAll(t.Context(), "test"))
		body := bytes.Repeat([]byte("x"), 50_000)
		n := 0
		var err error
		for _, key := range names("sku", 100) {
			if _, err = r.o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: key, Body: body}); err != nil {
				break
			}
			n++
		}
		require.ErrorIs(t, err, outbox.ErrFull)
		require.ErrorContains(t, err, "Options.MaxBytes is 2097152")
		require.Greater(t, n, 20)
		require.Equal(t, uint64(n), r.o.Stats().Accepted)
		require.NoError(t, r.o.ResumeAll(t.Context()))
		r.run()
		r.drain(time.Hour)
		require.Len(t, h.Values(), n)
		require.LessOrEqual(t, r.o.Stats().UsedBytes, int64(4<<20))
		time.Sleep(2 * time.Hour) // until what was delivered leaves the history
		r.stock("sku", "1")
		r.drain(time.Minute)
	})
}

func TestFreeSpaceFloorRefusesEntriesWhileSettlingWorks(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, nil)
		receipt := r.stock("sku", "1")
		r.opts.MinFree = 1 << 60 // no disk is that large
		r.restart()
		_, err := r.o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: "sku", Body: []byte("2")})
		require.ErrorIs(t, err, outbox.ErrFull)
		require.ErrorContains(t, err, "Options.MinFree")
		r.run()
		require.NoError(t, receiptOf(r, receipt).Wait(r.day()))
	})
}
