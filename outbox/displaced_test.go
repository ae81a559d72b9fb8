package outbox_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// What is committed to a file that was deleted is gone with the process.
func TestDeletedFileIsBroughtBack(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, nil)
		first := r.stock("sku", "1")
		require.NoError(t, os.Remove(r.o.Path()))
		_, err := r.o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: "sku", Body: []byte("2")})
		require.ErrorIs(t, err, outbox.ErrUnknown)
		require.ErrorIs(t, err, outbox.ErrDisplaced)
		require.NoError(t, r.o.Rebuild(t.Context()))
		second := r.stock("sku", "3")
		r.crash()
		r.stands(first, outbox.Superseded)
		r.stands(second, outbox.Waiting)
	})
}

func TestDeletionIsNoticedThoughNothingIsAccepted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.SetMode(outboxtest.Refused)
		r := newRig(t, h, nil)
		receipt := r.stock("sku", "1")
		r.run()
		require.NoError(t, os.Remove(r.o.Path()))
		time.Sleep(5 * time.Second)
		require.FileExists(t, r.o.Path())
		r.crash()
		r.stands(receipt, outbox.Waiting)
	})
}

func TestFileInThePlaceOfTheOutboxIsLeftAlone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, nil)
		receipt := r.stock("sku", "1")
		moved := r.o.Path() + ".mine"
		require.NoError(t, os.Remove(r.o.Path()))
		require.NoError(t, os.WriteFile(r.o.Path(), []byte("somebody's"), 0o600))
		_, err := r.o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: "sku", Body: []byte("2")})
		require.ErrorIs(t, err, outbox.ErrDisplaced)
		err = r.o.Rebuild(t.Context())
		require.ErrorIs(t, err, outbox.ErrDisplaced)
		require.ErrorContains(t, err, "move that away")
		require.NoError(t, os.Rename(r.o.Path(), moved))
		require.NoError(t, r.o.Rebuild(t.Context()))
		r.crash()
		r.stands(receipt, outbox.Waiting)
		left, err := os.ReadFile(moved)
		require.NoError(t, err)
		require.Equal(t, "somebody's", string(left))
	})
}

func TestClosingSaysThatTheFileIsGone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, nil)
		r.stock("sku", "1")
		require.NoError(t, os.Remove(r.o.Path()))
		require.ErrorIs(t, r.o.Close(), outbox.ErrDisplaced)
	})
}
