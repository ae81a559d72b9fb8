package main

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// spool keeps output until its reader may take as long as it likes: in memory,
// and where it is much in a file that nobody else can read.
type spool struct {
	memory bytes.Buffer
	file   *os.File // nil: it all fits
}

// spoolMemory is the most that is kept in memory, in bytes.
const spoolMemory = 1 << 20

// Write keeps p.
func (s *spool) Write(p []byte) (int, error) {
	if s.file == nil && s.memory.Len()+len(p) <= spoolMemory {
		return s.memory.Write(p)
	}
	if s.file == nil {
		var err error
		if s.file, err = os.CreateTemp("", "anymarketctl-"); err != nil {
			return 0, err
		}
	}
	return s.file.Write(p)
}

// release writes to w what was kept, and keeps nothing any more.
func (s *spool) release(w io.Writer) error {
	_, err := s.memory.WriteTo(w)
	if s.file == nil {
		return err
	}
	if err == nil {
		_, err = s.file.Seek(0, io.SeekStart)
	}
	if err == nil {
		_, err = io.Copy(w, s.file)
	}
	return errors.Join(err, s.file.Close(), os.Remove(s.file.Name()))
}
