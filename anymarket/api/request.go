package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Media types of bodies.
//
// Source: OpenAPI v2 document and official SDK. PATCH with plain JSON is
// answered with 415 (measured).
const (
	typeJSON       = "application/json"
	typeMergePatch = "application/merge-patch+json"
	typeXML        = "application/xml"
)

// Names of headers, as this language spells them: HTTP takes gumgaToken, appId,
// orderNewPattern and x-module-origin in any case. The token of a seller goes
// into another one in the API for marketplaces.
const (
	headerToken      = "Gumgatoken"
	headerAppID      = "Appid"
	headerSeller     = "Token"
	headerNewPattern = "Ordernewpattern"
	headerOrigin     = "X-Module-Origin"
)

// Request is a call that has no method of its own, for [Client.Do].
type Request struct {
	// Method is GET, POST, PUT, PATCH or DELETE. Defaults to GET.
	Method string
	// Path follows the base URL: it begins with a slash and is escaped.
	Path string
	// Route is what errors and observations show in place of Path, ids left
	// out: "/orders/{id}". Defaults to Path.
	Route string
	Query url.Values
	// Body is sent as it is, nothing if nil.
	Body []byte
	// ContentType of Body. Defaults to application/json.
	ContentType string
	// Accept is what may come back. Defaults to application/json; then a
	// successful answer with a body that is not JSON is an error. Otherwise the
	// body is not looked at.
	Accept string
	// Header has further headers. Those that this package sets are refused.
	Header http.Header
}

// Answer is a successful answer.
type Answer struct {
	Status int
	// Body is the whole body after decompression.
	Body []byte
	// ContentType is the header of the same name.
	ContentType string
	// RateLimit is what the answer said about limits.
	RateLimit RateLimit
}

// Do makes one call and returns the answer if its status is 2xx. It is what all
// typed methods are built on, and the way to endpoints that have none.
//
// Every other answer is an [*Error]. No answer is a [*TransportError], no token
// a [*TokenError], a request that cannot be right a [*FieldError]; see
// [Classify]. Nothing is repeated and no redirect followed.
func (c *Client) Do(ctx context.Context, r Request) (Answer, error) {
	ex, err := c.do(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	return Answer{
		Status: ex.status, Body: ex.body, ContentType: ex.header.Get("Content-Type"),
		RateLimit: parseRateLimit(ex.header),
	}, nil
}

// exchange is one request with what became of it.
type exchange struct {
	request Request
	limit   int64
	token   string
	trace   trace

	status    int
	header    http.Header
	body      []byte
	truncated bool  // the body was longer than the limit
	readErr   error // why the body ends early
}

// do is Do for the typed methods, which have more to say about the answer.
func (c *Client) do(ctx context.Context, r Request) (*exchange, error) {
	r.Method, r.Accept = firstText(r.Method, http.MethodGet), firstText(r.Accept, typeJSON)
	r.Route = firstText(r.Route, r.Path)
	start := time.Now()
	ex := &exchange{request: r, limit: c.config.MaxResponse}
	err := c.perform(ctx, ex)
	if c.config.Observe != nil {
		c.config.Observe(ctx, ex.observation(start, err))
	}
	return ex, err
}

func (c *Client) perform(ctx context.Context, ex *exchange) error {
	if err := ex.request.check(); err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	var err error
	if ex.token, err = c.config.Token(within); err != nil {
		return &TokenError{Err: err}
	}
	if err = checkToken(ex.token); err != nil {
		return &TokenError{Err: err}
	}
	r, err := c.build(within, ex)
	if err != nil {
		return err
	}
	if err = within.Err(); err != nil {
		return ex.transportError(ctx, err, false)
	}
	// Not by way of an http.Client: it would follow redirects or, on a broken
	// Location, turn an answer into an error without one.
	resp, err := c.transport.RoundTrip(r)
	if err != nil {
		return ex.transportError(ctx, err, ex.trace.maySent(err))
	}
	if resp == nil {
		return ex.transportError(ctx, errors.New("the transport returned neither answer nor error"), true)
	}
	ex.read(resp)
	return ex.judge()
}

// check refuses a request that cannot be sent as it is.
func (r Request) check() error {
	switch r.Method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return &FieldError{Field: "Method", Reason: "is none of GET, POST, PUT, PATCH, DELETE: " + quoteShort(r.Method)}
	}
	if !headerValue(r.ContentType) || !headerValue(r.Accept) {
		return &FieldError{Field: "ContentType or Accept", Reason: "contains a control character"}
	}
	for name, values := range r.Header {
		switch {
		case name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' }):
			return &FieldError{Field: "Header", Reason: "has a name that cannot be sent: " + quoteShort(name)}
		case ownHeader(name):
			return &FieldError{Field: "Header", Reason: "sets " + http.CanonicalHeaderKey(name) + ", which this package sets"}
		case !headerValue(strings.Join(values, "")):
			return &FieldError{Field: "Header", Reason: "has a control character in " + http.CanonicalHeaderKey(name)}
		}
	}
	return checkPath(r.Path)
}

// ownHeader says whether this package or the transport sets the header.
func ownHeader(name string) bool {
	switch strings.ToLower(name) {
	case strings.ToLower(headerToken), strings.ToLower(headerAppID), strings.ToLower(headerSeller), "authorization", "cookie", "host", "accept", "content-type", "content-length",
		"content-encoding", "transfer-encoding", "accept-encoding", "user-agent", "connection", "te", "trailer", "upgrade":
		return true
	default:
		return false
	}
}

// build makes the HTTP request. A body of bytes can be read again from its
// start, so a transport that sends it a second time, on a fresh connection
// after a kept one turned out closed, sends all of it.
func (c *Client) build(ctx context.Context, ex *exchange) (*http.Request, error) {
	r := ex.request
	address := c.base + r.Path
	if len(r.Query) > 0 {
		address += "?" + r.Query.Encode()
	}
	var body io.Reader
	if r.Body != nil {
		body = bytes.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(ex.trace.follow(ctx), r.Method, address, body)
	if err != nil {
		return nil, &FieldError{Field: "Path", Reason: "cannot be sent"}
	}
	for name, values := range r.Header {
		for _, v := range values {
			req.Header.Add(name, v)
		}
	}
	if c.config.AppID == "" {
		req.Header.Set(headerToken, ex.token)
	} else {
		req.Header.Set(headerAppID, c.config.AppID)
		req.Header.Set(headerSeller, ex.token)
	}
	req.Header.Set("Accept", r.Accept)
	req.Header.Set("User-Agent", c.config.UserAgent)
	if c.config.Origin != "" {
		req.Header.Set(headerOrigin, c.config.Origin)
	}
	if r.Body != nil {
		req.Header.Set("Content-Type", firstText(r.ContentType, typeJSON))
	}
	return req, nil
}

// judge says whether what was read is a success, as far as that can be told
// without knowing what the request was for.
func (ex *exchange) judge() error {
	switch {
	case ex.status < 200 || ex.status > 299 || ex.truncated || ex.readErr != nil:
		return ex.failure(nil)
	case ex.request.Accept == typeJSON && !ex.empty() && !json.Valid(ex.body):
		return ex.failure(nil)
	default:
		return nil
	}
}

// empty says whether the body has nothing in it.
func (ex *exchange) empty() bool { return kind(ex.body) == 0 }
