package drill

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/shopspring/decimal"
)

// decode reads a JSON object; numbers keep their text.
func decode(data []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var out map[string]any
	return out, d.Decode(&out)
}

// shows says whether got has all that want has. Numbers are compared by value,
// also when one of them is text, and times by their instant.
func shows(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return false
		}
		for name, w := range want {
			if v, there := g[name]; !there || !shows(v, w) {
				return false
			}
		}
		return true
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(want) {
			return false
		}
		for i, w := range want {
			if !shows(g[i], w) {
				return false
			}
		}
		return true
	default:
		return same(got, want)
	}
}

// same compares values that have no parts.
func same(got, want any) bool {
	g, gText := got.(string)
	w, wText := want.(string)
	if gText && wText {
		return g == w || sameTime(g, w)
	}
	gn, gNumber := got.(json.Number)
	wn, wNumber := want.(json.Number)
	switch {
	case gNumber && wNumber:
		return sameNumber(gn.String(), wn.String())
	case gNumber && wText:
		return sameNumber(gn.String(), w)
	case gText && wNumber:
		return sameNumber(g, wn.String())
	}
	gb, gBool := got.(bool)
	wb, wBool := want.(bool)
	return gBool && wBool && gb == wb || got == nil && want == nil
}

func sameNumber(a, b string) bool {
	x, errX := decimal.NewFromString(a)
	y, errY := decimal.NewFromString(b)
	return errX == nil && errY == nil && x.Equal(y)
}

func sameTime(a, b string) bool {
	x, errX := time.Parse(time.RFC3339, a)
	y, errY := time.Parse(time.RFC3339, b)
	return errX == nil && errY == nil && x.Equal(y)
}
