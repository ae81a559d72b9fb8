package admin

import (
	"encoding/json"
	"os"
	"time"
	"unicode/utf8"

	"github.com/anymarket-go/sdk/internal/redact"
	"github.com/anymarket-go/sdk/outbox"
)

// Status is how an outbox stands.
type Status struct {
	File      string    `json:"file"`
	PID       int       `json:"pid"` // of the process that answers
	StartedAt time.Time `json:"started_at"`

	Stats

	Pauses []Pause `json:"pauses"`
	Gates  []Gate  `json:"gates"`
	Alarms []Alarm `json:"alarms"`
}

// Stats are the sums of [outbox.Stats].
type Stats struct {
	Accepted   uint64 `json:"accepted"`
	Delivered  uint64 `json:"delivered"`
	Superseded uint64 `json:"superseded"`
	Cancelled  uint64 `json:"cancelled"`
	Waiting    uint64 `json:"waiting"` // parked ones included
	Parked     uint64 `json:"parked"`
	Dead       uint64 `json:"dead"`
	InDoubt    uint64 `json:"in_doubt"`
	InFlight   int    `json:"in_flight"`
	// Of this process.
	Calls      uint64 `json:"calls"`
	Confirming uint64 `json:"confirming_calls"`
	LookUps    uint64 `json:"lookup_calls"`
	Canaries   uint64 `json:"canaries"`

	OldestDue    time.Time `json:"oldest_due,omitzero"` // when it was accepted
	Suspended    []string  `json:"suspended"`           // accounts
	UsedBytes    int64     `json:"used_bytes"`
	FileBytes    int64     `json:"file_bytes"`
	HistoryBytes int64     `json:"history_bytes"`
	Broken       string    `json:"broken,omitempty"`
}

// Pause is an operator's pause.
type Pause struct {
	Scope

	Reason string `json:"reason,omitempty"`
}

// Gate says whether calls of an account may go to a host.
type Gate struct {
	Host    string    `json:"host"`
	Account string    `json:"account"`
	Open    bool      `json:"open"`
	Reason  string    `json:"reason,omitempty"`
	Until   time.Time `json:"until,omitzero"`
	Rate    float64   `json:"rate"` // calls a second
}

// Alarm says that a person should look.
type Alarm struct {
	Kind   string `json:"kind"`
	Reason string `json:"reason"`
}

// Entry is a stored entry. Its body is redacted unless it was asked for in full.
type Entry struct {
	ID    outbox.ID `json:"id"`
	State string    `json:"state"`
	Kind  string    `json:"kind"`
	// Account is whose credential sends it.
	Account    string       `json:"account"`
	Key        string       `json:"key"`
	Once       string       `json:"once,omitempty"`
	Group      outbox.Group `json:"group,omitempty"`
	Reason     string       `json:"reason,omitempty"`
	AcceptedAt time.Time    `json:"accepted_at,omitzero"`
	DueAt      time.Time    `json:"due_at,omitzero"`
	Attempts   int          `json:"attempts"`
	InDoubt    bool         `json:"in_doubt,omitempty"`
	Unknown    bool         `json:"unknown,omitempty"`
	// Bytes is the size of the body.
	Bytes int `json:"bytes"`
	// Body is a body that is JSON, BodyBase64 one that is not, in full only.
	Body       json.RawMessage `json:"body,omitempty"`
	BodyBase64 []byte          `json:"body_base64,omitempty"`
	// Unreadable says that the stored bytes could not be decoded: they are the
	// body.
	Unreadable bool `json:"unreadable,omitempty"`
}

// Content returns the body, whichever form it came in; nil if it was left out.
func (e Entry) Content() []byte {
	if e.Body != nil {
		return e.Body
	}
	return e.BodyBase64
}

// Details are an entry and what happened to it.
type Details struct {
	Entry

	Events []Event `json:"events"`
}

