package main

import (
	"sync"

	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
	"github.com/anymarket-go/sdk/internal/crash/life"
)

// remote is the other side. What it did is what was said to have been done:
// that alone outlives this process, so it knows little of an earlier one.
type remote struct {
	mu    sync.Mutex      // guards the maps
	mine  map[string]bool // effects of what was accepted by this process
	sent  map[string]bool // effects that came
	tried map[outbox.ID]bool
	mercy map[outbox.ID]bool // requeued: no more refused
}

func newRemote() *remote {
	return &remote{mine: map[string]bool{}, sent: map[string]bool{}, tried: map[outbox.ID]bool{}, mercy: map[outbox.ID]bool{}}
}

func (r *remote) answer(l outbox.Lease) outbox.Result {
	v, err := content.ParseBody(l.Body)
	if err != nil {
		life.Fatal("%s was sent: %v", l.ID, err)
	}
	r.mu.Lock()
	first, mercy := !r.tried[l.ID], r.mercy[l.ID]
	r.tried[l.ID] = true
	r.mu.Unlock()
	switch {
	case l.Confirming, mercy:
	case v.Rule == content.Reject:
		life.Say("%s %s\n", content.SaidRefused, l.ID)
		return outbox.Result{Verdict: outbox.Rejected, Reason: "the rule says so"}
	case !first:
	case v.Rule == content.FailOnce:
		life.Say("%s %s\n", content.SaidRefused, l.ID)
		return outbox.Result{Verdict: outbox.Failed, Reason: "the first time"}
	case v.Rule == content.Unreachable:
		return outbox.Result{Verdict: outbox.Unavailable, Reason: "the first time"}
	case v.Rule == content.LoseRequest, v.Rule == content.Contradicted && !content.IsValue(l.Kind):
		return outbox.Result{Verdict: outbox.Unknown, Reason: "the first time"}
	case v.Rule == content.LoseAnswer, v.Rule == content.Ambiguous:
		r.effect(l, v)
		return outbox.Result{Verdict: outbox.Unknown, Reason: "the first time"}
	}
	r.effect(l, v)
	return outbox.Result{Verdict: outbox.Delivered, Data: []byte(v.String())}
}

// effect is said before the outbox can know of it.
func (r *remote) effect(l outbox.Lease, v content.Value) {
	if content.IsValue(l.Kind) {
		lane := content.Lane(outbox.Entry{Kind: l.Kind, Account: l.Account, Key: l.Key})
		life.Say("%s %s %s %d\n", content.SaidPut, l.ID, lane, v.N)
		return
	}
	e := content.Effect(l)
	life.Say("%s %s\n", content.SaidSent, e)
	r.mu.Lock()
	r.sent[e] = true
	r.mu.Unlock()
}

func (r *remote) resolve(l outbox.Lease) outbox.Resolution {
	v, err := content.ParseBody(l.Body)
	if err != nil {
		life.Fatal("%s was looked up: %v", l.ID, err)
	}
	e := content.Effect(l)
	r.mu.Lock()
	mine, sent, tried := r.mine[e], r.sent[e], r.tried[l.ID]
	r.mu.Unlock()
	answered := outbox.Result{Verdict: outbox.Delivered}
	switch {
	case !mine, sent && v.Rule == content.Ambiguous:
		return outbox.Resolution{Result: answered, Finding: outbox.Ambiguous, Matches: []string{e, "another"}}
	case sent:
		answered.Data = []byte(v.String())
		return outbox.Resolution{Result: answered, Finding: outbox.Found}
	case tried && v.Rule == content.Contradicted && l.Kind == content.Step:
		life.Say("%s %s\n", content.SaidRefused, l.ID)
		answered.Reason = "cancelled there"
		return outbox.Resolution{Result: answered, Finding: outbox.Contradicted}
	}
	return outbox.Resolution{Result: answered}
}

// own notes what this process knows all about.
func (r *remote) own(effect string) {
	r.mu.Lock()
	r.mine[effect] = true
	r.mu.Unlock()
}

// spare makes the other side take what it refused.
func (r *remote) spare(id outbox.ID) {
	r.mu.Lock()
	r.mercy[id] = true
	r.mu.Unlock()
}

// wasSent says whether the effect came, and whether that is known.
func (r *remote) wasSent(effect string) (sent, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sent[effect], r.mine[effect]
}
