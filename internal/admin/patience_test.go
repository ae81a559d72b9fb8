package admin_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/internal/memnet"
	"github.com/anymarket-go/sdk/outbox"
)

// inTime runs a test in virtual time with a server that can be dialled.
func inTime(t *testing.T, accept admin.Accepter, test func(t *testing.T, o *outbox.Outbox, dial func() net.Conn)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		defer n.Close()
		l, err := n.Listen("admin:80")
		require.NoError(t, err)
		o, err := outbox.Open(filepath.Join(t.TempDir(), "outbox.db"), outbox.Options{
			MinFree: -1, Kinds: []outbox.Kind{{Name: "stock", Class: outbox.Absolute, Deliver: func(context.Context, []outbox.Lease) outbox.Answer {
				return outbox.Answer{}
			}}},
		})
		require.NoError(t, err)
		defer func() { require.NoError(t, o.Close()) }()
		s := admin.Serve(l, admin.NewHandler(o, admin.Delivery{Accept: accept}), slog.New(slog.DiscardHandler))
		defer func() { require.NoError(t, s.Close()) }()
		test(t, o, func() net.Conn {
			conn, err := n.DialContext(t.Context(), "tcp", "admin:80")
			require.NoError(t, err)
			return conn
		})
	})
}

func request(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(conn, strings.ReplaceAll(text, "\n", "\r\n"))
	require.NoError(t, err)
}

func TestAnswersMayTakeTime(t *testing.T) {
	slow := func(ctx context.Context, lines [][]byte, _ bool) []admin.Accepted {
		select {
		case <-ctx.Done():
			return []admin.Accepted{{Error: "cut off"}}
		case <-time.After(time.Hour):
			return []admin.Accepted{{Warnings: []string{string(lines[0])}}}
		}
	}
	inTime(t, slow, func(t *testing.T, _ *outbox.Outbox, dial func() net.Conn) {
		conn := dial()
		request(t, conn, "POST /v1/operations HTTP/1.1\nHost: x\nContent-Length: 3\nConnection: close\n\none")
		answer, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Contains(t, string(answer), `{"warnings":["one"]}`)
	})
}

func TestWhoDoesNotSendIsLetGo(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":        "",
		"half a header":  "POST /v1/ch",
		"half a body":    "POST /v1/pause HTTP/1.1\nHost: x\nContent-Length: 30\n\n{",
		"nothing behind": "GET /v1/status HTTP/1.1\nHost: x\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, nil, func(t *testing.T, _ *outbox.Outbox, dial func() net.Conn) {
				conn, start := dial(), time.Now()
				request(t, conn, text)
				_, _ = io.Copy(io.Discard, conn) // how it ends does not matter
				require.LessOrEqual(t, time.Since(start), 3*time.Minute)
			})
		})
	}
}

func TestWhoDoesNotReadIsLetGo(t *testing.T) {
	inTime(t, nil, func(t *testing.T, o *outbox.Outbox, dial func() net.Conn) {
		entries := make([]outbox.Entry, 5000)
		for i := range entries {
			entries[i] = outbox.Entry{Kind: "stock", Key: fmt.Sprint(i), Body: []byte(`{"quantity":1}`)}
		}
		_, err := o.AcceptAll(t.Context(), entries)
		require.NoError(t, err)
		list := "GET /v1/entries HTTP/1.1\nHost: x\nConnection: close\n\n"
		const end = "0\r\n\r\n"

		conn := dial()
		request(t, conn, list)
		answer, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.True(t, strings.HasSuffix(string(answer), end))

		conn = dial()
		request(t, conn, list)
		time.Sleep(time.Minute)
		answer, _ = io.ReadAll(conn)
		require.False(t, strings.HasSuffix(string(answer), end), "the server waited")
		require.NotEmpty(t, answer)
	})
}
