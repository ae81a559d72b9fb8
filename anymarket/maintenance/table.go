package maintenance

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Row is a start in the words of one country.
type Row struct {
	// Zone is an IANA zone such as America/Sao_Paulo.
	Zone string `json:"zone"`
	// Local is the time on the clocks there: 2024-07-28T01:00, with a space
	// instead of the T or with seconds if you like.
	Local string `json:"local"`
}

// String returns the row for people.
func (r Row) String() string { return r.Zone + " " + r.Local }

// RowError says which row of a table is wrong.
type RowError struct {
	// Index counts from 0.
	Index int
	Row   Row
	// Field is "zone", "local", or empty where the row as a whole does not fit
	// the others.
	Field string
	Err   error
}

// Error names the row and the field.
func (e *RowError) Error() string {
	field := ""
	if e.Field != "" {
		field = "." + e.Field
	}
	return fmt.Sprintf("rows[%d]%s: %s: %v", e.Index, field, e.Row, e.Err)
}

// Unwrap returns the reason.
func (e *RowError) Unwrap() error { return e.Err }

// Reasons of a [RowError].
var (
	ErrZone      = errors.New("not a zone of this system's database (programs can import time/tzdata)")
	ErrSkipped   = errors.New("no such time there: the clocks skip it")
	ErrTwice     = errors.New("happens twice there, as clocks are set back, and no other row says which is meant")
	ErrDisagrees = errors.New("is another instant than the other rows")
)

// Resolve makes a window of a table whose rows must be one instant. The error
// is a joined list of [*RowError] if rows are wrong.
func Resolve(name string, rows []Row, length time.Duration) (Window, error) {
	if len(rows) == 0 {
		return Window{}, errors.New("rows: are missing")
	}
	switch {
	case length <= 0:
		return Window{}, fmt.Errorf("length: %s, want more than 0", length)
	case length > MaxLength:
		return Window{}, fmt.Errorf("length: %s, the most is %s", length, MaxLength)
	}
	start, err := oneInstant(rows)
	if err != nil {
		return Window{}, err
	}
	w := Window{Name: name, Start: start, End: start.Add(length)}
	if err := w.Check(); err != nil {
		return Window{}, fmt.Errorf("rows: %w", err)
	}
	return w, nil
}

// oneInstant finds the instant that all rows can mean. If there is none it
// blames the rows that the others outvote.
func oneInstant(rows []Row) (time.Time, error) {
	meant := make([][]time.Time, len(rows))
	votes := map[time.Time]int{}
	var errs []error
	for i, r := range rows {
		ts, field, err := r.instants()
		if err != nil {
			errs = append(errs, &RowError{Index: i, Row: r, Field: field, Err: err})
			continue
		}
		meant[i] = ts
		for _, t := range ts {
			votes[t]++
		}
	}
	if len(errs) > 0 {
		return time.Time{}, errors.Join(errs...)
	}
	most, ties := 0, 0
	var best time.Time
	for t, n := range votes {
		switch {
		case n > most:
			most, ties, best = n, 1, t
		case n == most:
			ties++
		}
	}
	for i, r := range rows {
		switch {
		case most == len(rows) && ties == 1: // agreed
		case most == len(rows): // all rows leave the same two open
			errs = append(errs, &RowError{Index: i, Row: r, Field: "local", Err: ErrTwice})
		case ties > 1:
			errs = append(errs, &RowError{Index: i, Row: r, Err: fmt.Errorf("%w: it is %s, and no instant has most rows", ErrDisagrees, list(meant[i]))})
		case !slices.Contains(meant[i], best):
			errs = append(errs, &RowError{Index: i, Row: r, Err: fmt.Errorf("%w: it is %s, %d of %d rows are %s", ErrDisagrees, list(meant[i]), most, len(rows), stamp(best))})
		}
	}
	return best, errors.Join(errs...)
}

// instants are what the row can mean: one, or two where clocks are set back.
// The field is the one to blame for an error.
func (r Row) instants() (ts []time.Time, field string, err error) {
	loc, err := loadZone(r.Zone)
	if err != nil {
		return nil, "zone", err
	}
	civil, err := parseLocal(r.Local)
	if err != nil {
		return nil, "local", err
	}
	// Each offset that the zone has around then gives a candidate, which counts
	// if clocks there show the wanted time. 26 hours cover all offsets.
	for t, end := civil.Add(-26*time.Hour), civil.Add(26*time.Hour); ; {
		_, offset := t.In(loc).Zone()
		c := civil.Add(-time.Duration(offset) * time.Second)
		if _, o := c.In(loc).Zone(); o == offset && !slices.ContainsFunc(ts, c.Equal) {
			ts = append(ts, c)
		}
		_, next := t.In(loc).ZoneBounds()
		if next.IsZero() || next.After(end) {
			break
		}
		t = next.UTC()
	}
	if len(ts) == 0 {
		return nil, "local", ErrSkipped
	}
	return ts, "", nil
}

// loadZone refuses what [time.LoadLocation] takes and is no IANA zone.
func loadZone(name string) (*time.Location, error) {
	if name == "" || strings.EqualFold(name, "local") {
		return nil, ErrZone
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrZone, err)
	}
	return loc, nil
}

// parseLocal returns the time on the clock as if it were UTC.
func parseLocal(s string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil && len(s) == len(layout) {
			return t, nil
		}
	}
	return time.Time{}, errors.New("want a time such as 2024-07-28T01:00, without zone or offset")
}

func list(ts []time.Time) string {
	s := make([]string, len(ts))
	for i, t := range ts {
		s[i] = stamp(t)
	}
	return strings.Join(s, " or ")
}
