package report

import (
	_ "embed"
	"html/template"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

//go:embed page.html
var page string

// writeHTML writes a document as one page that needs nothing else.
func writeHTML(w io.Writer, d document) error {
	t, err := template.New("page").Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(w, d)
}

// All are the sections in their order, what is to be done at the end.
func (d document) All() []section { return append(append([]section{}, d.Sections...), d.ToDo) }

// Narrow tables are as wide as they must be.
func (t table) Narrow() bool { return len(t.Head) == 2 }

// Columns pairs the cells of a row with their columns, for the page.
func (t table) Columns(row []cell) []column {
	columns := make([]column, len(row))
	for i, c := range row {
		columns[i] = column{c, t.Head[i], t.Numbers[i]}
	}
	return columns
}

// Long says whether a word of it may be broken, since it could be wider than its
// column.
func (c cell) Long() bool {
	const most = 22
	return slices.ContainsFunc(strings.Fields(c.Text+" "+c.Under), func(word string) bool { return utf8.RuneCountInString(word) > most })
}

// column is a cell and what stands above it.
type column struct {
	cell

	Head   string
	Number bool
}
