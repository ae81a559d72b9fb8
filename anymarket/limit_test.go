package anymarket_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// ANYMARKET need not refuse a call to say how many it takes.
func TestLimitInHeadersIsKept(t *testing.T) {
	in(t, anymarkettest.Options{Limit: anymarkettest.Limit{Requests: 120, Headers: true}}, func(t *testing.T, s *anymarkettest.Server) {
		c := config(t, s)
		c.MaxRate, c.MaxBatch = 50, 1
		client := open(t, c)
		const skus = 600
		stocks := make([]anymarket.Stock, skus)
		for i := range stocks {
			key := fmt.Sprintf("SKU-%03d", i)
			s.AddSKU(anymarkettest.SKU{PartnerID: key})
			stocks[i] = anymarket.Stock{PartnerID: key, Quantity: anymarket.Qty(1)}
		}
		start := time.Now()
		_, err := client.Stock.SetAll(t.Context(), stocks)
		require.NoError(t, err)
		require.NoError(t, client.Outbox().Drain(t.Context()))
		const least = skus / 120 * time.Minute
		require.Less(t, time.Since(start), least*12/10)
		for _, r := range s.Log() {
			require.NotEqual(t, http.StatusTooManyRequests, r.Status)
		}
	})
}
