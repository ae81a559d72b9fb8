package outbox

import (
	"encoding/binary"
	"fmt"
	"time"
)

// EventType says what happened.
type EventType uint8

// Events of an entry are stored in the history and told to the observer;
// those of alarms are only told, and for those of the gate see
// [Outbox.GateChanges].
const (
	EventAttempt    EventType = iota + 1 // an attempt that settled nothing
	EventDelivered                       // final
	EventConfirmed                       // a value in doubt stands
	EventSuperseded                      // final, By names the newer entry
	EventDead                            // set aside as a dead letter
	EventCancelled                       // final
	EventParked                          // waits for a person
	EventReleased                        // no longer parked
	EventRequeued                        // a dead letter waits again
	EventEdited                          // a dead letter was replaced by the new entry By
	EventReopened                        // a creation whose life had ended waits again
	EventGateOpened
	EventGateClosed
	EventAlarmRaised
	EventAlarmCleared
	EventTrouble // something went wrong that a person should see
)

func (t EventType) String() string {
	names := [...]string{"", "attempt", "delivered", "confirmed", "superseded", "dead", "cancelled", "parked", "released", "requeued", "edited", "reopened", "gate opened", "gate closed", "alarm raised", "alarm cleared", "trouble"}
	if int(t) >= len(names) || t == 0 {
		return "unknown event"
	}
	return names[t]
}

// MarshalText writes the form of [EventType.String].
func (t EventType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// Event is something that happened.
type Event struct {
	Type EventType
	At   time.Time
	// ID is the entry's; zero for events of the gate and alarms.
	ID ID
	// By is the newer entry of a supersession or an edit.
	By      ID
	Verdict Verdict
	Reason  string
	// Attempt numbers the call, over the life of the file; zero if none.
	Attempt uint64
	// Confirming: the attempt was a confirming call. LookUp: it was a look-up.
	Confirming, LookUp bool
	Duplicate          bool
	// Host and Account are set where they are known.
	Host, Account string
	// Entry is set at the end of an entry's life, with the body that was
	// delivered if it was an absolute value.
	Entry *Record
}

// settles says whether the event ends an entry's life.
func (t EventType) settles() bool {
	return t == EventDelivered || t == EventSuperseded || t == EventCancelled
}

// Flags of a stored event.
const (
	eventConfirming = 1 << iota
	eventLookUp
	eventDuplicate
	eventEntry
)

// historyKey is the entry's sequence and the number of the event, which grows
// over the whole file, so that an entry's events lie together and in order.
func historyKey(seq, event uint64) []byte {
	return appendHistoryKey(make([]byte, 0, 16), seq, event)
}

func appendHistoryKey(b []byte, seq, event uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, seq), event)
}

// encodeEvent stores e; final is the entry at the end of its life, or nil.
func encodeEvent(key []byte, e *Event, final *stored) []byte {
	return appendEvent(make([]byte, 0, eventSize(e, final)), key, e, final)
}

// eventSize is at least the length of an encoded event, but for odd numbers.
func eventSize(e *Event, final *stored) int {
	size := 64 + len(e.Reason)
	if final != nil {
		size += 64 + len(final.kind) + len(final.account) + len(final.key) + len(final.once) + len(final.body)
	}
	return size
}

// appendEvent is encodeEvent into the memory of an empty slice.
func appendEvent(b, key []byte, e *Event, final *stored) []byte {
	b = append(b, 0, 0, 0, 0, formatOf(final), 0)
	set := func(bit byte, on bool) {
		if on {
			b[5] |= bit
		}
	}
	set(eventConfirming, e.Confirming)
	set(eventLookUp, e.LookUp)
	set(eventDuplicate, e.Duplicate)
	set(eventEntry, final != nil)
	b = append(b, byte(e.Type), byte(e.Verdict))
	b = binary.AppendVarint(b, e.At.UnixNano())
	b = binary.AppendUvarint(b, e.Attempt)
	b = binary.AppendUvarint(b, e.By.seq)
	b = appendBytes(b, e.Reason)
	if final != nil {
		b = append(b, byte(final.group))
		b = binary.AppendVarint(b, final.acceptedAt)
		b = binary.AppendVarint(b, final.asOf)
		b = binary.AppendUvarint(b, final.attempts)
		b = appendBytes(b, final.kind)
		b = appendBytes(b, final.account)
		b = appendBytes(b, final.key)
		b = appendBytes(b, final.once)
		b = appendBytes(b, final.body)
	}
	return withChecksum(key, b)
}

// decodeEvent returns an event, and the entry at the end of its life if it has
// one; its byte slices are parts of value.
func decodeEvent(file uint32, key, value []byte) (e Event, final *stored, err error) {
	if len(key) != 16 {
		return e, nil, fmt.Errorf("%w: event key of %d bytes", errUnreadable, len(key))
	}
	flags, fields, err := verified(key, value)
	if err != nil {
		return e, nil, err
	}
	if len(fields) < 2 {
		return e, nil, fmt.Errorf("%w: cut short", errUnreadable)
	}
	r := reader{b: fields[2:]}
	e = Event{
		Type: EventType(fields[0]), Verdict: Verdict(fields[1]), ID: ID{file: file, seq: binary.BigEndian.Uint64(key)},
		Confirming: flags&eventConfirming != 0, LookUp: flags&eventLookUp != 0, Duplicate: flags&eventDuplicate != 0,
	}
	e.At = unixTime(r.int())
	e.Attempt = r.uint()
	if by := r.uint(); by != 0 {
		e.By = ID{file: file, seq: by}
	}
	e.Reason = r.string()
	if flags&eventEntry != 0 {
		final = &stored{seq: e.ID.seq, group: Group(r.byte()), sealed: value[4] == codecSealed}
		final.acceptedAt, final.asOf, final.attempts = r.int(), r.int(), r.uint()
		final.kind, final.account, final.key, final.once = names{r.bytes(), r.bytes(), r.bytes(), r.bytes()}.strings()
		final.body = r.bytes()
	}
	return e, final, r.end()
}

// event decodes an event with the record of the entry whose life it ended.
func (g *seals) event(file uint32, key, value []byte) (Event, error) {
	e, final, err := decodeEvent(file, key, value)
	if err == nil && final != nil {
		err = g.open(final)
	}
	if err != nil || final == nil {
		return e, err
	}
	rec := final.record(file)
	switch e.Type {
	case EventSuperseded:
		rec.State = Superseded
	case EventCancelled:
		rec.State = Cancelled
	default:
		rec.State = Done
	}
	e.Entry, e.Account = &rec, rec.Account
	return e, nil
}
