package outbox

import (
	"log/slog"
	"time"
)

// tell hands an event to the observer, and what a person should see to the
// logger. The caller holds no lock.
func (o *Outbox) tell(e Event) {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	level := slog.LevelDebug
	switch e.Type {
	case EventTrouble, EventAlarmRaised, EventDead, EventParked:
		level = slog.LevelWarn
	case EventGateOpened, EventGateClosed, EventAlarmCleared:
		level = slog.LevelInfo
	default:
	}
	if o.opts.Logger.Enabled(o.life, level) {
		attrs := []slog.Attr{slog.String("event", e.Type.String())}
		if e.ID.seq != 0 {
			attrs = append(attrs, slog.String("entry", e.ID.String()))
		}
		for _, a := range []slog.Attr{slog.String("account", e.Account), slog.String("host", e.Host), slog.String("reason", e.Reason)} {
			if a.Value.String() != "" {
				attrs = append(attrs, a)
			}
		}
		o.opts.Logger.LogAttrs(o.life, level, "outbox", attrs...)
	}
	if o.opts.Observer == nil {
		return
	}
	// One at a time and in order, as promised.
	o.observing.Lock()
	defer o.observing.Unlock()
	o.opts.Observer(e)
}

// tellGate hands on what the gate has to say.
func (o *Outbox) tellGate() {
	for _, c := range o.gate.changes() {
		e := Event{Type: EventGateClosed, At: c.at, Host: c.host, Account: c.account, Reason: c.reason}
		if c.open {
			e.Type = EventGateOpened
		}
		o.tell(e)
	}
}

// signal wakes the dispatcher and those that wait for the gate.
func (o *Outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
	o.broadcast.Lock()
	if o.broadcast.changed != nil {
		close(o.broadcast.changed)
		o.broadcast.changed = nil
	}
	o.broadcast.Unlock()
}

// gateChanged returns a channel that is closed by the next signal.
func (o *Outbox) gateChanged() <-chan struct{} {
	o.broadcast.Lock()
	defer o.broadcast.Unlock()
	if o.broadcast.changed == nil {
		o.broadcast.changed = make(chan struct{})
	}
	return o.broadcast.changed
}
