package admin_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// backlog accepts so many values.
func (r *rig) backlog(t *testing.T, n int) {
	t.Helper()
	entries := make([]outbox.Entry, n)
	for i := range entries {
		entries[i] = outbox.Entry{Kind: "stock", Key: fmt.Sprint("key-", i), Body: []byte(`{"partnerId":"SKU","name":"Maria"}`)}
	}
	_, err := r.o.AcceptAll(t.Context(), entries)
	require.NoError(t, err)
}

func list(t *testing.T, c *admin.Client, f admin.Filter) (keys []string) {
	t.Helper()
	for e, err := range c.List(t.Context(), f) {
		require.NoError(t, err)
		keys = append(keys, e.Key)
	}
	return keys
}

func TestStatusAndList(t *testing.T) {
	t.Parallel()
	both(t, nil, func(t *testing.T, r *rig, c *admin.Client) {
		r.dead(t, "shop", "bad-1", "1")
		r.put(t, outbox.Entry{Kind: "order", Account: "shop", Key: "bad-o", Once: "o", Body: []byte("1")})
		r.put(t, outbox.Entry{Account: "", Key: "a", Body: []byte("2")})
		r.put(t, outbox.Entry{Account: "shop", Key: "b", Body: []byte("3")})

		s, err := c.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, r.o.Path(), s.File)
		require.Equal(t, uint64(4), s.Accepted)
		require.Equal(t, uint64(3), s.Waiting)
		require.Equal(t, uint64(1), s.Dead)
		require.Empty(t, s.Gates, "nobody delivers: whether one is open is not known")
		require.Equal(t, "dead", s.Alarms[0].Kind)

		shop, none := "shop", ""
		require.Equal(t, []string{"bad-o", "a", "b", "bad-1"}, list(t, c, admin.Filter{}))
		require.Equal(t, []string{"bad-o", "a"}, list(t, c, admin.Filter{Limit: 2}))
		require.Equal(t, []string{"bad-o", "a", "b"}, list(t, c, admin.Filter{State: "waiting"}))
		require.Empty(t, list(t, c, admin.Filter{State: "parked"}))
		require.Empty(t, list(t, c, admin.Filter{State: "doubt"}))
		require.Equal(t, []string{"bad-1"}, list(t, c, admin.Filter{State: "dead"}))
		require.Equal(t, []string{"bad-o", "b", "bad-1"}, list(t, c, admin.Filter{Account: &shop}))
		require.Equal(t, []string{"a"}, list(t, c, admin.Filter{Account: &none}))
		require.Equal(t, []string{"bad-o"}, list(t, c, admin.Filter{Kind: "order"}))
		require.Equal(t, []string{"b"}, list(t, c, admin.Filter{Key: "b"}))
	})
}

func TestPauseIsSeenAndEnds(t *testing.T) {
	t.Parallel()
	both(t, nil, func(t *testing.T, r *rig, c *admin.Client) {
		ctx := t.Context()
		require.NoError(t, c.Pause(ctx, admin.Scope{Account: "later"}, "counting"))
		require.NoError(t, c.Pause(ctx, admin.Scope{Account: ""}, ""))
		require.NoError(t, c.Pause(ctx, admin.Scope{All: true}, "stocktaking"))
		s, err := c.Status(ctx)
		require.NoError(t, err)
		require.Equal(t, []admin.Pause{
			{Scope: admin.Scope{All: true}, Reason: "stocktaking"}, {}, {Scope: admin.Scope{Account: "later"}, Reason: "counting"},
		}, s.Pauses)
		require.NotNil(t, r.o.Closed("", "later"))
		require.NoError(t, c.Resume(ctx, admin.Scope{All: true}))
		require.NoError(t, c.Resume(ctx, admin.Scope{Account: ""}))
		require.Contains(t, r.o.Closed("", "later").Reason, "counting")
		require.NoError(t, c.Resume(ctx, admin.Scope{Account: "later"}))
		require.Nil(t, r.o.Closed("", "later"))
	})
}

func TestDeadLetterIsShownEditedRequeuedAndDiscarded(t *testing.T) {
	t.Parallel()
	both(t, nil, func(t *testing.T, r *rig, c *admin.Client) {
		ctx := t.Context()
		const body = `{"partnerId":"SKU-1","buyer":{"name":"Maria"}}`
		id := r.dead(t, "shop", "bad", body)

		d, err := c.Show(ctx, id)
		require.NoError(t, err)
		require.Equal(t, "dead", d.State)
		require.JSONEq(t, `{"partnerId":"SKU-1","buyer":{"name":"***"}}`, string(d.Body))
		require.Equal(t, len(body), d.Bytes)
		require.Equal(t, "dead", d.Events[len(d.Events)-1].Type)
		require.Equal(t, "rejected", d.Events[len(d.Events)-1].Verdict)
		d, err = c.ShowFull(ctx, id)
		require.NoError(t, err)
		require.JSONEq(t, body, string(d.Content()))
		for e, err := range c.List(ctx, admin.Filter{}) {
			require.NoError(t, err)
			require.NotContains(t, string(e.Body), "Maria")
		}
		for e, err := range c.List(ctx, admin.Filter{Full: true}) {
			require.NoError(t, err)
			require.Contains(t, string(e.Body), "Maria")
		}

		w, err := c.Why(ctx, id)
		require.NoError(t, err)
		require.Equal(t, "dead", w.State)
		require.NotEmpty(t, w.Because)
		require.NotEmpty(t, w.Next)

		require.NoError(t, c.Requeue(ctx, id))
		require.ErrorIs(t, c.Requeue(ctx, id), outbox.ErrState)
		require.NoError(t, c.Discard(ctx, id, "sold no more"))
		d, err = c.Show(ctx, id)
		require.NoError(t, err)
		require.Equal(t, "cancelled", d.State)
		require.Equal(t, "sold no more", d.Reason)

		id = r.dead(t, "shop", "bad", "\x00plain")
		d, err = c.Show(ctx, id)
		require.NoError(t, err)
		require.Nil(t, d.Content())
		d, err = c.ShowFull(ctx, id)
		require.NoError(t, err)
		require.Equal(t, "\x00plain", string(d.Content()))
		newer, err := c.Edit(ctx, id, []byte(`{"quantity":3}`))
		require.NoError(t, err)
		require.NotEqual(t, id, newer)
		d, err = c.Show(ctx, newer)
		require.NoError(t, err)
		require.JSONEq(t, `{"quantity":3}`, string(d.Body))
		require.NoError(t, c.Check(ctx))

		types := map[string]int{}
		for e, err := range c.Export(ctx) {
			require.NoError(t, err)
			types[e.Type]++
			if e.Entry != nil {
				require.NotContains(t, string(e.Entry.Body), "Maria")
			}
		}
		require.Equal(t, 2, types["dead"])
		require.Equal(t, 1, types["requeued"])
		require.Equal(t, 1, types["cancelled"])
		require.Equal(t, 1, types["edited"])
	})
}

