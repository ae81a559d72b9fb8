package anymarkettest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

func TestOnARealPort(t *testing.T) {
	t.Parallel()
	s := anymarkettest.New(opts{})
	defer func() { require.NoError(t, s.Close()) }()
	base, err := s.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	r := newRig(t, s)
	r.client.Transport = tr
	r.want(204, "", "PUT", base+"/stocks", one)
	_, ok := s.Stock("SKU-1", 0)
	require.True(t, ok)
	admin := strings.TrimSuffix(base, "/v2") + anymarkettest.AdminPath

	r.want(200, `{"down":true,"until":"`, "POST", admin+"maintenance?for=4h", "")
	r.want(503, "", "PUT", base+"/stocks", one)
	r.want(200, `"down":true`, "GET", admin+"maintenance", "")
	r.want(200, `{"down":false}`, "DELETE", admin+"maintenance", "")
	r.want(204, "", "PUT", base+"/stocks", two)
	r.want(400, "duration", "POST", admin+"maintenance?for=long", "")
	r.want(405, "", "PUT", admin+"maintenance", "")
	r.want(200, `"Fault":"maintenance: 503"`, "GET", admin+"log", "")
	r.want(404, "", "GET", admin+"nothing", "")

	for mode, want := range looks() {
		switch mode {
		case anymarkettest.Hang:
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			s.Fail(anymarkettest.Fault{Mode: mode})
			_, err := r.try(ctx, "PUT", base+"/stocks", one)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		case anymarkettest.Refused: // as reset
		default:
			s.Fail(anymarkettest.Fault{Mode: mode})
			got, err := r.try(t.Context(), "PUT", base+"/stocks", one)
			require.ErrorIs(t, err, want.err, mode)
			if err == nil {
				require.Equal(t, want.status, got.status, mode)
			}
		}
	}
	_, err = s.Listen(t.Context(), "nonsense")
	require.Error(t, err)
}

func TestCallbacksToARealReceiver(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.URL.Path }))
	defer receiver.Close()
	s := anymarkettest.New(opts{})
	defer func() { require.NoError(t, s.Close()) }()
	_, err := s.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	s.AddCallback(anymarkettest.Callback{URL: receiver.URL + "/hook", Order: true})
	s.AddOrder(`{}`)
	require.Equal(t, "/hook", <-got)
}

// A request of a client that died has had its effect once its connections are
// gone.
func TestConnectionsOfARealPort(t *testing.T) {
	t.Parallel()
	s := anymarkettest.New(opts{})
	defer func() { require.NoError(t, s.Close()) }()
	base, err := s.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	tr := &http.Transport{}
	r := newRig(t, s)
	r.client.Transport = tr
	r.want(204, "", "PUT", base+"/stocks", one)
	require.Equal(t, 1, s.Conns())
	s.Fail(anymarkettest.Fault{Mode: anymarkettest.Hang, Applied: true})
	ctx, cancel := context.WithCancel(t.Context())
	died := make(chan error)
	go func() {
		_, err := r.try(ctx, "PUT", base+"/stocks", two)
		died <- err
	}()
	require.Eventually(t, func() bool { return s.Count("") == 2 }, 10*time.Second, time.Millisecond)
	require.Equal(t, 1, s.Conns(), "it is being answered")
	cancel()
	require.ErrorIs(t, <-died, context.Canceled)
	tr.CloseIdleConnections()
	require.Eventually(t, func() bool { return s.Conns() == 0 }, 10*time.Second, time.Millisecond)
	require.Len(t, s.Effects(), 2)

	s.Fail(anymarkettest.Fault{Mode: anymarkettest.Reset})
	_, err = r.try(t.Context(), "PUT", base+"/stocks", one)
	require.Error(t, err)
	require.Zero(t, s.Conns())
}
