package admin

import (
	"context"
	"errors"
	"net/http"

	"github.com/anymarket-go/sdk/outbox"
)

// ErrNoSocket says that nobody listens at the outbox's socket: no process holds
// the file, or the one that does was not told to open it.
var ErrNoSocket = errors.New("no admin socket")

// Code says in one word what an error is about.
type Code string

// The codes. The first ones stand for the errors of package outbox.
const (
	CodeNotFound    Code = "not_found"
	CodeState       Code = "state"
	CodeInvalid     Code = "invalid"
	CodeFull        Code = "full"
	CodeClosed      Code = "closed"
	CodeUnknown     Code = "unknown"
	CodeFormat      Code = "format"
	CodeConflict    Code = "conflict"
	CodeAddressing  Code = "addressing"
	CodeTooLarge    Code = "too_large"   // more than a request may have
	CodeUnsupported Code = "unsupported" // this outbox does not do that, or there is no such path
	CodeInternal    Code = "internal"
)

// Error is an error that came from the other side. [errors.Is] finds the error
// of package outbox that it stands for.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	// Field is the member that is wrong, if one is.
	Field string `json:"field,omitempty"`
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the error of package outbox, nil if it stands for none.
func (e *Error) Unwrap() error {
	for _, k := range known() {
		if k.code == e.Code {
			return k.err
		}
	}
	return nil
}

type knownError struct {
	code   Code
	err    error
	status int
}

func known() []knownError {
	return []knownError{
		{CodeNotFound, outbox.ErrNotFound, http.StatusNotFound},
		{CodeState, outbox.ErrState, http.StatusConflict},
		{CodeInvalid, outbox.ErrInvalid, http.StatusBadRequest},
		{CodeUnknown, outbox.ErrUnknown, http.StatusInternalServerError}, // before what may be its cause
		{CodeFull, outbox.ErrFull, http.StatusInsufficientStorage},
		{CodeClosed, outbox.ErrClosed, http.StatusServiceUnavailable},
		{CodeFormat, outbox.ErrFormat, http.StatusInternalServerError},
	}
}

// ErrorOf makes of any error one that can cross.
func ErrorOf(err error) *Error {
	var (
		same       *Error
		conflict   *outbox.ConflictError
		addressing *outbox.AddressingError
		tooLarge   *http.MaxBytesError
	)
	e := &Error{Code: CodeInternal, Message: err.Error()}
	switch {
	case errors.As(err, &same):
		return same
	case errors.As(err, &conflict):
		e.Code = CodeConflict
	case errors.As(err, &addressing):
		e.Code = CodeAddressing
	case errors.As(err, &tooLarge):
		e.Code = CodeTooLarge
	case errors.Is(err, context.Canceled):
		// Whoever gave up does not read this, so it is the server that ends.
		e.Code, e.Message = CodeClosed, "outbox is closing, nothing was done"
	default:
		for _, k := range known() {
			if errors.Is(err, k.err) {
				e.Code = k.code
				break
			}
		}
	}
	return e
}

// status is the status of an answer with that error.
func (e *Error) status() int {
	switch e.Code {
	case CodeConflict, CodeAddressing:
		return http.StatusConflict
	case CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case CodeUnsupported:
		return http.StatusNotImplemented
	default:
	}
	for _, k := range known() {
		if k.code == e.Code {
			return k.status
		}
	}
	return http.StatusInternalServerError
}
