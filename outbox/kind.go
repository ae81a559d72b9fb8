package outbox

import (
	"context"
	"time"
)

// Class says what an entry of a kind is, and with it what may be done about an
// attempt of unknown outcome. The zero Class is invalid.
type Class uint8

const (
	// Absolute is a value that replaces what was there. In a lane the newest
	// wins: an older value gives way to a newer one that covers it.
	Absolute Class = iota + 1
	// Once is a creation. It must take effect one time, so an attempt of
	// unknown outcome is looked up before anything is sent again.
	Once
	// Step is a change, in order, on something created. An attempt of unknown
	// outcome is checked before it is repeated.
	Step
)

func (c Class) String() string {
	switch c {
	case Absolute:
		return "absolute"
	case Once:
		return "once"
	case Step:
		return "step"
	default:
		return "unknown class"
	}
}

// Group orders what an account has waiting: lower groups are served first and
// get a larger share, and every group with something ready keeps a share (see
// Options.Weights). Groups are numbered from 1 to [MaxGroup]; the number is
// stored with an entry and must never change meaning. Zero means the kind's own.
type Group uint8

// MaxGroup is the highest group.
const MaxGroup Group = 8

// Kind tells the outbox what entries of one name do. A kind never changes its
// class or meaning while entries of it are stored.
//
// The functions are called from several goroutines at once. They must return
// soon after their context ends.
type Kind struct {
	// Name is stored with each entry, e.g. "stock.set".
	Name string
	// Family names the lanes: kinds of one family share them, so that a
	// creation and the steps on it keep their order. Defaults to Name. A
	// family of an absolute kind has that kind alone.
	Family string
	Class  Class
	// Host labels the machine that the kind calls. Kinds of one host share a
	// breaker, windows and canary. The empty label is a host like any other.
	Host string
	// Group is the kind's place among others; defaults to 1.
	Group Group
	// MaxBatch is the most entries a call carries; defaults to 1. More than 1
	// is for absolute kinds only.
	MaxBatch int

	// Deliver makes one call for the leases of one account and says what it
	// proved. Required.
	Deliver func(ctx context.Context, batch []Lease) Answer

	// Merge returns newer with every field that it leaves out carried over
	// from older, so that the result covers both. It must be pure and quick:
	// it runs while the entry is being accepted. Its error refuses the entry.
	// Without Merge a newer body covers the older one as it is. Absolute only.
	Merge func(older, newer []byte) ([]byte, error)

	// Check refuses a body that cannot stand under a key, as one that is about
	// another target. It is asked when a person edits an entry, must be pure and
	// quick, and may be nil.
	Check func(key string, body []byte) error

	// Refresh returns the bodies as of now for leases that waited longer than
	// Options.Stale; nil keeps the stored body of that lease. An error or a
	// timeout keeps them all. Absolute only.
	Refresh func(ctx context.Context, batch []Lease) ([][]byte, error)

	// Resolve asks the other side whether an earlier attempt took effect.
	// Without it an unknown outcome parks the entry. Once and Step only.
	Resolve func(ctx context.Context, lease Lease) Resolution

	// Fields returns the named parts of a creation, so that a conflict can
	// name those that differ. Without it the body counts as one field, "body".
	// Only keyed hashes of them are stored. Once only.
	Fields func(body []byte) (map[string][]byte, error)
}

// Lease is the right to attempt an entry now; it ends in the [Result] for it.
type Lease struct {
	ID         ID
	Kind       string
	Account    string
	Key        string
	Once       string
	Body       []byte
	AcceptedAt time.Time
	// Attempt counts this attempt, from 1. Only attempts that were the entry's
	// own fault count, see [Failed].
	Attempt int
	// Confirming says that the value was delivered before and goes again,
	// because an earlier attempt of unknown outcome may have been applied late.
	Confirming bool
	// Creation is what the creation before this step yielded; nil if the step
	// names none or it is not delivered.
	Creation *Creation
}

// Creation is what is known of a delivered creation.
type Creation struct {
	// Data is what the handler kept of it, see [Result].
	Data        []byte
	DeliveredAt time.Time
}
