package outbox

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// The buckets, see docs/design.md. Their order is that of bucketNames.
const (
	inEntries = iota
	inFlight
	inHistory
	inDead
	inOnce
	inMeta
	inGate
	bucketCount
)

func bucketNames() [bucketCount]string {
	return [bucketCount]string{"entries", "flight", "history", "dead", "once", "meta", "gate"}
}

const (
	formatMagic   = "anymarket-go outbox"
	formatVersion = 2
)

// Keys in meta.
const (
	metaFormat     = "format"
	metaFile       = "file"
	metaCounters   = "counters"
	metaGate       = "gate"
	metaAddressing = "addressing/" // + account, NUL, family
)

// identity is what a file is stamped with when it is made.
type identity struct {
	file      uint32
	createdAt time.Time
	secret    [32]byte // keys the hashes of creations' fields
}

// store owns the bbolt file. It alone, its transactions and compaction touch
// bbolt.
type store struct {
	path string
	lock *fileLock
	identity

	// mu guards db against being swapped under a reader.
	mu sync.RWMutex
	db *bbolt.DB
	// opened is the file that db has open; the committer's.
	opened os.FileInfo

	noSync bool // tests only
	// bytes is memory for the values of the one write transaction.
	bytes []byte
	// copied collects what is committed while compaction copies; written only
	// by the committer.
	copied *changes
	seals  *seals
}

func boltOptions(noSync bool) *bbolt.Options {
	return &bbolt.Options{
		Timeout:         lockWait,
		FreelistType:    bbolt.FreelistMapType,
		NoFreelistSync:  true,
		InitialMmapSize: initialMmap,
		NoSync:          noSync,
	}
}

// openStore opens the file at path, made anew if there is none.
func openStore(path string, g *seals, noSync bool) (s *store, err error) {
	lock, err := acquireLock(path)
	if err != nil {
		return nil, err
	}
	opened := &store{path: path, lock: lock, seals: g, noSync: noSync}
	s = opened
	defer func() {
		if err != nil { // s is nil then
			err = errors.Join(err, opened.close())
		}
	}()
	// What an earlier process left of a copy was never the outbox.
	if err := os.Remove(path + ".new"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove unfinished copy: %w", err)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := s.create(); err != nil {
			return nil, fmt.Errorf("create outbox %s: %w", path, err)
		}
	}
	// An earlier process may have crashed between its rename and this.
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("sync directory: %w", err)
	}
	if err := inspectFile(path); err != nil {
		return nil, err
	}
	if err := s.guard(s.walk); err != nil {
		return nil, err
	}
	err = s.guard(func() (err error) {
		s.db, err = bbolt.Open(path, 0o600, boltOptions(noSync))
		return err
	})
	if err != nil {
		if errors.Is(err, bolterrors.ErrTimeout) {
			return nil, &LockedError{Path: path}
		}
		return nil, fmt.Errorf("%w: %s: %w", ErrFormat, path, err)
	}
	if s.opened, err = os.Stat(path); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDisplaced, err)
	}
	if err := s.guard(s.readIdentity); err != nil {
		return nil, err
	}
	if err := s.guard(s.checkKeys); err != nil {
		return nil, err
	}
	if fi, err := os.Stat(path); err == nil && fi.Mode().Perm()&0o077 != 0 && permissionsCount {
		if err := os.Chmod(path, 0o600); err != nil {
			return nil, fmt.Errorf("make outbox private: %w", err)
		}
	}
	return s, nil
}

// walk looks at every page before bbolt opens the file to write, and while no
// other process does.
func (s *store) walk() error {
	db, err := bbolt.Open(s.path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: lockWait})
	if err != nil {
		if errors.Is(err, bolterrors.ErrTimeout) {
			return &LockedError{Path: s.path}
		}
		return fmt.Errorf("%w: %s: %w", ErrFormat, s.path, err)
	}
	defer func() { _ = db.Close() }() // it was only read
	return inspectPages(s.path)
}

// create makes the file under another name and renames it when it is whole and
// synced: bbolt creates in place, and a power cut then leaves a file that
// cannot be opened.
func (s *store) create() error {
	id := identity{createdAt: time.Now()}
	var random [36]byte
	if _, err := rand.Read(random[:]); err != nil {
		return err
	}
	id.file = binary.BigEndian.Uint32(random[:])
	copy(id.secret[:], random[4:])
	db, err := bbolt.Open(s.path+".new", 0o600, boltOptions(s.noSync))
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range bucketNames() {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		meta := tx.Bucket([]byte(bucketNames()[inMeta]))
		if err := meta.Put([]byte(metaFormat), encodeFormat()); err != nil {
			return err
		}
		return meta.Put([]byte(metaFile), id.encode())
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return s.putInPlace()
}

// putInPlace makes the file beside the outbox the outbox.
func (s *store) putInPlace() error {
	if err := os.Rename(s.path+".new", s.path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(s.path))
}

func encodeFormat() []byte {
	return withChecksum([]byte(metaFormat), append([]byte{0, 0, 0, 0, codecFormat, 0, formatVersion}, formatMagic...))
}

func (id identity) encode() []byte {
	b := append(make([]byte, 4), codecFormat, 0)
	b = binary.BigEndian.AppendUint32(b, id.file)
	b = binary.AppendVarint(b, id.createdAt.UnixNano())
	return withChecksum([]byte(metaFile), append(b, id.secret[:]...))
}

func (s *store) readIdentity() error {
	return s.view(func(t *tx) error {
		refuse := func(format string, args ...any) error {
			return fmt.Errorf("%w: %s: %s", ErrFormat, s.path, fmt.Sprintf(format, args...))
		}
		for i, name := range bucketNames() {
			if t.bucket(i) == nil {
				return refuse("bucket %s is missing, this is another program's file", name)
			}
		}
		_, format, err := verified([]byte(metaFormat), t.get(inMeta, []byte(metaFormat)))
		if err != nil || len(format) < 1 || string(format[1:]) != formatMagic {
			return refuse("meta/format does not say %q, this is another program's file or damaged", formatMagic)
		}
		if format[0] != formatVersion {
			return refuse("format %d, this program knows %d: use the version that wrote it or a newer one", format[0], formatVersion)
		}
		_, fields, err := verified([]byte(metaFile), t.get(inMeta, []byte(metaFile)))
		if err != nil || len(fields) < 4 {
			return refuse("meta/file is damaged: %v", err)
		}
		s.file = binary.BigEndian.Uint32(fields)
		created, n := binary.Varint(fields[4:])
		if n <= 0 || copy(s.secret[:], fields[4+n:]) != len(s.secret) {
			return refuse("meta/file is damaged")
		}
		s.createdAt = unixTime(created)
		return nil
	})
}

// guard turns what a damaged file does to bbolt, a panic or a fault in its
// mapping, into an error.
func (s *store) guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %s: %v", ErrFormat, s.path, r)
		}
	}()
	return fn()
}

// close gives the file back; it is safe on a store that is only half open.
func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.db != nil {
		err, s.db = s.db.Close(), nil
	}
	if s.lock != nil {
		err, s.lock = errors.Join(err, s.lock.release()), nil
	}
	return err
}
