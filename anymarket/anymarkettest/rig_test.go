package anymarkettest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// TestMain fails if a goroutine of any test is left at the end.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig calls a fake as a client would.
type rig struct {
	t      *testing.T
	s      *anymarkettest.Server
	client *http.Client
	token  string
	typ    string // Content-Type; empty is JSON
}

func newRig(t *testing.T, s *anymarkettest.Server) *rig {
	t.Helper()
	return &rig{t: t, s: s, client: s.Client(), token: s.Token()}
}

// reply is an answer, read whole.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) decode(t *testing.T) map[string]any {
	t.Helper()
	m := map[string]any{}
	require.NoError(t, json.Unmarshal([]byte(r.body), &m), r.body)
	return m
}

func (r *rig) try(ctx context.Context, method, path, body string) (reply, error) {
	r.t.Helper()
	url := path
	if strings.HasPrefix(path, "/") {
		url = r.s.URL + path
	}
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, reader)
	require.NoError(r.t, err)
	if r.token != "" {
		req.Header.Set("gumgaToken", r.token)
	}
	if body != "" {
		typ := r.typ
		if typ == "" {
			typ = "application/json"
		}
		req.Header.Set("Content-Type", typ)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(b)}, err
}

func (r *rig) do(method, path, body string) reply {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	got, err := r.try(ctx, method, path, body)
	require.NoError(r.t, err)
	return got
}

// want checks the status and that the body contains the text.
func (r *rig) want(status int, contains, method, path, body string) reply {
	r.t.Helper()
	got := r.do(method, path, body)
	require.Equal(r.t, status, got.status, "%s %s: %s", method, path, got.body)
	require.Contains(r.t, got.body, contains, "%s %s", method, path)
	return got
}

// in runs a test in a bubble of its own.
func in(t *testing.T, name string, o anymarkettest.Options, f func(r *rig)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		anymarkettest.RunWith(t, o, func(t *testing.T, s *anymarkettest.Server) {
			t.Helper()
			f(newRig(t, s))
		})
	})
}
