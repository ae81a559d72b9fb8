package outbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/internal/realpath"
)

// Outbox is a durable queue of calls to another system. It is safe for
// concurrent use. Accepting, looking and operating work as soon as it is open;
// [Outbox.Run] delivers.
type Outbox struct {
	opts Options
	// configured is Options.Kinds by name; never changed.
	configured map[string]*kind
	store      *store
	committer  committer
	gate       *gate
	full       fullness
	// acceptances are kept for the next Accept: most of its garbage.
	acceptances sync.Pool
	start       time.Time

	// life ends when the outbox begins to close, stopping tells Run.
	life      context.Context //nolint:containedctx // it is the outbox's own life, not a caller's
	end       context.CancelFunc
	releasing sync.Once // closes the file
	wake      chan struct{}

	mu sync.Mutex // guards the fields below and all lanes and accounts
	*index
	counters  counters
	accepted  uint64
	pass      float64 // of the account that was served last
	inFlight  int
	proving   map[string]int // lanes by host that wait for proven uptime
	waiters   map[uint64][]*waiter
	sums      sums
	alarms    map[AlarmKind]Alarm
	broken    error // a commit failed; cleared by a rebuild
	closing   bool
	closed    bool
	running   chan struct{} // closed when Run returns; nil if it does not run
	stop      context.CancelCauseFunc
	prunedTo  []byte
	onceTo    []byte
	savedGate uint64

	// Of the transaction that is being made; the committer's.
	touched       []*lane
	settled       []settledLease
	changed       []stateChange
	pendingEvents []Event
	unreadable    []damaged
	recent        *recency      // nil if it is not needed
	reaching      chan struct{} // held by the one that makes recency

	observing sync.Mutex // serializes the observer
	broadcast struct {
		sync.Mutex
		changed chan struct{}
	}

	beforeCommit func() // tests only
}

// errStopped is why the calls on the wire are cancelled in the end.
var errStopped = errors.New("outbox stops")

// Open opens the outbox file at path, made anew if there is none; its folder
// must exist, since a folder made here might not survive a power cut. Nothing is
// delivered before [Outbox.Run]. Errors are a [*LockedError] if another process
// holds the file, or wrap [ErrFormat] if it is not a whole outbox of a known
// format, or [ErrKeys], and then it is left untouched, or [ErrInvalid] for options.
//
// What was on the wire when the file was last in use has an unknown outcome
// from here on.
func Open(path string, opts Options) (*Outbox, error) { return open(path, opts, hooks{}) }

// hooks are for tests only.
type hooks struct {
	noSync       bool
	beforeCommit func()
}

func open(path string, opts Options, h hooks) (o *Outbox, err error) {
	opts = opts.withDefaults()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	if path, err = realpath.Of(path); err != nil {
		return nil, err
	}
	g, err := newSeals(opts.Keys)
	if err != nil {
		return nil, err
	}
	opts.Keys = nil // they are shown by nothing that shows the options
	s, err := openStore(path, g, h.noSync)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	x := newIndex(opts.Kinds)
	o = &Outbox{
		opts: opts, configured: maps.Clone(x.byName), store: s, start: time.Now(), index: x,
		wake: make(chan struct{}, 1), reaching: make(chan struct{}, 1), proving: map[string]int{}, waiters: map[uint64][]*waiter{}, alarms: map[AlarmKind]Alarm{},
		beforeCommit: h.beforeCommit,
	}
	o.life, o.end = context.WithCancel(context.Background())
	o.committer.run = o.commitGroup
	saved, changes, err := o.loadGate()
	if err != nil {
		return nil, err
	}
	o.gate = newGate(gateOptions{
		canary: opts.Canary != nil, canaryInterval: opts.CanaryInterval, windows: opts.Windows,
		startRate: opts.StartRate, maxRate: opts.MaxRate, maxRetryAfter: opts.MaxRetryAfter, probeInterval: probeInterval,
	}, saved, time.Now())
	o.gate.log.last = changes
	if err := o.reload(); err != nil {
		return nil, err
	}
	if err := o.noteKey(); err != nil {
		return nil, err
	}
	if err := o.recoverFlight(); err != nil {
		return nil, err
	}
	return o, nil
}

// probeInterval is the time between probes of a suspended account.
const probeInterval = time.Minute

func (o *Outbox) loadGate() (saved gateState, changes uint64, err error) {
	err = o.store.guard(func() error {
		return o.store.view(func(t *tx) error {
			changes = t.lastGateChange()
			value := t.get(inMeta, []byte(metaGate))
			if value == nil {
				return nil
			}
			_, fields, err := verified([]byte(metaGate), value)
			if err == nil {
				err = json.Unmarshal(fields, &saved)
			}
			if err != nil {
				return fmt.Errorf("%w: %s: meta/%s: %w", ErrFormat, o.store.path, metaGate, err)
			}
			return nil
		})
	})
	return saved, changes, err
}

// saveGate stores what is worth keeping of the gate's state.
func (o *Outbox) saveGate(t *tx) error {
	fields, err := json.Marshal(o.gate.state(time.Now()))
	if err != nil {
		return fmt.Errorf("encode gate state: %w", err)
	}
	value := withChecksum([]byte(metaGate), append([]byte{0, 0, 0, 0, codecFormat, 0}, fields...))
	if !bytes.Equal(value, t.get(inMeta, []byte(metaGate))) {
		t.put(inMeta, []byte(metaGate), value)
	}
	return o.saveGateChanges(t)
}