func TestDeliveredBodiesAreRedactedInTheHistory(t *testing.T) {
	t.Parallel()
	both(t, nil, func(t *testing.T, r *rig, c *admin.Client) {
		id := r.put(t, outbox.Entry{Key: "a", Body: []byte(`{"quantity":1,"contact":"Maria"}`)})
		r.deliver(t)
		d, err := c.Show(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, "delivered", d.State)
		require.JSONEq(t, `{"quantity":1,"contact":"***"}`, string(d.Events[len(d.Events)-1].Entry.Body))
		d, err = c.ShowFull(t.Context(), id)
		require.NoError(t, err)
		require.Contains(t, string(d.Events[len(d.Events)-1].Entry.Body), "Maria")
		for e, err := range c.Export(t.Context()) {
			require.NoError(t, err)
			require.NotContains(t, string(e.Entry.Body), "Maria")
		}
	})
}

// Whether a gate is open only who delivers can know.
func TestGatesOfWhoDelivers(t *testing.T) {
	t.Parallel()
	accept := func(context.Context, [][]byte, bool) []admin.Accepted { return nil }
	both(t, accept, func(t *testing.T, r *rig, c *admin.Client) {
		r.put(t, outbox.Entry{Key: "a", Body: []byte("2")})
		s, err := c.Status(t.Context())
		require.NoError(t, err)
		require.Len(t, s.Gates, 1)
		require.True(t, s.Gates[0].Open)
	})
}

func TestKindHasItsForms(t *testing.T) {
	t.Parallel()
	both(t, nil, func(t *testing.T, r *rig, c *admin.Client) {
		r.put(t, outbox.Entry{Kind: "status", Key: "o"})
		r.put(t, outbox.Entry{Kind: "status.id", Key: "1"})
		r.put(t, outbox.Entry{Kind: "stock", Key: "a", Body: []byte("2")})
		require.Equal(t, []string{"o", "1"}, list(t, c, admin.Filter{Kind: "status"}))
		require.Equal(t, []string{"1"}, list(t, c, admin.Filter{Kind: "status.id"}))
		require.Empty(t, list(t, c, admin.Filter{Kind: "stat"}))
	})
}

// What is through cannot be changed any more, which is another thing than not to
// be known.
func TestDeliveredEntryCannotBeChanged(t *testing.T) {
	t.Parallel()
	both(t, nil, func(t *testing.T, r *rig, c *admin.Client) {
		id := r.put(t, outbox.Entry{Key: "a", Body: []byte("2")})
		r.deliver(t)
		unknown, err := outbox.ParseID(id.String() + "0")
		require.NoError(t, err)
		for _, act := range []func(outbox.ID) error{
			func(id outbox.ID) error { return c.Requeue(t.Context(), id) },
			func(id outbox.ID) error { return c.Discard(t.Context(), id, "") },
			func(id outbox.ID) error { _, err := c.Edit(t.Context(), id, []byte("3")); return err },
		} {
			err := act(id)
			require.ErrorIs(t, err, outbox.ErrState)
			require.ErrorContains(t, err, "is delivered")
			require.ErrorIs(t, act(unknown), outbox.ErrNotFound)
		}
	})
}

func TestAccountIsReaddressed(t *testing.T) {
	t.Parallel()
	both(t, nil, func(t *testing.T, r *rig, c *admin.Client) {
		one := outbox.Entry{Kind: "stock", Account: "shop", Key: "a", Addressing: "code", Body: []byte("1")}
		other := outbox.Entry{Kind: "stock", Account: "shop", Key: "7", Addressing: "id", Body: []byte("1")}
		r.put(t, one)
		_, err := r.o.Accept(t.Context(), other)
		var addressing *outbox.AddressingError
		require.ErrorAs(t, err, &addressing)
		require.ErrorIs(t, c.Readdress(t.Context(), "shop", addressing.Family), outbox.ErrState, "something of it waits")
		r.deliver(t)
		require.NoError(t, c.Readdress(t.Context(), "shop", addressing.Family))
		r.put(t, other)
		require.ErrorContains(t, c.Readdress(t.Context(), "shop", ""), "family")
	})
}
