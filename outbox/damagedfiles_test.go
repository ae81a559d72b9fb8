package outbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

var damagedFiles = flag.Int("damaged.files", damagedDefault, "how many files TestDamagedFilesAreJudged damages")

// TestDamagedFilesAreJudged: a damaged file is refused and left as it is, or it
// is used; then nothing goes out of it that was not accepted, and what is not
// there any more is missed by Check. Nothing panics and nothing hangs.
func TestDamagedFilesAreJudged(t *testing.T) {
	t.Parallel()
	j := newJudge(t)
	const seed = 1
	refused, noticed := 0, 0
	for i := range *damagedFiles {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		how := damages()[i%len(damages())]
		verdict := j.judge(t, how.do(bytes.Clone(j.file), rng))
		require.False(t, t.Failed(), "file %d: %s", i, how.name)
		switch verdict {
		case fileRefused:
			refused++
		case damageNoticed:
			noticed++
		case fileUsed:
		}
	}
	require.Positive(t, refused)
	require.Positive(t, noticed)
	t.Logf("%d damaged files: %d refused, the damage of %d noticed by Check", *damagedFiles, refused, noticed)
}

// FuzzFile is the same for any damage: bytes at any place, and the end cut off.
// The file says that it is whole.
func FuzzFile(f *testing.F) {
	f.Add(uint32(0), []byte{}, uint32(0))
	f.Add(uint32(2*4096+8), []byte{1, 0, 255}, uint32(0))
	f.Add(uint32(4096+16+8), []byte{0, 0, 1}, uint32(0))
	f.Add(uint32(3*4096+16), []byte{1, 0, 0, 0, 255, 255, 255, 127}, uint32(5000))
	j := newJudge(f)
	f.Fuzz(func(t *testing.T, at uint32, patch []byte, cut uint32) {
		file := bytes.Clone(j.file)
		copy(file[int(at)%len(file):], patch)
		sealMetas(file)
		j.judge(t, file[:len(file)-int(cut)%len(file)])
	})
}

// damages are ways to spoil a file.
func damages() []damage {
	const page, sector = 4096, 512
	return []damage{
		{"a flipped bit", func(b []byte, r *rand.Rand) []byte {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
			return b
		}},
		{"noise", func(b []byte, r *rand.Rand) []byte {
			for at := r.IntN(len(b)); at < len(b) && r.IntN(32) > 0; at++ {
				b[at] = byte(r.Uint32())
			}
			return b
		}},
		{"a page header that lies", func(b []byte, r *rand.Rand) []byte {
			at := r.IntN(len(b)/page)*page + r.IntN(64) // its first elements too
			b[at] = byte(r.Uint32())
			return b
		}},
		{"a meta page that lies", func(b []byte, r *rand.Rand) []byte {
			const header, sum = 16, 56
			at := r.IntN(2)*page + header + 8 + 8*r.IntN((sum-8)/8) // behind magic and version
			binary.LittleEndian.PutUint64(b[at:], r.Uint64()>>r.IntN(64))
			sealMetas(b)
			return b
		}},
		{"a sector of zeroes", func(b []byte, r *rand.Rand) []byte {
			at := r.IntN(len(b)/sector) * sector
			clear(b[at : at+sector])
			return b
		}},
		{"a page in another one's place", func(b []byte, r *rand.Rand) []byte {
			from, to := r.IntN(len(b)/page)*page, r.IntN(len(b)/page)*page
			copy(b[to:to+page], bytes.Clone(b[from:from+page]))
			return b
		}},
		{"cut short", func(b []byte, r *rand.Rand) []byte { return b[:r.IntN(len(b))] }},
		{"another file behind its begin", func(b []byte, r *rand.Rand) []byte {
			for at := 2 * page; at < len(b); at++ {
				b[at] = byte(r.Uint32())
			}
			return b
		}},
	}
}

type damage struct {
	name string
	do   func(file []byte, rng *rand.Rand) []byte
}

// sealMetas gives the meta pages the checksums that fit them.
func sealMetas(file []byte) {
	const page, header, sum = 4096, 16, 56
	for at := 0; at+page <= min(len(file), 2*page); at += page {
		h := fnv.New64a()
		_, _ = h.Write(file[at+header : at+header+sum])
		binary.LittleEndian.PutUint64(file[at+header+sum:], h.Sum64())
	}
}

// judge knows what was accepted.
type judge struct {
	file     []byte // whole
	path     string
	accepted map[string]bool // "kind key body"
	entries  uint64
}