// clock is the outbox's own: it never jumps and is never zero.
func (o *Outbox) clock() int64 { return int64(time.Since(o.start)) + 1 }

// uptime is for how long a host has been proven up. Without a canary nothing
// could prove it while all is quiet, so all time counts.
func (o *Outbox) uptime(host string) time.Duration {
	up := o.gate.uptime(host)
	if o.opts.Canary == nil {
		up += time.Since(o.start)
	}
	return up
}

// usable says whether the outbox takes commits.
func (o *Outbox) usable() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed:
		return ErrClosed
	case o.broken != nil:
		return fmt.Errorf("%w: %w", ErrUnknown, o.broken)
	default:
		return nil
	}
}

func (o *Outbox) isStopping() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closing
}

// Run delivers until ctx ends or the outbox is closed. It then takes no new
// entries, waits at most Options.DrainTimeout for the calls on the wire,
// cancels those that are left, and returns when all its goroutines have ended.
// It returns nil then, and [ErrRunning] or [ErrClosed] if it cannot start.
func (o *Outbox) Run(ctx context.Context) error {
	o.mu.Lock()
	switch {
	case o.closing:
		o.mu.Unlock()
		return ErrClosed
	case o.running != nil:
		o.mu.Unlock()
		return ErrRunning
	}
	done := make(chan struct{})
	o.running = done
	ctx, cancel := context.WithCancel(ctx)
	callCtx, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	o.stop = stop
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		o.running, o.stop = nil, nil
		o.mu.Unlock()
		close(done)
	}()
	defer stop(nil)
	defer cancel()
	defer context.AfterFunc(o.life, cancel)() //nolint:contextcheck // the outbox's own life

	o.gate.noteRun(time.Now(), true)
	var calls, others sync.WaitGroup
	others.Go(func() { o.runCanaries(ctx, callCtx, &others) })
	// It goes on while calls are waited for: their verdicts may need a rebuild.
	others.Go(func() { o.keepHouse(callCtx) })
	o.dispatch(ctx, callCtx, &calls)

	idle := make(chan struct{})
	others.Go(func() {
		calls.Wait()
		close(idle)
	})
	timer := time.NewTimer(o.opts.DrainTimeout)
	defer timer.Stop()
	select {
	case <-idle:
	case <-timer.C:
	case <-callCtx.Done(): // Shutdown's patience ended
	}
	o.gate.noteRun(time.Now(), false)
	stop(errStopped)
	calls.Wait()
	others.Wait()
	return nil
}

// Shutdown stops: no new lease is taken, what is on the wire is waited for
// until ctx ends and cancelled then, everything is recorded, and the file is
// closed. It returns when every goroutine has ended. It is safe to call again.
func (o *Outbox) Shutdown(ctx context.Context) error {
	o.mu.Lock()
	o.closing = true
	running := o.running
	o.mu.Unlock()
	o.end()
	o.signal()
	if running != nil {
		select {
		case <-running:
		case <-ctx.Done():
			o.mu.Lock()
			if o.stop != nil {
				o.stop(errStopped)
			}
			o.mu.Unlock()
			<-running
		}
	}
	// Closing must not be given up because ctx ended.
	err := o.exclusively(context.WithoutCancel(ctx), func() error {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.closed {
			return ErrClosed
		}
		o.closed = true
		return o.store.displaced()
	})
	if errors.Is(err, ErrClosed) {
		return o.letGo()
	}
	o.wakeAll()
	return errors.Join(err, o.letGo())
}

// letGo gives the file back, once.
func (o *Outbox) letGo() (err error) {
	o.releasing.Do(func() { err = o.store.close() })
	return err
}

// Close is [Outbox.Shutdown] with Options.DrainTimeout of patience.
func (o *Outbox) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), o.opts.DrainTimeout)
	defer cancel()
	return o.Shutdown(ctx)
}

// Abort ends as a crash would: from here on nothing is written and what is on
// the wire is cancelled; the file is left as it is and its lock is free when
// Abort returns. It is for tests, and for programs that must get out at once.
func (o *Outbox) Abort() {
	o.mu.Lock()
	o.closing, o.closed = true, true
	running := o.running
	if o.stop != nil {
		o.stop(errStopped)
	}
	o.mu.Unlock()
	o.end()
	o.signal()
	if running != nil {
		<-running
	}
	// A commit that was under way may still end.
	_ = o.exclusively(context.Background(), o.letGo) // closing without Sync has nothing to lose
}

// Drain blocks until nothing waits but what is parked, or ctx ends. Values in
// doubt count as delivered. It needs Run.
func (o *Outbox) Drain(ctx context.Context) error {
	for {
		changed := o.gateChanged() // every commit that moves an entry signals
		o.mu.Lock()
		left := o.waiting() - o.parked
		committing := len(o.touched) > 0 // the sums are ahead of the disk
		closing := o.closing
		o.mu.Unlock()
		switch {
		case left == 0 && !committing:
			return nil
		case closing:
			return ErrClosed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%d entries still wait: %w", left, ctx.Err())
		}
	}
}

// waiting counts the entries to be delivered, parked ones included.
func (o *Outbox) waiting() int { return o.entries - o.inDoubt - o.superseded }

// Path is the outbox file's.
func (o *Outbox) Path() string { return o.store.path }
