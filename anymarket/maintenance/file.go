package maintenance

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// Errors of [File].
var (
	ErrListed    = errors.New("a window with this start and end is listed")
	ErrNotListed = errors.New("no such window")
	ErrAmbiguous = errors.New("several windows are called so")
)

// File changes a window file. Each change replaces the file as a whole: a
// reader sees the old one or the new one, also after a power cut, and a wrong
// file is not touched. It is safe for concurrent use; two processes that
// change a file at the same moment may lose one of the changes.
type File struct {
	path string
	mu   sync.Mutex // one change at a time
}

// NewFile returns the file at a path, which need not exist.
func NewFile(path string) *File { return &File{path: path} }

// List returns the windows in the order of the file; none if it is missing.
func (f *File) List() ([]Spec, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.list()
}

func (f *File) list() ([]Spec, error) {
	specs, _, err := read(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return specs, err
}

// Add appends a window and returns it. The file is made if it is missing. A
// window with the start and end of a listed one is refused with [ErrListed].
func (f *File) Add(s Spec) (Window, error) {
	w, err := s.Window()
	if err != nil {
		return Window{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	specs, err := f.list()
	if err != nil {
		return Window{}, err
	}
	for i, other := range specs {
		o, err := other.Window()
		if err != nil {
			return Window{}, fmt.Errorf("windows[%d]: %w", i, err)
		}
		if o.Start.Equal(w.Start) && o.End.Equal(w.End) {
			return Window{}, fmt.Errorf("add window %s: %w", w, ErrListed)
		}
	}
	return w, f.write(append(specs, s))
}

// Remove takes out the window of a name, or of a start in RFC 3339, and
// returns it. [ErrNotListed] and [ErrAmbiguous] say why it did not.
func (f *File) Remove(nameOrStart string) (Window, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	specs, err := f.list()
	if err != nil {
		return Window{}, err
	}
	start, notTime := time.Parse(time.RFC3339, nameOrStart)
	var found Window
	var keep []Spec
	for i, s := range specs {
		w, err := s.Window()
		if err != nil {
			return Window{}, fmt.Errorf("windows[%d]: %w", i, err)
		}
		switch {
		case w.Name != nameOrStart && (notTime != nil || !w.Start.Equal(start)):
			keep = append(keep, s)
		case !found.End.IsZero():
			return Window{}, fmt.Errorf("remove window %q: %w", nameOrStart, ErrAmbiguous)
		default:
			found = w
		}
	}
	if found.End.IsZero() {
		return Window{}, fmt.Errorf("remove window %q: %w", nameOrStart, ErrNotListed)
	}
	return found, f.write(keep)
}

func (f *File) write(specs []Spec) error {
	data, err := Format(specs)
	if err != nil {
		return err
	}
	if len(data) > maxFile {
		return fmt.Errorf("window file %s: %d bytes, the most is %d", f.path, len(data), maxFile)
	}
	path := f.path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // a link stays a link
	}
	if err := replace(path, data); err != nil {
		return fmt.Errorf("write window file: %w", err)
	}
	return nil
}

// replace writes beside the file, syncs, renames over it, and syncs the
// folder: the order in which a cut at any moment leaves a whole file.
func replace(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp") // of mode 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return syncDir(filepath.Dir(path))
}

// syncDir does nothing where folders cannot be synced.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// read returns the windows of a file and what it was then. The look comes
// before the reading, so that a later change shows.
func read(path string) (specs []Spec, fi os.FileInfo, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("window file: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	if fi, err = f.Stat(); err != nil {
		return nil, nil, fmt.Errorf("window file: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, nil, fmt.Errorf("window file: %w", err)
	}
	if specs, err = Parse(data); err != nil {
		return nil, nil, fmt.Errorf("window file %s: %w", path, err)
	}
	return specs, fi, nil
}