// newJudge makes a file with something in each of its buckets, as a process left
// it that was killed with a call on the wire.
func newJudge(tb testing.TB) *judge {
	tb.Helper()
	dir, err := os.MkdirTemp("", "damaged") //nolint:usetesting // a fuzz worker's own would be gone
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, os.RemoveAll(dir)) })
	j := &judge{path: filepath.Join(dir, "outbox.db"), accepted: map[string]bool{}}
	o, err := open(j.path, j.options(nil), hooks{noSync: true})
	require.NoError(tb, err)
	ctx := context.Background() //nolint:usetesting // a fuzz target has none of its own
	accept := func(e Entry) uint64 {
		j.accepted[e.Kind+" "+e.Key+" "+string(e.Body)] = true
		r, err := o.Accept(ctx, e)
		require.NoError(tb, err)
		return r.ID().Sequence()
	}
	for i := range 40 {
		n := strconv.Itoa(i)
		accept(Entry{Kind: "stock", Account: "a", Key: n, Body: bytes.Repeat([]byte(n), 20*i)})
		accept(Entry{Kind: "order", Key: n, Once: n, Body: []byte("order " + n)})
	}
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- o.Run(running) }()
	require.NoError(tb, o.Drain(ctx))
	stop()
	require.NoError(tb, <-done)
	require.NoError(tb, o.Pause(ctx, "b", "stocktaking"))
	require.NoError(tb, o.SetBookmark(ctx, "reload", []byte("row 7")))
	var last uint64
	for i := range 20 {
		n := strconv.Itoa(i)
		last = accept(Entry{Kind: "stock", Account: "a", Key: n, Body: []byte("newer " + n)})
		accept(Entry{Kind: "order", Key: "new " + n, Once: "new " + n, Body: []byte("order " + n)})
	}
	require.NoError(tb, o.commit(ctx, func(t *tx) error {
		key := seqKey(t.next(inFlight))
		t.put(inFlight, key, withChecksum(key, binary.AppendUvarint(append(make([]byte, 4), codecFormat, 0, 1), last)))
		return nil
	}))
	j.entries = o.Stats().Accepted
	o.Abort()
	j.file, err = os.ReadFile(j.path)
	require.NoError(tb, err)
	m := newestMeta(bytes.NewReader(j.file))
	j.file = j.file[:m.pages*m.pageSize] // the rest is room to grow
	return j
}

// options have kinds that deliver everything, and tell what.
func (j *judge) options(sent func(what string)) Options {
	deliver := func(_ context.Context, batch []Lease) Answer {
		for _, l := range batch {
			if sent != nil {
				sent(l.Kind + " " + l.Key + " " + string(l.Body))
			}
		}
		return Answer{Result: Result{Verdict: Delivered}}
	}
	return Options{
		Kinds: []Kind{
			{Name: "stock", Class: Absolute, MaxBatch: 5, Deliver: deliver},
			{Name: "order", Class: Once, Deliver: deliver, Resolve: func(context.Context, Lease) Resolution { return Resolution{Result: Result{Verdict: Delivered}} }},
		},
		StartRate: 1e6, MaxRate: 1e6, MinFree: -1,
	}
}

type judgement int

const (
	fileRefused judgement = iota
	damageNoticed
	fileUsed
)

// judge opens a damaged file, looks at all of it and delivers what it has, in
// virtual time: what hangs is a deadlock there.
func (j *judge) judge(t *testing.T, file []byte) (verdict judgement) {
	t.Helper()
	require.NoError(t, os.WriteFile(j.path, file, 0o600))
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		o, err := open(j.path, j.options(func(what string) {
			mu.Lock()
			defer mu.Unlock()
			if !j.accepted[what] {
				t.Errorf("it delivered what was never accepted: %.80q", what)
			}
		}), hooks{noSync: true})
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			after, err := os.ReadFile(j.path)
			require.NoError(t, err)
			require.True(t, bytes.Equal(file, after), "a refused file is left as it is")
			return
		}
		verdict = damageNoticed
		if err := o.Check(t.Context()); err == nil {
			require.Equal(t, j.entries, o.Stats().Accepted, "something is missing, and nobody misses it")
			verdict = fileUsed
		} else {
			require.ErrorIs(t, err, ErrFormat)
		}
		look(t, o)
		done := make(chan error, 1)
		running, stop := context.WithCancel(t.Context())
		go func() { done <- o.Run(running) }()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_ = o.Drain(ctx) // what cannot be read may stay for ever
		stop()
		require.NoError(t, <-done)
		look(t, o)
		_ = o.Close() // it may be broken by now
	})
	return verdict
}

// look reads all that can be read.
func look(t *testing.T, o *Outbox) {
	t.Helper()
	seen := func(err error) {
		if err != nil && !errors.Is(err, ErrClosed) && !errors.Is(err, errUnreadable) {
			require.ErrorIs(t, err, ErrFormat)
		}
	}
	for r, err := range o.Waiting() {
		seen(err)
		_, err = o.Why(r.ID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			seen(err)
		}
	}
	for _, err := range o.DeadLetters() {
		seen(err)
	}
	for _, err := range o.History() {
		seen(err)
	}
	for _, err := range o.Lives() {
		seen(err)
	}
	for _, err := range o.GateChanges() {
		seen(err)
	}
	_, err := o.Bookmark("reload")
	seen(err)
}
