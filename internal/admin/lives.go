package admin

import (
	"context"
	"fmt"
	"iter"
	"net/http"

	"github.com/anymarket-go/sdk/outbox"
)

// lives streams each entry of which something is kept, with its history.
func (h *handler) lives(w http.ResponseWriter, r *http.Request) error {
	return yielded(w, r, h.o.Lives(), func(l outbox.Life) any { return detailsOf(l.Record, l.Events, false) })
}

// gate streams the openings and closings of the gate.
func (h *handler) gate(w http.ResponseWriter, r *http.Request) error {
	return yielded(w, r, h.o.GateChanges(), func(c outbox.GateChange) any { return c })
}

// yielded streams what a sequence yields. What cannot be read does not end it.
func yielded[T any](w http.ResponseWriter, r *http.Request, all iter.Seq2[T, error], line func(T) any) error {
	s := newStream(w, r)
	for v, err := range all {
		if s.ended() {
			break
		}
		if err != nil {
			s.fail(err)
			continue
		}
		s.line(line(v))
	}
	return s.end()
}

// GateChanges is [outbox.Outbox.GateChanges]. A change that cannot be read is
// yielded as an [*Error], after which it can go on.
func (c *Client) GateChanges(ctx context.Context) iter.Seq2[outbox.GateChange, error] {
	return listing[outbox.GateChange](ctx, c, "/gate")
}

// Lives is [outbox.Outbox.Lives], redacted. An event that cannot be read is
// yielded as an [*Error], after which it can go on.
func (c *Client) Lives(ctx context.Context) iter.Seq2[outbox.Life, error] {
	return func(yield func(outbox.Life, error) bool) {
		for d, err := range listing[Details](ctx, c, "/lives") {
			var l outbox.Life
			if err == nil {
				l, err = d.life()
			}
			if !yield(l, err) {
				return
			}
		}
	}
}

// Histories is [Client.Lives] as it is shown to people.
func (c *Client) Histories(ctx context.Context) iter.Seq2[Details, error] {
	return listing[Details](ctx, c, "/lives")
}

func (d Details) life() (l outbox.Life, err error) {
	if l.Record, err = d.record(); err != nil {
		return l, err
	}
	l.Events = make([]outbox.Event, len(d.Events))
	for i, e := range d.Events {
		if l.Events[i], err = e.event(); err != nil {
			return l, err
		}
	}
	return l, nil
}

func (e Entry) record() (outbox.Record, error) {
	state, err := named(e.State, outbox.Waiting, outbox.Cancelled)
	r := outbox.Record{
		Entry: outbox.Entry{Kind: e.Kind, Account: e.Account, Key: e.Key, Once: e.Once, Group: e.Group, Body: e.Content()},
		ID:    e.ID, State: state, Reason: e.Reason, AcceptedAt: e.AcceptedAt, DueAt: e.DueAt,
		Attempts: e.Attempts, InDoubt: e.InDoubt, Unknown: e.Unknown,
	}
	if e.Unreadable {
		r.Body, r.Unreadable = nil, append([]byte{}, e.Content()...)
	}
	return r, err
}

func (e Event) event() (out outbox.Event, err error) {
	out = outbox.Event{
		At: e.At, ID: e.ID, By: e.By, Reason: e.Reason, Attempt: e.Attempt,
		Confirming: e.Confirming, LookUp: e.LookUp, Duplicate: e.Duplicate,
	}
	if out.Type, err = named(e.Type, outbox.EventAttempt, outbox.EventTrouble); err != nil {
		return out, err
	}
	if e.Verdict != "" {
		if out.Verdict, err = named(e.Verdict, outbox.Delivered, outbox.Unknown); err != nil {
			return out, err
		}
	}
	if e.Entry != nil {
		r, err := e.Entry.record()
		if err != nil {
			return out, err
		}
		out.Entry, out.Account = &r, r.Account
	}
	return out, nil
}

// named finds the value of that name.
func named[T interface {
	~uint8
	String() string
}](name string, first, last T,
) (T, error) {
	for v := first; v <= last; v++ {
		if v.String() == name {
			return v, nil
		}
	}
	return 0, fmt.Errorf("%q is not known to this version", name)
}
