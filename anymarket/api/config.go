package api

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DefaultBaseURL is ANYMARKET's production API.
//
// Source: OpenAPI v2 document and official SDK.
const DefaultBaseURL = "https://api.anymarket.com.br/v2"

const (
	defaultTimeout     = 30 * time.Second
	defaultMaxResponse = 32 << 20 // bytes
	defaultMaxPages    = 100_000
	defaultUserAgent   = "anymarket-go"
)

// TokenFunc returns the token to send with one request. It is asked for every
// request, so that a rotated token is used at once; it may block, within the
// request's time. It must be safe for concurrent use.
type TokenFunc func(ctx context.Context) (string, error)

// StaticToken is a TokenFunc that returns token. A token that cannot be sent in
// a header is refused: empty, with a line break (as read from a file that ends
// with one) or any other white space or control character. The error does not
// show the token.
func StaticToken(token string) (TokenFunc, error) {
	if err := checkToken(token); err != nil {
		return nil, err
	}
	return func(context.Context) (string, error) { return token, nil }, nil
}

// checkToken says what is wrong with a token, without showing it.
func checkToken(token string) error {
	switch {
	case token == "":
		return &FieldError{Field: "token", Reason: "is empty"}
	case strings.ContainsAny(token, "\r\n"):
		return &FieldError{Field: "token", Reason: "contains a line break: was it read from a file without trimming?"}
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return &FieldError{Field: "token", Reason: "contains a space, a control character or a non-ASCII character"}
	default:
		return nil
	}
}

// Config says how to reach ANYMARKET. Token is required; the zero value of
// everything else is a sensible default.
type Config struct {
	// BaseURL is scheme, host and path up to and with the version. Defaults to
	// [DefaultBaseURL]. http is refused, except to this machine (localhost,
	// 127.0.0.0/8, ::1) and with AllowHTTP.
	BaseURL string
	// AllowHTTP permits http, which shows the token to the network.
	AllowHTTP bool
	// Token is asked for the token of each request. See [StaticToken].
	Token TokenFunc
	// Transport sends the requests. Defaults to one of its own that wants TLS
	// 1.2, keeps connections and obeys the HTTP_PROXY variables. One that
	// follows redirects or repeats writes breaks what this package says of
	// errors; an [http.Transport] does neither.
	Transport http.RoundTripper
	// Timeout bounds a whole request: token, connection, answer with its body.
	// Defaults to 30 s. A context with an earlier deadline wins.
	Timeout time.Duration
	// MaxResponse is the largest body of a successful answer, in bytes after
	// decompression. Defaults to 32 MiB. Errors are read up to 64 KiB.
	MaxResponse int64
	// MaxPages is where a list gives up with [ErrTooManyPages]. Defaults to
	// 100,000.
	MaxPages int
	// UserAgent names the program. Defaults to "anymarket-go".
	UserAgent string
	// Origin is sent as x-module-origin, a free name of the caller. Not sent by
	// default. Source: official SDK, since 2021.
	Origin string
	// AppID, if set, makes the client one of the API for marketplaces, see package
	// marketplace: its requests carry appId and token in place of gumgaToken.
	AppID string
	// OmitOrderNewPattern leaves out the header orderNewPattern: true, which
	// order calls carry otherwise; it selects the newer model of totals.
	// Source: official SDK, on all order calls since 2017.
	OmitOrderNewPattern bool
	// Observe, if set, is told of every request after its end, on the goroutine
	// of the caller and before it gets the answer. It must be safe for
	// concurrent use.
	Observe func(ctx context.Context, o Observation)
}

// filled returns a copy with defaults, and the parsed base URL.
func (c Config) filled() (Config, *url.URL, error) {
	c.BaseURL = firstText(c.BaseURL, DefaultBaseURL)
	c.UserAgent = firstText(c.UserAgent, defaultUserAgent)
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.MaxResponse == 0 {
		c.MaxResponse = defaultMaxResponse
	}
	if c.MaxPages == 0 {
		c.MaxPages = defaultMaxPages
	}
	base, err := parseBase(c.BaseURL, c.AllowHTTP)
	return c, base, errors.Join(err, c.validate())
}

// validate wants the defaults filled in.
func (c Config) validate() error {
	var errs []error
	refuse := func(bad bool, field, reason string) {
		if bad {
			errs = append(errs, &FieldError{Field: field, Reason: reason})
		}
	}
	refuse(c.Token == nil, "Token", "is missing, see StaticToken")
	refuse(c.Timeout < 0, "Timeout", "is negative")
	refuse(c.MaxResponse < 0, "MaxResponse", "is negative")
	refuse(c.MaxPages < 0, "MaxPages", "is negative")
	refuse(!headerValue(c.UserAgent), "UserAgent", "contains a line break or control character")
	refuse(!headerValue(c.Origin), "Origin", "contains a line break or control character")
	refuse(c.AppID != "" && checkToken(c.AppID) != nil, "AppID", "contains a space, a control character or a non-ASCII character")
	if t, ok := c.Transport.(*http.Transport); ok && t != nil && t.TLSClientConfig != nil {
		low := t.TLSClientConfig.MinVersion
		refuse(low != 0 && low < tls.VersionTLS12, "Transport", "allows TLS below 1.2")
	}
	return errors.Join(errs...)
}

// headerValue says whether s may stand in a header.
func headerValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// parseBase checks the base URL and removes a slash at its end. Its errors do
// not repeat the URL, since it may hold a password.
func parseBase(raw string, allowHTTP bool) (*url.URL, error) {
	refuse := func(reason string) (*url.URL, error) {
		return nil, &FieldError{Field: "BaseURL", Reason: reason}
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return refuse("cannot be parsed")
	case u.Scheme != "https" && u.Scheme != "http":
		return refuse("must begin with https://")
	case u.Host == "" || u.Hostname() == "":
		return refuse("has no host")
	case u.User != nil:
		return refuse("has a user name in it")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return refuse("has a query or fragment")
	case u.Scheme == "http" && !allowHTTP && !loopback(u.Hostname()):
		return refuse("is http, which would show the token to the network: use https, or allow http explicitly")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

// loopback says whether host is this machine without asking a name server.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// newTransport is the default of Config.Transport.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    16, // enough for the calls that a rate limit lets go
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
}
