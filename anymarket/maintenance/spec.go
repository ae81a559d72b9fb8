package maintenance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// maxFile bounds a window file in bytes; a real one has a few hundred.
const maxFile = 1 << 20

// Spec is a window as a person writes it: Start and End, or Rows and Length.
type Spec struct {
	Name       string
	Start, End time.Time
	Rows       []Row
	Length     time.Duration
}

// Window resolves a spec. The error names the field or row.
func (s Spec) Window() (Window, error) {
	table := len(s.Rows) > 0 || s.Length != 0
	switch absolute := !s.Start.IsZero() || !s.End.IsZero(); {
	case strings.ContainsFunc(s.Name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return Window{}, errors.New("name: has control characters")
	case len(s.Name) > 200 || !utf8.ValidString(s.Name):
		return Window{}, errors.New("name: want at most 200 bytes of UTF-8")
	case absolute && table:
		return Window{}, errors.New("start: either start and end, or rows and length")
	case table:
		return Resolve(s.Name, s.Rows, s.Length)
	}
	w := Window{Name: s.Name, Start: s.Start, End: s.End}.utc()
	if err := w.Check(); err != nil {
		return Window{}, err
	}
	return w, nil
}

// specJSON is a spec in the file.
type specJSON struct {
	Name   string `json:"name,omitempty"`
	Start  string `json:"start,omitempty"`
	End    string `json:"end,omitempty"`
	Rows   []Row  `json:"rows,omitempty"`
	Length string `json:"length,omitempty"`
}

type fileJSON struct {
	Windows []json.RawMessage `json:"windows"`
}

// Parse reads the contents of a window file. All windows are checked; an error
// names each that is wrong, and then nothing is returned. Unknown fields are
// refused, as they are mistyped ones.
func Parse(data []byte) ([]Spec, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("%d bytes, the most is %d", len(data), maxFile)
	}
	var f fileJSON
	if err := strict(data, &f); err != nil {
		return nil, err
	}
	if f.Windows == nil {
		return nil, errors.New("windows: is missing")
	}
	specs := make([]Spec, len(f.Windows))
	var errs []error
	for i, raw := range f.Windows {
		s, err := parseSpec(raw)
		if err == nil {
			_, err = s.Window()
		}
		for _, e := range split(err) {
			errs = append(errs, fmt.Errorf("windows[%d]: %w", i, e))
		}
		specs[i] = s
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return specs, nil
}

func parseSpec(raw []byte) (Spec, error) {
	var j specJSON
	if err := strict(raw, &j); err != nil {
		return Spec{}, err
	}
	s := Spec{Name: j.Name, Rows: j.Rows}
	for _, f := range []struct {
		name, text string
		to         *time.Time
	}{{"start", j.Start, &s.Start}, {"end", j.End, &s.End}} {
		if f.text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, f.text)
		if err != nil {
			return Spec{}, fmt.Errorf("%s: %q, want a time with an offset such as 2024-07-28T01:00:00-03:00", f.name, f.text)
		}
		*f.to = t
	}
	if j.Length != "" {
		d, err := time.ParseDuration(j.Length)
		if err != nil {
			return Spec{}, fmt.Errorf("length: %q, want a duration such as 4h or 3h30m", j.Length)
		}
		s.Length = d
	}
	return s, nil
}

// Format returns the contents of a window file, as [Parse] reads them.
func Format(specs []Spec) ([]byte, error) {
	f := struct {
		Windows []specJSON `json:"windows"`
	}{make([]specJSON, len(specs))}
	for i, s := range specs {
		if _, err := s.Window(); err != nil {
			return nil, fmt.Errorf("windows[%d]: %w", i, err)
		}
		j := specJSON{Name: s.Name, Rows: s.Rows}
		if s.Length != 0 {
			j.Length = s.Length.String()
		}
		if !s.Start.IsZero() {
			j.Start, j.End = offsetTime(s.Start), offsetTime(s.End)
		}
		f.Windows[i] = j
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("format windows: %w", err)
	}
	return append(b, '\n'), nil
}

// strict decodes one JSON value and nothing else.
func strict(data []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return fmt.Errorf("not the JSON of a window file: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("not the JSON of a window file: something follows it")
	}
	return nil
}

// split takes the outermost joined errors apart, so that each line of the whole is complete.
func split(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// offsetTime keeps the offset that the time was given with, if RFC 3339 can.
func offsetTime(t time.Time) string {
	if _, offset := t.Zone(); offset%60 != 0 {
		t = t.UTC()
	}
	return t.Format(time.RFC3339Nano)
}
