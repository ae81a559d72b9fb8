//go:build unix

package outbox

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/anymarket-go/sdk/internal/barebolt"
)

// benchLanes is how many targets the benchmarks write to: an ERP's SKUs.
const benchLanes = 50_000

func benchKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("SKU-%06d", i)
	}
	return keys
}

func benchBody(size int) []byte {
	b := make([]byte, size)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(b) // it never errs
	return b
}

// openBench opens an outbox whose handler delivers at once, and does not run it.
func openBench(b *testing.B, path string) *Outbox {
	b.Helper()
	o, err := Open(path, Options{
		StartRate: 1e6, MaxRate: 1e6,
		Kinds: []Kind{{Name: "stock.set", Class: Absolute, MaxBatch: 50, Deliver: func(context.Context, []Lease) Answer {
			return Answer{Result: Result{Verdict: Delivered}}
		}}},
	})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, o.Close()) })
	return o
}

// BenchmarkAccept measures durable accepts by several producers at once beside
// those of a bare bbolt group committer. Rounds of the two alternate, so that
// what else the machine does hits both alike: trust ratio, the median over
// pairs of rounds of Accept's throughput to that of the bare one. Give it
// enough rounds (-benchtime=20x): a round takes roundTime.
func BenchmarkAccept(b *testing.B) {
	for _, size := range []int{300, 4096} {
		for _, producers := range []int{1, 8, 64, 512} {
			b.Run(fmt.Sprintf("size=%d/producers=%d", size, producers), func(b *testing.B) { benchmarkAccept(b, producers, size) })
		}
	}
}

const roundTime = 100 * time.Millisecond

func benchmarkAccept(b *testing.B, producers, size int) {
	o := openBench(b, filepath.Join(b.TempDir(), "outbox.db"))
	bare, err := barebolt.Open(filepath.Join(b.TempDir(), "bare.db"))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, bare.Close()) })
	keys, body := benchKeys(benchLanes), benchBody(size)
	ctx := context.Background() //nolint:usetesting // one that cannot end, as in most programs
	var next atomic.Int64
	accept := contender{
		op: func() error {
			_, err := o.Accept(ctx, Entry{Kind: "stock.set", Account: "1", Key: keys[next.Add(1)%benchLanes], Body: body})
			return err
		},
		commits: func() int { n, err := o.store.lastCommit(); require.NoError(b, err); return n },
	}
	put := contender{
		op:      func() error { _, err := bare.Put(body); return err },
		commits: func() int { n, err := bare.Commits(); require.NoError(b, err); return n },
	}
	var ratios, ours, theirs []float64
	var acceptSum, putSum round
	for b.Loop() {
		pair := [2]round{}
		// Whoever goes second finds the disk's cache as the first left it.
		for i := range 2 {
			if which := (i + len(ratios)) % 2; which == 0 {
				pair[0] = accept.round(b, producers)
			} else {
				pair[1] = put.round(b, producers)
			}
		}
		ratios = append(ratios, pair[0].rate()/pair[1].rate())
		ours, theirs = append(ours, pair[0].rate()), append(theirs, pair[1].rate())
		acceptSum.add(pair[0])
		putSum.add(pair[1])
	}
	b.ReportMetric(0, "ns/op") // of a pair of rounds, which says nothing
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(median(ours), "ops/s")
	b.ReportMetric(median(theirs), "bare-ops/s")
	b.ReportMetric(acceptSum.cpuPerOp(), "cpu-us/op")
	b.ReportMetric(putSum.cpuPerOp(), "bare-cpu-us/op")
	b.ReportMetric(acceptSum.syncsPerOp(), "syncs/op")
	b.ReportMetric(putSum.syncsPerOp(), "bare-syncs/op")
}

// contender is one of two that are compared.
type contender struct {
	op      func() error
	commits func() int
}

// round is what producers got done in it.
type round struct {
	ops, commits int
	took, cpu    time.Duration
}

func (r *round) add(s round) {
	r.ops, r.commits, r.took, r.cpu = r.ops+s.ops, r.commits+s.commits, r.took+s.took, r.cpu+s.cpu
}

func (r round) rate() float64     { return float64(r.ops) / r.took.Seconds() }
func (r round) cpuPerOp() float64 { return float64(r.cpu.Nanoseconds()) / 1e3 / float64(r.ops) }

// syncsPerOp: a bbolt commit syncs its pages and then its meta page.
func (r round) syncsPerOp() float64 { return 2 * float64(r.commits) / float64(r.ops) }

func (c contender) round(b *testing.B, producers int) round {
	b.Helper()
	cpu, commits, start := cpuTime(b), c.commits(), time.Now()
	var ops atomic.Int64
	var all sync.WaitGroup
	for range producers {
		all.Go(func() {
			n := 0
			for ; time.Since(start) < roundTime; n++ {
				if err := c.op(); err != nil {
					b.Error(err)
					break
				}
			}
			ops.Add(int64(n))
		})
	}
	all.Wait()
	return round{ops: int(ops.Load()), commits: c.commits() - commits, took: time.Since(start), cpu: cpuTime(b) - cpu}
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	require.NoError(b, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
