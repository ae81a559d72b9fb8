package outbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// lockWait is how long a second process tries before it names the holder.
const lockWait = time.Second

// fileLock is held from opening to closing. It is a file of its own beside the
// outbox, since compaction and rebuilding put another file in the outbox's
// place: a process waiting for the old one's lock would get a file that is gone.
type fileLock struct{ f *os.File }

// holder is what the lock file says about who has it.
type holder struct {
	PID     int       `json:"pid"`
	Program string    `json:"program"`
	Since   time.Time `json:"since"`
}

// errLocked: somebody else has it.
var errLocked = errors.New("locked")

func acquireLock(path string) (*fileLock, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	deadline := time.Now().Add(lockWait)
	for {
		err := tryLock(f)
		if err == nil {
			break
		}
		if !errors.Is(err, errLocked) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
		}
		if time.Now().After(deadline) {
			held := &LockedError{Path: path}
			var h holder
			if b, err := io.ReadAll(io.LimitReader(f, 4096)); err == nil && json.Unmarshal(b, &h) == nil {
				held.PID, held.Program, held.Since = h.PID, h.Program, h.Since
			}
			return nil, errors.Join(held, f.Close())
		}
		<-time.After(20 * time.Millisecond)
	}
	h := holder{PID: os.Getpid(), Since: time.Now()}
	if exe, err := os.Executable(); err == nil {
		h.Program = filepath.Base(exe)
	}
	b, err := json.Marshal(h)
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(b, 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write lock file: %w", err), f.Close())
	}
	return &fileLock{f: f}, nil
}

// release leaves the lock file behind: removing it would let two processes
// hold two files of one name.
func (l *fileLock) release() error { return l.f.Close() }
