package operation

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"unicode/utf16"
)

// hasHalfPair says whether a text in JSON has half of a pair of surrogates. It
// would be read as another character.
func hasHalfPair(text []byte) bool {
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			return false
		}
		text = text[i:]
		r, ok := escaped(text)
		switch {
		case !ok:
			text = text[2:] // another escape
		case !utf16.IsSurrogate(r):
			text = text[escapeLength:]
		default:
			low, ok := escaped(text[escapeLength:])
			if !ok || utf16.DecodeRune(r, low) == '\uFFFD' {
				return true
			}
			text = text[2*escapeLength:]
		}
	}
}

// escapeLength is that of \uXXXX.
const escapeLength = 6

// escaped is the code unit that text begins with as an escape.
func escaped(text []byte) (rune, bool) {
	if len(text) < escapeLength || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	var unit [2]byte
	_, err := hex.Decode(unit[:], text[2:escapeLength])
	return rune(unit[0])<<8 | rune(unit[1]), err == nil
}

// repeated names the members that come twice in a value, which of them would
// count is not known.
func repeated(value json.RawMessage, place string) []string {
	if value[0] != '{' && value[0] != '[' {
		return nil
	}
	r := repeats{in: json.NewDecoder(bytes.NewReader(value))}
	r.value(place)
	return r.names
}

type repeats struct {
	in    *json.Decoder
	names []string
}

// value reads one value. The text was found to be JSON before.
func (r *repeats) value(place string) {
	begin, err := r.in.Token()
	if err != nil {
		return
	}
	switch begin {
	case json.Delim('{'):
		seen := map[string]bool{}
		for r.in.More() {
			token, err := r.in.Token()
			if err != nil {
				return
			}
			name := fmt.Sprint(token)
			inside := place + "." + name
			if seen[name] {
				r.names = append(r.names, inside)
			}
			seen[name] = true
			r.value(inside)
		}
	case json.Delim('['):
		for i := 0; r.in.More(); i++ {
			r.value(fmt.Sprintf("%s[%d]", place, i))
		}
	default:
		return
	}
	_, _ = r.in.Token() // the end
}
