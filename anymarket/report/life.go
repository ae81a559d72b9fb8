package report

import (
	"time"

	"github.com/anymarket-go/sdk/internal/redact"
	"github.com/anymarket-go/sdk/outbox"
)

// turn is a moment at which an entry begins to wait, or ceases to.
type turn struct {
	at    time.Time
	waits bool
}

// course is what the events of an entry say.
type course struct {
	turns                         []turn
	delivered, ended              time.Time
	attempts                      int
	call                          uint64 // the last that was counted
	duplicate, unknown, confirmed bool
	lookedUp                      bool // and found
	by                            outbox.ID
	acts                          []Act
}

func courseOf(l outbox.Life) course {
	c := course{turns: []turn{{l.AcceptedAt, true}}}
	for _, e := range l.Events {
		c.count(e)
		switch e.Type {
		case outbox.EventDelivered:
			c.delivered, c.duplicate, c.lookedUp = e.At, e.Duplicate, e.LookUp
			c.end(e.At)
		case outbox.EventConfirmed:
			c.confirmed = true
		case outbox.EventDead:
			c.delivered = time.Time{} // a confirming call may have been refused
			c.end(e.At)
		case outbox.EventSuperseded:
			c.by = e.By
			c.end(e.At)
		case outbox.EventCancelled:
			c.act(actDiscarded, e)
			c.end(e.At)
		case outbox.EventRequeued:
			c.act(actRequeued, e)
			c.goOn(e.At)
		case outbox.EventReleased:
			c.act(actReleased, e)
		case outbox.EventEdited:
			c.act(actEdited, e)
			if e.By == l.ID {
				c.goOn(e.At)
			}
		default:
		}
	}
	switch l.State {
	case outbox.Waiting, outbox.Parked:
	default:
		if c.ended.IsZero() {
			// It ended without an event: a newer value covers it, but nothing
			// has swept it yet, or it could not be read.
			c.turns = nil
		}
	}
	return c
}

func (c *course) act(what string, e outbox.Event) { c.acts = append(c.acts, Act{what, e.At.UTC()}) }

func (c *course) end(at time.Time) {
	if c.ended.IsZero() {
		c.turns = append(c.turns, turn{at, false})
	}
	c.ended = at
}

func (c *course) goOn(at time.Time) {
	if !c.ended.IsZero() {
		c.turns = append(c.turns, turn{at, true})
	}
	c.ended = time.Time{}
}

// count counts the calls that were made for it. What refuses an entry may be
// told of twice, as an attempt and as what it died of.
func (c *course) count(e outbox.Event) {
	switch e.Type {
	case outbox.EventAttempt, outbox.EventDelivered, outbox.EventConfirmed:
	case outbox.EventDead:
		if e.Attempt == 0 || e.Attempt == c.call {
			return
		}
	default:
		return
	}
	if e.LookUp {
		return
	}
	c.attempts++
	c.call = e.Attempt
	c.unknown = c.unknown || e.Verdict == outbox.Unknown
}

// resolution is how the unknown outcome of an attempt was resolved.
func (c *course) resolution(l outbox.Life) Resolution {
	switch {
	case !c.unknown && !l.Unknown:
		return ""
	case l.State == outbox.Dead:
		return Refused
	case l.State == outbox.Superseded:
		return NewerValue
	case l.State == outbox.Cancelled:
		return TakenOut
	case l.State == outbox.Parked:
		return AskPerson
	case l.State == outbox.Waiting:
		return StillOpen
	case l.InDoubt:
		return ToConfirm
	case c.confirmed:
		return Confirmed
	case c.lookedUp:
		return FoundThere
	default:
		return SentAgain
	}
}

// row is an entry as it is shown.
func (c *course) row(l outbox.Life, carried bool) Row {
	r := Row{
		ID: l.ID, State: l.State.String(), Carried: carried, Kind: l.Kind, Account: l.Account, Key: l.Key,
		AcceptedAt: l.AcceptedAt.UTC(), EndedAt: c.ended.UTC(), DeliveredAt: c.delivered.UTC(),
		Attempts: c.attempts, Unknown: c.resolution(l), Duplicate: c.duplicate, InDoubt: l.InDoubt,
		By: c.by, Reason: redact.Text(l.Reason), Acts: c.acts,
	}
	if !c.delivered.IsZero() {
		r.Late = Duration(c.delivered.Sub(l.AcceptedAt))
	}
	if l.State == outbox.Superseded && c.by != (outbox.ID{}) {
		r.Reason = ""
	}
	if body, ok := redact.JSON(l.Body); ok {
		r.Body = body
	}
	return r
}
