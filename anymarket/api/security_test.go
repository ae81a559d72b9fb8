package api_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

func TestTLSBelow12IsRefused(t *testing.T) {
	t.Parallel()
	host := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("arrived") }))
	host.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11} //nolint:gosec // that is the test
	host.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)     // it breaks on purpose
	host.StartTLS()
	defer host.Close()
	err := put(t, socketClient(t, host.URL))
	require.ErrorContains(t, err, "protocol version")
	require.Equal(t, api.Outcome{}, api.Classify(err), "nothing was sent")
}

// An answer that leads to the same host by http is as little followed as any
// other.
func TestDowngradeIsNotFollowed(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed") }))
	defer plain.Close()
	host := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusTemporaryRedirect))
	defer host.Close()
	c := newClient(t, host.Client().Transport, func(c *api.Config) { c.BaseURL = host.URL })
	require.Equal(t, api.ShapeRedirect, api.Classify(put(t, c)).Shape)
	_, err := api.New(api.Config{BaseURL: "http://api.anymarket.com.br/v2", Token: func() api.TokenFunc { f, _ := api.StaticToken(token); return f }()})
	requireField(t, err, "BaseURL")
}

// A host that sends for ever is left at the limit or at the deadline, whichever
// comes first, and what it sent is not kept.
func TestEndlessAndSlowBodies(t *testing.T) {
	t.Parallel()
	const most = 1 << 20
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := io.WriteString(w, strings.Repeat("[", 32<<10)); err != nil {
				return
			}
		}
	}))
	defer endless.Close()
	_, err := socketClient(t, endless.URL, func(c *api.Config) { c.MaxResponse = most }).Stocks().Locations(t.Context())
	require.Equal(t, api.ShapeTooLarge, api.Classify(err).Shape)

	slow := rawHost(t, func(conn net.Conn) {
		if readRequest(bufio.NewReader(conn)) != nil {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
		for {
			if _, err := io.WriteString(conn, " "); err != nil {
				return
			}
			<-time.After(10 * time.Millisecond) // each byte in time, and all of them never
		}
	})
	_, err = socketClient(t, "http://"+slow, func(c *api.Config) { c.Timeout = 2 * time.Second }).Stocks().Locations(t.Context())
	require.Equal(t, api.Outcome{Sent: true, Status: 200, Shape: api.ShapeCut, Timeout: true}, api.Classify(err))

	header := rawHost(t, func(conn net.Conn) {
		if readRequest(bufio.NewReader(conn)) != nil {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for i := 0; ; i++ {
			if _, err := io.WriteString(conn, "X-"+strconv.Itoa(i)+": "+strings.Repeat("x", 1000)+"\r\n"); err != nil {
				return
			}
		}
	})
	_, err = socketClient(t, "http://"+header).Stocks().Locations(t.Context())
	require.Equal(t, api.Outcome{Sent: true}, api.Classify(err))
}

// What is nested deeply, has numbers of absurd size or many elements is understood
// or refused in bounded time and memory.
func TestHostileJSONIsBounded(t *testing.T) {
	t.Parallel()
	const size = 256 << 10
	deep := strings.Repeat(`{"buyer":`, size/9) + "1" + strings.Repeat("}", size/9)
	for name, body := range map[string]string{
		"deep":          deep,
		"deep lists":    strings.Repeat("[", size) + strings.Repeat("]", size),
		"deep enough":   `{"id":1,"payments":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
		"huge exponent": `{"id":1,"total":1e999999999,"discount":"1e999999999","freight":-1E-999999999}`,
		"long number":   `{"id":1,"total":` + strings.Repeat("9", size) + `}`,
		"many members":  `{"id":1,"metadata":{` + strings.Repeat(`"a":1,`, size/6) + `"b":2}}`,
		"many items":    `{"id":1,"items":[` + strings.Repeat(`{},`, size/16) + `7]}`,
	} {
		c := newClient(t, always(200, body))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		_, err := c.Orders().Get(t.Context(), 1)
		runtime.ReadMemStats(&after)
		require.Less(t, time.Since(start), 2*time.Minute, name) // what is not bounded takes for ever
		require.Less(t, after.HeapSys, before.HeapSys+512<<20, name)
		if err != nil {
			require.Less(t, len(err.Error()), 1000, name)
		}
	}
}
