package main

import (
	"context"
	"errors"

	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
	"github.com/anymarket-go/sdk/internal/crash/life"
)

// operate acts like a person on at most n dead letters and parked entries.
func (w *writer) operate(n int) []error {
	var recs []outbox.Record
	var errs []error
	collect := func(r outbox.Record, err error) bool {
		if err != nil {
			errs = append(errs, err)
			return false
		}
		if r.State == outbox.Dead || r.State == outbox.Parked {
			recs = append(recs, r)
		}
		return true
	}
	w.Box.DeadLetters()(collect)
	w.Box.Waiting()(collect)
	w.Rng.Shuffle(len(recs), func(i, j int) { recs[i], recs[j] = recs[j], recs[i] })
	for _, r := range recs[:min(n, len(recs))] {
		if err := w.act(r); err != nil && !errors.Is(err, outbox.ErrState) && !errors.Is(err, outbox.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	return errs
}

// act does what a careful person would: nothing that took effect, or may have,
// is sent again.
func (w *writer) act(r outbox.Record) error {
	ctx := context.Background()
	sent, known := false, true
	if !content.IsValue(r.Kind) {
		sent, known = w.remote.wasSent(content.Effect(outbox.Lease{Kind: r.Kind, ID: r.ID, Account: r.Account, Once: r.Once}))
	}
	d := w.Rng.IntN(3)
	switch {
	case !content.IsValue(r.Kind) && w.Rng.IntN(4) == 0:
		lane := content.Lane(r.Entry)
		life.Say("%s %s %s %s\n", content.SaidOperate, r.ID, content.ActErase, lane)
		w.erased[lane] = true
		_, err := w.Box.Erase(ctx, r.Kind, r.Account, r.Key)
		if err == nil {
			life.Say("%s %s %s\n", content.SaidErased, r.ID, lane)
		}
		return err
	case sent || !known || d == 0:
		life.Say("%s %s %s\n", content.SaidOperate, r.ID, content.ActDiscard)
		return w.Box.Discard(ctx, r.ID, "a person took it out")
	case d == 1:
		life.Say("%s %s %s\n", content.SaidOperate, r.ID, content.ActRequeue)
		w.remote.spare(r.ID)
		return w.Box.Requeue(ctx, r.ID)
	}
	v := content.Value{N: w.Number.Add(1), Size: w.Rng.IntN(w.ValMax + 1)}
	life.Say("%s %s %s %s\n", content.SaidOperate, r.ID, content.ActEdit, v)
	receipt, err := w.Box.Edit(ctx, r.ID, v.Body())
	if err == nil && content.IsValue(r.Kind) {
		life.Say("%s %s %s %s %s\n", content.SaidAccepted, receipt.ID(), r.Kind, content.Lane(r.Entry), v)
	}
	return err
}
