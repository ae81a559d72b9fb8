package operation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/internal/admin"
)

// Line is an operation that is being read. Members are taken out of it; what is
// left is not known, and [Line.Finish] refuses it, since a typo must not be
// overlooked.
type Line struct {
	members map[string]json.RawMessage
	taken   []string
	wrong   []error
}

// read reads one JSON object in which no member comes twice.
func read(text []byte) (*Line, error) {
	l := &Line{members: map[string]json.RawMessage{}}
	malformed := func(why string) (*Line, error) {
		return nil, &admin.Error{Code: admin.CodeInvalid, Message: "not an operation, which is one JSON object: " + verdict.Short(why)}
	}
	if !utf8.Valid(text) {
		return malformed("it is not in UTF-8") // and would be read as other text
	}
	if hasHalfPair(text) {
		return malformed("it has half of a pair of surrogates") // likewise
	}
	d := json.NewDecoder(bytes.NewReader(text))
	switch begin, err := d.Token(); {
	case errors.Is(err, io.EOF):
		return malformed("the line is empty")
	case err != nil:
		return malformed(err.Error())
	case begin != json.Delim('{'):
		return malformed("it begins with something else")
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return malformed(err.Error())
		}
		name := fmt.Sprint(token)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return malformed(err.Error())
		}
		if _, twice := l.members[name]; twice {
			l.refuse(verdict.Short(name), "is there twice")
		}
		for _, inside := range repeated(value, name) {
			l.refuse(verdict.Short(inside), "is there twice")
		}
		l.members[name] = value
	}
	if _, err := d.Token(); err != nil {
		return malformed(err.Error())
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return malformed("something follows it")
	}
	return l, nil
}

func (l *Line) refuse(field, reason string) {
	l.wrong = append(l.wrong, &api.FieldError{Field: field, Reason: reason})
}

// Op takes out what the operation is. Its error names those there are, if it is
// none of them.
func (l *Line) Op(there ...string) (string, error) {
	op := l.Word("op")
	switch {
	case slices.Contains(there, op):
		return op, nil
	case op == "":
		return "", errors.Join(append(l.wrong, &api.FieldError{Field: "op", Reason: "is missing"})...)
	default:
		return "", &api.FieldError{Field: "op", Reason: "is none of " + strings.Join(there, ", ") + ": " + verdict.Short(op)}
	}
}

// Account takes out the account, which is the given one if there is none.
func (l *Line) Account(otherwise string) string {
	if name := l.text("account"); name != nil {
		return *name
	}
	return otherwise
}

// Take takes out a member; nil if it is not there, or null.
func (l *Line) Take(name string) json.RawMessage {
	l.taken = append(l.taken, name)
	raw := l.members[name]
	delete(l.members, name)
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// Finish returns what was wrong. What was not taken is not known.
func (l *Line) Finish() error {
	for _, name := range slices.Sorted(maps.Keys(l.members)) {
		l.refuse(verdict.Short(name), "is not known here; there are "+strings.Join(l.taken, ", "))
	}
	return errors.Join(l.wrong...)
}

// text is a text, nil if it is not there.
func (l *Line) text(name string) *string {
	raw := l.Take(name)
	if raw == nil {
		return nil
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		l.refuse(name, "is not text: "+verdict.Short(string(raw)))
	}
	return &text
}

// Word is a text, empty if it is not there.
func (l *Line) Word(name string) string {
	if text := l.text(name); text != nil {
		return *text
	}
	return ""
}

// ID is an id as a number or text, 0 if it is not there.
func (l *Line) ID(name string) (id api.ID) {
	if raw := l.Take(name); raw != nil {
		_ = id.UnmarshalJSON(raw) // never fails: what is no id is none
		if id == 0 {
			l.refuse(name, "is not an id, a whole number above zero: "+verdict.Short(string(raw)))
		}
	}
	return id
}

// Decimal is a number or text with one, absent if it is not there. One that
// cannot be read is refused by whoever needs it.
func (l *Line) Decimal(name string) (d api.Decimal) {
	if raw := l.Take(name); raw != nil {
		_ = d.UnmarshalJSON(raw) // never fails, see there
	}
	return d
}

// Whole is a whole number or text with one, nil if it is not there.
func (l *Line) Whole(name string) *int {
	raw := l.Take(name)
	if raw == nil {
		return nil
	}
	var n int
	if json.Unmarshal(bytes.Trim(raw, `"`), &n) != nil {
		l.refuse(name, "is not a whole number: "+verdict.Short(string(raw)))
	}
	return &n
}
