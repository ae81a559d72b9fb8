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
	// lane, for an act on the inbox the resource and the list. An operator is about
	// to act.
	SaidOperate = "OP"
)

// The acts of [SaidOperate].
const (
	ActRequeue = "requeue"
	ActEdit    = "edit"
	ActDiscard = "discard"
	ActErase   = "erase" // its whole lane
)

// The words of the inbox alone. A resource is account/type/id, and the list of
// values that an entry of it covers is what [Merged] writes.
const (
	// SaidOpening: no more. The inbox is about to be opened: what was being handled
	// is on the wire for ever, so that it may come again.
	SaidOpening = "OPEN"
	// SaidPosting: resource, value. It is about to be posted, perhaps once more.
	SaidPosting = "POST"
	// SaidTaken: resource, value. It was answered 200.
	SaidTaken = "TOOK"
	// SaidGiven: resource, one of the answers below, list. The handler was given it
	// and is about to answer that.
	SaidGiven = "GIVEN"
	// SaidHandled: id, resource, list. The observer was told that it is delivered:
	// [SaidDelivered] with what was.
	SaidHandled = "DONE"
	// SaidConfirmed: id, resource. What was done before and came again because it
	// had been on the wire is done for good.
	SaidConfirmed = "CONF"
)

// The answers of the handler. [AnswerFailed] includes panics and that the other
// side was not reached.
const (
	AnswerHandled  = "ok"
	AnswerFailed   = "failed"
	AnswerRejected = "rejected"
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
