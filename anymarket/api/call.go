package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// request returns a request without a body.
func (t target) request(method string) Request {
	return Request{Method: method, Path: t.path, Route: t.route}
}

// withJSON returns a request with v as its body.
func (t target) withJSON(method string, v any) (Request, error) {
	body, err := json.Marshal(v)
	if err != nil {
		// The values were checked, so this is what cannot be written at all.
		return Request{}, &FieldError{Field: "body", Reason: "cannot be written as JSON: " + excerpt(err.Error(), 200)}
	}
	r := t.request(method)
	r.Body = body
	return r, nil
}

// Fetch makes a call whose answer has a body, which parse reads. What parse
// refuses is an [*Error] of [ShapeJSON], an empty body one of [ShapeEmpty].
func Fetch[T any](ctx context.Context, c *Client, r Request, parse func(body []byte) (T, error)) (T, error) {
	var none T
	ex, err := c.do(ctx, r)
	if err != nil {
		return none, err
	}
	if ex.empty() {
		return none, ex.failure(nil)
	}
	v, err := parse(ex.body)
	if err != nil {
		return none, ex.failure(err)
	}
	return v, nil
}

// Change is Fetch for a write that is done whether or not the answer repeats
// the result: 204, which has no body by definition, is a success with the zero
// value.
func Change[T any](ctx context.Context, c *Client, r Request, parse func(body []byte) (T, error)) (T, error) {
	var none T
	ex, err := c.do(ctx, r)
	if err != nil || ex.status == http.StatusNoContent && ex.empty() {
		return none, err
	}
	if ex.empty() {
		return none, ex.failure(nil)
	}
	v, err := parse(ex.body)
	if err != nil {
		return none, ex.failure(err)
	}
	return v, nil
}

// send makes a call whose answer has no body, or one that does not matter, as
// editions of the document disagree. An error body under a success status is
// an error.
func send(ctx context.Context, c *Client, r Request) error {
	ex, err := c.do(ctx, r)
	if err != nil || ex.empty() {
		return err
	}
	var e Error
	if e.fill(ex.body, false); e.Shape.FromAPI() && !strings.HasPrefix(e.Code, "2") {
		return ex.failure(errors.New("an error under a success status"))
	}
	return nil
}

// parseOne reads an object; missing names what it has to have and lacks.
func parseOne[T any](missing func(T) string) func([]byte) (T, error) {
	return func(body []byte) (T, error) {
		var v T
		if kind(body) != '{' {
			return v, errors.New("the answer is not an object")
		}
		if err := json.Unmarshal(body, &v); err != nil {
			return v, err
		}
		if what := missing(v); what != "" {
			return v, errors.New("the answer has no " + what)
		}
		return v, nil
	}
}

// parseArray reads a bare array of objects.
func parseArray[T any](missing func(T) string) func([]byte) ([]T, error) {
	return func(body []byte) ([]T, error) {
		if kind(body) != '[' {
			return nil, errors.New("the answer is not an array")
		}
		var rows []json.RawMessage
		if err := json.Unmarshal(body, &rows); err != nil {
			return nil, err
		}
		return parseRows(rows, missing)
	}
}

// noID is for what must have an id.
func noID(id ID) string {
	if id == 0 {
		return "id"
	}
	return ""
}

// anything is for what need not have anything.
func anything[T any](T) string { return "" }
