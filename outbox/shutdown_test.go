package outbox_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func TestCloseFinishesWhatIsOnTheWire(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Latency: 20 * time.Second}
		r := newRig(t, h, nil)
		r.stocks("", names("sku", 10), "1")
		r.run()
		time.Sleep(1500 * time.Millisecond)
		onWire := r.o.Stats().InFlight
		require.Equal(t, 2, onWire)
		require.NoError(t, r.o.Close())
		require.Len(t, h.Writes(), onWire, "no new call")
		require.Len(t, h.Effects(), onWire)
		require.NoError(t, r.o.Close(), "twice is safe")
		_, err := r.o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: "sku", Body: []byte("2")})
		require.ErrorIs(t, err, outbox.ErrClosed)
		require.ErrorIs(t, r.o.Run(t.Context()), outbox.ErrClosed)
		require.ErrorIs(t, r.o.Drain(t.Context()), outbox.ErrClosed)

		r.o = outboxtest.Reopen(t, r.o, r.opts)
		require.Equal(t, uint64(2), r.o.Stats().Delivered)
		require.Zero(t, r.o.Stats().InDoubt)
		require.Equal(t, uint64(8), r.o.Stats().Waiting)
	})
}

func TestShutdownCancelsWhatOutlastsItsPatience(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Timeout: time.Hour}
		h.SetMode(outboxtest.Hang)
		r := newRig(t, h, nil)
		receipt := r.stock("sku", "1")
		r.run()
		time.Sleep(time.Second)
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		require.NoError(t, r.o.Shutdown(ctx))
		require.Equal(t, 5*time.Second, time.Since(start))
		r.o = outboxtest.Reopen(t, r.o, r.opts)
		rec := r.stands(receipt, outbox.Waiting)
		require.Zero(t, rec.Attempts, "being stopped is no attempt")
		h.SetMode(outboxtest.Up)
		r.run()
		r.drain(time.Minute)
		require.Equal(t, uint64(1), r.o.Stats().InDoubt, "its outcome is unknown")
		r.settled(time.Hour)
	})
}

func TestRunEndsWithItsContextAndCanBeginAgain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Timeout: time.Hour}
		h.SetMode(outboxtest.Hang)
		r := newRig(t, h, func(o *outbox.Options) { o.DrainTimeout = 10 * time.Second })
		r.stock("sku", "1")
		r.run()
		time.Sleep(time.Second)
		require.ErrorIs(t, r.o.Run(t.Context()), outbox.ErrRunning)
		start := time.Now()
		r.stop() // and no goroutine is left
		require.Equal(t, 10*time.Second, time.Since(start))
		r.stock("sku", "2") // accepting goes on
		h.SetMode(outboxtest.Up)
		r.run()
		r.drain(time.Minute)
		require.Equal(t, "2", h.Holds("", "sku"))
	})
}

func TestCancelledAcceptStoresNothing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := r.o.Accept(ctx, outbox.Entry{Kind: "stock", Key: "sku", Body: []byte("1")})
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, r.o.Stats().Accepted)
	})
}

func TestClosingReleasesThoseThatWait(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, nil)
		receipt := r.stock("sku", "1")
		done := make(chan error, 2)
		go func() { done <- receipt.Wait(t.Context()) }()
		go func() { done <- r.o.Drain(t.Context()) }()
		synctest.Wait()
		require.NoError(t, r.o.Close())
		require.ErrorIs(t, <-done, outbox.ErrClosed)
		require.ErrorIs(t, <-done, outbox.ErrClosed)
	})
}

// A handler that panics has an unknown outcome; the others are not harmed, and
// what it said is told to nobody.
func TestHandlerThatPanicsHarmsNobodyElse(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		deliver := h.Value("stock").Deliver
		panicked := false
		var told []string
		r := newRig(t, h, func(o *outbox.Options) {
			o.Kinds[0].Deliver = func(ctx context.Context, batch []outbox.Lease) outbox.Answer {
				if !panicked && batch[0].Key == "guilty" {
					panicked = true
					panic("the secret token")
				}
				return deliver(ctx, batch)
			}
			o.Observer = func(e outbox.Event) { told = append(told, e.Reason) }
		})
		r.stock("guilty", "1")
		r.stocks("", names("sku", 5), "1")
		r.run()
		r.settled(time.Hour)
		require.Equal(t, uint64(6), r.o.Stats().Delivered)
		require.Equal(t, uint64(1), r.o.Stats().Confirming)
		for _, s := range told {
			require.NotContains(t, s, "secret")
		}
		require.Contains(t, told, "handler of stock: panic")
	})
}
