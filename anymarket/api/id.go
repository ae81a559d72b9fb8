package api

import (
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
)

// ID is a number that ANYMARKET gave a thing. Zero is none. It goes out as a
// JSON number and comes in as a number or as text; what is neither, negative or
// larger than 64 bits reads as none.
//
// Source: OpenAPI v2 document and official SDK (int64); the document shows some
// ids as text, idAccount of a campaign for one.
type ID int64

// String returns the digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// UnmarshalJSON reads a number or text with one; it never fails, see [ID].
func (id *ID) UnmarshalJSON(data []byte) error {
	*id = 0
	text := string(data)
	var inner string
	if json.Unmarshal(data, &inner) == nil {
		text = inner
	}
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 && text[0] != '+' {
		*id = ID(n)
	}
	return nil
}

// Int is a pointer to n, for the optional whole numbers of requests, in which
// zero and absent differ.
func Int(n int) *int { return &n }

// Secret is text that is sent but not shown: printing, logging and formatting
// it gives "[hidden]". Only JSON carries it.
type Secret string

// hidden stands for what must not be seen.
const hidden = "[hidden]"

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the value from %#v.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// LogValue hides the value from log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
