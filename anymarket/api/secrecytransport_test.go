package api_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTokenIsHiddenInErrorsOfTheTransport(t *testing.T) {
	t.Parallel()
	c := newClient(t, transport(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("cannot send header Gumgatoken: " + token)
	}))
	_, err := c.Stocks().Locations(t.Context())
	require.ErrorContains(t, err, "cannot send header")
	require.NotContains(t, err.Error(), token)
}
