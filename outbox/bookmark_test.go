package outbox_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func TestBookmarkOutlivesCrashAndCompaction(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, nil)
		bookmark := func(name string) string {
			value, err := r.o.Bookmark(name)
			require.NoError(t, err)
			return string(value)
		}
		require.Empty(t, bookmark("reload"))
		require.NoError(t, r.o.SetBookmark(t.Context(), "reload", []byte("SKU-7")))
		require.NoError(t, r.o.SetBookmark(t.Context(), "recheck", []byte("77")))
		require.NoError(t, r.o.SetBookmark(t.Context(), "reload", []byte("SKU-8")))
		r.crash()
		require.Equal(t, "SKU-8", bookmark("reload"))
		require.NoError(t, r.o.Compact(t.Context()))
		require.Equal(t, "77", bookmark("recheck"))
		require.NoError(t, r.o.SetBookmark(t.Context(), "reload", nil))
		require.Empty(t, bookmark("reload"))
		require.Equal(t, "77", bookmark("recheck"))
	})
}

func TestBookmarkOutOfBoundsIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, nil)
		require.ErrorIs(t, r.o.SetBookmark(t.Context(), "", []byte("x")), outbox.ErrInvalid)
		require.ErrorIs(t, r.o.SetBookmark(t.Context(), "x", bytes.Repeat([]byte("x"), 65<<10)), outbox.ErrInvalid)
		require.NoError(t, r.o.Close())
		require.ErrorIs(t, r.o.SetBookmark(t.Context(), "x", []byte("x")), outbox.ErrClosed)
		_, err := r.o.Bookmark("x")
		require.ErrorIs(t, err, outbox.ErrClosed)
	})
}
