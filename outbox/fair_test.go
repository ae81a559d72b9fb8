package outbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func TestHugeAccountDoesNotStarveASmallOne(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Latency: 2 * time.Second}
		r := newRig(t, h, func(o *outbox.Options) { o.MaxInFlight = 4; o.StartRate, o.MaxRate = 100, 100 })
		r.stocks("huge", names("sku", 600), "1")
		r.run()
		time.Sleep(time.Minute)
		start := time.Now()
		r.stocks("small", names("sku", 20), "1")
		r.until(time.Hour, func() bool { return len(valuesOf(h, "small")) == 20 })
		// Two of the four calls on the wire are its own.
		require.LessOrEqual(t, time.Since(start), 26*time.Second)
		require.Less(t, len(valuesOf(h, "huge")), 600)
		r.drain(time.Hour)
	})
}

func valuesOf(h *outboxtest.Host, account string) (out []string) {
	for k := range h.Values() {
		if k.Account == account {
			out = append(out, k.Key)
		}
	}
	return out
}

// shares counts the calls among the first n by kind.
func shares(h *outboxtest.Host, n int) map[string]int {
	out := map[string]int{}
	for _, c := range h.Writes()[:n] {
		out[c.Kind]++
	}
	return out
}

func TestGroupsShareByTheirWeights(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) {
			o.Kinds = nil
			for i, name := range []string{"sold out", "order", "stock", "price", "reload"} {
				k := h.Value(name)
				k.Group = outbox.Group(i + 1)
				o.Kinds = append(o.Kinds, k)
			}
			o.MaxInFlight = 1
		})
		for _, k := range []string{"reload", "price", "stock", "order", "sold out"} { // the last first
			for _, key := range names("sku", 100) {
				r.put(k, "", key, "1")
			}
		}
		r.run()
		r.until(time.Hour, func() bool { return len(h.Writes()) >= 190 })
		got := shares(h, 190) // of weights 8, 4, 4, 2, 1
		for kind, want := range map[string]int{"sold out": 80, "order": 40, "stock": 40, "price": 20, "reload": 10} {
			require.InDelta(t, want, got[kind], 3, "%s of %v", kind, got)
		}
		require.Equal(t, "sold out", h.Writes()[0].Kind)
		r.drain(time.Hour)
	})
}

func TestOrdersTakeAtMostHalfWhileStockWaits(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) {
			order, stock := h.Creation("order", "orders"), h.Value("stock")
			order.Group, stock.Group = 2, 3
			o.Kinds = []outbox.Kind{order, stock}
		})
		for _, key := range names("", 100) {
			r.create(key, key, "{}")
		}
		r.stocks("", names("sku", 100), "1")
		r.run()
		r.until(time.Hour, func() bool { return len(h.Writes()) >= 100 })
		require.InDelta(t, 50, shares(h, 100)["order"], 2)
		r.drain(time.Hour)
	})
}

// What is new does not wait behind a backlog.
func TestLiveTrafficInterleavesWithAReload(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) {
			k := h.Value("reload")
			k.Group = 5
			o.Kinds = append(o.Kinds, k)
		})
		for _, key := range names("sku", 300) {
			r.put("reload", "", key, "1")
		}
		r.run()
		time.Sleep(15 * time.Second)
		start := time.Now()
		require.NoError(t, r.stock("live", "1").Wait(r.day()))
		require.LessOrEqual(t, time.Since(start), time.Second)
		r.drain(time.Hour)
	})
}
