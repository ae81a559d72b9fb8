package operation

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
	"github.com/anymarket-go/sdk/outbox"
)

// Edited makes a check of edited bodies of a kind from how an entry of it is
// made: the body has to be one that could have been accepted, under that key.
func Edited[T any](entryOf func(T) (outbox.Entry, error)) func(key string, body []byte) error {
	return func(key string, body []byte) error {
		if hasHalfPair(body) {
			return &api.FieldError{Field: "body", Reason: "has half of a pair of surrogates"}
		}
		var v T
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(&v); err != nil {
			return &api.FieldError{Field: "body", Reason: "does not have the form of what is stored: " + verdict.Short(err.Error())}
		}
		if d.More() {
			return &api.FieldError{Field: "body", Reason: "has something behind its end"}
		}
		e, err := entryOf(v)
		if err != nil {
			return err
		}
		if e.Key != key {
			return &api.FieldError{Field: "body", Reason: fmt.Sprintf("is about %s, and the entry about %s: an edit cannot change that", e.Key, key)}
		}
		return nil
	}
}
