package maintenance

import (
	"fmt"
	"time"
)

// MaxLength is the longest that a window can be. What is longer is a slip of
// the pen, and would hold back a shop for days.
const MaxLength = 48 * time.Hour

// Years that a window can be in; what is outside is a slip of the pen.
const (
	minYear = 1970
	maxYear = 9998 // its UTC time still has four digits everywhere
)

// Window is a planned time without service: from Start until just before End,
// both UTC. It converts to the Window of package outbox.
type Window struct {
	Name       string
	Start, End time.Time
}

// Check says what is wrong with a window, naming the field.
func (w Window) Check() error {
	for _, f := range []struct {
		name string
		t    time.Time
	}{{"start", w.Start}, {"end", w.End}} {
		switch {
		case f.t.IsZero():
			return fmt.Errorf("%s: is missing", f.name)
		case f.t.UTC().Year() < minYear || f.t.UTC().Year() > maxYear:
			return fmt.Errorf("%s: year %d, want %d to %d", f.name, f.t.UTC().Year(), minYear, maxYear)
		}
	}
	switch length := w.End.Sub(w.Start); {
	case length <= 0:
		return fmt.Errorf("end: %s is not after start %s", stamp(w.End), stamp(w.Start))
	case length > MaxLength:
		return fmt.Errorf("end: %s is %s after start, the most is %s", stamp(w.End), length, MaxLength)
	}
	return nil
}

// Contains says whether the window is in force.
func (w Window) Contains(now time.Time) bool {
	return !now.Before(w.Start) && now.Before(w.End)
}

// String returns the window for people.
func (w Window) String() string {
	s := stamp(w.Start) + " to " + stamp(w.End)
	if w.Name != "" {
		s = w.Name + ", " + s
	}
	return s
}

// In returns the window for people of a zone, and in UTC.
func (w Window) In(zone *time.Location) string {
	const day, clock = "Mon 2006-01-02 15:04", "15:04"
	start, end := w.Start.In(zone), w.End.In(zone)
	layout := day
	if start.Year() == end.Year() && start.YearDay() == end.YearDay() {
		layout = clock
	}
	s := start.Format(day) + " to " + end.Format(layout) + " " + zone.String() + " (" + stamp(w.Start) + " to " + stamp(w.End) + ")"
	if w.Name != "" {
		s = w.Name + ", " + s
	}
	return s
}

// utc drops the monotonic clock and the zone.
func (w Window) utc() Window {
	return Window{Name: w.Name, Start: w.Start.UTC().Round(0), End: w.End.UTC().Round(0)}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
