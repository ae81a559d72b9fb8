package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// printable shows what could drive a terminal or forge a line of a log as an
// escape sequence.
func printable(s string) string { return escape(s, false) }

// printableLines is printable for text of several lines.
func printableLines(s string) string { return escape(s, true) }

func escape(s string, keepLines bool) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\n' && keepLines, unicode.IsPrint(r) && (r != utf8.RuneError || size > 1):
			b.WriteString(s[i : i+size])
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += size
	}
	return b.String()
}

// moment shows a time in UTC and on the clock of this place.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	const layout = "2006-01-02 15:04:05"
	s := t.UTC().Format(layout) + " UTC"
	if here := t.Local(); here.Format(layout) != t.UTC().Format(layout) {
		s += " (" + here.Format(layout+" -07:00") + ")"
	}
	return s
}

// accountName shows the name of an account; the default one has none.
func accountName(name string) string {
	if name == "" {
		return "(default)"
	}
	return printable(name)
}

// printJSON writes a value as one line.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
