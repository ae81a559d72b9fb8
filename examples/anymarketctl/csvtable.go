package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// tableFlags say how a file of rows is written where the file does not.
type tableFlags struct {
	encoding, delimiter string
	decimalComma        bool
	columns             []string // MEMBER=HEADER
}

func (f *tableFlags) bind(c *cobra.Command) {
	c.Flags().StringVar(&f.encoding, "encoding", encodingUTF8, "`ENCODING` of the file: utf-8, latin1 or windows-1252")
	c.Flags().StringVar(&f.delimiter, "delimiter", "", "`DELIMITER` of a CSV file, or 'tab'; needed only if its header does not tell")
	c.Flags().BoolVar(&f.decimalComma, "decimal-comma", false, "numbers have a decimal comma: 1,5")
	c.Flags().StringArrayVar(&f.columns, "column", nil, "`NAME=HEADER`: the column of a CSV file that has NAME; again for each; the others are not read then")
}

func (f *tableFlags) check(columns []column) error {
	switch f.encoding {
	case encodingUTF8, encodingLatin1, encodingWindows:
	default:
		return usage("--encoding: %q, want %s, %s or %s", f.encoding, encodingUTF8, encodingLatin1, encodingWindows)
	}
	if f.delimiter == "tab" {
		f.delimiter = "\t"
	}
	if f.delimiter != "" && (len(f.delimiter) != 1 || strings.ContainsAny(f.delimiter, "\"\r\n") || f.delimiter[0] > '~') {
		return usage("--delimiter: %q, want one character, or tab", f.delimiter)
	}
	if f.decimalComma && f.delimiter == "," {
		return usage("--delimiter is a comma, and so is the decimal sign by --decimal-comma")
	}
	for i, pair := range f.columns {
		name, header, ok := strings.Cut(pair, "=")
		if !ok || header == "" || !slices.ContainsFunc(columns, func(c column) bool { return c.name == name }) {
			return usage("--column: %q, want NAME=HEADER with a NAME of %s", pair, names(columns))
		}
		if slices.ContainsFunc(f.columns[:i], func(other string) bool { return strings.HasPrefix(other, name+"=") }) {
			return usage("--column: %s is there twice", name)
		}
	}
	return nil
}

func names(columns []column) string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.name
	}
	return strings.Join(all, ", ")
}

// csvTable makes JSON objects of the lines of a CSV file. A row is a line: one
// quote too many must not make one cell of half the file.
type csvTable struct {
	how   tableFlags
	cells []*column // by place; nil is not read
	line  lineReader
	in    *csv.Reader
}

// lineReader is one line, then the end.
type lineReader struct{ left string }

func (r *lineReader) Read(p []byte) (int, error) {
	if r.left == "" {
		return 0, io.EOF
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

func newCSVTable(how tableFlags, columns []column, header string) (*csvTable, error) {
	comma, err := how.comma(header)
	if err != nil {
		return nil, err
	}
	c := &csvTable{how: how}
	c.in = csv.NewReader(&c.line)
	c.in.Comma, c.in.FieldsPerRecord = comma, -1
	heads, err := c.split(header)
	if err != nil {
		return nil, err
	}
	if how.decimalComma && comma == ',' {
		return nil, errors.New("has commas between its cells, and by --decimal-comma within them")
	}
	c.cells = make([]*column, len(heads))
	found := map[string]bool{}
	for i, head := range heads {
		if c.cells[i], err = how.columnOf(columns, head); err != nil {
			return nil, err
		}
		if col := c.cells[i]; col != nil {
			if found[col.name] {
				return nil, fmt.Errorf("%q is there twice", head)
			}
			found[col.name] = true
		}
	}
	for _, pair := range how.columns {
		if name, head, _ := strings.Cut(pair, "="); !found[name] {
			return nil, fmt.Errorf("there is no %q, which --column asks for", head)
		}
	}
	return c, nil
}

// comma is what stands between the cells.
func (f tableFlags) comma(header string) (rune, error) {
	if f.delimiter != "" {
		return rune(f.delimiter[0]), nil
	}
	var found []rune
	for _, r := range ",;\t|" {
		if strings.ContainsRune(header, r) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return 0, errors.New("it names one column only: say by --delimiter what stands between columns")
	default:
		return 0, fmt.Errorf("it has %q: say by --delimiter which of them stands between columns", string(found))
	}
}

// columnOf is what a header stands for, nil if it is not to be read.
func (f tableFlags) columnOf(columns []column, head string) (*column, error) {
	wanted := strings.TrimSpace(head)
	if len(f.columns) > 0 {
		i := slices.IndexFunc(f.columns, func(pair string) bool { return strings.HasSuffix(pair, "="+wanted) })
		if i < 0 {
			return nil, nil
		}
		wanted, _, _ = strings.Cut(f.columns[i], "=")
	}
	i := slices.IndexFunc(columns, func(c column) bool { return strings.EqualFold(c.name, wanted) })
	if i < 0 {
		return nil, fmt.Errorf("%q is not known; there are %s. Name those that are meant by --column", head, names(columns))
	}
	return &columns[i], nil
}

// split splits a line into cells.
func (c *csvTable) split(line string) ([]string, error) {
	c.line.left = line + "\n"
	cells, err := c.in.Read()
	if errors.Is(err, csv.ErrQuote) && strings.Count(line, `"`)%2 == 1 {
		return nil, &fileError{"a quote is not closed, so where its row ends cannot be told"}
	}
	var wrong *csv.ParseError
	if errors.As(err, &wrong) {
		err = wrong.Err // it has a line number of its own
	}
	return cells, err
}

// object makes a JSON object of a line. What is empty is left out.
func (c *csvTable) object(line string) (json.RawMessage, error) {
	cells, err := c.split(line)
	if err != nil {
		return nil, err
	}
	if len(cells) != len(c.cells) {
		return nil, fmt.Errorf("has %d cells, the header has %d", len(cells), len(c.cells))
	}
	members := map[string]string{}
	for i, cell := range cells {
		col := c.cells[i]
		cell = strings.TrimSpace(cell)
		if col == nil || cell == "" {
			continue
		}
		if col.number {
			if cell, err = c.how.number(col.name, cell); err != nil {
				return nil, err
			}
		}
		members[col.name] = cell
	}
	return json.Marshal(members)
}

// number is a cell with a decimal point.
func (f tableFlags) number(name, cell string) (string, error) {
	switch {
	case !f.decimalComma && strings.Contains(cell, ","):
		return "", &fileError{fmt.Sprintf("%s: %q has a comma: if that is the decimal sign pass --decimal-comma", name, cell)}
	case f.decimalComma && strings.Contains(cell, "."):
		return "", fmt.Errorf("%s: %q has a point, which with a decimal comma may mean anything", name, cell)
	default:
		return strings.Replace(cell, ",", ".", 1), nil
	}
}
