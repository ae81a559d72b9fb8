package report

import (
	"encoding/json"
	"time"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/outbox"
)

// Summary has the figures of a report. Where it does not say more, they are
// about the entries that were accepted in the range and those that were carried
// over into it.
type Summary struct {
	Name string    `json:"name,omitempty"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// At is when the report was made, and as of when all of it is.
	At time.Time `json:"at"`

	// Accepted in the range.
	Accepted Fates `json:"accepted"`
	// Carried over: accepted before the range, and not settled when it began.
	Carried Fates `json:"carried"`
	// Groups tell them apart by account and kind.
	Groups []Group `json:"groups"`

	Delivery Delivery `json:"delivery"`
	Unknown  Unknown  `json:"unknown"`
	Acts     Acts     `json:"acts"`
	// DeadReasons and WaitingReasons are the most frequent ones.
	DeadReasons    []Reason `json:"dead_reasons"`
	WaitingReasons []Reason `json:"waiting_reasons"`

	// Backlog is what waited, all in all.
	Backlog Backlog `json:"backlog"`
	// Closures are when the gate was closed, cut to the time that Chart covers.
	Closures []Closure `json:"closures"`
	// Closed is for how long of the range nothing could be sent to some host.
	Closed Duration `json:"closed_seconds"`
	Chart  Chart    `json:"chart"`

	// Forgotten is how many entries at most are missing, because the history of
	// those that may have been accepted in the range is past retention.
	Forgotten uint64 `json:"forgotten"`
	// Unreadable counts what could not be read of the outbox.
	Unreadable int `json:"unreadable"`
	// Whole are the sums of the outbox, whatever the range.
	Whole Fates `json:"whole"`

	Orders    []Recheck                 `json:"orders,omitempty"`
	Campaigns []anymarket.CampaignCheck `json:"campaigns,omitempty"`
	Callbacks []Guarded                 `json:"callbacks,omitempty"`
	Reloads   []Reload                  `json:"reloads,omitempty"`

	// ToDo is what a person must still do.
	ToDo []Task `json:"to_do"`

	// The first of each kind, for the formats that show no more.
	dead, waiting, unknown, acts []Row
	idle                         bool
}

// Fates are entries by what became of them: Entries = Delivered + Superseded +
// Dead + Cancelled + Waiting.
type Fates struct {
	Entries    uint64 `json:"entries"`
	Delivered  uint64 `json:"delivered"`
	Superseded uint64 `json:"superseded"`
	Dead       uint64 `json:"dead"`
	Cancelled  uint64 `json:"cancelled"`
	// Waiting includes Parked.
	Waiting uint64 `json:"waiting"`
	Parked  uint64 `json:"parked"`
}

// Plus adds up.
func (f Fates) Plus(g Fates) Fates {
	return Fates{
		Entries: f.Entries + g.Entries, Delivered: f.Delivered + g.Delivered, Superseded: f.Superseded + g.Superseded,
		Dead: f.Dead + g.Dead, Cancelled: f.Cancelled + g.Cancelled, Waiting: f.Waiting + g.Waiting, Parked: f.Parked + g.Parked,
	}
}

func (f *Fates) add(s outbox.State) {
	f.Entries++
	switch s {
	case outbox.Done:
		f.Delivered++
	case outbox.Superseded:
		f.Superseded++
	case outbox.Dead:
		f.Dead++
	case outbox.Cancelled:
		f.Cancelled++
	case outbox.Parked:
		f.Waiting++
		f.Parked++
	default:
		f.Waiting++
	}
}

// Group is what one account has of one kind.
type Group struct {
	Account string `json:"account"`
	Kind    string `json:"kind"`

	Fates
}

// Delivery says when entries were delivered, and how long after they were accepted.
type Delivery struct {
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Longest is the most that one took.
	Longest Duration `json:"longest_seconds"`
	// Within counts those that took at most so long, and longer than the one before.
	Within []Within `json:"within"`
	// Duplicates were there already.
	Duplicates uint64 `json:"duplicates"`
	// InDoubt will go once more.
	InDoubt uint64 `json:"in_doubt"`
	// Attempts are the calls, entry by entry; look-ups are none.
	Attempts uint64 `json:"attempts"`
}

// Within counts deliveries.
type Within struct {
	// Most is zero for all that took longer.
	Most    Duration `json:"most_seconds"`
	Entries uint64   `json:"entries"`
}

// Unknown are the entries of which an attempt had an unknown outcome, by how that
// was resolved.
type Unknown struct {
	Entries uint64                `json:"entries"`
	By      map[Resolution]uint64 `json:"by"`
}

// Resolution is how an unknown outcome was resolved.
type Resolution string

// The resolutions.
const (
	FoundThere Resolution = "found there"     // a look-up found that it took effect
	SentAgain  Resolution = "sent again"      // it went once more
	Confirmed  Resolution = "confirmed"       // a confirming call said it once more
	ToConfirm  Resolution = "to be confirmed" // delivered, and will go once more
	NewerValue Resolution = "newer value"     // a newer value took its place
	Refused    Resolution = "refused"         // a dead letter
	AskPerson  Resolution = "ask a person"    // parked
	StillOpen  Resolution = "open"            // still waiting
	TakenOut   Resolution = "taken out"       // cancelled
)

// Acts are what operators did to entries.
type Acts struct {
	Requeued  uint64 `json:"requeued"`
	Edited    uint64 `json:"edited"`
	Released  uint64 `json:"released"`
	Discarded uint64 `json:"discarded"`
}

// Reason is why entries stand where they stand.
type Reason struct {
	Reason string `json:"reason"`
	// Others are all reasons together that are not told apart.
	Others  bool   `json:"others,omitempty"`
	Parked  bool   `json:"parked,omitempty"`
	Entries uint64 `json:"entries"`
	// Since is when the oldest of them was accepted.
	Since time.Time `json:"since,omitzero"`
}

// Backlog is how many entries waited, accepted whenever.
type Backlog struct {
	Before  int64 `json:"before"` // when the range began
	After   int64 `json:"after"`  // when it ended
	Now     int64 `json:"now"`
	Highest int64 `json:"highest"` // at the end of a bar of the chart, at most
}

// Row is one entry.
type Row struct {
	ID      outbox.ID `json:"id"`
	State   string    `json:"state"`
	Carried bool      `json:"carried,omitempty"`
	Kind    string    `json:"kind"`
	Account string    `json:"account"`
	Key     string    `json:"key"`
	// AcceptedAt, EndedAt and DeliveredAt are UTC.
	AcceptedAt  time.Time `json:"accepted_at"`
	EndedAt     time.Time `json:"ended_at,omitzero"`
	DeliveredAt time.Time `json:"delivered_at,omitzero"`
	// Late is from acceptance to delivery.
	Late     Duration `json:"late_seconds,omitzero"`
	Attempts int      `json:"attempts"` // calls
	// Unknown is how an unknown outcome was resolved; empty if there was none.
	Unknown   Resolution `json:"unknown,omitempty"`
	Duplicate bool       `json:"duplicate,omitempty"`
	InDoubt   bool       `json:"in_doubt,omitempty"`
	By        outbox.ID  `json:"by,omitzero"` // the newer value that took its place
	Reason    string     `json:"reason,omitempty"`
	Acts      []Act      `json:"acts,omitempty"`
	// Body is redacted.
	Body json.RawMessage `json:"body,omitempty"`
}

// The acts.
const (
	actRequeued  = "requeued"
	actEdited    = "edited"
	actReleased  = "released"
	actDiscarded = "discarded"
)

// Act is what an operator did to an entry.
type Act struct {
	Act string    `json:"act"` // requeued, edited, released, discarded
	At  time.Time `json:"at"`
}

// Duration is written as seconds.
type Duration time.Duration

// MarshalJSON writes seconds, to the millisecond.
func (d Duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Duration(d).Round(time.Millisecond).Seconds())
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var seconds float64
	if err := json.Unmarshal(data, &seconds); err != nil {
		return err
	}
	*d = Duration(time.Duration(seconds*1000) * time.Millisecond)
	return nil
}
