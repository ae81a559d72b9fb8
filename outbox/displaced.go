package outbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// displaced says that another file, or none, is where the outbox's was. What is
// committed then is gone when the process ends. The error of a file that was
// deleted is [fs.ErrNotExist] too.
func (s *store) displaced() error {
	switch at, err := os.Stat(s.path); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", ErrDisplaced, err)
	case err == nil && !os.SameFile(at, s.opened):
		return fmt.Errorf("%w: another file is at %s, move that away", ErrDisplaced, s.path)
	default:
		return nil // an error of another kind says nothing of the file
	}
}

// inPlace stops the outbox if its file is not in its place any more.
func (o *Outbox) inPlace() error {
	displaced := o.store.displaced()
	if displaced == nil {
		return nil
	}
	o.mu.Lock()
	o.broken = displaced
	o.mu.Unlock()
	o.tell(Event{Type: EventTrouble, Reason: "the outbox must be rebuilt: " + displaced.Error()})
	return fmt.Errorf("%w: %w", ErrUnknown, displaced)
}

// lookAfterFile notices that the file is gone also when nothing is committed.
func (o *Outbox) lookAfterFile() error {
	if o.usable() == nil {
		return o.inPlace()
	}
	return nil
}
