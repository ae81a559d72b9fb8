package main

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/bench/contender"
	"github.com/anymarket-go/sdk/internal/bench/measure"
)

// opened is what it took to open a file with a backlog.
type opened struct {
	Took    time.Duration
	Waiting uint64
	// Heap is in bytes, more than before; File is the file's size.
	Heap, File int64
}

// drainOrder says when the first phase of a drain, in which nothing is accepted,
// ends: at the latest after Limit, or when what waits is down to Half. The second
// phase, in which producers accept, is as long, or ends at Rest.
type drainOrder struct {
	Limit      time.Duration
	Half, Rest uint64
	RoundTime  time.Duration
}

// drained is what became of it.
type drained struct {
	// FirstCall is from the opening of the gate to the first call.
	FirstCall time.Duration
	// Settled of what waited, in the phase without accepts.
	Settled   uint64
	Took, CPU time.Duration
	// Rounds of accepts while it went on draining.
	Rounds []measure.Round
	// PeakAnonymous memory in bytes until the first call, see peak.
	PeakAnonymous int64
}

// backlogStage opens the file of a directory when it is told to.
func backlogStage(ctx context.Context, dir string) (stage, error) {
	b := &backlogFile{path: backlogPath(dir), firstCall: make(chan time.Time, 1), ran: make(chan error, 1), keys: contender.Keys(5000)}
	return stage{acts: map[string]act{
		"open":   acting(func(none) (opened, error) { return b.open(ctx) }),
		"accept": acting(func(p measure.Plan) (measure.Round, error) { return b.accept(ctx, p) }),
		"drain":  acting(func(d drainOrder) (drained, error) { return b.drain(ctx, d) }),
	}, close: b.close}, nil
}

// backlogFile is an outbox with a backlog at a gate that is paused.
type backlogFile struct {
	path      string
	outbox    *outbox.Outbox
	ran       chan error
	firstCall chan time.Time
	called    atomic.Bool
	peak      *peak

	keys []string // of the values that are accepted beside the backlog
	next atomic.Int64
}

func (b *backlogFile) open(ctx context.Context) (opened, error) {
	before := heapInUse()
	b.peak = watchPeak()
	start := time.Now()
	o, err := outbox.Open(b.path, backlogOptions(b.deliver)) //nolint:contextcheck // it takes none: opening is one scan of the file
	if err != nil {
		return opened{}, err
	}
	took := time.Since(start)
	b.outbox = o
	heap := heapInUse() - before
	go func() { b.ran <- o.Run(ctx) }()
	s := o.Stats()
	return opened{Took: took, Waiting: s.Waiting, Heap: heap, File: s.FileBytes}, nil
}

// deliver is the other side that takes no time.
func (b *backlogFile) deliver(context.Context, []outbox.Lease) outbox.Answer {
	if !b.called.Swap(true) {
		b.firstCall <- time.Now()
	}
	return outbox.Answer{Result: outbox.Result{Verdict: outbox.Delivered}}
}

func (b *backlogFile) accept(ctx context.Context, p measure.Plan) (measure.Round, error) {
	body := randomBytes(300)
	return measure.Run(p, func(int) error {
		_, err := b.outbox.Accept(ctx, outbox.Entry{
			Kind: kindValue, Account: "1", Key: "new " + b.keys[int(b.next.Add(1))%len(b.keys)], Body: body,
		})
		return err
	})
}

func (b *backlogFile) drain(ctx context.Context, d drainOrder) (done drained, err error) {
	waiting, opened := b.outbox.Stats().Waiting, time.Now()
	if err := b.outbox.ResumeAll(ctx); err != nil {
		return done, err
	}
	select {
	case at := <-b.firstCall:
		done.FirstCall = at.Sub(opened)
	case <-time.After(d.Limit):
		return done, errors.New("nothing was called when the gate had opened")
	}
	if done.PeakAnonymous, err = b.peak.stop(); err != nil {
		return done, err
	}
	// Of the CPU time nothing but this goes on in the process.
	alone, err := measure.Run(measure.Plan{Producers: 1, Ops: 1}, func(int) error { return b.until(ctx, d.Half, d.Limit) })
	if err != nil {
		return done, err
	}
	done.Settled, done.Took, done.CPU = waiting-b.outbox.Stats().Waiting, time.Since(opened), alone.CPU
	for end := time.Now().Add(d.Limit); time.Now().Before(end) && b.outbox.Stats().Waiting > d.Rest; {
		r, err := b.accept(ctx, measure.Plan{Producers: manyProducers, Time: d.RoundTime})
		if err != nil {
			return done, err
		}
		done.Rounds = append(done.Rounds, r)
	}
	return done, nil
}

// until waits until no more than so many entries wait, or a time has passed.
func (b *backlogFile) until(ctx context.Context, waiting uint64, limit time.Duration) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); time.Now().Before(end) && b.outbox.Stats().Waiting > waiting; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (b *backlogFile) close() error {
	if b.outbox == nil {
		return nil
	}
	return errors.Join(b.outbox.Close(), <-b.ran)
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // what finalizers let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// peak watches the anonymous memory of this process, which is what it takes
// from others: the file's pages in the cache are not.
type peak struct {
	end     chan struct{}
	watched sync.WaitGroup
	highest int64
	err     error
}

func watchPeak() *peak {
	p := &peak{end: make(chan struct{})}
	p.watched.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			n, err := anonymous()
			if err != nil {
				p.err = err
				return
			}
			p.highest = max(p.highest, n)
			select {
			case <-tick.C:
			case <-p.end:
				return
			}
		}
	})
	return p
}

// stop returns the highest that was seen, in bytes.
func (p *peak) stop() (int64, error) {
	close(p.end)
	p.watched.Wait()
	return p.highest, p.err
}

func anonymous() (int64, error) {
	text, ok := field("/proc/self/status", "RssAnon")
	if !ok {
		return 0, os.ErrNotExist
	}
	return parseKB(text)
}
