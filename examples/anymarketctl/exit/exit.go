// Package exit says with which code the process ends. A command returns an
// [Error] where a plain error, which is code [Failed], would not do.
package exit

import "errors"

// Codes. When several fit, the first of Failed, Alarm, Refused, Waiting is used.
const (
	Done    = 0
	Failed  = 1 // an error
	Usage   = 2 // the command line is wrong
	Waiting = 3 // something is left waiting
	Refused = 4 // something was refused
	Alarm   = 5 // a person should look
)

// Error ends the process with a code.
type Error struct {
	Code int
	// Err is what the user is told; nil if all is said already.
	Err error
}

// Error returns what the user is told.
func (e *Error) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Code is the exit code for what a command returned.
func Code(err error) int {
	var e *Error
	switch {
	case err == nil:
		return Done
	case errors.As(err, &e):
		return e.Code
	default:
		return Failed
	}
}
