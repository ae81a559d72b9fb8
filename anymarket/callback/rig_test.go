package callback_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// TestMain fails if a goroutine of any test is left at the end.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	secret  = "correct-horse-battery"
	hookURL = "https://erp.test/anymarket/" + secret
)

// program is the one whose function is given notifications.
type program struct {
	mu    sync.Mutex
	given []callback.Notification
	do    func(ctx context.Context, n callback.Notification) error
}

func (p *program) handle(ctx context.Context, n callback.Notification) error {
	p.mu.Lock()
	p.given = append(p.given, n)
	do := p.do
	p.mu.Unlock()
	if do == nil {
		return nil
	}
	return do(ctx, n)
}

// set replaces what the function does.
func (p *program) set(do func(context.Context, callback.Notification) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.do = do
}

// notifications are what the function was given so far.
func (p *program) notifications() []callback.Notification {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.given)
}

// seen is the same, as "ORDER 1 [CREATE]".
func (p *program) seen() []string {
	out := []string{}
	for _, n := range p.notifications() {
		out = append(out, fmt.Sprint(n.Type, " ", n.ID, " ", n.Events))
	}
	return out
}

// logged is a log that can be looked into.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// rig is a receiver at hookURL of a fake's network.
type rig struct {
	t      *testing.T
	s      *anymarkettest.Server
	p      *program
	log    *logged
	config callback.Config
	r      *callback.Receiver
	client *http.Client
}

// in runs a test in a bubble of its own.
func in(t *testing.T, o anymarkettest.Options, change func(*callback.Config), f func(r *rig)) {
	t.Helper()
	t.Parallel()
	anymarkettest.RunWith(t, o, func(t *testing.T, s *anymarkettest.Server) {
		t.Helper()
		r := &rig{t: t, s: s, p: &program{}, log: &logged{}, client: s.Client()}
		r.config = callback.Config{
			Inbox: filepath.Join(t.TempDir(), "callbacks.db"), Secrets: []string{secret},
			Accounts: map[string]string{s.OI(): "shop"}, Handle: r.p.handle, Logger: slog.New(slog.NewTextHandler(r.log, nil)),
		}
		if change != nil {
			change(&r.config)
		}
		r.open()
		s.Host("erp.test", http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.r.ServeHTTP(w, req) }))
		f(r)
		r.client.CloseIdleConnections()
		time.Sleep(time.Second) // the server lets go of connections that it refused
	})
}

// open opens the receiver, which is checked and closed at the end.
func (r *rig) open() {
	r.t.Helper()
	opened, err := callback.Open(r.config)
	require.NoError(r.t, err)
	r.r = opened
	r.t.Cleanup(func() {
		if err := opened.Inbox().Check(context.WithoutCancel(r.t.Context())); !errors.Is(err, outbox.ErrClosed) {
			require.NoError(r.t, err)
		}
		require.NoError(r.t, opened.Close())
		outboxtest.Released(r.t, opened.Inbox())
	})
}

// run hands notifications over until the receiver is closed.
func (r *rig) run() {
	running := r.r
	done := make(chan error, 1)
	go func() { done <- running.Run(context.WithoutCancel(r.t.Context())) }()
	r.t.Cleanup(func() {
		require.NoError(r.t, running.Close())
		require.NoError(r.t, <-done)
	})
}

// post posts a body as ANYMARKET would, and returns the status and the text.
func (r *rig) post(body string) (int, string) {
	r.t.Helper()
	return r.send(http.MethodPost, hookURL, strings.NewReader(body))
}

func (r *rig) send(method, url string, body io.Reader) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, url, body)
	require.NoError(r.t, err)
	resp, err := r.client.Do(req)
	require.NoError(r.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(r.t, err)
	return resp.StatusCode, string(text)
}

// order posts a notification of an order, which must be taken.
func (r *rig) order(id int, event string) {
	r.t.Helper()
	status, text := r.post(fmt.Sprintf(`{"type":"ORDER","event":%q,"content":{"id":"%d","oi":%q}}`, event, id, r.s.OI()))
	require.Equal(r.t, 200, status, text)
}

// waiting are the keys of what waits.
func (r *rig) waiting() []string {
	r.t.Helper()
	keys := []string{}
	for rec, err := range r.r.Inbox().Waiting() {
		require.NoError(r.t, err)
		keys = append(keys, rec.Key)
	}
	return keys
}

func itoa(n int) string { return fmt.Sprint(n) }
