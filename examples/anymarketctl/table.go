package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"strings"
)

// table is a file of rows: CSV with a header, or a JSON object a line. How it is
// written is told by the file beyond doubt, or by flags; it is not guessed.
type table struct {
	path    string
	how     tableFlags
	columns []column
	// identity stands for what is in the file and how it is read.
	identity string
	rows     int // bad ones included
}

// column is a member of a row that a table may have.
type column struct {
	name   string
	number bool
}

// tableRow is a row of a table.
type tableRow struct {
	line   int // from 1
	object json.RawMessage
	bad    error // why there is no object
}

// errTableChanged says that somebody writes the file that is being read.
var errTableChanged = errors.New("the file changed while it was read: run it again when it is whole")

// openTable reads a file once, to its end, before anything is done by it: an
// error is about the file as a whole.
func openTable(path string, how tableFlags, columns []column) (*table, error) {
	if err := how.check(columns); err != nil {
		return nil, err
	}
	t := &table{path: path, how: how, columns: columns}
	identity, err := t.read(func(tableRow) bool { t.rows++; return true })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	t.identity = identity
	return t, nil
}

// all yields the rows.
func (t *table) all() iter.Seq2[tableRow, error] {
	return func(yield func(tableRow, error) bool) {
		more := true
		identity, err := t.read(func(r tableRow) bool {
			more = yield(r, nil)
			return more
		})
		if err == nil && more && identity != t.identity {
			err = errTableChanged
		}
		if err != nil {
			yield(tableRow{}, fmt.Errorf("%s: %w", t.path, err))
		}
	}
}

// read hands the rows to each until that wants no more. Its error is about the
// file as a whole.
func (t *table) read(each func(tableRow) bool) (identity string, err error) {
	f, err := os.Open(t.path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	sum := sha256.New()
	_, _ = fmt.Fprintf(sum, "%+v\n", t.how) // it never fails
	lines, err := newTableLines(f, sum, t.how.encoding)
	if err != nil {
		return "", err
	}
	var parse func(text string) (json.RawMessage, error)
	for {
		text, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		if parse == nil {
			if !strings.HasPrefix(text, "{") {
				c, err := newCSVTable(t.how, t.columns, text)
				if err != nil {
					return "", fmt.Errorf("header, line %d: %w", lines.n, err)
				}
				parse = c.object
				continue
			}
			if parse, err = t.how.objects(); err != nil {
				return "", err
			}
		}
		object, err := parse(text)
		if wrong := (*fileError)(nil); errors.As(err, &wrong) {
			return "", fmt.Errorf("line %d: %w", lines.n, err)
		}
		if !each(tableRow{line: lines.n, object: object, bad: err}) {
			return "", nil
		}
	}
	if parse == nil {
		return "", errors.New("has no rows")
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// objects reads rows that are JSON objects.
func (f tableFlags) objects() (func(string) (json.RawMessage, error), error) {
	if f.delimiter != "" || f.decimalComma || len(f.columns) > 0 {
		return nil, errors.New("has a JSON object a line, for which --delimiter, --decimal-comma and --column mean nothing")
	}
	return func(text string) (json.RawMessage, error) {
		if !strings.HasPrefix(text, "{") || !json.Valid([]byte(text)) {
			return nil, errors.New("is not a JSON object")
		}
		return json.RawMessage(text), nil
	}, nil
}

// fileError is an error of a row by which the whole file must be misread.
type fileError struct{ reason string }

func (e *fileError) Error() string { return e.reason }

// tableLines are the lines of a file that are not blank, decoded.
type tableLines struct {
	in     *bufio.Scanner
	decode func(line []byte) (string, error)
	n      int // of the line that was read last
}

func newTableLines(f io.Reader, sum hash.Hash, encoding string) (*tableLines, error) {
	in := bufio.NewReader(io.TeeReader(f, sum))
	decode := decoder(encoding)
	begin, err := in.Peek(len(utf8Mark))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(begin, []byte("\xff\xfe")), bytes.HasPrefix(begin, []byte("\xfe\xff")):
		return nil, errors.New("is in UTF-16: save it as UTF-8")
	case string(begin) == utf8Mark && encoding != encodingUTF8:
		return nil, fmt.Errorf("is in UTF-8, which its first bytes say, and not in %s", encoding)
	case string(begin) == utf8Mark:
		if _, err := in.Discard(len(utf8Mark)); err != nil {
			return nil, err
		}
	}
	l := &tableLines{in: bufio.NewScanner(in), decode: decode}
	l.in.Buffer(nil, maxLine)
	return l, nil
}

func (l *tableLines) next() (string, error) {
	for l.in.Scan() {
		l.n++
		text, err := l.decode(l.in.Bytes())
		if err != nil {
			return "", fmt.Errorf("line %d: %w", l.n, err)
		}
		if strings.TrimSpace(text) != "" {
			return text, nil
		}
	}
	if err := l.in.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = errLineTooLong
		}
		return "", fmt.Errorf("line %d: %w", l.n+1, err)
	}
	return "", io.EOF
}
