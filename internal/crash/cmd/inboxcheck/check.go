package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
)

// check opens an inbox, judges it, has it go on with a handler that takes
// everything, and judges it again.
func check(dir string, s *said) (err error) {
	h := newHandler(s)
	r, err := callback.Open(content.Inbox(dir, h.handle, h.observe, rand.IntN(2)))
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	box, ctx := r.Inbox(), context.Background()
	if err := box.Check(ctx); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	all, err := read(box, s)
	if err != nil {
		return err
	}
	if err := kept(box, s, all); err != nil {
		return err
	}
	due, err := goOn(ctx, r, h)
	if err != nil {
		return err
	}
	if err := h.took(due); err != nil {
		return err
	}
	if err := covered(s, all, h.given); err != nil {
		return err
	}
	if err := r.Close(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return again(ctx, dir, h)
}

// goOn posts once more, requeues what is dead and has all handed over. It returns
// what had to be.
func goOn(ctx context.Context, r *callback.Receiver, h *handler) (due map[string]*there, err error) {
	probe := content.Value{N: 1<<63 + uint64(time.Now().UnixNano())}
	const resource = "ana/PRODUCT/1" // one that the writer uses, too
	h.posting(resource, probe)
	status, err := content.Post(r, resource, probe)
	if err != nil || status != http.StatusOK {
		return nil, fmt.Errorf("a new notification was answered %d: %w", status, err)
	}
	box := r.Inbox()
	due, err = read(box, h.said)
	if err != nil {
		return nil, err
	}
	t := due[resource]
	if t == nil || len(t.waits) != 1 || t.waits[0].Own() != probe {
		return nil, fmt.Errorf("a new notification does not wait: %+v", t)
	}
	for rec, err := range box.DeadLetters() {
		if err == nil {
			err = box.Requeue(ctx, rec.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("requeue: %w", err)
		}
	}
	return due, h.run(ctx, r)
}

// again opens the inbox once more: everything is done.
func again(ctx context.Context, dir string, h *handler) (err error) {
	r, err := callback.Open(content.Inbox(dir, h.handle, h.observe, rand.IntN(2)))
	if err != nil {
		return fmt.Errorf("open again: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := r.Inbox().Check(ctx); err != nil {
		return fmt.Errorf("check again: %w", err)
	}
	if s := r.Inbox().Stats(); s.Waiting+s.Dead+s.InDoubt != 0 {
		return fmt.Errorf("of what was handled %d wait, %d are dead, %d are in doubt after opening again", s.Waiting, s.Dead, s.InDoubt)
	}
	return nil
}

// handler takes everything, and remembers what was said and what it was given.
type handler struct {
	told chan struct{} // holds a sign that the observer was told something

	mu     sync.Mutex // guards the fields below
	said   *said
	given  map[string][]content.Merged
	wrongs []error
}

func newHandler(s *said) *handler {
	h := &handler{told: make(chan struct{}, 1), said: newSaid(), given: map[string][]content.Merged{}}
	h.said.line = s.line + 1
	for name, r := range s.resources {
		c := r.clone()
		c.opening(h.said.line)
		h.said.resources[name] = c
	}
	return h
}

func (h *handler) posting(resource string, v content.Value) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said.line++
	h.said.resource(resource).posting(v, h.said.line)
}

func (h *handler) observe(outbox.Event) {
	select {
	case h.told <- struct{}{}:
	default: // there is a sign already
	}
}

func (h *handler) handle(_ context.Context, n callback.Notification) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said.line++
	name := content.ResourceOf(n)
	m, err := content.MergedOf(n.Events, n.Metadata)
	if err == nil {
		h.given[name] = append(h.given[name], m)
		err = h.said.resource(name).given(content.AnswerHandled, m, h.said.line)
	}
	if err != nil {
		h.wrongs = append(h.wrongs, fmt.Errorf("%s was handed over: %w", name, err))
	}
	return nil // it takes also what is wrong, which is judged at the end
}

// run runs the receiver until nothing waits and nothing is in doubt.
func (h *handler) run(ctx context.Context, r *callback.Receiver) error {
	const patience = 10 * time.Second
	late := time.NewTimer(patience)
	defer late.Stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	for {
		s := r.Inbox().Stats()
		if s.Waiting+s.InDoubt == 0 {
			cancel()
			return <-ended
		}
		select {
		case <-h.told:
		case <-late.C:
			return fmt.Errorf("%d still wait, %d are in doubt", s.Waiting, s.InDoubt)
		case err := <-ended:
			return fmt.Errorf("run ended: %w", err)
		}
	}
}

// took judges what was handed over: all that had to be, and nothing else.
func (h *handler) took(due map[string]*there) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	wrongs := h.wrongs
	for name, t := range due {
		for _, m := range t.due() {
			if !owned(h.given[name], m.Own()) {
				wrongs = append(wrongs, fmt.Errorf("%s of %s was not handed over", m.Own(), name))
			}
		}
	}
	for name, given := range h.given {
		for _, m := range given {
			if t := due[name]; t == nil || !owned(slices.Concat(t.due(), t.doubt), m.Own()) {
				wrongs = append(wrongs, fmt.Errorf("%s of %s was handed over, and did not wait", m.Own(), name))
			}
		}
	}
	return errors.Join(wrongs...)
}

func owned(all []content.Merged, own content.Value) bool {
	return slices.ContainsFunc(all, func(m content.Merged) bool { return m.Own() == own })
}
