package outbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// Outboxes that were opened, used and closed, or that crashed, leave nothing:
// neither goroutines nor descriptors nor memory. It is not parallel, since it
// counts those of the process.
func TestClosedOutboxLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	use := func(n int) {
		h := &outboxtest.Host{}
		path := filepath.Join(dir, fmt.Sprint("outbox-", n/2, ".db")) // each file twice
		o, err := outbox.Open(path, outbox.Options{Kinds: []outbox.Kind{h.Value("stock")}, Canary: h.Canary, MinFree: -1, StartRate: 1000, MaxRate: 1000})
		require.NoError(t, err)
		entries := make([]outbox.Entry, 500)
		for i := range entries {
			entries[i] = outbox.Entry{Kind: "stock", Key: fmt.Sprint(i), Body: []byte("1")}
		}
		receipts, err := o.AcceptAll(t.Context(), entries)
		require.NoError(t, err)
		ended := make(chan error)
		go func() { ended <- o.Run(t.Context()) }()
		require.NoError(t, receipts[0].Wait(t.Context()))
		if n%3 == 0 {
			o.Abort() // with a backlog
		}
		require.NoError(t, o.Close())
		<-ended // Run may have found it closed before it began
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
	const room = 128 << 10 // 6 KiB an outbox
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
