package memnet_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/memnet"
)

// serve runs an HTTP server on the network until the test ends.
func serve(t *testing.T, n *memnet.Network, address string, h http.Handler) *http.Client {
	t.Helper()
	l, err := n.Listen(address)
	require.NoError(t, err)
	srv := &http.Server{Handler: h}
	var wg sync.WaitGroup
	wg.Go(func() { _ = srv.Serve(l) })
	tr := &http.Transport{DialContext: n.DialContext}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		require.NoError(t, srv.Close())
		wg.Wait()
		require.NoError(t, n.Close())
		synctest.Wait()
		require.Zero(t, n.Conns(), "connections left")
	})
	return &http.Client{Transport: tr}
}

func get(ctx context.Context, t *testing.T, c *http.Client, url string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	resp, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

func TestHTTPRunsInFakeTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		c := serve(t, n, "api.test:80", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(4 * time.Hour)
			_, _ = io.Copy(w, r.Body)
			_, _ = w.Write([]byte("hello " + r.Host))
		}))
		start := time.Now()
		got, err := get(t.Context(), t, c, "http://api.test/")
		require.NoError(t, err)
		require.Equal(t, "hello api.test", got)
		require.Equal(t, 4*time.Hour, time.Since(start))
	})
}

func TestBodiesLargerThanTheBufferPass(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		c := serve(t, n, "api.test:80", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			_, _ = w.Write(b)
		}))
		body := strings.Repeat("0123456789", 100_000)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://api.test/", strings.NewReader(body))
		require.NoError(t, err)
		resp, err := c.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		got, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		if string(got) != body { // require.Equal would print a megabyte
			require.Failf(t, "the echo differs", "%d bytes sent, %d came back", len(body), len(got))
		}
	})
}

func TestCancelledRequestReachesTheHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		seen := make(chan time.Time, 1)
		c := serve(t, n, "api.test:80", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			seen <- time.Now()
		}))
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_, err := get(ctx, t, c, "http://api.test/")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 30*time.Second, (<-seen).Sub(start))
	})
}

func TestServerIdleTimeoutClosesConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l, err := n.Listen("api.test:80")
		require.NoError(t, err)
		srv := &http.Server{IdleTimeout: time.Minute, ReadHeaderTimeout: time.Second, Handler: http.NotFoundHandler()}
		var wg sync.WaitGroup
		wg.Go(func() { _ = srv.Serve(l) })
		tr := &http.Transport{DialContext: n.DialContext}
		_, err = get(t.Context(), t, &http.Client{Transport: tr}, "http://api.test/")
		require.NoError(t, err)
		require.Equal(t, 1, n.Conns())
		time.Sleep(61 * time.Second)
		require.Zero(t, n.Conns())
		require.NoError(t, srv.Shutdown(t.Context()))
		wg.Wait()
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault memnet.Fault
		want  error
		waits bool
	}{
		"refuse":                       {fault: memnet.Fault{Refuse: true}, want: syscall.ECONNREFUSED},
		"hang":                         {fault: memnet.Fault{Hang: true}, want: context.DeadlineExceeded, waits: true},
		"stall":                        {fault: memnet.Fault{Stall: true}, want: context.DeadlineExceeded, waits: true},
		"reset while sending":          {fault: memnet.Fault{Sent: 10}, want: syscall.ECONNRESET},
		"reset while receiving":        {fault: memnet.Fault{Received: 300}, want: syscall.ECONNRESET},
		"closed while receiving":       {fault: memnet.Fault{Received: 300, Orderly: true}, want: io.ErrUnexpectedEOF},
		"closed before the first byte": {fault: memnet.Fault{Sent: 10, Orderly: true}, want: io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := memnet.New()
				cl := serve(t, n, "api.test:80", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					_, _ = w.Write([]byte(strings.Repeat("x", 10_000)))
				}))
				n.SetFault("api.test:80", c.fault)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				_, err := get(ctx, t, cl, "http://api.test/")
				var op *net.OpError
				if errors.As(err, &op) && errors.Is(op, syscall.EPIPE) && c.fault.Orderly {
					err = io.EOF // the close may be met by the writer or by the reader
				}
				require.ErrorIs(t, err, c.want)
				require.Equal(t, c.waits, time.Since(start) == time.Minute, "took %s", time.Since(start))
				n.SetFault("api.test:80", memnet.Fault{})
				got, err := get(t.Context(), t, cl, "http://api.test/")
				require.NoError(t, err)
				require.Len(t, got, 10_000)
			})
		})
	}
}

