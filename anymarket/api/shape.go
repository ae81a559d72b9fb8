package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/anymarket-go/sdk/internal/retryafter"
)

// Shape is what the body of an answer looks like. It tells ANYMARKET's own
// answers from those of what stands before it.
type Shape uint8

// Shapes of answers that are no success.
const (
	// ShapeNone: there is no answer.
	ShapeNone Shape = iota
	// ShapeAPI: JSON with a code and a message, ANYMARKET itself.
	ShapeAPI
	// ShapeGateway: JSON with response and operation, ANYMARKET's security layer.
	ShapeGateway
	// ShapeJSON: other JSON, also one that does not fit the expected model.
	ShapeJSON
	// ShapeHTML: a page for people.
	ShapeHTML
	// ShapeText: something else.
	ShapeText
	// ShapeEmpty: no body where one belongs.
	ShapeEmpty
	// ShapeCut: the body ends early, or JSON is not complete.
	ShapeCut
	// ShapeTooLarge: the body is larger than allowed.
	ShapeTooLarge
	// ShapeRedirect: another address was named. It was not followed, since that
	// would show the token to it.
	ShapeRedirect
)

// FromAPI says whether ANYMARKET itself answered, in a form that it documents.
func (s Shape) FromAPI() bool { return s == ShapeAPI || s == ShapeGateway }

// String says in a few words what came.
func (s Shape) String() string {
	switch s {
	case ShapeAPI:
		return "error of the API"
	case ShapeGateway:
		return "error of the gateway"
	case ShapeJSON:
		return "JSON of another kind than expected"
	case ShapeHTML:
		return "HTML page"
	case ShapeText:
		return "text where JSON belongs"
	case ShapeEmpty:
		return "empty body"
	case ShapeCut:
		return "body cut short"
	case ShapeTooLarge:
		return "body larger than allowed"
	case ShapeRedirect:
		return "redirect, not followed"
	case ShapeNone:
	}
	return "no answer"
}

const (
	// maxMessage is what is kept of a message, in bytes.
	maxMessage = 4 << 10
	// maxBegin is what is kept of a body in another shape, in bytes.
	maxBegin = 300
	// maxRetryAfter is the longest wait that is believed.
	maxRetryAfter = 24 * time.Hour
)

// failure turns any answer into an error. why says what is wrong with a body
// that was read and is JSON.
func (ex *exchange) failure(why error) *Error {
	body := ex.body
	if len(ex.token) > 0 { // a host may repeat what it was sent
		body = []byte(hideToken(string(body), ex.token))
	}
	e := &Error{Method: ex.request.Method, Route: ex.request.Route, Status: ex.status, Err: why, RateLimit: parseRateLimit(ex.header)}
	e.RetryAfter = retryAfter(ex.header.Get("Retry-After"), ex.header.Get("Date"))
	success := ex.status >= 200 && ex.status <= 299
	switch {
	case ex.status >= 300 && ex.status <= 399:
		e.Shape, e.Message = ShapeRedirect, redirectHost(ex.header.Get("Location"))
	case ex.readErr != nil:
		e.Shape, e.Err = ShapeCut, ex.readErr
	case ex.truncated && success:
		e.Shape = ShapeTooLarge
	default:
		e.fill(body, ex.truncated)
		if success && e.Shape.FromAPI() {
			// Whatever it says, it is not what belongs to a success.
			e.Shape = ShapeJSON
		}
	}
	return e
}

// errorBody is the union of the bodies of errors.
type errorBody struct {
	Code        json.RawMessage            `json:"code"`
	HTTPStatus  json.RawMessage            `json:"httpStatus"`
	Message     string                     `json:"message"`
	Details     string                     `json:"details"`
	Resources   map[string]json.RawMessage `json:"resources"`
	FieldErrors []errorField               `json:"fieldErrors"`
	Response    string                     `json:"response"`
	Operation   string                     `json:"operation"`
}

