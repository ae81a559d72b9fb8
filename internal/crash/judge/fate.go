package judge

import (
	"errors"
	"fmt"
	"strings"

	"github.com/anymarket-go/sdk/outbox"

	"github.com/anymarket-go/sdk/internal/crash/content"
)

// Fate is what was said to have become of an entry.
type Fate struct {
	Last     string // word that the observer was told last
	Operated bool   // an operator was about to act since Last
}

// Observe takes in a word of what the observer was told.
func (f *Fate) Observe(word string) error {
	switch word {
	case content.SaidDelivered, content.SaidSuperseded, content.SaidCancelled:
		if f.Final() && f.Last != word {
			return fmt.Errorf("it was %s before", f.Last)
		}
	case content.SaidDead, content.SaidParked, content.SaidReleased, content.SaidRequeued:
		if f.Final() {
			return fmt.Errorf("it was %s before", f.Last)
		}
	case content.SaidEdited:
	default:
		return errors.New("unknown")
	}
	f.Last, f.Operated = word, false
	return nil
}

// Final says whether the entry's end was said.
func (f *Fate) Final() bool {
	return f.Last == content.SaidDelivered || f.Last == content.SaidSuperseded || f.Last == content.SaidCancelled
}

// Missing judges that there is nothing of the entry: only the history of what
// ended may be pruned.
func (f *Fate) Missing() error {
	if f.Final() {
		return nil
	}
	return fmt.Errorf("LOST, said last %q", f.Last)
}

// Stands judges where the entry stands; what was not said yet may have happened.
// takenOut says that a person acted to take an entry of its lane out. Unless it is
// judged, what was said does not tell.
func (f *Fate) Stands(state outbox.State, takenOut bool) (judged bool, err error) {
	want := func(wanted outbox.State, why string) (bool, error) {
		if state == wanted {
			return true, nil
		}
		return true, errors.New(why)
	}
	switch {
	case f.Last == content.SaidDelivered:
		return want(outbox.Done, "a delivered entry must stay so")
	case f.Last == content.SaidSuperseded:
		return want(outbox.Superseded, "a superseded entry must stay so")
	case f.Last == content.SaidCancelled:
		return want(outbox.Cancelled, "a cancelled entry must stay so")
	case f.Last == content.SaidDead && !f.Operated && state != outbox.Superseded && !takenOut:
		return want(outbox.Dead, "a dead letter must stay until a person acts")
	case f.Last == content.SaidParked && !f.Operated && !takenOut:
		return want(outbox.Parked, "a parked entry must stay until a person acts")
	}
	return false, nil
}

// Superseded judges whether a value that gave way names a newer one.
func Superseded(rec *outbox.Record) error {
	by, ok := strings.CutPrefix(rec.Reason, "by ")
	if !ok {
		return nil // an attempt's reason
	}
	id, err := outbox.ParseID(by)
	if err != nil || id.Sequence() <= rec.ID.Sequence() {
		return fmt.Errorf("no newer value took its place: %w", err)
	}
	return nil
}
