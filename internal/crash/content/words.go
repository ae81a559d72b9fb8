package content

import "github.com/anymarket-go/sdk/outbox"

// The words of the promises, each the first of a line. What follows is an entry
// id if nothing else is said.
const (
	// SaidAccepted: id, kind, lane, value. The entry is stored.
	SaidAccepted = "ACC"
	// SaidPut: id, lane, N of the value. The other side is about to take it.
	SaidPut = "PUT"
	// SaidSent: what [Effect] calls it. The other side is about to do what must be done one
	// time only.
	SaidSent = "SENT"
	// SaidMarking: N. The bookmark [Bookmark] is about to be set to it.
	SaidMarking = "MARKING"
	// SaidMark: N. It is set.
	SaidMark = "MARK"
	// SaidErased: id, lane. The outbox holds nothing of the lane any more.
	SaidErased = "ERASED"
	// SaidRefused: the other side is about to refuse it.
	SaidRefused = "NO"

	// What the observer is told.
	SaidDelivered  = "DEL"
	SaidSuperseded = "SUP"
	SaidCancelled  = "CANC"
	SaidDead       = "DEAD"
	SaidParked     = "PARK"
	SaidReleased   = "REL"
	SaidRequeued   = "REQ"
	SaidEdited     = "EDIT" // id, id of the entry that goes on

	// SaidOperate: id, act, and for an edit the new value, for an erasure the
	// lane. An operator is about to act.
	SaidOperate = "OP"
)

// The acts of [SaidOperate].
const (
	ActRequeue = "requeue"
	ActEdit    = "edit"
	ActDiscard = "discard"
	ActErase   = "erase" // its whole lane
)

// Bookmark is the name of the one bookmark.
const Bookmark = "load"

// WordOf is the word of what the observer is told, empty if it is not said.
func WordOf(t outbox.EventType) string {
	switch t {
	case outbox.EventDelivered:
		return SaidDelivered
	case outbox.EventSuperseded:
		return SaidSuperseded
	case outbox.EventCancelled:
		return SaidCancelled
	case outbox.EventDead:
		return SaidDead
	case outbox.EventParked:
		return SaidParked
	case outbox.EventReleased:
		return SaidReleased
	case outbox.EventRequeued:
		return SaidRequeued
	case outbox.EventEdited:
		return SaidEdited
	default:
		return ""
	}
}
