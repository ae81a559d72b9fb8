//go:build unix

package outbox

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// backlog is how many entries wait in the benchmarks of a backlog, as many as
// a shop's outage of hours leaves.
const backlog = 100_000

// fill has n entries accepted, perCall in each, spread evenly over the keys.
func fill(b *testing.B, o *Outbox, n, perCall int, keys []string) {
	b.Helper()
	body := benchBody(300)
	entries := make([]Entry, 0, perCall)
	for i := range n {
		entries = append(entries, Entry{Kind: "stock.set", Account: "1", Key: keys[i%len(keys)], Body: body})
		if len(entries) == perCall || i == n-1 {
			_, err := o.AcceptAll(b.Context(), entries)
			require.NoError(b, err)
			entries = entries[:0]
		}
	}
}

// BenchmarkAcceptAll stores 100 entries a call.
func BenchmarkAcceptAll(b *testing.B) {
	const perCall = 100
	o := openBench(b, filepath.Join(b.TempDir(), "outbox.db"))
	keys := benchKeys(benchLanes)
	b.ResetTimer()
	fill(b, o, b.N*perCall, perCall, keys)
	b.ReportMetric(float64(b.N*perCall)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkOpen opens a file with a backlog, and says what heap a waiting entry
// takes: with few entries to a lane the lanes count most.
func BenchmarkOpen(b *testing.B) {
	for _, lanes := range []int{backlog, backlog / 10} {
		b.Run(fmt.Sprintf("waiting=%d/lanes=%d", backlog, lanes), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "outbox.db")
			o := openBench(b, path)
			fill(b, o, backlog, 1000, benchKeys(lanes))
			require.NoError(b, o.Close())
			o = nil
			var perEntry []float64
			b.ResetTimer()
			for b.Loop() {
				b.StopTimer()
				before := heapInUse()
				b.StartTimer()
				o := openBench(b, path)
				b.StopTimer()
				perEntry = append(perEntry, (heapInUse()-before)/backlog)
				require.NoError(b, o.Close())
				b.StartTimer()
			}
			b.ReportMetric(median(perEntry), "B/entry")
		})
	}
}

func heapInUse() float64 {
	runtime.GC()
	runtime.GC() // what finalizers let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkDrain delivers a backlog in batches of 50 to a handler that takes no
// time.
func BenchmarkDrain(b *testing.B) {
	o := openBench(b, filepath.Join(b.TempDir(), "outbox.db"))
	keys := benchKeys(backlog)
	n := 0
	for b.Loop() {
		b.StopTimer()
		fill(b, o, backlog, 1000, keys)
		ctx, cancel := context.WithCancel(b.Context())
		ran := make(chan error, 1)
		b.StartTimer()
		go func() { ran <- o.Run(ctx) }()
		require.NoError(b, o.Drain(ctx))
		b.StopTimer()
		cancel()
		require.NoError(b, <-ran)
		n += backlog
		b.StartTimer()
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "entries/s")
}
