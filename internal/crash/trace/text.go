package trace

import (
	"fmt"
	"strconv"
	"strings"
)

// split cuts an argument list at top-level commas.
func split(s string) []string {
	var out []string
	depth, start, inStr := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case inStr:
			if c == '"' { // -xx escapes everything, so no \" occurs
				inStr = false
			}
		case c == '"':
			inStr = true
		case c == '<' || c == '[' || c == '{' || c == '(':
			depth++
		case c == '>' || c == ']' || c == '}':
			depth--
		case c == ')':
			if depth == 0 {
				return append(out, strings.TrimSpace(s[start:i]))
			}
			depth--
		case c == ',' && depth == 0:
			out = append(out, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	return append(out, strings.TrimSpace(s[start:]))
}

// fdArg reads 7<\x2f\x74...> or AT_FDCWD<...>; the number of the latter, and of
// anything else that is none, is -1.
func fdArg(s string) (fd int, path string) {
	number, body, hasPath := strings.Cut(s, "<")
	fd, err := strconv.Atoi(number)
	if err != nil {
		fd = -1
	}
	if !hasPath {
		return fd, ""
	}
	body, _, _ = strings.Cut(body, ">")
	return fd, string(unhex(body))
}

// unquote reads "\x61\x62"; cut says that strace left something out.
func unquote(s string) (data []byte, cut bool, err error) {
	_, body, ok := strings.Cut(s, `"`)
	if !ok {
		if strings.HasPrefix(s, "NULL") || strings.HasPrefix(s, "0x") || s == "" {
			return nil, false, nil
		}
		return nil, false, fmt.Errorf("no string in %.40q", s)
	}
	body, rest, ok := strings.Cut(body, `"`)
	if !ok {
		return nil, false, fmt.Errorf("open string in %.40q", s)
	}
	return unhex(body), strings.HasPrefix(rest, "..."), nil
}

func unhex(s string) []byte {
	out := make([]byte, 0, len(s)/4)
	for i := 0; i < len(s); {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x' {
			out = append(out, nibble(s[i+2])<<4|nibble(s[i+3]))
			i += 4
			continue
		}
		out = append(out, s[i])
		i++
	}
	return out
}

func nibble(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

func num(s string) (int64, error) { return strconv.ParseInt(s, 0, 64) }
