package api

import (
	"encoding/json"
	"maps"
	"slices"
)

// Metadata is a map of texts. Values that are not text come in as their JSON:
// true is "true". What is no map at all comes in as none.
//
// Source: official SDK has texts; the OpenAPI v2 document shows booleans too.
type Metadata map[string]string

// UnmarshalJSON reads a map leniently; it never fails.
func (m *Metadata) UnmarshalJSON(data []byte) error {
	*m = nil
	var members map[string]json.RawMessage
	if kind(data) != '{' || json.Unmarshal(data, &members) != nil {
		members = nil
	}
	if members == nil {
		return nil
	}
	*m = make(Metadata, len(members))
	for key, value := range members {
		text := scalar(value)
		if c := kind(value); c == '{' || c == '[' {
			text = string(value)
		}
		(*m)[key] = text
	}
	return nil
}

// pairs returns the members, sorted by key.
func (m Metadata) pairs() []KeyValue {
	var out []KeyValue
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, KeyValue{Key: key, Value: m[key]})
	}
	return out
}
