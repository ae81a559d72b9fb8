package outbox

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	// ErrClosed says that the outbox is closed or closing.
	ErrClosed = errors.New("outbox is closed")
	// ErrUnknown says that the commit failed, so the entry may or may not be stored.
	// Nothing more is accepted until the outbox is rebuilt (see
	// [Outbox.Rebuild]) or opened again. Accepting a creation under the same
	// key, or an absolute value, again is safe then.
	ErrUnknown = errors.New("commit failed, whether the entry is stored is unknown: rebuild the outbox or open it again")
	// ErrFull says that quota or free-space floor is reached, or the disk full. Nothing
	// was stored; settling goes on and makes room.
	ErrFull = errors.New("outbox is full")
	// ErrDisplaced says that the outbox's file was deleted or replaced while it was
	// open. It comes with [ErrUnknown]: nothing more is accepted until the outbox is
	// rebuilt, which brings the file back with all that it had. Another file in its
	// place is left alone, and must be moved away first.
	ErrDisplaced = errors.New("the outbox's file is not in its place any more")
	// ErrNotFound says that there is no such entry, or its history is past
	// retention.
	ErrNotFound = errors.New("no such entry")
	// ErrState says that the entry is not in a state that allows this.
	ErrState = errors.New("the entry's state does not allow this")
	// ErrInvalid says that the entry or option cannot be right. The text names the field.
	ErrInvalid = errors.New("invalid")
	// ErrFormat says that the file is not an outbox, is of a newer format, or damaged.
	ErrFormat = errors.New("not a usable outbox file")
	// ErrHistory says that what was accepted since [Entry.AsOf] is not known: the
	// history does not reach back so far, or the account names its targets in
	// another way since.
	ErrHistory = errors.New("what was accepted since is not known")
	// ErrRunning says that Run was called a second time.
	ErrRunning = errors.New("the outbox is running already")
)

// LockedError says that another process holds the outbox file.
type LockedError struct {
	Path string
	// PID of the holder; zero if it could not be read.
	PID int
	// Since is when the holder opened the file.
	Since time.Time
	// Program is the holder's executable name.
	Program string
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("outbox %s is held by another process", e.Path)
	}
	return fmt.Sprintf("outbox %s is held by process %d (%s) since %s: stop it or go through it", e.Path, e.PID, e.Program, e.Since.UTC().Format(time.RFC3339))
}

// AddressingError says that an account already names its targets another way.
type AddressingError struct {
	Account, Family string
	Have, Got       string
}

func (e *AddressingError) Error() string {
	return fmt.Sprintf("account %q addresses family %q by %q, not by %q: use that, or readdress the account when nothing of the family is stored", e.Account, e.Family, e.Have, e.Got)
}

// ConflictError says that a creation's key was accepted with another body.
type ConflictError struct {
	// ID is the entry that has the key.
	ID     ID
	Fields []string // that differ, sorted
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("the same creation was accepted as %s with other content in: %s", e.ID, strings.Join(e.Fields, ", "))
}

// ClosedError says that the gate is closed, why and until when.
type ClosedError struct {
	Host, Account string
	// Reason is one sentence.
	Reason string
	// Until is when it is expected to open; zero if that is not known.
	Until time.Time
}

func (e *ClosedError) Error() string { return "gate is closed: " + e.Reason }

// DeadError is what waiting on a dead letter returns.
type DeadError struct {
	ID     ID
	Reason string
}

func (e *DeadError) Error() string {
	return fmt.Sprintf("entry %s is a dead letter: %s", e.ID, e.Reason)
}

// ParkedError is what waiting on a parked entry returns.
type ParkedError struct {
	ID     ID
	Reason string
}

func (e *ParkedError) Error() string { return fmt.Sprintf("entry %s is parked: %s", e.ID, e.Reason) }

// CancelledError is what waiting on a cancelled entry returns.
type CancelledError struct {
	ID     ID
	Reason string
}

func (e *CancelledError) Error() string {
	return fmt.Sprintf("entry %s was cancelled: %s", e.ID, e.Reason)
}
