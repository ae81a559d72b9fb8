package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
)

// Unmarshal decodes JSON into v, a pointer to a struct, as the models here do. A field whose value
// has another type than documented is converted where that is certain: number
// or bool to text, text to number or bool, a single thing to a list of one.
// Where it is not, the field stays zero. Only data that is no object at all, or
// no JSON, is an error.
//
// The answers of ANYMARKET change types between editions of its document, and
// an order that cannot be read because a postal code became a number would
// stop more than it protects. Models that keep the raw JSON lose nothing.
func Unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var mismatch *json.UnmarshalTypeError
	if err == nil || !errors.As(err, &mismatch) {
		return err
	}
	// json has filled what it could, except what stood in the odd fields.
	if kind(data) != '{' {
		return err
	}
	return json.Unmarshal(convert(data, reflect.TypeOf(v).Elem()), v)
}

// kind is the first character of a JSON value, zero if there is none.
func kind(data []byte) byte {
	data = bytes.TrimLeft(data, " \t\r\n")
	if len(data) == 0 {
		return 0
	}
	return data[0]
}

// convert returns data in the shape that t decodes; null if there is none.
func convert(data json.RawMessage, t reflect.Type) json.RawMessage {
	if string(bytes.TrimSpace(data)) == "null" {
		return data
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		// It converts for itself, but may refuse what is no object.
		if json.Unmarshal(data, reflect.New(t).Interface()) != nil {
			return json.RawMessage("null")
		}
		return data
	}
	var out json.RawMessage
	switch t.Kind() {
	case reflect.Pointer:
		out = convert(data, t.Elem())
	case reflect.Struct:
		out = convertStruct(data, t)
	case reflect.Slice:
		out = convertSlice(data, t)
	case reflect.Map:
		if kind(data) == '{' {
			out = data // of raw values, or a type that decodes itself
		}
	case reflect.String:
		out = convertText(data)
	case reflect.Bool:
		out = convertBool(data)
	case reflect.Int, reflect.Int64:
		out = convertInt(data)
	default:
		out = data
	}
	if out == nil {
		return json.RawMessage("null")
	}
	return out
}

func convertStruct(data json.RawMessage, t reflect.Type) json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return nil
	}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		for key, value := range members {
			if strings.EqualFold(key, name) { // as encoding/json finds it
				members[key] = convert(value, f.Type)
			}
		}
	}
	return marshal(members)
}

func convertSlice(data json.RawMessage, t reflect.Type) json.RawMessage {
	var elements []json.RawMessage
	if json.Unmarshal(data, &elements) != nil {
		elements = []json.RawMessage{data}
	}
	kept := make([]json.RawMessage, 0, len(elements))
	for _, e := range elements {
		if e = convert(e, t.Elem()); string(e) != "null" {
			kept = append(kept, e)
		}
	}
	return marshal(kept)
}

// convertText keeps the digits of a number as they are, and other JSON as text.
func convertText(data json.RawMessage) json.RawMessage {
	if kind(data) == '"' {
		return data
	}
	return marshal(string(bytes.TrimSpace(data)))
}

func convertBool(data json.RawMessage) json.RawMessage {
	text := strings.ToLower(strings.Trim(string(data), "\" \t\r\n"))
	switch text {
	case "true", "1":
		return json.RawMessage("true")
	case "false", "0":
		return json.RawMessage("false")
	default:
		return nil
	}
}

func convertInt(data json.RawMessage) json.RawMessage {
	text := strings.Trim(string(data), "\" \t\r\n")
	d, ok := number(text)
	if !ok || !d.IsInteger() {
		return nil
	}
	text = d.StringFixed(0)
	if _, err := strconv.ParseInt(text, 10, 64); err != nil {
		return nil
	}
	return json.RawMessage(text)
}

// marshal encodes what cannot fail: text, and JSON that was decoded before.
func marshal(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return data
}

// parseRows decodes a list row by row.
func parseRows[T any](rows []json.RawMessage, missing func(T) string) ([]T, error) {
	out := make([]T, len(rows))
	for i, row := range rows {
		if kind(row) != '{' {
			return nil, errors.New("row " + strconv.Itoa(i) + " is not an object")
		}
		if err := json.Unmarshal(row, &out[i]); err != nil {
			return nil, err
		}
		if what := missing(out[i]); what != "" {
			return nil, errors.New("row " + strconv.Itoa(i) + " has no " + what)
		}
	}
	return out, nil
}

// firstText returns the first that is not empty.
func firstText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
