package outbox_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
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

// What is accepted while a copy is made reaches it byte by byte: the memory that
// holds it until then is nobody else's.
func TestWhatIsAcceptedDuringACompactionIsWhole(t *testing.T) {
	t.Parallel() // real time, as above
	r := newRig(t, &outboxtest.Host{}, func(o *outbox.Options) { o.Canary = nil })
	const old = 3000
	r.stocks("", names("old", old), string(bytes.Repeat([]byte("x"), 4000))) // so that a copy takes its time
	var accepting sync.WaitGroup
	var done atomic.Bool
	var accepted atomic.Int64
	for n := range 4 {
		accepting.Go(func() {
			for i := 0; !done.Load(); i++ {
				key := fmt.Sprint("sku-", n, "-", strings.Repeat("x", i%2*500), i) // a short one fits in the buffer of a long one
				if _, err := r.o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: key, Body: []byte(key)}); err != nil {
					t.Error(err)
					return
				}
				accepted.Add(1)
			}
		})
	}
	for range 10 {
		require.NoError(t, r.o.Compact(t.Context()))
	}
	done.Store(true)
	accepting.Wait()
	r.restart()
	require.Zero(t, r.o.Stats().Dead, "one that cannot be read is a dead letter")
	n := int64(0)
	for rec, err := range r.o.Waiting() {
		require.NoError(t, err)
		if n++; n > old {
			require.Equal(t, rec.Key, string(rec.Body))
		}
	}
	require.Equal(t, old+accepted.Load(), n)
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
