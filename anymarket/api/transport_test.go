package api_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// These tests use real sockets on loopback: they are about what a transport
// tells of a request that got no answer.

// socketClient has the default transport.
func socketClient(t *testing.T, base string, change ...func(*api.Config)) *api.Client {
	t.Helper()
	c := newClient(t, nil, append([]func(*api.Config){func(c *api.Config) { c.BaseURL = base }}, change...)...)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func put(t *testing.T, c *api.Client) error {
	t.Helper()
	return c.Stocks().Put(t.Context(), api.StockItem{PartnerID: "SKU-1", Quantity: api.Qty(1)})
}

func TestRefusedConnectionSentNothing(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	err = put(t, socketClient(t, "http://"+l.Addr().String()))
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.ErrorContains(t, err, "PUT /stocks: nothing was sent: ")
	require.Equal(t, api.Outcome{}, api.Classify(err))
}

func TestUnknownNameSentNothing(t *testing.T) {
	t.Parallel()
	// The name ".invalid" is reserved; where a resolver hangs, time runs out.
	err := put(t, socketClient(t, "https://host.invalid/v2", func(c *api.Config) { c.Timeout = 2 * time.Second }))
	require.Error(t, err)
	require.False(t, api.Classify(err).Sent)
}

func TestFailedTLSSentNothing(t *testing.T) {
	t.Parallel()
	host := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("arrived") }))
	host.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // it breaks on purpose
	defer host.Close()
	err := put(t, socketClient(t, host.URL)) // its certificate is unknown
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, api.Outcome{}, api.Classify(err))

	plain := rawHost(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.0 400 Bad Request\r\n\r\n") })
	err = put(t, socketClient(t, "https://"+plain))
	require.Error(t, err)
	require.Equal(t, api.Outcome{}, api.Classify(err))
}

// rawHost is a host that treats each connection as serve does.
func rawHost(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String()
}

// readRequest reads a whole request from conn.
func readRequest(r *bufio.Reader) error {
	req, err := http.ReadRequest(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, req.Body)
	return err
}

func TestDroppedConnectionMayHaveSent(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int32
	address := rawHost(t, func(conn net.Conn) {
		if readRequest(bufio.NewReader(conn)) == nil {
			arrived.Add(1)
		}
	})
	err := put(t, socketClient(t, "http://"+address))
	require.ErrorContains(t, err, "PUT /stocks: no answer, the request may have arrived: ")
	require.Equal(t, api.Outcome{Sent: true}, api.Classify(err))
	require.Equal(t, int32(1), arrived.Load(), "a write must not be repeated")
}

// The answer is not waited for any more, yet all of the request is there.
func TestHTTP2MayHaveSentOnceItHasAConnection(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	host := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("protocol %s", r.Proto)
		}
		close(arrived)
		<-r.Context().Done()
	}))
	host.EnableHTTP2 = true
	host.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // it breaks on purpose
	host.StartTLS()
	defer host.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	c := newClient(t, host.Client().Transport, func(c *api.Config) { c.BaseURL = host.URL })
	require.Equal(t, api.Outcome{Sent: true, Stopped: true}, api.Classify(c.Callbacks().Delete(ctx, 1)))
}

func TestSilentHostMayHaveGotIt(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	host := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer host.Close()
	defer close(release)
	err := put(t, socketClient(t, host.URL, func(c *api.Config) { c.Timeout = 50 * time.Millisecond }))
	require.Equal(t, api.Outcome{Sent: true, Timeout: true}, api.Classify(err))
}

func TestCutBody(t *testing.T) {
	t.Parallel()
	address := rawHost(t, func(conn net.Conn) {
		if readRequest(bufio.NewReader(conn)) == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{\"id\":1}")
		}
	})
	_, err := socketClient(t, "http://"+address).Stocks().Locations(t.Context())
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, api.Outcome{Sent: true, Status: 200, Shape: api.ShapeCut}, api.Classify(err))
}

// A kept connection that the host has closed meanwhile is not noticed before
// writing. Then the transport begins again on a fresh one, if nothing was
// written, and needs the whole body for it; or it gives up and says so. In no
// case may an empty or short body arrive.
func TestBodyIsCompleteOnAFreshConnection(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int32
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != `[{"partnerId":"SKU-1","quantity":1}]` {
			t.Errorf("arrived: %q, %v", body, err)
		}
		arrived.Add(1)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer host.Close()
	c := socketClient(t, host.URL)
	answered, perhaps := int32(0), int32(0)
	for range 50 {
		err := put(t, c)
		switch {
		case err == nil:
			answered++
		case api.Classify(err).Sent:
			perhaps++
		}
		host.CloseClientConnections()
	}
	require.Positive(t, answered)
	require.GreaterOrEqual(t, arrived.Load(), answered)
	require.LessOrEqual(t, arrived.Load(), answered+perhaps, "what arrived was said not to be sent")
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed") }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		host := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/v2/stocks", status))
		err := put(t, socketClient(t, host.URL))
		require.Equal(t, api.Outcome{Sent: true, Status: status, Shape: api.ShapeRedirect}, api.Classify(err))
		host.Close()
	}
}

func TestCompressionOnTheWire(t *testing.T) {
	t.Parallel()
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("Accept-Encoding: %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, zipped(t, `[{"id":1}]`))
	}))
	defer host.Close()
	locations, err := socketClient(t, host.URL).Stocks().Locations(t.Context())
	require.NoError(t, err)
	require.Len(t, locations, 1)
}

func TestNoCookies(t *testing.T) {
	t.Parallel()
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Cookies()) != 0 {
			t.Error("cookie came back")
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		_, _ = io.WriteString(w, `[]`)
	}))
	defer host.Close()
	c := socketClient(t, host.URL)
	for range 2 {
		_, err := c.Stocks().Locations(t.Context())
		require.NoError(t, err)
	}
}

// A transport of another make does not report its progress. Only errors that
// cannot come later than connecting prove that nothing was sent.
func TestTransportsThatReportNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want api.Outcome
	}{
		{io.ErrUnexpectedEOF, api.Outcome{Sent: true}},
		{errors.New("connection refused, or so"), api.Outcome{Sent: true}},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, api.Outcome{Sent: true}},
		{context.DeadlineExceeded, api.Outcome{Sent: true, Timeout: true}},
		{&net.OpError{Op: "dial", Err: errors.New("no route")}, api.Outcome{}},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, api.Outcome{}},
		{&net.DNSError{IsTimeout: true}, api.Outcome{Timeout: true}},
		{x509.HostnameError{Certificate: &x509.Certificate{}}, api.Outcome{}},
	} {
		err := put(t, newClient(t, transport(func(*http.Request) (*http.Response, error) { return nil, c.err })))
		require.ErrorIs(t, err, c.err)
		require.Equal(t, c.want, api.Classify(err), c.err)
	}
}

func TestBrokenTransport(t *testing.T) {
	t.Parallel()
	err := put(t, newClient(t, transport(func(*http.Request) (*http.Response, error) { return nil, nil }))) //nolint:nilnil // that is what is broken
	require.Equal(t, api.Outcome{Sent: true}, api.Classify(err))
	err = put(t, newClient(t, transport(func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 503}, nil })))
	require.Equal(t, api.Outcome{Sent: true, Status: 503, Shape: api.ShapeEmpty}, api.Classify(err))
}
