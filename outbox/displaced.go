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
	switch is, err := isAt(s.path, s.opened); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", ErrDisplaced, err)
	case err == nil && !is:
		return fmt.Errorf("%w: another file is at %s, move that away", ErrDisplaced, s.path)
	default:
		return nil // an error of another kind says nothing of the file
	}
}

func statIsAt(path string, opened os.FileInfo) (bool, error) {
	at, err := os.Stat(path)
	return err == nil && os.SameFile(at, opened), err
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
