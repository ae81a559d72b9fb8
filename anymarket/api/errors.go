package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

var (
	// ErrTooManyPages ends a list at Config.MaxPages.
	ErrTooManyPages = errors.New("more pages than allowed")
	// ErrPageRepeated ends a list whose host sends the same page again, as one
	// does that ignores the offset: the rest cannot be listed.
	ErrPageRepeated = errors.New("the same page came again")
	// ErrFilterIgnored says that a look-up brought rows that do not fit the key and none
	// that do. The host may have ignored the filter, so this is no proof that
	// there is nothing.
	ErrFilterIgnored = errors.New("the answer has only rows that were not asked for")
)

// Error is any answer of the host other than the documented success: an error
// status, a redirect, or a success whose body is not what belongs there.
//
// Its text has no token, no query and no body; of the host's message it has an
// excerpt, escaped, with documents and mail addresses masked. The fields hold
// more: messages are the host's prose and may name a buyer, so show the error,
// not its fields.
//
// Source: error body of the OpenAPI v2 document and of the official SDK
// (ErrorDTO); httpStatus and fieldErrors are seen in third-party code.
type Error struct {
	// Method and Route are the request; the route is a template without ids.
	Method, Route string
	Status        int
	// Shape is what the body is, whatever the status.
	Shape Shape
	// Code is ANYMARKET's code, a number as text, or its gateway's word such as
	// NO_TOKEN.
	Code string
	// Message is ANYMARKET's message, in Portuguese, or the begin of a body that
	// is not in the API's shape. At most 4 KiB.
	Message string
	// Details is a further text, at most 4 KiB.
	Details string
	// Resources are the members of the object of the same name.
	Resources map[string]json.RawMessage
	// FieldErrors name the fields that were refused.
	FieldErrors []FieldProblem
	// RetryAfter is the wait that was asked for, at most 24 hours; zero if none.
	RetryAfter time.Duration
	RateLimit  RateLimit
	// Err is why a body could not be read or understood, if that is the error.
	Err error
}

// FieldProblem is one refused field, in the host's words.
type FieldProblem struct {
	Field, Message string
}

// Error returns one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %d", e.Method, e.Route, e.Status)
	if text := http.StatusText(e.Status); text != "" {
		b.WriteString(" " + text)
	}
	if !e.Shape.FromAPI() {
		b.WriteString(": " + e.Shape.String())
	}
	if code := excerpt(e.Code, 40); code != "" && code != fmt.Sprint(e.Status) {
		b.WriteString(": code " + code)
	}
	const most = 200
	if text := excerpt(e.Message, most); text != "" {
		b.WriteString(": " + text)
	}
	for i, f := range e.FieldErrors {
		if i == 3 {
			fmt.Fprintf(&b, "; and %d more", len(e.FieldErrors)-i)
			break
		}
		b.WriteString("; " + excerpt(f.Field, 60) + ": " + excerpt(f.Message, most/2))
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, " (retry after %s)", e.RetryAfter)
	}
	if e.Err != nil {
		b.WriteString(" (" + excerpt(e.Err.Error(), most) + ")")
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// TransportError says that there was no answer.
type TransportError struct {
	Method, Route string
	// Sent says whether the request may have reached the host. False is proven:
	// the name was not found, the connection refused, TLS not agreed on, or the
	// connection broke before the request was out.
	Sent bool
	// Timeout says that time ran out, ours or the context's.
	Timeout bool
	// Stopped says that the caller's context was cancelled: nobody's fault.
	Stopped bool
	// Err is the transport's error.
	Err error

	text string // of Err, harmless
}

// Error returns one line, without token and query.
func (e *TransportError) Error() string {
	sent := "nothing was sent"
	if e.Sent {
		sent = "no answer, the request may have arrived"
	}
	return fmt.Sprintf("%s %s: %s: %s", e.Method, e.Route, sent, e.text)
}

// Unwrap returns Err.
func (e *TransportError) Unwrap() error { return e.Err }

// transportError says what happened when there was no answer. ctx is the
// caller's, without this package's deadline.
func (ex *exchange) transportError(ctx context.Context, err error, sent bool) error {
	// It would carry the whole URL.
	for u := (*url.Error)(nil); errors.As(err, &u) && u.Err != nil; u = nil {
		err = u.Err
	}
	var timeout interface{ Timeout() bool }
	return &TransportError{
		Method: ex.request.Method, Route: ex.request.Route, Sent: sent, Err: err,
		Timeout: errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout(),
		Stopped: errors.Is(ctx.Err(), context.Canceled),
		text:    excerpt(hideToken(err.Error(), ex.token), 300),
	}
}

// TokenError says that there was no usable token; nothing was sent.
type TokenError struct {
	// Err is the error of the [TokenFunc], or a [*FieldError].
	Err error
}

// Error returns the reason.
func (e *TokenError) Error() string { return "no token: " + e.Err.Error() }

// Unwrap returns Err.
func (e *TokenError) Unwrap() error { return e.Err }

// FieldError says that a request or configuration cannot be right; nothing was
// sent.
type FieldError struct {
	// Field is the JSON name of what is wrong, with its place in a list, as in
	// "[3].quantity", or the name of a parameter.
	Field string
	// Reason continues the sentence that Field begins.
	Reason string
}

// Error returns field and reason.
func (e *FieldError) Error() string { return e.Field + " " + e.Reason }

// within puts the place of a list or object before the field of a FieldError.
func within(place string, err error) error {
	var f *FieldError
	if errors.As(err, &f) {
		return &FieldError{Field: place + f.Field, Reason: f.Reason}
	}
	return err
}

// hideToken replaces the token by a word. One shorter than any real token is
// left alone: replacing single letters would garble the text.
func hideToken(text, token string) string {
	const shortest = 6
	if len(token) < shortest {
		return text
	}
	return strings.ReplaceAll(text, token, hidden)
}
