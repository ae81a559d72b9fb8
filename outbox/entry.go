package outbox

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Entry is one intent to call the other side.
type Entry struct {
	// Kind is the Name of one of Options.Kinds.
	Kind string
	// Account says whose credential sends it. May be empty.
	Account string
	// Key names the target within the kind's family. Entries of one account,
	// family and key form a lane: they keep their order and never overlap.
	Key string
	// Addressing says how Key names its target, e.g. "partnerId". An account
	// has one addressing per family, that of its first entry, since two names for
	// one target would make two lanes of it; see [Outbox.Readdress]. May be empty.
	Addressing string
	// Once is the key under which a creation is known, required for class
	// Once. A step gives the key of the creation that it belongs to, if any.
	Once string
	// Group is its place among others; zero means the kind's.
	Group Group
	// Body is what the handler sends. The outbox does not look into it.
	Body []byte
	// MadeAt is when the thing itself came to be, e.g. when the sale was made.
	// A creation older than the outbox file may have been sent by an earlier
	// file and is looked up first; zero counts as old. Once only.
	MadeAt time.Time
	// AsOf is the moment of the snapshot that the value is from: the entry
	// gives way to any value of its lane that was accepted later than that,
	// whatever became of it. The history must reach back so far. Zero is now.
	// Absolute only.
	AsOf time.Time
}

// ID names an accepted entry, within its outbox file and beyond a restart.
type ID struct {
	file uint32
	seq  uint64
}

// String returns the form that [ParseID] reads, e.g. "9f86d081-118".
func (id ID) String() string { return fmt.Sprintf("%08x-%d", id.file, id.seq) }

// Sequence is the entry's number in its file: entries accepted later have
// higher ones.
func (id ID) Sequence() uint64 { return id.seq }

// ParseID reads what [ID.String] wrote.
func ParseID(s string) (ID, error) {
	file, seq, ok := strings.Cut(s, "-")
	f, err1 := strconv.ParseUint(file, 16, 32)
	n, err2 := strconv.ParseUint(seq, 10, 64)
	if !ok || len(file) != 8 || err1 != nil || err2 != nil || n == 0 {
		return ID{}, fmt.Errorf("%q is not an entry id: want eight hexadecimal digits, a dash and a number", s)
	}
	return ID{file: uint32(f), seq: n}, nil
}

// MarshalText writes the form of [ID.String].
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the form of [ID.String].
func (id *ID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseID(string(b))
	return err
}

// State is where an entry stands. Each accepted entry is in exactly one.
type State uint8

const (
	// Waiting is to be delivered.
	Waiting State = iota + 1
	// Parked is waiting, and for a person or another entry. Part of waiting in
	// every sum.
	Parked
	// Done is delivered. An absolute value may still be in doubt then.
	Done
	// Superseded gave way to a newer value of its lane.
	Superseded
	// Dead is a dead letter.
	Dead
	// Cancelled was taken out by an operator, or with its creation.
	Cancelled
)

func (s State) String() string {
	switch s {
	case Waiting:
		return "waiting"
	case Parked:
		return "parked"
	case Done:
		return "delivered"
	case Superseded:
		return "superseded"
	case Dead:
		return "dead"
	case Cancelled:
		return "cancelled"
	default:
		return "unknown state"
	}
}

// MarshalText writes the form of [State.String].
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Record is a stored entry as it stands.
type Record struct {
	Entry
	ID    ID
	State State
	// Reason says why it is dead, parked or late.
	Reason     string
	AcceptedAt time.Time
	// DueAt is when it may be tried again; zero means at once.
	DueAt time.Time
	// Attempts that were the entry's own fault.
	Attempts int
	// InDoubt: delivered, but an earlier attempt of unknown outcome may still
	// be applied late, so that the value will go once more.
	InDoubt bool
	// Unknown: an attempt's outcome is not known yet.
	Unknown bool
	// Unreadable holds the stored bytes of a dead letter that could not be
	// decoded; the other fields are empty then.
	Unreadable []byte
}
