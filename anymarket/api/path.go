package api

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// target is a path of the API: the template that errors and observations show,
// and the escaped path that is sent.
type target struct {
	route, path string
}

// fixed is the target of a path without ids.
func fixed(path string) target { return target{route: path, path: path} }

// fill puts segments, made by the functions below, in the places of a template
// such as "/skus/{skuId}/marketplaces/{adId}".
func fill(template string, segments ...string) target {
	var path strings.Builder
	rest := template
	for _, s := range segments {
		before, after, _ := strings.Cut(rest, "{")
		_, after, _ = strings.Cut(after, "}")
		path.WriteString(before + s)
		rest = after
	}
	path.WriteString(rest)
	return target{route: template, path: path.String()}
}

// segment returns an id as part of a path.
func (id ID) segment(field string) (string, error) {
	if err := needID(field, id); err != nil {
		return "", err
	}
	return id.String(), nil
}

// needID refuses an id that is none.
func needID(field string, id ID) error {
	if id <= 0 {
		return &FieldError{Field: field, Reason: "is missing"}
	}
	return nil
}

// wordSegment returns a word of the documented alphabet as part of a path, such
// as the name of a marketplace.
func wordSegment(field, word string) (string, error) {
	if word == "" {
		return "", &FieldError{Field: field, Reason: "is missing"}
	}
	if strings.ContainsFunc(word, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' && r != '-'
	}) {
		return "", &FieldError{Field: field, Reason: "has characters other than letters, digits, - and _: " + quoteShort(word)}
	}
	return word, nil
}

// PathSegment returns a code, which may hold any printable character, escaped as
// one part of a path. Field is what a [*FieldError] names if it is missing or
// would not arrive as it is.
func PathSegment(field, code string) (string, error) {
	if err := needText(field, code); err != nil {
		return "", err
	}
	if dotSegment(code) {
		return "", &FieldError{Field: field, Reason: "is or contains a path step (. or ..) and cannot be sent in a path"}
	}
	return url.PathEscape(code), nil
}

// needText refuses a key that is missing or would not arrive as it is: JSON
// replaces what is not UTF-8, and hosts trim and cut at control characters.
func needText(field, text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return &FieldError{Field: field, Reason: "is missing"}
	case !utf8.ValidString(text):
		return &FieldError{Field: field, Reason: "is not UTF-8"}
	case control(text):
		return &FieldError{Field: field, Reason: "has a control character"}
	default:
		return nil
	}
}

// control says whether s has a control character.
func control(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 })
}

// dotSegment says whether s would be a step in a path, also for a host that
// takes an escaped slash or a backslash for a slash.
func dotSegment(s string) bool {
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}

// checkPath refuses a ready path that would not arrive as it is.
func checkPath(path string) error {
	refuse := func(reason string) error { return &FieldError{Field: "Path", Reason: reason} }
	plain, err := url.PathUnescape(path)
	switch {
	case !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//"):
		return refuse("must begin with one slash")
	case strings.ContainsAny(path, "?# \\"):
		return refuse("contains a query, fragment, space or backslash")
	case err != nil:
		return refuse("is not escaped properly")
	case control(plain):
		return refuse("has a control character")
	case dotSegment(plain):
		return refuse("contains a path step (. or ..)")
	default:
		return nil
	}
}
