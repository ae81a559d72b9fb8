package api_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// token is looked for in everything that people may see.
const token = "s3cr3t-t0ken-of-the-shop"

// transport is a host in memory.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// reply is an answer with a body and "Name: value" headers.
func reply(status int, body string, headers ...string) *http.Response {
	h := http.Header{}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// always answers every request the same.
func always(status int, body string, headers ...string) transport {
	return func(*http.Request) (*http.Response, error) { return reply(status, body, headers...), nil }
}

// newClient has a host in memory and the usual token; change may adjust it.
func newClient(t *testing.T, host http.RoundTripper, change ...func(*api.Config)) *api.Client {
	t.Helper()
	config := api.Config{
		Transport: host,
		Token:     func(context.Context) (string, error) { return token, nil },
	}
	for _, f := range change {
		f(&config)
	}
	c, err := api.New(config)
	require.NoError(t, err)
	return c
}

// requireField says that err refuses the field before anything is sent.
func requireField(t *testing.T, err error, field string) {
	t.Helper()
	var f *api.FieldError
	require.ErrorAs(t, err, &f)
	require.Equal(t, field, f.Field, err.Error())
	require.True(t, api.Classify(err).Refused)
	require.False(t, api.Classify(err).Sent)
}

// dec is a decimal that the test wrote.
func dec(t *testing.T, text string) api.Decimal {
	t.Helper()
	d, err := api.ParseDecimal(text)
	require.NoError(t, err)
	return d
}
