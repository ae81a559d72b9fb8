package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
	"github.com/anymarket-go/sdk/internal/crash/life"
)

// handler is the program's function. What it was given is what was said to have
// been: that alone outlives this process.
type handler struct {
	since uint64 // values with greater numbers are of this process

	mu    sync.Mutex // guards the maps
	tried map[content.Value]bool
	// spared are no more rejected: an operator requeued them, or they were handled.
	spared map[content.Value]bool
}

func newHandler(since uint64) *handler {
	return &handler{since: since, tried: map[content.Value]bool{}, spared: map[content.Value]bool{}}
}

func (h *handler) handle(_ context.Context, n callback.Notification) error {
	m, err := content.MergedOf(n.Events, n.Metadata)
	if err != nil {
		life.Fatal("%s was handed over: %v", content.ResourceOf(n), err)
	}
	answer, err := h.answer(m)
	life.Say("%s %s %s %s\n", content.SaidGiven, content.ResourceOf(n), answer, m)
	if errors.Is(err, errPanic) {
		panic(err)
	}
	return err
}

var (
	errRule     = errors.New("the rule says so")
	errPanic    = errors.New("the rule says so, and not by a return")
	errRejected = fmt.Errorf("%w: %w", callback.ErrRejected, errRule)
)

// answer is what the rules of the values come to. What was handled once is not
// rejected when it comes again, also in another process: no true handler of what
// reads the resource as it is would.
func (h *handler) answer(m content.Merged) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	own := m.Own()
	first := !h.tried[own]
	h.tried[own] = true
	switch {
	case slices.ContainsFunc(m.Told, func(v content.Value) bool { return v.Rule == content.Reject }) && !slices.ContainsFunc(m.Told, h.spares):
		return content.AnswerRejected, errRejected
	case !first:
	case own.Rule == content.FailOnce:
		return content.AnswerFailed, errRule
	case own.Rule == content.LoseAnswer:
		return content.AnswerFailed, errPanic
	case own.Rule == content.Unreachable:
		return content.AnswerFailed, &api.TransportError{Err: errRule}
	}
	for _, v := range m.Told {
		h.spared[v] = true
	}
	return content.AnswerHandled, nil
}

func (h *handler) spares(v content.Value) bool { return v.N <= h.since || h.spared[v] }

// spare makes the handler take what it rejected.
func (h *handler) spare(m content.Merged) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range m.Told {
		h.spared[v] = true
	}
}

// operate acts like a person on at most n dead letters.
func (w *writer) operate(n int) (errs []error) {
	var dead []outbox.Record
	for rec, err := range w.Box.DeadLetters() {
		if err != nil {
			return append(errs, err)
		}
		dead = append(dead, rec)
	}
	w.Rng.Shuffle(len(dead), func(i, j int) { dead[i], dead[j] = dead[j], dead[i] })
	for _, rec := range dead[:min(n, len(dead))] {
		if err := w.act(rec); err != nil && !errors.Is(err, outbox.ErrState) && !errors.Is(err, outbox.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	return errs
}

func (w *writer) act(rec outbox.Record) error {
	m, err := content.StoredMerged(rec.Body)
	if err != nil {
		life.Fatal("dead letter %s: %v", rec.ID, err)
	}
	act := content.ActRequeue
	if w.Rng.IntN(4) == 0 {
		act = content.ActDiscard
	}
	life.Say("%s %s %s %s %s\n", content.SaidOperate, rec.ID, act, content.Resource(rec.Entry), m)
	if act == content.ActDiscard {
		return w.Box.Discard(context.Background(), rec.ID, "a person took it out")
	}
	w.handler.spare(m)
	return w.Box.Requeue(context.Background(), rec.ID)
}
