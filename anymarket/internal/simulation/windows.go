package simulation

import (
	"os"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

// windows are those that a program was told of, by a file that it reads while it lives.
type windows struct {
	path     string
	calendar *maintenance.Calendar
	file     []maintenance.Spec
	all      []maintenance.Spec // those that were taken back too
}

func newWindows(path string) (*windows, error) {
	w := &windows{path: path}
	err := w.write()
	if err == nil {
		w.calendar, err = maintenance.FromFile(path)
	}
	return w, err
}

func (w *windows) add(name string, start time.Time, d time.Duration) error {
	spec := maintenance.Spec{Name: name, Start: start.Truncate(time.Second), End: start.Add(d).Truncate(time.Second)}
	w.file, w.all = append(w.file, spec), append(w.all, spec)
	return w.write()
}

func (w *windows) clear() error {
	w.file = nil
	return w.write()
}

func (w *windows) write() error {
	data, err := maintenance.Format(w.file)
	if err != nil {
		return err
	}
	if err := os.WriteFile(w.path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(w.path+".new", w.path)
}

// holds says whether a window that a reason names has begun, and ends no later than
// the gate is expected to open.
func (w *windows) holds(reason string, now, until time.Time) bool {
	for _, spec := range w.all {
		if strings.Contains(reason, `"`+spec.Name+`"`) && !now.Before(spec.Start) && (until.IsZero() || !until.Before(spec.End)) {
			return true
		}
	}
	return false
}
