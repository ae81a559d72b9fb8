package outbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func (r *rig) lives() (lives []outbox.Life) {
	r.Helper()
	for l, err := range r.o.Lives() {
		require.NoError(r, err)
		lives = append(lives, l)
	}
	return lives
}

// Each accepted entry is there once, in the state that Show says, with its events.
func TestLivesHasEachEntryOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
			if c.Canary || len(c.Keys) == 0 || c.Keys[0] != "bad" {
				return outboxtest.Reply{Mode: outboxtest.Hang}, !c.Canary && len(c.Keys) > 0 && c.Keys[0] == "doubt" && len(h.Writes()) < 3
			}
			return outboxtest.Reply{Mode: outboxtest.Bad}, true
		}
		r := newRig(t, h, nil)
		r.run()
		r.stock("doubt", "1")
		time.Sleep(2 * time.Minute)
		r.stock("bad", "1")
		for _, n := range []string{"1", "2", "3"} {
			r.stock("sku", n)
		}
		time.Sleep(time.Minute)
		r.stop()
		r.stocks("", names("more", 700), "1") // several pages
		last := r.stock("more", "1")
		r.stock("sku", "4")
		r.stock("sku", "5") // covers it, though nothing has swept it
		require.NoError(t, r.o.Discard(t.Context(), last.ID(), "not sold"))

		stats, found := r.o.Stats(), map[outbox.State]uint64{}
		for i, l := range r.lives() {
			require.EqualValues(t, i+1, l.ID.Sequence())
			found[l.State]++
			shown, err := r.o.Show(l.ID)
			require.NoError(t, err)
			require.Equal(t, shown, l.Record)
			events, err := r.o.Events(l.ID)
			require.NoError(t, err)
			require.Equal(t, events, l.Events)
		}
		require.Equal(t, map[outbox.State]uint64{
			outbox.Waiting: stats.Waiting, outbox.Done: stats.Delivered, outbox.Superseded: stats.Superseded,
			outbox.Dead: stats.Dead, outbox.Cancelled: stats.Cancelled,
		}, found)
		require.NotZero(t, stats.InDoubt)
	})
}
