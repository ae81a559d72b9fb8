package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pageForm is for the formats that people read: all is said at the end.
type pageForm struct {
	words *words
	write func(document) error
}

func (f *pageForm) begin(Options) error { return nil }

func (f *pageForm) row(Row) error { return nil }

func (f *pageForm) end(s *Summary) error { return f.write(documentOf(s, f.words)) }

// writeText writes a document for a terminal.
func writeText(out io.Writer, d document) error {
	w := new(strings.Builder)
	line := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	title := printable(d.Title)
	line("%s\n%s", title, strings.Repeat("=", utf8.RuneCountInString(title)))
	for _, l := range d.Lines {
		line("%s", printable(l))
	}
	if d.Chart != nil {
		line("\n%s\n", d.Chart.Title)
		var t table
		for _, s := range d.Chart.strips(d.words) {
			name, strip, _ := strings.Cut(s, "\t")
			t.row(plain(name), plain(strip))
		}
		writeTable(w, t)
		line("  %s", d.Chart.Describe)
	}
	for _, s := range append(append([]section{}, d.Sections...), d.ToDo) {
		line("\n%s\n%s", s.Title, strings.Repeat("-", utf8.RuneCountInString(s.Title)))
		for _, n := range s.Notes {
			line("%s", printable(n))
		}
		for i, t := range s.Tables {
			if i > 0 || len(s.Notes) > 0 {
				line("")
			}
			writeTable(w, t)
		}
		for i, item := range s.List {
			line("%3d. %s", i+1, printable(item))
		}
	}
	line("\n%s", d.Footer)
	_, err := io.WriteString(out, w.String())
	return err
}

// line is a cell in one line.
func (c cell) line() string {
	if c.Under == "" {
		return printable(c.Text)
	}
	return printable(c.Text + " (" + c.Under + ")")
}

// writeTable writes columns as wide as their widest cell; the last one is as
// long as it is.
func writeTable(w *strings.Builder, t table) {
	rows := make([][]string, 0, len(t.Rows)+1)
	if t.Head != nil {
		rows = append(rows, t.Head)
	}
	for _, cells := range t.Rows {
		row := make([]string, len(cells))
		for i, c := range cells {
			row[i] = c.line()
		}
		rows = append(rows, row)
	}
	var widths []int
	for _, row := range rows {
		for i, text := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, text := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text))
			if i < len(t.Numbers) && t.Numbers[i] {
				text = pad + text
			} else {
				text += pad
			}
			b.WriteString("  " + text)
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	if t.More != "" {
		fmt.Fprintln(w, "  "+t.More)
	}
}

// printable shows what could drive a terminal or forge a line as an escape
// sequence.
func printable(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r), r == '\u00a0':
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
