package outbox

import "time"

// Verdict is what one attempt proved. The zero Verdict is invalid and treated
// as [Unknown].
type Verdict uint8

const (
	// Delivered says that it took effect.
	Delivered Verdict = iota + 1
	// Rejected says that it was refused for good, the entry's own fault. A dead letter at
	// once; a refused batch is split until the guilty entries stand alone.
	Rejected
	// Failed says that the other side failed at it, perhaps because of the entry. It is
	// tried again after a pause, at most Options.MaxAttempts times. It costs
	// an attempt only if another write to that host succeeded since the
	// entry's last one; otherwise the host is taken to be sick.
	Failed
	// Throttled says that this account calls too fast. Costs nothing.
	Throttled
	// Unavailable says that it was certainly without effect, and not the entry's fault. Costs
	// nothing, however long it lasts.
	Unavailable
	// Unauthorized says that the account's credential was refused. The account is
	// suspended, its entries are kept.
	Unauthorized
	// Unknown says that it may or may not have taken effect, now or later.
	Unknown
)

func (v Verdict) String() string {
	switch v {
	case Delivered:
		return "delivered"
	case Rejected:
		return "rejected"
	case Failed:
		return "failed"
	case Throttled:
		return "throttled"
	case Unavailable:
		return "unavailable"
	case Unauthorized:
		return "unauthorized"
	case Unknown:
		return "unknown"
	default:
		return "no verdict"
	}
}

// Result is the verdict on one entry.
type Result struct {
	Verdict Verdict
	// Reason says why in one sentence. It is stored and shown to people: no
	// credential, no buyer data.
	Reason string
	// Data is what later entries need of a delivered creation, e.g. the id
	// that the other side gave it. It is kept as long as the creation's key.
	Data []byte
	// Duplicate says that the effect was there already.
	Duplicate bool
}

// Answer is what one call proved.
type Answer struct {
	// Result is the verdict on the call and, without Items, on each entry.
	Result
	// RetryAfter is how long the other side asked to be left alone. With
	// Throttled it holds the account, otherwise the host. Negative values are
	// ignored, long ones capped.
	RetryAfter time.Duration
	// Items are the verdicts entry by entry, in the order of the batch, when
	// the answer tells them apart. Another number of items than of leases
	// makes the outcome of all of them unknown.
	Items []Result
}

// Finding is what a look-up found. The zero Finding is NotFound.
type Finding uint8

const (
	// NotFound says that no effect of the entry is to be seen.
	NotFound Finding = iota
	// Found says that the entry took effect.
	Found
	// Ambiguous says that more than one thing fits: a person must look.
	Ambiguous
	// Contradicted says that what is there rules the entry out, e.g. a step on an order
	// that was cancelled there. A dead letter.
	Contradicted
)

// Resolution is the answer to a look-up.
type Resolution struct {
	// Result is about the look-up itself: Delivered when it was answered, and
	// then Finding counts; its Data is that of the entry found. After any
	// other verdict the entry's outcome stays unknown.
	Result
	Finding Finding
	// Matches are the ids of what was found, to show to a person.
	Matches    []string
	RetryAfter time.Duration
}

// alive says whether an answer with this verdict came from the other side
// itself, which is a sign of life.
func (v Verdict) alive() bool {
	switch v {
	case Delivered, Rejected, Failed, Throttled, Unauthorized:
		return true
	default:
		return false
	}
}
