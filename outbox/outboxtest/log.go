package outboxtest

import (
	"maps"
	"slices"
	"time"

	"github.com/anymarket-go/sdk/outbox"
)

// Call is one call as the host saw it.
type Call struct {
	// At is when it came, EndedAt when its answer was given; zero while it is
	// under way, and for canaries.
	At, EndedAt time.Time
	// Canary and LookUp are reads; everything else is a write.
	Canary, LookUp bool
	Kind, Account  string
	// Keys and Bodies are those of the entries of the call, in its order.
	Keys, Bodies []string
	Confirming   bool
	// Creation is what the entry was given of the creation before it.
	Creation *outbox.Creation
	// Mode is how it was answered.
	Mode Mode
}

// Effect is something that took effect at the host.
type Effect struct {
	At                       time.Time
	Class                    outbox.Class
	Account, Key, Once, Body string
}

// Calls returns every call so far, canaries and look-ups included, in the
// order in which they came.
func (h *Host) Calls() []Call {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.calls)
}

// Writes returns the calls so far that were no canaries and no look-ups.
func (h *Host) Writes() []Call {
	return slices.DeleteFunc(h.Calls(), func(c Call) bool { return c.Canary || c.LookUp })
}

// LookUps returns the look-ups so far.
func (h *Host) LookUps() []Call {
	return slices.DeleteFunc(h.Calls(), func(c Call) bool { return !c.LookUp })
}

// Canaries returns the canaries so far.
func (h *Host) Canaries() []Call {
	return slices.DeleteFunc(h.Calls(), func(c Call) bool { return !c.Canary })
}

// Effects returns what took effect so far, in that order.
func (h *Host) Effects() []Effect {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.effects)
}

// Holds returns the value that stands under a key; empty if none does.
func (h *Host) Holds(account, key string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.values[Target{account, key}]
}

// Values returns every value that stands.
func (h *Host) Values() map[Target]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make(map[Target]string, len(h.values))
	maps.Copy(all, h.values)
	return all
}

// Creations returns how often something was created under a once-key.
func (h *Host) Creations(account, once string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.creations[Target{account, once}])
}

// Steps returns the bodies of the steps that took effect under a key.
func (h *Host) Steps(account, key string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.steps[Target{account, key}])
}
