package api

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Outcome is what one call proved, reduced to what decides on a repetition.
type Outcome struct {
	// OK: the documented success.
	OK bool
	// Refused: the request, the configuration or the token source was at fault
	// and nothing was sent. Trying again changes nothing by itself.
	Refused bool
	// Sent says whether the request may have reached the host. False is proven.
	Sent bool
	// Status of the answer; zero if there was none. It is not known for a
	// success, 200 is given.
	Status int
	// Shape of the answer if it was no success.
	Shape Shape
	// Timeout: time ran out.
	Timeout bool
	// Stopped: the caller's context was cancelled; says nothing about the host.
	Stopped bool
	// RetryAfter is the wait that the host asked for; zero if none.
	RetryAfter time.Duration
}

// Classify reduces the error of any call of this package, wrapped or not. A nil
// error is a success. An error of another origin counts as a request that may
// have arrived.
//
// What follows from it is for the caller to decide; it depends on whether the
// call may be repeated.
func Classify(err error) Outcome {
	if err == nil {
		return Outcome{OK: true, Sent: true, Status: http.StatusOK}
	}
	var (
		answer    *Error
		transport *TransportError
		token     *TokenError
		field     *FieldError
	)
	switch {
	case errors.As(err, &token):
		// First, since a token source may itself call somebody.
		return Outcome{
			Refused: true,
			Timeout: errors.Is(err, context.DeadlineExceeded), Stopped: errors.Is(err, context.Canceled),
		}
	case errors.As(err, &answer):
		return Outcome{
			Sent: true, Status: answer.Status, Shape: answer.Shape, RetryAfter: answer.RetryAfter,
			// While the body was read.
			Timeout: errors.Is(answer.Err, context.DeadlineExceeded),
			Stopped: errors.Is(answer.Err, context.Canceled),
		}
	case errors.As(err, &transport):
		return Outcome{Sent: transport.Sent, Timeout: transport.Timeout, Stopped: transport.Stopped}
	case errors.As(err, &field):
		return Outcome{Refused: true}
	default:
		return Outcome{Sent: true}
	}
}

// Observation is one request with its end, for metrics and logs. It has no
// token, no query and no body.
type Observation struct {
	Method, Route string
	// Status of the answer; zero if there was none.
	Status int
	// Duration from the call to the end of the answer.
	Duration time.Duration
	// SentBytes and ReceivedBytes are the sizes of the bodies, the latter after
	// decompression.
	SentBytes, ReceivedBytes int
	RateLimit                RateLimit
	// Err is what the caller gets, except for a body that is JSON and turns out
	// not to be the expected model: that is found out later.
	Err error
}

func (ex *exchange) observation(start time.Time, err error) Observation {
	return Observation{
		Method: ex.request.Method, Route: ex.request.Route, Status: ex.status, Duration: time.Since(start),
		SentBytes: len(ex.request.Body), ReceivedBytes: len(ex.body), RateLimit: parseRateLimit(ex.header), Err: err,
	}
}
