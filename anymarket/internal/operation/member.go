package operation

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/internal/verdict"
)

// Decode reads the value of a member. It refuses a missing one, and names the
// field of what cannot be read.
func Decode(name string, raw json.RawMessage, into any) error {
	if raw == nil {
		return &api.FieldError{Field: name, Reason: "is missing"}
	}
	err := json.Unmarshal(raw, into)
	if err == nil {
		return nil
	}
	var mismatch *json.UnmarshalTypeError
	if !errors.As(err, &mismatch) {
		return &api.FieldError{Field: name, Reason: "cannot be read: " + verdict.Short(err.Error())}
	}
	return &api.FieldError{Field: strings.TrimSuffix(name+"."+mismatch.Field, "."), Reason: "cannot be a " + mismatch.Value}
}

// In puts the name of the member that it is in before the field of an error.
func In(name string, err error) error {
	if f := (*api.FieldError)(nil); errors.As(err, &f) {
		return &api.FieldError{Field: name + "." + f.Field, Reason: f.Reason}
	}
	return err
}

// Left names the members of a JSON value that are not in what was read of it.
func Left(raw json.RawMessage, read any) []string {
	var before, after any
	data, err := json.Marshal(read)
	if err != nil || json.Unmarshal(raw, &before) != nil || json.Unmarshal(data, &after) != nil {
		return nil
	}
	return leftOf(before, after, "")
}

func leftOf(before, after any, place string) (names []string) {
	if holds(before) && !holds(after) && after != nil {
		return []string{verdict.Short(place)} // it was made text
	}
	switch b := before.(type) {
	case map[string]any:
		a, ok := after.(map[string]any)
		if !ok {
			return nil // written in another way
		}
		for _, name := range slices.Sorted(maps.Keys(b)) {
			if b[name] != nil {
				names = append(names, leftOfMember(b[name], a, name, place)...)
			}
		}
	case []any:
		a, ok := after.([]any)
		if !ok || len(a) != len(b) {
			return nil
		}
		for i := range b {
			names = append(names, leftOf(b[i], a[i], fmt.Sprintf("%s[%d]", place, i))...)
		}
	}
	return names
}

func leftOfMember(before any, after map[string]any, name, place string) []string {
	if place != "" {
		place += "."
	}
	for known, value := range after {
		switch {
		case !strings.EqualFold(known, name) || value == nil:
		case known == metadata:
			return nil // its values are text, JSON too
		default:
			return leftOf(before, value, place+name)
		}
	}
	if !says(before) {
		return nil
	}
	return []string{verdict.Short(place + name)}
}

// metadata is a member whose members are the user's own.
const metadata = "metadata"

// holds says whether a value has members or elements.
func holds(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	default:
		return false
	}
}

// says is false for what is left out when it is written: it says nothing.
func says(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case float64:
		return v != 0
	case map[string]any:
		return len(v) > 0
	case []any:
		return len(v) > 0
	default:
		return true
	}
}
