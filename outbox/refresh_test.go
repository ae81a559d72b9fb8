package outbox_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// erp answers refreshes.
type erp struct {
	mu      sync.Mutex
	asked   [][]string
	value   []byte
	err     error
	forever bool
}

func (e *erp) refresh(ctx context.Context, batch []outbox.Lease) ([][]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var keys []string
	out := make([][]byte, len(batch))
	for i, l := range batch {
		keys, out[i] = append(keys, l.Key), e.value
	}
	e.asked = append(e.asked, keys)
	if e.forever {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return out, e.err
}

func refreshRig(t *testing.T, h *outboxtest.Host, e *erp) *rig {
	t.Helper()
	return newRig(t, h, func(o *outbox.Options) {
		o.Kinds[0].MaxBatch = 50
		o.Kinds[0].Refresh = e.refresh
	})
}

func TestStaleValuesAreRefreshedInBatches(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h, e := &outboxtest.Host{}, &erp{value: []byte("now")}
		r := refreshRig(t, h, e)
		old := r.stocks("", names("old", 30), "then")
		time.Sleep(11 * time.Minute)
		r.stocks("", names("new", 5), "then")
		r.run()
		r.drain(time.Minute)
		require.Len(t, e.asked, 1)
		require.Equal(t, names("old", 30), e.asked[0], "only what waited long")
		require.Equal(t, "now", h.Holds("", "old007"))
		require.Equal(t, "then", h.Holds("", "new000"))
		require.Equal(t, "now", string(r.stands(old[0], outbox.Done).Body), "the history has what was sent")
	})
}

func TestStoredValueGoesWhenItCannotBeRefreshed(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]*erp{
		"error": {err: errors.New("ERP is down")}, "timeout": {forever: true}, "nothing to say": {},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				h := &outboxtest.Host{}
				r := refreshRig(t, h, e)
				r.stocks("", names("sku", 30), "then")
				time.Sleep(11 * time.Minute)
				r.run()
				start := time.Now()
				r.drain(5 * time.Minute)
				require.LessOrEqual(t, time.Since(start), 31*time.Second)
				require.Equal(t, "then", h.Holds("", "sku007"))
			})
		})
	}
}

// A copy from earlier knows less than the other side.
func TestRestoredFileSendsNothingOfThenBlindly(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h, e := &outboxtest.Host{}, &erp{value: []byte("now")}
		r := newRig(t, h, func(o *outbox.Options) {
			o.Kinds[0].Refresh = e.refresh
			o.Kinds = append(o.Kinds, h.Value("price"))
			o.Kinds = append(o.Kinds, orders(h)...)
		})
		stock := r.stock("sku", "then")
		price := r.put("price", "", "sku", "then")
		order := r.create("order-1", "M-1", "{}")
		r.opts.Restored = true
		r.restart()
		r.run()
		require.NoError(t, receiptOf(r, stock).Wait(r.day()))
		require.Equal(t, "now", h.Holds("", "sku"), "though it did not wait long")
		require.NoError(t, receiptOf(r, order).Wait(r.day()))
		require.Len(t, h.LookUps(), 1)
		require.True(t, h.LookUps()[0].At.Before(h.Writes()[len(h.Writes())-1].At) || h.LookUps()[0].Kind == "order")
		rec := r.stands(price, outbox.Parked)
		require.Contains(t, rec.Reason, "restored")
		require.NoError(t, r.o.Requeue(t.Context(), price.ID()))
		r.drain(time.Minute)
		require.Equal(t, "then", h.Holds("", "sku"), "a person let it go")
		r.stock("sku", "newer")
		r.drain(time.Minute)
		require.Equal(t, "newer", h.Holds("", "sku"), "what is accepted now is of now")
	})
}

func TestRestoredCreationThatIsThereIsNotMadeAgain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := orderRig(t, h, nil)
		receipt := r.create("order-1", "M-1", "{}")
		ahead := orderRig(t, h, nil) // the file that went on after the copy was made
		ahead.create("order-1", "M-1", "{}")
		ahead.run()
		ahead.create("order-2", "M-2", "{}")
		ahead.drain(time.Minute)
		r.opts.Restored = true
		r.restart()
		r.run()
		require.NoError(t, receiptOf(r, receipt).Wait(r.day()))
		require.Equal(t, 1, h.Creations("", "M-1"))
		require.False(t, r.create("order-2", "M-2", "{}").Duplicate, "the copy does not know it")
		r.drain(time.Minute)
		require.Equal(t, 1, h.Creations("", "M-2"), "the other side does")
		require.True(t, r.accept(outbox.Entry{Kind: "order", Key: "order-1", Once: "M-1", Body: []byte("{}"), MadeAt: madeNow()}).Duplicate)
	})
}