func TestBytesBeforeACutArrive(t *testing.T) {
	t.Parallel()
	n := memnet.New()
	defer func() { require.NoError(t, n.Close()) }()
	l, err := n.Listen("a:1")
	require.NoError(t, err)
	n.SetFault("a:1", memnet.Fault{Sent: 5})
	c, err := n.DialContext(t.Context(), "tcp", "a:1")
	require.NoError(t, err)
	k, err := c.Write([]byte("hello world"))
	require.Equal(t, 5, k)
	require.ErrorIs(t, err, syscall.ECONNRESET)
	s, err := l.Accept()
	require.NoError(t, err)
	got, err := io.ReadAll(s)
	require.Equal(t, "hello", string(got))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	_, err = s.Write([]byte("x"))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.Zero(t, n.Conns())
}

func TestBreakResetsWhatIsConnected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		c := serve(t, n, "api.test:80", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		time.AfterFunc(time.Second, func() { n.Break("api.test:80") })
		_, err := get(t.Context(), t, c, "http://api.test/")
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := memnet.Pipe()
		start := time.Now()
		require.NoError(t, a.SetReadDeadline(start.Add(time.Second)))
		_, err := a.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		var ne net.Error
		require.ErrorAs(t, err, &ne)
		require.True(t, ne.Timeout())

		require.NoError(t, a.SetDeadline(time.Time{}))
		time.AfterFunc(time.Second, func() { _ = a.SetReadDeadline(time.Unix(1, 0)) }) // how net/http stops a read
		_, err = a.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)

		require.NoError(t, a.SetDeadline(time.Now().Add(time.Second)))
		n, err := a.Write(make([]byte, 1<<20)) // nobody reads
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 64<<10, n)

		require.NoError(t, a.Close())
		require.ErrorIs(t, a.Close(), net.ErrClosed)
		_, err = a.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = a.Write([]byte("x"))
		require.ErrorIs(t, err, net.ErrClosed)
		got, err := io.ReadAll(b)
		require.NoError(t, err, "what was buffered, then EOF")
		require.Len(t, got, 64<<10)
		_, err = b.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.EPIPE)
		require.NoError(t, b.Close())
	})
}

func TestCloseUnblocksAndLingerResets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := memnet.Pipe()
		errs := make(chan error)
		go func() {
			_, err := a.Read(make([]byte, 1))
			errs <- err
		}()
		synctest.Wait()
		require.NoError(t, a.Close())
		require.ErrorIs(t, <-errs, net.ErrClosed)
		require.NoError(t, b.Close())

		a, b = memnet.Pipe()
		closer, ok := a.(interface{ CloseWrite() error })
		require.True(t, ok)
		require.NoError(t, closer.CloseWrite())
		_, err := b.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		_, err = b.Write([]byte("x"))
		require.NoError(t, err)
		lingerer, ok := b.(interface{ SetLinger(int) error })
		require.True(t, ok)
		require.NoError(t, lingerer.SetLinger(0))
		require.NoError(t, b.Close())
		got, err := io.ReadAll(a)
		require.Equal(t, "x", string(got))
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	n := memnet.New()
	l, err := n.Listen("a:0")
	require.NoError(t, err)
	require.Equal(t, "a:49152", l.Addr().String())
	_, err = n.Listen("a:49152")
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	_, err = n.Listen("nonsense")
	require.Error(t, err)
	_, err = n.DialContext(t.Context(), "tcp", "b:1")
	require.ErrorIs(t, err, syscall.ECONNREFUSED)

	c, err := n.DialContext(t.Context(), "tcp", "a:49152")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, err = c.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET, "never accepted")
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
	l, err = n.Listen("a:49152")
	require.NoError(t, err)
	require.NoError(t, n.Close())
	require.NoError(t, n.Close())
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = n.Listen("c:1")
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = n.DialContext(t.Context(), "tcp", "c:1")
	require.ErrorIs(t, err, net.ErrClosed)
	require.Zero(t, n.Conns())
}

func ExampleNetwork() {
	n := memnet.New()
	defer func() { _ = n.Close() }()
	l, err := n.Listen("api.test:80")
	if err != nil {
		fmt.Println(err)
		return
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, "I am ", r.Host) })}
	go func() { _ = srv.Serve(l) }()
	defer func() { _ = srv.Close() }()
	client := &http.Client{Transport: &http.Transport{DialContext: n.DialContext}}
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://api.test/")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	fmt.Println(string(b), err)
	// Output: I am api.test <nil>
}
