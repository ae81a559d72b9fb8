package contender

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// rawLog is a file to which records are appended: length, checksum, value. It
// cannot do more, so it is the physical limit of what stores in a file.
type rawLog struct {
	file *os.File

	// writing is held by the one that writes.
	writing sync.Mutex

	mu   sync.Mutex // guards next
	next *rawGroup  // those that wait
}

type rawGroup struct {
	records []byte
	done    chan struct{}
	err     error
}

func openRaw(dir string) (*rawLog, error) {
	file, err := os.OpenFile(filepath.Join(dir, "raw.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &rawLog{file: file}, nil
}

func (l *rawLog) Close() error { return l.file.Close() }

// append writes records and syncs them, with writing held.
func (l *rawLog) append(records []byte) error {
	if _, err := l.file.Write(records); err != nil {
		return err
	}
	for {
		if err := unix.Fdatasync(int(l.file.Fd())); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func appendRecord(records, value []byte) []byte {
	records = binary.BigEndian.AppendUint32(records, uint32(len(value)))
	records = binary.BigEndian.AppendUint32(records, crc32.Checksum(value, crc32.MakeTable(crc32.Castagnoli)))
	return append(records, value...)
}

type rawSingle struct{ *rawLog }

func openRawSingle(_ context.Context, dir string) (Contender, error) {
	l, err := openRaw(dir)
	if err != nil {
		return nil, err
	}
	return rawSingle{l}, nil
}

func (l rawSingle) Accept(value []byte) error {
	record := appendRecord(nil, value)
	l.writing.Lock()
	defer l.writing.Unlock()
	return l.append(record)
}

type rawGrouped struct{ *rawLog }

func openRawGroup(_ context.Context, dir string) (Contender, error) {
	l, err := openRaw(dir)
	if err != nil {
		return nil, err
	}
	return rawGrouped{l}, nil
}

// Accept joins a group. The first of it writes it as soon as the group before
// is written.
func (l rawGrouped) Accept(value []byte) error {
	l.mu.Lock()
	g := l.next
	first := g == nil
	if first {
		g = &rawGroup{done: make(chan struct{})}
		l.next = g
	}
	g.records = appendRecord(g.records, value)
	l.mu.Unlock()
	if !first {
		<-g.done
		return g.err
	}
	l.writing.Lock()
	runtime.Gosched() // those that are about to ask get into this group
	l.mu.Lock()
	l.next = nil
	l.mu.Unlock()
	g.err = l.append(g.records)
	l.writing.Unlock()
	close(g.done)
	return g.err
}
