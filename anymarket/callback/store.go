package callback

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// Store stores a notification as if ANYMARKET had posted it: it is on disk when
// Store returns nil, is merged like others and handed over like them, again if
// need be. OI says which account it is of; Account, ReceivedAt and Attempt are not
// looked at, and Config.MaxRate does not count it.
//
// Errors are [*api.FieldError] values and those of [outbox.Outbox.Accept].
func (r *Receiver) Store(ctx context.Context, n Notification) error {
	told := notice{Type: n.Type, ID: n.ID, OI: n.OI, Events: n.Events, Metadata: n.Metadata}
	account, known := r.account(n.OI)
	if err := told.check(); err != nil {
		return err
	}
	switch {
	case !known:
		return &api.FieldError{Field: "content.oi", Reason: "is none of Config.Accounts"}
	case int64(len(n.Metadata)) > r.config.MaxBody:
		return &api.FieldError{Field: "content.metadata", Reason: "is larger than Config.MaxBody"}
	case n.Metadata != nil && !json.Valid(n.Metadata):
		return &api.FieldError{Field: "content.metadata", Reason: "is not JSON"}
	}
	if err := r.accept(ctx, told, account); err != nil {
		return err
	}
	r.counts.store()
	return nil
}

// accept makes a notification durable.
func (r *Receiver) accept(ctx context.Context, n notice, account string) error {
	e, err := n.entry(account)
	if err == nil {
		_, err = r.inbox.Accept(ctx, e)
	}
	if err == nil && !n.Type.known() {
		r.config.Logger.Warn("notification of an unknown type", typeAttr(n.Type), idAttr(n.ID))
	}
	return err
}

// resource is what a notification is about.
type resource struct{ account, key string }

// holds keep resources from being handed over for a moment.
type holds struct {
	mu   sync.Mutex
	free map[resource]chan struct{} // closed when the hold ends
}

// hold begins a hold, after one that another has.
func (h *holds) hold(ctx context.Context, what resource) (release func(), err error) {
	for {
		free, held := h.begin(what)
		if !held {
			return func() {
				h.mu.Lock()
				defer h.mu.Unlock()
				delete(h.free, what)
				close(free)
			}, nil
		}
		if err := ended(ctx, free); err != nil {
			return nil, err
		}
	}
}

// begin begins a hold unless there is one.
func (h *holds) begin(what resource) (free chan struct{}, held bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if free, held = h.free[what]; held {
		return free, true
	}
	if h.free == nil {
		h.free = map[resource]chan struct{}{}
	}
	free = make(chan struct{})
	h.free[what] = free
	return free, false
}

// wait waits until nobody holds a resource.
func (h *holds) wait(ctx context.Context, what resource) error {
	for {
		h.mu.Lock()
		free, held := h.free[what]
		h.mu.Unlock()
		if !held {
			return nil
		}
		if err := ended(ctx, free); err != nil {
			return err
		}
	}
}

func ended(ctx context.Context, free <-chan struct{}) error {
	select {
	case <-free:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
