package anymarket_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// TestMain fails if a goroutine, or a client, of any test is left at the end.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(outboxtest.Exit)) }

// Clients that were opened, used and closed leave nothing: neither goroutines
// nor descriptors, sockets included, nor memory. It is not parallel, since it
// counts those of the process.
func TestCloseLeavesNothing(t *testing.T) {
	use := func(n int) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
		defer server.Close()
		c, err := anymarket.Open(t.Context(), anymarket.Config{
			Outbox: filepath.Join(t.TempDir(), "anymarket.db"), Token: "token", BaseURL: server.URL,
			StartRate: 1000, MaxRate: 1000,
		})
		require.NoError(t, err)
		stocks := make([]anymarket.Stock, 500)
		for i := range stocks {
			stocks[i] = anymarket.Stock{PartnerID: fmt.Sprint("SKU-", n, "-", i), Quantity: anymarket.Qty(int64(i))}
		}
		receipts, err := c.Stock.SetAll(t.Context(), stocks)
		require.NoError(t, err)
		switch n % 3 { // the others end with a backlog
		case 0:
			require.NoError(t, receipts[len(receipts)-1].Wait(t.Context()))
		case 1:
			c.Abort()
		}
		require.NoError(t, c.Close())
	}
	atStart := goleak.IgnoreCurrent() // tests that wait for this one to end
	const rounds = 20
	for n := range rounds { // pools and caches of the process fill
		use(n)
	}
	goleak.VerifyNone(t, atStart)
	descriptors, heap := openDescriptors(t), heapInUse()
	for n := range rounds {
		use(rounds + n)
	}
	goleak.VerifyNone(t, atStart)
	require.LessOrEqual(t, openDescriptors(t), descriptors)
	const room = 128 << 10 // 6 KiB a client
	require.Less(t, heapInUse(), heap+room)
}

func heapInUse() uint64 {
	for range 2 { // what a finalizer frees is collected by the next
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Log("descriptors cannot be listed here")
	}
	return len(all)
}
