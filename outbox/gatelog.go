package outbox

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"
)

// GateChange is one opening or closing of the gate.
type GateChange struct {
	At    time.Time `json:"at"`
	Scope GateScope `json:"scope"`
	// Host or Account is the one that it is about; both may be empty labels.
	Host    string `json:"host,omitempty"`
	Account string `json:"account,omitempty"`
	Open    bool   `json:"open"`
	// Cause is what closed it, or had closed it.
	Cause GateCause `json:"cause"`
	// Reason is one sentence.
	Reason string `json:"reason"`
	// Window is the one that closed it, if one did.
	Window Window `json:"window,omitzero"`
}

// GateScope says what a change of the gate is about.
type GateScope string

// The scopes.
const (
	GateAll     GateScope = "all"
	GateHost    GateScope = "host"
	GateAccount GateScope = "account"
)

// GateCause is what closes the gate.
type GateCause string

// The causes.
const (
	// CauseRun: nothing is delivered without [Outbox.Run]. When it begins, all
	// that had closed the gate is over but pauses; what still holds is told anew.
	CauseRun        GateCause = "run"
	CausePause      GateCause = "pause"
	CauseSuspension GateCause = "suspension"
	CauseWindow     GateCause = "window"
	CauseBreaker    GateCause = "breaker"
	CauseRetryAfter GateCause = "retry-after"
)

// GateChanges yields the openings and closings of the gate that are kept,
// oldest first. Those of the last seconds may be missing, and the waits of an
// account that called too fast are. An unreadable one is yielded as an error
// that wraps [ErrFormat], after which iteration can go on.
func (o *Outbox) GateChanges() iter.Seq2[GateChange, error] {
	return func(yield func(GateChange, error) bool) {
		for from := uint64(0); ; {
			type row struct {
				c   GateChange
				err error
			}
			var rows []row
			err := o.store.guard(func() error {
				return o.store.view(func(t *tx) error {
					c := t.bucket(inGate).Cursor()
					for k, v := c.Seek(seqKey(from)); len(k) == 8 && len(rows) < page; k, v = c.Next() {
						change, err := decodeGateChange(k, v)
						rows = append(rows, row{change, err})
						from = binary.BigEndian.Uint64(k) + 1
					}
					return nil
				})
			})
			if err != nil {
				yield(GateChange{}, err)
				return
			}
			for _, r := range rows {
				if !yield(r.c, r.err) {
					return
				}
			}
			if len(rows) < page {
				return
			}
		}
	}
}

// gateLog has the changes that are not stored yet. They are numbered, so that
// two transactions that store the same one store it once. Guarded by the gate's
// mutex.
type gateLog struct {
	last   uint64 // number given
	unkept []GateChange
}

// mostUnkept bounds what is remembered while nothing can be stored.
const mostUnkept = 1000

func (l *gateLog) add(c GateChange) {
	c.At = c.At.Round(0).UTC()
	l.last++
	l.unkept = append(l.unkept, c)
	if len(l.unkept) > mostUnkept {
		l.unkept = l.unkept[1:]
	}
}

// noteChangeLocked keeps a change; was is what had closed the gate, is what closes it now.
func (g *gate) noteChangeLocked(c gateChange, was, is cause, w Window) {
	was, is = noted(was), noted(is)
	if was == is {
		return
	}
	kept := GateChange{At: c.at, Host: c.host, Account: c.account, Open: is == causeNone, Reason: c.reason}
	kept.Scope = map[subject]GateScope{subjectAll: GateAll, subjectHost: GateHost, subjectAccount: GateAccount}[c.subject]
	told := is
	if kept.Open {
		told, kept.Reason = was, openedReason(was)
	}
	switch told {
	case causePausedAll, causePaused:
		kept.Cause = CausePause
	case causeSuspended:
		kept.Cause = CauseSuspension
	case causeWindow:
		kept.Cause, kept.Window = CauseWindow, w
	case causeBreaker:
		kept.Cause = CauseBreaker
	default:
		kept.Cause = CauseRetryAfter
	}
	g.log.add(kept)
}

// noted leaves out the short waits of an account that called too fast: they
// are many and tell nothing of an outage.
func noted(c cause) cause {
	if c == causeAccountRetry {
		return causeNone
	}
	return c
}

// noteRun keeps that delivery begins or ends.
func (g *gate) noteRun(now time.Time, begins bool) {
	c := GateChange{At: now, Scope: GateAll, Open: begins, Cause: CauseRun, Reason: "delivery stopped"}
	if begins {
		c.Reason = "delivery began"
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log.add(c)
	g.version.Add(1)
}

// unkept returns the changes that are not stored yet and the number of the first.
func (g *gate) unkept() (first uint64, changes []GateChange) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.log.last - uint64(len(g.log.unkept)) + 1, slices.Clip(g.log.unkept)
}

// kept says that the changes up to a number are stored.
func (g *gate) kept(last uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	first := g.log.last - uint64(len(g.log.unkept)) + 1
	if last >= first {
		g.log.unkept = append([]GateChange(nil), g.log.unkept[last-first+1:]...)
	}
}

func (o *Outbox) saveGateChanges(t *tx) error {
	first, changes := o.gate.unkept()
	for i, c := range changes {
		fields, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("encode change of the gate: %w", err)
		}
		key := seqKey(first + uint64(i))
		t.put(inGate, key, withChecksum(key, append([]byte{0, 0, 0, 0, codecFormat, 0}, fields...)))
	}
	return nil
}

func decodeGateChange(key, value []byte) (c GateChange, err error) {
	_, fields, err := verified(key, value)
	if err == nil {
		if err = json.Unmarshal(fields, &c); err != nil {
			err = fmt.Errorf("%w: %w", errUnreadable, err)
		}
	}
	if err != nil {
		return GateChange{}, fmt.Errorf("%w: change of the gate %x: %w", ErrFormat, key, err)
	}
	return c, nil
}

// lastGateChange is the number of the newest change that is stored.
func (t *tx) lastGateChange() uint64 {
	k, _ := t.bucket(inGate).Cursor().Last()
	if len(k) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(k)
}

// mostGateChanges bounds what is kept of the gate.
const mostGateChanges = 20_000

// pruneGate removes changes of the gate that are past retention or too many.
// It says whether there is more.
func (o *Outbox) pruneGate(t *tx, now time.Time) bool {
	oldest, last := now.Add(-o.opts.HistoryRetention), t.lastGateChange()
	var remove [][]byte
	c := t.bucket(inGate).Cursor()
	for k, v := c.First(); len(k) == 8 && len(remove) < pruneSize; k, v = c.Next() {
		tooMany := last-binary.BigEndian.Uint64(k) >= mostGateChanges
		change, err := decodeGateChange(k, v)
		if !tooMany && err == nil && !change.At.Before(oldest) {
			break
		}
		if tooMany || err == nil {
			remove = append(remove, append([]byte(nil), k...))
		}
	}
	for _, k := range remove {
		t.delete(inGate, k)
	}
	return len(remove) == pruneSize
}
