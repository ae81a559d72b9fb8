package outbox_test

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func TestCompactionGivesRoomBackWhileAcceptingGoesOn(t *testing.T) {
	t.Parallel() // real time: a copy takes no virtual one
	h := &outboxtest.Host{}
	r := newRig(t, h, func(o *outbox.Options) {
		o.Canary = nil
		o.Kinds[0].MaxBatch = 100
		o.StartRate, o.MaxRate = 1e6, 1e6
		o.HistoryRetention = time.Nanosecond
	})
	body := string(bytes.Repeat([]byte("x"), 4000))
	for i := range 3 {
		r.stocks("", names(fmt.Sprint("old", i), 1000), body)
	}
	for rec, err := range r.o.Waiting() {
		require.NoError(t, err)
		if rec.Key != "old0007" {
			require.NoError(t, r.o.Discard(t.Context(), rec.ID, "test"))
		}
		if r.o.Stats().Waiting < 2500 {
			break
		}
	}
	r.run() // superseding and pruning make room
	r.drain(time.Minute)
	before := r.o.Stats()

	var wg sync.WaitGroup
	stop := make(chan struct{})
	accepted := make([]int, 2)
	for n := range accepted {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := r.o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: fmt.Sprint("live", n), Body: fmt.Append(nil, i)}); err != nil {
					t.Error(err)
					return
				}
				accepted[n] = i
			}
		})
	}
	for range 3 {
		require.NoError(t, r.o.Compact(t.Context()))
	}
	close(stop)
	wg.Wait()
	r.drain(time.Minute)
	require.NoError(t, r.o.Check(t.Context()))
	after := r.o.Stats()
	require.Less(t, after.FileBytes, before.FileBytes)
	require.NoFileExists(t, r.o.Path()+".new")
	for n, last := range accepted {
		require.Positive(t, last, "accepting went on")
		require.Equal(t, fmt.Sprint(last), h.Holds("", fmt.Sprint("live", n)))
	}
	r.crash()
	require.Equal(t, after.Accepted, r.o.Stats().Accepted)
	require.Equal(t, after.Delivered, r.o.Stats().Delivered)
}

func TestUnfinishedCopyIsRemovedAtOpening(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, nil)
		receipt := r.stock("sku", "1")
		r.o.Abort()
		require.NoError(t, os.WriteFile(r.o.Path()+".new", []byte("half a copy"), 0o600))
		r.o = outboxtest.Reopen(t, r.o, r.opts)
		require.NoFileExists(t, r.o.Path()+".new")
		r.stands(receipt, outbox.Waiting)
	})
}

func TestFileIsPrivate(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, nil)
		require.NoError(t, r.o.Close())
		require.NoError(t, os.Chmod(r.o.Path(), 0o644))
		r.o = outboxtest.Reopen(t, r.o, r.opts)
		for _, path := range []string{r.o.Path(), r.o.Path() + ".lock"} {
			fi, err := os.Stat(path)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), fi.Mode().Perm(), path)
		}
	})
}
