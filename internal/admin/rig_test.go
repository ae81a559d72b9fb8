package admin_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// TestMain fails if a goroutine of any test is left at the end.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is an outbox with a host that refuses the key "bad".
type rig struct {
	host outboxtest.Host
	o    *outbox.Outbox
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{}
	r.host.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
		bad := !c.Canary && !c.LookUp && len(c.Keys) > 0 && strings.HasPrefix(c.Keys[0], "bad")
		return outboxtest.Reply{Mode: outboxtest.Bad}, bad
	}
	r.o = outboxtest.Open(t, outbox.Options{
		Kinds:     []outbox.Kind{r.host.Value("stock"), r.host.Creation("order", "orders"), r.host.Step("status", "orders"), r.host.Step("status.id", "orders.id")},
		StartRate: 1000, MaxRate: 1000, MinFree: -1,
	})
	return r
}

func (r *rig) put(t *testing.T, e outbox.Entry) outbox.ID {
	t.Helper()
	if e.Kind == "" {
		e.Kind = "stock"
	}
	receipt, err := r.o.Accept(t.Context(), e)
	require.NoError(t, err)
	return receipt.ID()
}

// dead makes a dead letter.
func (r *rig) dead(t *testing.T, account, key, body string) outbox.ID {
	t.Helper()
	id := r.put(t, outbox.Entry{Account: account, Key: key, Body: []byte(body)})
	stop := outboxtest.Run(t, r.o)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var dead *outbox.DeadError
	require.ErrorAs(t, r.o.Receipt(id).Wait(ctx), &dead)
	stop()
	return id
}

// both runs a test with a client through a socket and with one without.
func both(t *testing.T, accept admin.Accepter, test func(t *testing.T, r *rig, c *admin.Client)) {
	t.Helper()
	t.Run("socket", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		c := dial(t, r.o, accept)
		test(t, r, c)
	})
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		c := admin.Local(admin.NewHandler(r.o, admin.Delivery{Accept: accept}))
		test(t, r, c)
		require.NoError(t, c.Close())
	})
}

// dial serves an outbox and returns a client.
func dial(t *testing.T, o *outbox.Outbox, accept admin.Accepter) *admin.Client {
	t.Helper()
	serve(t, o.Path(), o, accept)
	c, err := admin.Dial(t.Context(), o.Path())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func serve(t *testing.T, path string, o *outbox.Outbox, accept admin.Accepter) *admin.Server {
	t.Helper()
	l, err := admin.Listen(path)
	require.NoError(t, err)
	s := admin.Serve(l, admin.NewHandler(o, admin.Delivery{Accept: accept}), slog.New(slog.DiscardHandler))
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// longPath is one that no socket can have.
func longPath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), strings.Repeat("long-", 30)+"outbox.db")
}

// deliver drains what waits.
func (r *rig) deliver(t *testing.T) {
	t.Helper()
	stop := outboxtest.Run(t, r.o)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, r.o.Drain(ctx))
	stop()
}
