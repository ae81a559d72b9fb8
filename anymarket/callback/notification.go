package callback

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// Type is what a notification is about.
type Type string

// Types. Others may come.
//
// Source: official SDK, PushType; INBOUND_NFE from the notification page.
const (
	TypeOrder        Type = "ORDER"        // the id is the order's
	TypeProduct      Type = "PRODUCT"      // the product's
	TypeTransmission Type = "TRANSMISSION" // the SKU's
	TypeQuestion     Type = "QUESTION"
	TypeInboundNFe   Type = "INBOUND_NFE"
)

func (t Type) known() bool {
	switch t {
	case TypeOrder, TypeProduct, TypeTransmission, TypeQuestion, TypeInboundNFe:
		return true
	default:
		return false
	}
}

// Notification says that a resource changed. It has no data: read the resource.
type Notification struct {
	// Account is the name that Config.Accounts has for OI.
	Account, OI string
	Type        Type
	// ID is the resource's, as text.
	ID string
	// Events say what happened, oldest first and each once, as far as ANYMARKET
	// told: mostly one, none with some senders, several if notifications were
	// merged. They are what was told since Handle last succeeded; those of a
	// notification that was being handled when the next came are named once more.
	Events []string
	// Metadata is content.metadata of the newest that had one; nil if none had.
	Metadata json.RawMessage
	// ReceivedAt is when the newest came.
	ReceivedAt time.Time
	// Attempt counts this attempt, from 1. Only attempts that were the
	// notification's own fault count.
	Attempt int
}

// ResourceID is ID as a number; zero if it is none.
func (n Notification) ResourceID() api.ID {
	number, err := strconv.ParseInt(n.ID, 10, 64)
	if err != nil || number < 0 {
		return 0
	}
	return api.ID(number)
}

// notice is a notification as it is stored.
type notice struct {
	Type     Type            `json:"type"`
	ID       string          `json:"id"`
	OI       string          `json:"oi"`
	Events   []string        `json:"events,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
}

// push is a notification as it comes.
//
// Source: official SDK, PushCallbackDTO; numeric ids and metadata are seen in
// third-party code.
type push struct {
	Type    string `json:"type"`
	Event   text   `json:"event"`
	Content struct {
		ID       text            `json:"id"`
		OI       text            `json:"oi"`
		Metadata json.RawMessage `json:"metadata"`
	} `json:"content"`
}

// text is JSON text, or the digits of a number; anything else is no text.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	*t = ""
	var s string
	if json.Unmarshal(data, &s) == nil {
		*t = text(strings.TrimSpace(s))
		return nil
	}
	var n json.Number
	if json.Unmarshal(data, &n) == nil {
		*t = text(n.String())
	}
	return nil
}

// Bounds of what a notification may say, in bytes, and of what is kept of it.
const (
	longestWord = 64
	mostEvents  = 32
)

// parse reads a notification as it comes. The error never repeats what is in it.
func parse(body []byte) (notice, error) {
	var p push
	if err := json.Unmarshal(body, &p); err != nil {
		return notice{}, errors.New("the body is not the JSON of a notification")
	}
	n := notice{Type: Type(strings.TrimSpace(p.Type)), ID: string(p.Content.ID), OI: string(p.Content.OI), Metadata: p.Content.Metadata}
	if string(n.Metadata) == "null" {
		n.Metadata = nil
	}
	if word(string(p.Event)) {
		n.Events = []string{string(p.Event)}
	}
	return n, n.check()
}

// check refuses what has no resource, or is out of bounds. The error never repeats
// what is in it.
func (n notice) check() error {
	refuse := func(field, reason string) error { return &api.FieldError{Field: field, Reason: reason} }
	switch {
	case !word(string(n.Type)):
		return refuse("type", "is missing or no word")
	case !word(n.ID):
		return refuse("content.id", "is missing or no word")
	case len(n.OI) > longestWord:
		return refuse("content.oi", "is too long")
	case len(n.Events) > mostEvents:
		return refuse("event", fmt.Sprintf("is there more than %d times", mostEvents))
	case slices.ContainsFunc(n.Events, func(e string) bool { return !word(e) }):
		return refuse("event", "is no word")
	default:
		return nil
	}
}

// word says whether s can stand in a lane's key and in a line of a log.
func word(s string) bool {
	return s != "" && len(s) <= longestWord && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// kind is stored with each notification and never changes.
const kind = "callback.handle"

// Groups: orders do not wait behind what a large import of products causes.
const (
	groupOrders outbox.Group = 1
	groupOthers outbox.Group = 2
)

// entry is what the inbox stores. The lane is the resource, and a notification
// is an absolute value in it: a newer one covers what waits there.
func (n notice) entry(account string) (outbox.Entry, error) {
	body, err := json.Marshal(n)
	if err != nil {
		return outbox.Entry{}, fmt.Errorf("encode notification: %w", err)
	}
	group := groupOthers
	if n.Type == TypeOrder {
		group = groupOrders
	}
	return outbox.Entry{Kind: kind, Account: account, Key: key(n.Type, n.ID), Group: group, Body: body}, nil
}

// key names the lane of a resource.
func key(t Type, id string) string { return string(t) + " " + id }

// merge returns newer with what was told of the resource before and not handled
// yet. It never fails, since a notification must not be refused because of an
// older one that cannot be read.
func merge(older, newer []byte) []byte {
	var was, is notice
	if json.Unmarshal(older, &was) != nil || json.Unmarshal(newer, &is) != nil {
		return newer
	}
	events := slices.DeleteFunc(was.Events, func(e string) bool { return slices.Contains(is.Events, e) })
	events = append(events, is.Events...)
	is.Events = events[max(0, len(events)-mostEvents):]
	if is.Metadata == nil {
		is.Metadata = was.Metadata
	}
	if merged, err := json.Marshal(is); err == nil {
		return merged
	}
	return newer
}

// notification is what the program's function is given.
func notification(l outbox.Lease) (Notification, error) {
	var n notice
	if err := json.Unmarshal(l.Body, &n); err != nil {
		return Notification{}, err
	}
	return Notification{
		Account: l.Account, OI: n.OI, Type: n.Type, ID: n.ID, Events: n.Events, Metadata: n.Metadata,
		ReceivedAt: l.AcceptedAt, Attempt: l.Attempt,
	}, nil
}
