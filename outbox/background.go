package outbox

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"time"
)

// runCanaries makes the canary calls that the gate asks for.
func (o *Outbox) runCanaries(ctx, callCtx context.Context, wg *sync.WaitGroup) {
	version := o.gate.changed()
	for ctx.Err() == nil {
		changed := o.gateChanged()
		due, next := o.gate.probes(time.Now())
		o.tellGate()
		if v := o.gate.changed(); v != version {
			version = v
			o.signal() // time alone opened or closed something
		}
		for _, p := range due {
			wg.Go(func() { o.probe(callCtx, p) })
		}
		if sleep(ctx, next, changed) != nil {
			return
		}
	}
}

func (o *Outbox) probe(ctx context.Context, p probe) {
	if o.opts.Canary == nil {
		return
	}
	o.count(func(s *sums) { s.canaries++ })
	a, err := callSafely(func() (Answer, error) { return o.opts.Canary(ctx, p.host, p.account), nil })
	if err != nil {
		o.tell(Event{Type: EventTrouble, Host: p.host, Account: p.account, Reason: "canary: " + err.Error()})
		a = Answer{Result: Result{Verdict: Unavailable}}
	}
	if ctx.Err() != nil && !a.Verdict.alive() {
		return // we stopped it, which says nothing of the host
	}
	o.gate.reportProbe(time.Now(), p, a)
	o.tellGate()
	o.signal()
}

const (
	pruneInterval    = time.Minute
	keepGateInterval = 10 * time.Second
	alarmInterval    = 5 * time.Second
)

// keepHouse does what must be done now and then until ctx ends. Its errors are
// those of the committer, which everybody else sees too, and it tries again.
func (o *Outbox) keepHouse(ctx context.Context) {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	last := map[string]time.Time{}
	every := func(name string, d time.Duration, fn func() error) {
		if time.Since(last[name]) < d || ctx.Err() != nil {
			return
		}
		last[name] = time.Now()
		if err := fn(); err != nil && ctx.Err() == nil && !errors.Is(err, ErrClosed) && !errors.Is(err, ErrUnknown) {
			o.tell(Event{Type: EventTrouble, Reason: name + ": " + err.Error()})
		}
	}
	for {
		every("place of the file", 0, func() error { return o.exclusively(ctx, o.lookAfterFile) })
		every("rebuild", o.opts.MinBackoff, func() error { return o.rebuildIfBroken(ctx) })
		every("damaged entries", 0, func() error { return o.setAsideIfFound(ctx) })
		every("sweep", 0, func() error { return o.sweep(ctx) })
		every("gate state", keepGateInterval, func() error { return o.keepGate(ctx) })
		every("retention", pruneInterval, func() error { return o.prune(ctx) })
		every("compaction", pruneInterval, func() error { return o.compactIfWorthIt(ctx) })
		every("recency", recencyKept, func() error { o.forgetRecency(); return nil })
		every("alarms", alarmInterval, func() error { o.updateAlarms(); return nil })
		select {
		case <-ctx.Done():
			// What the next process should know of the gate.
			_ = o.keepGate(context.WithoutCancel(ctx)) // it does without, too
			return
		case <-tick.C:
		}
	}
}

// setAsideIfFound is for what a rebuild could not read.
func (o *Outbox) setAsideIfFound(ctx context.Context) error {
	o.mu.Lock()
	found := len(o.unreadable)
	o.mu.Unlock()
	if found == 0 {
		return nil
	}
	return o.commit(ctx, func(t *tx) error { o.setAsideFound(t, t.now); return nil })
}

func (o *Outbox) keepGate(ctx context.Context) error {
	v := o.gate.changed()
	o.mu.Lock()
	same := v == o.savedGate && len(o.proving) == 0
	o.mu.Unlock()
	if same {
		return nil
	}
	err := o.storeGate(ctx)
	if err == nil {
		o.mu.Lock()
		o.savedGate = v
		o.mu.Unlock()
	}
	return err
}

// storeGate commits the gate's state and what changed.
func (o *Outbox) storeGate(ctx context.Context) error {
	first, changes := o.gate.unkept()
	err := o.commit(ctx, o.saveGate)
	if err == nil && len(changes) > 0 {
		o.gate.kept(first + uint64(len(changes)) - 1)
	}
	return err
}

const pruneSize = 1000 // events and keys looked at in one transaction

// prune removes history and creation keys past retention, a few at a time.
func (o *Outbox) prune(ctx context.Context) error {
	for again := true; again && ctx.Err() == nil; {
		err := o.commitEnds(ctx, pruneSize, func(t *tx) error {
			h := o.pruneHistory(t, time.Now())
			k := o.pruneKeys(t, time.Now())
			g := o.pruneGate(t, time.Now())
			again = h || k || g
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// pruneHistory removes the oldest events that are past retention or too many.
// Those of entries that are not settled stay. It says whether there is more.
func (o *Outbox) pruneHistory(t *tx, now time.Time) bool {
	oldest := now.Add(-o.opts.HistoryRetention)
	c := t.bucket(inHistory).Cursor()
	var remove [][]byte
	freed, seen, newest := uint64(0), 0, o.counters.forgotten
	var k, v []byte
	for k, v = c.Seek(o.prunedTo); k != nil && seen < pruneSize; k, v = c.Next() {
		seen++
		e, _, err := decodeEvent(o.store.file, k, v)
		tooMany := o.counters.historyBytes-freed > uint64(o.opts.HistoryBytes)
		if err != nil || !tooMany && !e.At.Before(oldest) {
			if err == nil && !tooMany {
				k = nil // keys grow with time, near enough
				break
			}
			continue
		}
		if entry := seqKey(binary.BigEndian.Uint64(k)); t.get(inEntries, entry) != nil || t.get(inDead, entry) != nil {
			continue
		}
		remove = append(remove, append([]byte(nil), k...))
		freed += uint64(len(k) + len(v))
		newest = max(newest, uint64(e.At.UnixNano()))
	}
	o.prunedTo = nil
	if k != nil {
		o.prunedTo = append([]byte(nil), k...)
	}
	for _, k := range remove {
		t.delete(inHistory, k)
	}
	if freed > 0 {
		o.counters.historyBytes -= min(freed, o.counters.historyBytes)
		o.counters.forgotten = newest
		o.counters.changed = true
	}
	return k != nil
}

// pruneKeys removes the keys of creations that are past retention.
func (o *Outbox) pruneKeys(t *tx, now time.Time) bool {
	c := t.bucket(inOnce).Cursor()
	var remove [][]byte
	seen := 0
	var k, v []byte
	for k, v = c.Seek(o.onceTo); k != nil && seen < pruneSize; k, v = c.Next() {
		seen++
		if cr, err := decodeCreation(k, v); err == nil && cr.expiresAt != 0 && cr.expiresAt < now.UnixNano() {
			remove = append(remove, append([]byte(nil), k...))
		}
	}
	o.onceTo = nil
	if k != nil {
		o.onceTo = append([]byte(nil), k...)
	}
	for _, k := range remove {
		t.delete(inOnce, k)
	}
	return k != nil
}