// Event is what happened to an entry.
type Event struct {
	Type       string    `json:"type"`
	At         time.Time `json:"at"`
	ID         outbox.ID `json:"id"`
	By         outbox.ID `json:"by,omitzero"`
	Verdict    string    `json:"verdict,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	Attempt    uint64    `json:"attempt,omitempty"`
	Confirming bool      `json:"confirming,omitempty"`
	LookUp     bool      `json:"lookup,omitempty"`
	Duplicate  bool      `json:"duplicate,omitempty"`
	// Found says what a look-up that was answered saw; nil where there was none,
	// and in the history of all entries.
	Found *bool `json:"found,omitempty"`
	// Entry is there at the end of its life.
	Entry *Entry `json:"entry,omitempty"`
}

// Why says why an entry stands where it stands.
type Why struct {
	ID    outbox.ID `json:"id"`
	State string    `json:"state"`
	// Because and Next are sentences: why it is there, and what must happen for
	// it to go on.
	Because []string `json:"because"`
	Next    []string `json:"next"`
}

// Filter selects entries. The zero Filter is what waits and the dead letters.
type Filter struct {
	// State is "waiting" (parked ones included), "parked", "dead" or "doubt".
	State string
	// Account, if not nil, and Kind and Key, if not empty, want just these. A
	// kind has its forms with it: order.status is order.status.id too.
	Account   *string
	Kind, Key string
	// Limit is the most entries that come; zero is no limit.
	Limit int
	// Full wants bodies as they are stored.
	Full bool
}

// Scope is what a pause is about: one account, or all of them.
type Scope struct {
	Account string `json:"account"`
	All     bool   `json:"all,omitempty"`
}

// Accepted is what became of one operation: its entry and what ANYMARKET may
// refuse about it, or why it was not stored.
type Accepted struct {
	ID        outbox.ID `json:"id,omitzero"`
	Duplicate bool      `json:"duplicate,omitempty"`
	Warnings  []string  `json:"warnings,omitempty"`

	Error string `json:"error,omitempty"`
	// Code of the error: [CodeInvalid], [CodeConflict] and [CodeAddressing] are
	// refusals. After [CodeUnknown] it may be stored.
	Code Code `json:"code,omitempty"`
	// Field is the member that was refused.
	Field string `json:"field,omitempty"`
}

// Refused says that the operation itself is at fault: the same will be refused
// again.
func (a Accepted) Refused() bool {
	return a.Code == CodeInvalid || a.Code == CodeConflict || a.Code == CodeAddressing || a.Code == CodeTooLarge
}

// NotAccepted is the answer for an operation that was not stored, or perhaps
// not.
func NotAccepted(err error) Accepted {
	e := ErrorOf(err)
	return Accepted{Error: e.Message, Code: e.Code, Field: e.Field}
}

func statusOf(o *outbox.Outbox, startedAt time.Time) Status {
	s := o.Stats()
	out := Status{
		File: o.Path(), PID: os.Getpid(), StartedAt: startedAt,
		Stats: Stats{
			Accepted: s.Accepted, Delivered: s.Delivered, Superseded: s.Superseded, Cancelled: s.Cancelled,
			Waiting: s.Waiting, Parked: s.Parked, Dead: s.Dead, InDoubt: s.InDoubt, InFlight: s.InFlight,
			Calls: s.Calls, Confirming: s.Confirming, LookUps: s.LookUps, Canaries: s.Canaries,
			OldestDue: s.OldestDue, Suspended: append([]string{}, s.Suspended...),
			UsedBytes: s.UsedBytes, FileBytes: s.FileBytes, HistoryBytes: s.HistoryBytes, Broken: s.Broken,
		},
		Pauses: []Pause{}, Gates: []Gate{}, Alarms: []Alarm{},
	}
	for _, p := range o.Pauses() {
		out.Pauses = append(out.Pauses, Pause{Scope{Account: p.Account, All: p.All}, p.Reason})
	}
	for _, g := range o.Gate() {
		out.Gates = append(out.Gates, Gate(g))
	}
	for _, a := range s.Alarms {
		out.Alarms = append(out.Alarms, Alarm{string(a.Kind), a.Reason})
	}
	return out
}

func entryOf(r outbox.Record, full bool) Entry {
	e := Entry{
		ID: r.ID, State: r.State.String(), Kind: r.Kind, Account: r.Account, Key: r.Key, Once: r.Once, Group: r.Group,
		Reason: r.Reason, AcceptedAt: r.AcceptedAt, DueAt: r.DueAt, Attempts: r.Attempts, InDoubt: r.InDoubt, Unknown: r.Unknown,
	}
	body := r.Body
	if r.Unreadable != nil {
		body, e.Unreadable = r.Unreadable, true
	}
	e.Bytes = len(body)
	switch masked, ok := redact.JSON(body); {
	case len(body) == 0:
	case !ok || !utf8.Valid(body):
		if full {
			e.BodyBase64 = body
		}
	case full:
		e.Body = body
	default:
		e.Body = masked
	}
	return e
}

// detailsOf shows an entry and its history. A look-up has found what it was for if
// the entry is delivered by it.
func detailsOf(r outbox.Record, events []outbox.Event, full bool) Details {
	d := Details{Entry: entryOf(r, full), Events: make([]Event, len(events))}
	for i, e := range events {
		d.Events[i] = eventOf(e, full)
		if e.Type == outbox.EventAttempt && e.LookUp && e.Verdict == outbox.Delivered {
			found := i+1 < len(events) && events[i+1].Type == outbox.EventDelivered && events[i+1].Duplicate
			d.Events[i].Found = &found
		}
	}
	return d
}

func eventOf(e outbox.Event, full bool) Event {
	out := Event{
		Type: e.Type.String(), At: e.At, ID: e.ID, By: e.By, Reason: e.Reason,
		Attempt: e.Attempt, Confirming: e.Confirming, LookUp: e.LookUp, Duplicate: e.Duplicate,
	}
	if e.Verdict != 0 {
		out.Verdict = e.Verdict.String()
	}
	if e.Entry != nil {
		entry := entryOf(*e.Entry, full)
		out.Entry = &entry
	}
	return out
}
