package life

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

// Store is what a writer writes: an outbox, or what has one inside.
type Store interface {
	Run(ctx context.Context) error
	Close() error
	Abort()
}

// Writer is what one writer does and another does not.
type Writer struct {
	// Open opens the store and the outbox in it.
	Open func() (Store, *outbox.Outbox, error)
	// Line is what is said when the observer is told of an event, empty if
	// nothing is.
	Line func(outbox.Event) string
	// Produce accepts about n entries, beside the others.
	Produce []func(n int) error
	// Mark is called after each round's producing, and may be nil.
	Mark func() error
	// Operate acts like a person on at most n entries.
	Operate func(n int) []error
}

// Life works in rounds: producers accept while the store delivers or before it
// does, an operator acts, the outbox is compacted, closed and opened again.
type Life struct {
	Config
	Rng *rand.Rand
	Box *outbox.Outbox
	// Number is of the newest value.
	Number atomic.Uint64
	// Left is how many entries are still to be accepted.
	Left atomic.Int64

	writer Writer
	store  Store
	stop   func() // ends Run; nil if it does not run
}

// New begins a life.
func New(c Config) *Life {
	l := &Life{Config: c, Rng: rand.New(rand.NewPCG(c.Seed, 1))}
	// Beyond all numbers of earlier runs.
	l.Number.Store(uint64(time.Now().UnixMicro()))
	l.Left.Store(int64(c.N))
	return l
}

// Run is the life of a writer.
func (l *Life) Run(w Writer) (err error) {
	l.writer = w
	if err := l.open(); err != nil {
		return err
	}
	// Run ends with it, also when nothing can be committed.
	defer func() { err = errors.Join(err, l.store.Close()) }()
	if l.drainOnly {
		l.start()
		return l.drain()
	}
	for i := 0; l.Left.Load() > 0; i++ {
		if err := l.round(i); err != nil {
			return err
		}
	}
	return l.end()
}

func (l *Life) open() error {
	store, box, err := l.writer.Open()
	if err != nil {
		return err // and the store is closed, or never was open
	}
	l.store, l.Box = store, box
	return l.sayAgain()
}

// Observe says what is durable now. It is for [outbox.Options].
func (l *Life) Observe(e outbox.Event) {
	if line := l.writer.Line(e); line != "" {
		Say("%s", line)
	}
}

// sayAgain says what ended lately: of the last commit before a crash, or of one
// whose error turned out to be none, the observer was not told. It must be said
// before its history may be pruned.
func (l *Life) sayAgain() error {
	const lately = time.Second
	var ended []outbox.Event
	var last time.Time
	for e, err := range l.Box.History() {
		if err != nil {
			return fmt.Errorf("history: %w", err)
		}
		if e.Entry != nil {
			ended = append(ended, e)
		}
		if e.At.After(last) {
			last = e.At
		}
	}
	var lines strings.Builder
	for _, e := range ended {
		if last.Sub(e.At) < lately {
			lines.WriteString(l.writer.Line(e))
		}
	}
	if lines.String() != "" {
		Say("%s", lines.String())
	}
	return nil
}

// start has the store deliver.
func (l *Life) start() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	store := l.store
	go func() { ended <- store.Run(ctx) }()
	l.stop = func() {
		l.stop = nil
		cancel()
		if err := <-ended; err != nil {
			Fatal("run: %v", err)
		}
	}
}

const (
	roundLeast, roundMost = 16, 48 // entries
	patience              = 60 * time.Millisecond
)

func (l *Life) round(i int) error {
	compact := l.compact > 0 && !l.noDeliver && i%l.compact == l.compact-1 // a copy needs room
	if !l.noDeliver && l.Rng.IntN(3) > 0 {
		l.start()
	}
	size := roundLeast + l.Rng.IntN(roundMost-roundLeast)
	var producing sync.WaitGroup
	errs := make([]error, len(l.writer.Produce))
	for n, produce := range l.writer.Produce {
		producing.Go(func() { errs[n] = produce(size / len(errs)) })
	}
	if !compact || l.Rng.IntN(2) == 0 {
		producing.Wait()
	}
	var others []error
	if compact { // while others accept, or not
		if l.Rng.IntN(3) == 0 {
			others = append(others, l.Box.Reseal(context.Background()))
		} else {
			others = append(others, l.Box.Compact(context.Background()))
		}
		producing.Wait()
	}
	if l.writer.Mark != nil {
		others = append(others, l.writer.Mark())
	}
	if err := l.afterErrors(append(others, errs...)...); err != nil || l.noDeliver {
		return err
	}
	if l.stop == nil {
		l.start()
	}
	l.settle()
	running := l.Rng.IntN(2) == 0
	if !running {
		if err := l.pause(); err != nil {
			return err
		}
	}
	if err := l.afterErrors(l.writer.Operate(3 + l.Rng.IntN(4))...); err != nil {
		return err
	}
	if running {
		l.settle()
	}
	return l.reopen()
}

// pause ends Run, which does not end as long as nothing can be recorded.
func (l *Life) pause() error {
	if err := l.afterErrors(); err != nil || l.stop == nil {
		return err
	}
	l.stop()
	return nil
}

// settle gives the store some time to deliver.
func (l *Life) settle() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = l.Box.Drain(ctx) // what is not delivered then is left for later
}

// reopen closes and opens the store, now and then.
func (l *Life) reopen() error {
	switch l.Rng.IntN(8) {
	case 0, 1:
		if err := l.pause(); err != nil {
			return err
		}
		if err := l.store.Close(); err != nil {
			return err
		}
	case 2:
		if err := l.afterErrors(); err != nil {
			return err
		}
		l.store.Abort()
		if l.stop != nil {
			l.stop()
		}
	default:
		return l.pause()
	}
	return l.open()
}

// afterErrors decides whether it is all right to go on.
func (l *Life) afterErrors(errs ...error) error {
	err := errors.Join(errs...)
	broken := l.Box.Stats().Broken
	if err == nil && broken == "" {
		return nil
	}
	fmt.Fprintln(os.Stderr, "writer:", err, broken)
	switch {
	case l.bug == bugGoOn:
		return nil
	case broken != "" && l.onErr == onErrRebuild:
		return l.rebuild()
	case err == nil:
		return errors.New(broken)
	default:
		return err
	}
}

// rebuild is the way on after a failed commit: by hand, or Run does it.
func (l *Life) rebuild() error {
	const byItself = 3 * time.Second
	if l.stop != nil && l.Rng.IntN(3) == 0 {
		for end := time.Now().Add(byItself); l.Box.Stats().Broken != ""; <-time.After(time.Millisecond) {
			if time.Now().After(end) {
				return errors.New("Run did not rebuild the outbox: " + l.Box.Stats().Broken)
			}
		}
	} else if err := l.Box.Rebuild(context.Background()); err != nil {
		return err
	}
	if err := l.Box.Check(context.Background()); err != nil {
		Fatal("after a rebuild: %v", err)
	}
	return l.sayAgain()
}

// drain delivers all that can be.
func (l *Life) drain() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- l.Box.Drain(ctx) }()
	const look = 50 * time.Millisecond
	for {
		select {
		case err := <-done:
			return err
		case <-time.After(look):
			if err := l.afterErrors(); err != nil {
				return err
			}
		}
	}
}

// end is the end of a run that met no error.
func (l *Life) end() error {
	if err := l.pause(); err != nil || l.bug != "" {
		return err
	}
	err := l.Box.Check(context.Background())
	if err != nil && l.Box.Stats().Broken == "" {
		Fatal("at the end: %v", err)
	}
	return err
}
