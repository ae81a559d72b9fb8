package outbox

import (
	"fmt"
	"path/filepath"
	"time"
)

// fullness refuses new entries while there is little room, so that settling,
// which makes room, always has some. Only the committer uses it.
type fullness struct {
	lookedAt  time.Time
	free      int64 // on the disk
	used      int64 // in the file
	accepted  int64 // bytes since
	refuseTil time.Time
	cause     error
}

const (
	lookInterval = 250 * time.Millisecond
	lookBytes    = 1 << 20 // accepted after which to look again
	fullPause    = time.Second
)

// note makes accepts fail at once for a moment after the disk was full.
func (f *fullness) note(cause error) {
	f.cause, f.refuseTil = cause, time.Now().Add(fullPause)
}

// take says whether there is room for size more bytes.
func (f *fullness) take(o *Outbox, t *tx, size int) error {
	if t.now.Before(f.refuseTil) {
		return fmt.Errorf("%w: %w", ErrFull, f.cause)
	}
	if f.accepted+int64(size) >= lookBytes || t.now.Sub(f.lookedAt) >= lookInterval || t.now.Before(f.lookedAt) {
		f.lookedAt, f.accepted = t.now, 0
		f.used, _ = t.room()
		if o.opts.MinFree >= 0 {
			free, err := freeSpace(filepath.Dir(o.store.path))
			if err != nil {
				return fmt.Errorf("free disk space: %w", err)
			}
			f.free = free
		}
	}
	f.accepted += int64(size)
	switch {
	case o.opts.MinFree >= 0 && f.free-f.accepted < o.opts.MinFree:
		return fmt.Errorf("%w: %d bytes of disk are free, Options.MinFree is %d", ErrFull, f.free, o.opts.MinFree)
	case o.opts.MaxBytes > 0 && f.used+f.accepted > o.opts.MaxBytes:
		return fmt.Errorf("%w: it holds %d bytes, Options.MaxBytes is %d", ErrFull, f.used, o.opts.MaxBytes)
	}
	return nil
}