type errorField struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// fill reads an error's body, and sets Shape. One that was cut at our limit
// keeps what its begin says.
func (e *Error) fill(body []byte, truncated bool) {
	e.Shape = shapeOf(body, truncated)
	if e.Shape != ShapeJSON {
		e.Message = begin(body)
		return
	}
	if truncated {
		body = beginOfObject(body)
	}
	var b errorBody
	if Unmarshal(body, &b) != nil {
		e.Message = begin(body)
		return
	}
	code := firstText(scalar(b.Code), scalar(b.HTTPStatus))
	switch {
	case code != "" && b.Message != "":
		e.Shape, e.Code, e.Message = ShapeAPI, code, b.Message
	case b.Response != "" && b.Operation != "":
		e.Shape, e.Code, e.Message = ShapeGateway, b.Response, b.Message
	default:
		e.Code, e.Message = code, b.Message
		if truncated {
			e.Shape = ShapeTooLarge
		}
	}
	e.Code, e.Message, e.Details = cutBytes(e.Code, maxNumberText), cutBytes(e.Message, maxMessage), cutBytes(b.Details, maxMessage)
	e.Resources = b.Resources
	for _, f := range b.FieldErrors {
		e.FieldErrors = append(e.FieldErrors, FieldProblem{Field: cutBytes(f.Field, maxMessage), Message: cutBytes(f.Message, maxMessage)})
	}
}

// shapeOf looks at a body only. A body that was cut at our limit is taken for
// JSON if it begins like an object.
func shapeOf(body []byte, truncated bool) Shape {
	body = bytes.TrimPrefix(body, []byte("\uFEFF"))
	switch first := kind(body); {
	case first == 0:
		return ShapeEmpty
	case first == '<':
		return ShapeHTML
	case first == '{' && truncated || json.Valid(body):
		return ShapeJSON
	case truncated:
		return ShapeTooLarge
	case incomplete(body):
		return ShapeCut
	default:
		return ShapeText
	}
}

// incomplete says whether body is the begin of a JSON object or array.
func incomplete(body []byte) bool {
	if c := kind(body); c != '{' && c != '[' {
		return false
	}
	var syntax *json.SyntaxError
	err := json.Unmarshal(body, new(json.RawMessage))
	// At the end of input and not at a character that does not belong.
	return errors.As(err, &syntax) && syntax.Offset >= int64(len(body))
}

// beginOfObject returns an object of the members that body, cut somewhere, has
// in full.
func beginOfObject(body []byte) []byte {
	dec := json.NewDecoder(bytes.NewReader(body))
	members := map[string]json.RawMessage{}
	if _, err := dec.Token(); err != nil {
		return []byte("{}")
	}
	for dec.More() {
		name, err := dec.Token()
		key, ok := name.(string)
		if err != nil || !ok {
			break
		}
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			break
		}
		members[key] = value
	}
	return marshal(members)
}

// scalar returns the text of a JSON string, number or bool.
func scalar(data json.RawMessage) string {
	var text string
	switch kind(data) {
	case 0, '{', '[', 'n':
		return ""
	case '"':
		if json.Unmarshal(data, &text) != nil {
			return ""
		}
		return text
	default:
		return string(bytes.TrimSpace(data))
	}
}

// begin returns the first words of a body that is not in the API's shape; of a
// page its title, if it has one.
func begin(body []byte) string {
	text := string(body[:min(len(body), maxErrorBody)])
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	lower := strings.ToLower(text)
	if i := strings.Index(lower, "<title>"); i >= 0 && len(lower) == len(text) {
		if title, _, ok := strings.Cut(text[i+len("<title>"):], "<"); ok {
			text = title
		}
	}
	return cutBytes(strings.Join(strings.Fields(text), " "), maxBegin)
}

// redirectHost returns scheme and host of a redirect. Its path and query may
// repeat those of the request.
func redirectHost(location string) string {
	u, err := url.Parse(location)
	if err != nil || u.Host == "" {
		return ""
	}
	return cutBytes("to "+u.Scheme+"://"+u.Host, maxBegin)
}

// retryAfter reads the header. A date is compared with the host's own clock if
// it tells it, so that ours may be wrong.
func retryAfter(value, date string) time.Duration {
	now := time.Now()
	if at, err := http.ParseTime(date); err == nil {
		now = at
	}
	wait, _ := retryafter.Parse(value, now, maxRetryAfter)
	return wait
}
