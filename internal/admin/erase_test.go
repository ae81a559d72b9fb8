package admin_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func TestErase(t *testing.T) {
	t.Parallel()
	both(t, nil, func(t *testing.T, r *rig, c *admin.Client) {
		t.Helper()
		const buyer = "Maria of Erase"
		body := []byte(`{"name":"` + buyer + `"}`)
		created := r.put(t, outbox.Entry{Kind: "order", Account: "shop", Key: "o-1", Once: "o-1", Body: body})
		r.put(t, outbox.Entry{Kind: "status", Account: "shop", Key: "o-1", Body: body})
		others := r.put(t, outbox.Entry{Kind: "order", Account: "", Key: "o-1", Once: "o-1", Body: []byte(`{}`)})
		r.put(t, outbox.Entry{Kind: "status.id", Account: "shop", Key: "7", Body: []byte(`{}`)})
		value := r.put(t, outbox.Entry{Kind: "stock", Account: "shop", Key: "a", Body: []byte(`{}`)})

		for says, l := range map[string]admin.Lane{
			"nothing is stored under that key":                        {Kind: "order", Account: "shop", Key: "o-2"},
			"no status under that key of that account, but status.id": {Kind: "status", Account: "shop", Key: "7"},
			"kind odd is not configured":                              {Kind: "odd", Account: "shop", Key: "o-2"},
			"no order under that key of that account, but stock":      {Kind: "order", Account: "shop", Key: "a"},
		} {
			_, err := c.Erase(t.Context(), l)
			require.ErrorIs(t, err, outbox.ErrNotFound, says)
			require.ErrorContains(t, err, says)
		}
		_, err := c.Erase(t.Context(), admin.Lane{Kind: "stock", Account: "shop", Key: "a"})
		require.ErrorIs(t, err, outbox.ErrInvalid)
		require.Equal(t, uint64(5), r.o.Stats().Waiting)
		require.True(t, holds(t, r.o, buyer), "else what is tested here proves nothing")

		erased, err := c.Erase(t.Context(), admin.Lane{Kind: "status", Account: "shop", Key: "o-1"})
		require.NoError(t, err)
		require.Equal(t, admin.Erased{Cancelled: 2}, erased)
		require.False(t, holds(t, r.o, buyer))
		d, err := c.ShowFull(t.Context(), created)
		require.NoError(t, err)
		require.Equal(t, "cancelled", d.State)
		require.Empty(t, d.Body)
		for _, id := range []outbox.ID{others, value} {
			d, err = c.Show(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, "waiting", d.State)
		}
		erased, err = c.Erase(t.Context(), admin.Lane{Kind: "order", Account: "shop", Key: "o-1"})
		require.NoError(t, err, "again")
		require.Zero(t, erased)
		require.NoError(t, r.o.Check(t.Context()))
	})
}

func TestReseal(t *testing.T) {
	t.Parallel()
	both(t, nil, func(t *testing.T, r *rig, c *admin.Client) {
		t.Helper()
		require.ErrorIs(t, c.Reseal(t.Context()), outbox.ErrState, "there are no keys")
	})
	const buyer = "Maria of Reseal"
	r := newRig(t)
	r.put(t, outbox.Entry{Key: "a", Body: []byte(buyer)})
	require.NoError(t, r.o.Close())
	require.True(t, holds(t, r.o, buyer), "else what is tested here proves nothing")
	r.o = outboxtest.Reopen(t, r.o, outbox.Options{
		Kinds: []outbox.Kind{r.host.Value("stock"), r.host.Creation("order", "orders"), r.host.Step("status", "orders"), r.host.Step("status.id", "orders.id")},
		Keys:  [][]byte{bytes.Repeat([]byte{1}, outbox.KeySize)}, MinFree: -1,
	})
	require.NoError(t, dial(t, r.o, nil).Reseal(t.Context()))
	require.False(t, holds(t, r.o, buyer))
}

// holds says whether the outbox's file shows a text.
func holds(t *testing.T, o *outbox.Outbox, text string) bool {
	t.Helper()
	b, err := os.ReadFile(o.Path())
	require.NoError(t, err)
	return bytes.Contains(b, []byte(text))
}
