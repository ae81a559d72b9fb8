package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// report is what a part measured.
type report struct {
	part    part
	tables  []table
	machine machine
	at      time.Time
	took    time.Duration
	short   bool
}

func (r report) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", r.part.title)
	fmt.Fprintf(&b, "Measured %s in %s, on %s.\n", r.at.UTC().Format(time.DateOnly), r.took.Round(time.Second), r.machine)
	if r.short {
		b.WriteString("\n**A short run: these figures mean little.**\n")
	}
	for _, t := range r.tables {
		b.WriteString("\n" + t.markdown())
	}
	return b.String()
}

//go:embed page.md
var newPage string

// writeTo puts the report into its place of a page. The rest of the page, other
// parts and what a person wrote, stays as it is.
func (r report) writeTo(path string) error {
	page, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		page, err = []byte(newPage), nil
	}
	if err != nil {
		return err
	}
	changed, err := r.replaceIn(string(page))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(changed), 0o644) //nolint:gosec // a page of the documentation
}

func (r report) replaceIn(page string) (string, error) {
	begin, end := "<!-- begin "+r.part.name+" -->\n", "<!-- end "+r.part.name+" -->\n"
	before, rest, ok := strings.Cut(page, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", fmt.Errorf("there is no place for %s between %q and %q: put these two lines where it belongs", r.part.name, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin + r.text() + end + after, nil
}
