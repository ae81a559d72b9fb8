package outbox_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func TestSameCreationHasOneReceipt(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := orderRig(t, h, nil)
		var wg sync.WaitGroup
		var mu sync.Mutex
		first := map[outbox.ID]int{}
		for range 32 {
			wg.Go(func() {
				receipt, err := r.o.Accept(t.Context(), outbox.Entry{Kind: "order", Key: "order-1", Once: "M-1", Body: []byte("{}"), MadeAt: madeNow()})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if first[receipt.ID()] += 0; !receipt.Duplicate {
					first[receipt.ID()]++
				}
			})
		}
		wg.Wait()
		require.Len(t, first, 1)
		for _, n := range first {
			require.Equal(t, 1, n, "one of them is no duplicate")
		}
		require.Equal(t, uint64(1), r.o.Stats().Accepted)

		r.crash()
		again := r.create("order-1", "M-1", "{}")
		require.True(t, again.Duplicate)
		require.Contains(t, first, again.ID())
		r.run()
		require.NoError(t, again.Wait(r.day()))
		delivered := r.create("order-1", "M-1", "{}")
		require.True(t, delivered.Duplicate)
		require.NoError(t, delivered.Wait(r.day()))
		require.Equal(t, 1, h.Creations("", "M-1"))

		both, err := r.o.AcceptAll(t.Context(), []outbox.Entry{
			{Kind: "order", Key: "order-2", Once: "M-2", Body: []byte("{}"), MadeAt: madeNow()},
			{Kind: "order", Key: "order-2", Once: "M-2", Body: []byte("{}"), MadeAt: madeNow()},
		})
		require.NoError(t, err)
		require.Equal(t, both[0].ID(), both[1].ID())
		require.False(t, both[0].Duplicate)
		require.True(t, both[1].Duplicate)
	})
}

func TestSameKeyWithOtherContentIsAConflictThatNamesTheFields(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := orderRig(t, h, func(o *outbox.Options) {
			o.Kinds[1].Fields = func(body []byte) (map[string][]byte, error) {
				var raw map[string]json.RawMessage
				err := json.Unmarshal(body, &raw)
				out := map[string][]byte{}
				for k, v := range raw {
					out[k] = v
				}
				return out, err
			}
		})
		receipt := r.create("order-1", "M-1", `{"total":10,"buyer":"Ana","note":1}`)
		other := outbox.Entry{Kind: "order", Key: "order-1", Once: "M-1", Body: []byte(`{"total":11,"buyer":"Ana","gift":true}`)}
		conflict := new(outbox.ConflictError)
		check := func() {
			t.Helper()
			_, err := r.o.Accept(t.Context(), other)
			require.ErrorAs(t, err, &conflict)
			require.Equal(t, []string{"gift", "note", "total"}, conflict.Fields)
			require.Equal(t, receipt.ID(), conflict.ID)
			require.NotContains(t, err.Error(), "Ana")
		}
		check()
		r.restart()
		check()
		r.run()
		require.NoError(t, receiptOf(r, receipt).Wait(r.day()))
		check()
		_, err := r.o.Accept(t.Context(), outbox.Entry{Kind: "order", Key: "order-2", Once: "M-2", Body: []byte("no json")})
		require.ErrorIs(t, err, outbox.ErrInvalid)
		other.Account = "another"
		r.accept(other) // accounts do not share keys
		require.Equal(t, uint64(2), r.o.Stats().Accepted)
	})
}

func TestCreationsKeyOutlivesItsSettlementByTheRetention(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := orderRig(t, h, func(o *outbox.Options) { o.OnceRetention = time.Hour })
		h.SetMode(outboxtest.Refused)
		r.run()
		receipt := r.create("order-1", "M-1", "{}")
		time.Sleep(5 * time.Hour)
		require.True(t, r.create("order-1", "M-1", "{}").Duplicate, "it never expires while it waits")
		h.SetMode(outboxtest.Up)
		require.NoError(t, receipt.Wait(r.day()))
		time.Sleep(59 * time.Minute)
		require.True(t, r.create("order-1", "M-1", "{}").Duplicate)
		time.Sleep(3 * time.Minute)
		require.False(t, r.create("order-1", "M-1", "{}").Duplicate)
		r.drain(time.Minute)
		require.Equal(t, uint64(2), r.o.Stats().Delivered)
	})
}

func TestCancelledCreationsKeyIsForgottenLaterToo(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := orderRig(t, h, func(o *outbox.Options) { o.OnceRetention = time.Hour })
		r.run()
		require.NoError(t, r.o.PauseAll(t.Context(), "test"))
		for n := range 3 {
			receipt := r.create(fmt.Sprint("order-", n), fmt.Sprint("M-", n), "{}")
			require.NoError(t, r.o.Discard(t.Context(), receipt.ID(), "a mistake"))
			require.True(t, r.create(fmt.Sprint("order-", n), fmt.Sprint("M-", n), "{}").Duplicate)
		}
		time.Sleep(2 * time.Hour)
		require.False(t, r.create("order-1", "M-1", "{}").Duplicate)
	})
}
