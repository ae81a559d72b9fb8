package main

import (
	"fmt"
	"maps"

	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
)

// puts are the values that the other side took.
type puts struct {
	stands map[string]stand  // by lane
	owner  map[uint64]uint64 // sequence of the entry that a value was accepted with, by Value.N
	took   map[outbox.ID]bool
}

// stand is what stands in a lane.
type stand struct {
	by    outbox.ID // that it was sent with
	owner uint64
}

func newPuts() puts {
	return puts{stands: map[string]stand{}, owner: map[uint64]uint64{}, took: map[outbox.ID]bool{}}
}

func (p puts) clone() puts {
	return puts{stands: maps.Clone(p.stands), owner: maps.Clone(p.owner), took: maps.Clone(p.took)}
}

// accepted notes whose a value is.
func (p puts) accepted(id outbox.ID, n uint64) { p.owner[n] = id.Sequence() }

// take notes that a value was sent. An entry that is confirmed may be sent with
// the value of a newer one that gave way, so that what counts is the value's
// own place.
func (p puts) take(id outbox.ID, lane string, n uint64) error {
	last, owner := p.stands[lane], p.owner[n]
	switch {
	case owner != 0:
	case p.took[id]:
		owner = max(last.owner, id.Sequence()) // of one whose receipt nobody lived to see
	default:
		owner = id.Sequence()
		p.owner[n] = owner
	}
	if last.owner > owner {
		return fmt.Errorf("STALE: value %d of entry %d was sent with %s in %s, after that of %d", n, owner, id, lane, last.owner)
	}
	p.stands[lane], p.took[id] = stand{by: id, owner: owner}, true
	return nil
}

// mayCarry says whether a delivered entry may hold a value that was not accepted
// with it: that of a newer one that gave way.
func (p puts) mayCarry(id outbox.ID, v content.Value) bool {
	owner, known := p.owner[v.N]
	return p.took[id] && (!known || owner > id.Sequence())
}
