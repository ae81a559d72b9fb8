package admin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// What crosses is what the outbox says, but for the bodies' buyer data.
func TestLivesCross(t *testing.T) {
	t.Parallel()
	both(t, nil, func(t *testing.T, r *rig, c *admin.Client) {
		r.put(t, outbox.Entry{Key: "a", Account: "shop", Body: []byte(`{"quantity":1}`)})
		r.deliver(t)
		r.dead(t, "", "bad", `{"buyer":{"name":"Ana"},"quantity":2}`)
		r.put(t, outbox.Entry{Key: "b", Body: []byte(`{"quantity":3}`)})
		require.NoError(t, r.o.PauseAll(t.Context(), "stocktaking"))

		var want []outbox.Life
		for l, err := range r.o.Lives() {
			require.NoError(t, err)
			want = append(want, l)
		}
		i := 0
		for l, err := range c.Lives(t.Context()) {
			require.NoError(t, err)
			if l.Key == "bad" {
				require.JSONEq(t, `{"buyer":{"name":"***"},"quantity":2}`, string(l.Body))
				want[i].Body = l.Body
			}
			require.True(t, l.AcceptedAt.Equal(want[i].AcceptedAt))
			require.Equal(t, want[i].State, l.State)
			require.Equal(t, string(want[i].Body), string(l.Body))
			require.Len(t, l.Events, len(want[i].Events))
			for n, e := range l.Events {
				w := want[i].Events[n]
				require.Equal(t, []any{w.Type, w.ID, w.By, w.Verdict, w.Reason, w.Attempt}, []any{e.Type, e.ID, e.By, e.Verdict, e.Reason, e.Attempt})
			}
			i++
		}
		require.Equal(t, len(want), i)

		var changes []outbox.GateChange
		for g, err := range c.GateChanges(t.Context()) {
			require.NoError(t, err)
			changes = append(changes, g)
		}
		i = 0
		for g, err := range r.o.GateChanges() {
			require.NoError(t, err)
			require.Equal(t, g, changes[i])
			i++
		}
		require.Len(t, changes, i)
		require.Equal(t, outbox.CausePause, changes[i-1].Cause)
	})
}
