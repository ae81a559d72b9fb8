package outbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func (r *rig) repush(key, once, body string) outbox.Receipt {
	r.Helper()
	receipt, err := r.o.Repush(r.Context(), outbox.Entry{Kind: "order", Key: key, Once: once, Body: []byte(body), MadeAt: madeNow()})
	require.NoError(r, err)
	return receipt
}

func TestRepushOfALostCreationSendsItOnceMore(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := orderRig(t, h, nil)
		r.run()
		first := r.create("order-1", "M-1", "{}")
		require.NoError(t, first.Wait(r.day()))
		h.Lose("", "M-1")
		start := time.Now()
		again := r.repush("order-1", "M-1", "{}")
		require.False(t, again.Duplicate)
		require.Equal(t, first.ID(), again.ID(), "it waits again")
		r.stands(first, outbox.Waiting)
		step := r.step("order-1", "M-1", "paid")
		r.crash() // it is on disk
		r.run()
		again, step = r.o.Receipt(again.ID()), r.o.Receipt(step.ID())
		require.True(t, r.repush("order-1", "M-1", "{}").Duplicate, "it waits")
		require.NoError(t, again.Wait(r.day()))
		require.GreaterOrEqual(t, time.Since(start), lateApply+lookupLag, "two look-ups that would have found it")
		require.Len(t, h.LookUps(), 2)
		require.Equal(t, 1, h.Creations("", "M-1"))
		require.NoError(t, step.Wait(r.day()))
		writes := h.Writes()
		require.Equal(t, "status", writes[len(writes)-1].Kind)
		require.NotNil(t, writes[len(writes)-1].Creation)
		require.True(t, r.create("order-1", "M-1", "{}").Duplicate)
		r.stands(first, outbox.Done)
	})
}

func TestRepushOfACreationThatIsThereSendsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := orderRig(t, h, nil)
		r.run()
		require.NoError(t, r.create("order-1", "M-1", "{}").Wait(r.day()))
		require.NoError(t, r.repush("order-1", "M-1", "{}").Wait(r.day()))
		require.Equal(t, 1, h.Creations("", "M-1"))
		require.Len(t, h.Writes(), 1)
	})
}

// The first push may have been applied by a file that is lost.
func TestRepushOfAnUnknownCreationIsLookedUpToo(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := orderRig(t, h, nil)
		r.run()
		require.NoError(t, r.repush("order-1", "M-1", "{}").Wait(r.day()))
		require.Equal(t, 1, h.Creations("", "M-1"))
		require.Len(t, h.LookUps(), 2)
	})
}

func TestRepushThatCannotBeRightIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := orderRig(t, h, func(o *outbox.Options) {
			blind := h.Creation("blind", "blind")
			blind.Resolve = nil
			o.Kinds = append(o.Kinds, blind)
		})
		r.run()
		require.NoError(t, r.create("order-1", "M-1", "{}").Wait(r.day()))
		_, err := r.o.Repush(t.Context(), outbox.Entry{Kind: "order", Key: "order-1", Once: "M-1", Body: []byte(`{"other":1}`)})
		var conflict *outbox.ConflictError
		require.ErrorAs(t, err, &conflict)
		for _, kind := range []string{"stock", "status", "blind"} {
			_, err := r.o.Repush(t.Context(), outbox.Entry{Kind: kind, Key: "k", Once: map[string]string{"blind": "k"}[kind]})
			require.ErrorIs(t, err, outbox.ErrInvalid, kind)
		}
	})
}

// A step of the lost order draws a refusal and dies before anybody knows; the
// creation goes before it all the same.
func TestRepushGoesBeforeStepsThatDied(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.SetScript(func(c outboxtest.Call) (outboxtest.Reply, bool) {
			return outboxtest.Reply{Mode: outboxtest.Bad}, c.Kind == "status" && !c.LookUp && h.Creations("", "M-1") == 0
		})
		r := orderRig(t, h, nil)
		r.run()
		require.NoError(t, r.create("order-1", "M-1", "{}").Wait(r.day()))
		h.Lose("", "M-1")
		dead, behind := r.step("order-1", "M-1", "paid"), r.step("order-1", "M-1", "shipped")
		require.Error(t, dead.Wait(r.day()))
		require.NoError(t, r.repush("order-1", "M-1", "{}").Wait(r.day()))
		require.Equal(t, 1, h.Creations("", "M-1"))
		require.NoError(t, r.o.Requeue(t.Context(), dead.ID()))
		require.NoError(t, behind.Wait(r.day()))
		require.Equal(t, []string{"paid", "shipped"}, h.Steps("", "order-1"))
	})
}

// A person takes back the repush of an order that is there: its steps stay.
func TestDiscardedRepushLeavesTheStepsOfWhatWasDelivered(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := orderRig(t, h, nil)
		r.run()
		require.NoError(t, r.create("order-1", "M-1", "{}").Wait(r.day()))
		require.NoError(t, r.o.PauseAll(t.Context(), "test"))
		again, step := r.repush("order-1", "M-1", "{}"), r.step("order-1", "M-1", "paid")
		require.NoError(t, r.o.Discard(t.Context(), again.ID(), "it is there"))
		r.stands(again, outbox.Cancelled)
		r.stands(step, outbox.Waiting)
		later := r.step("order-1", "M-1", "shipped")
		require.NoError(t, r.o.ResumeAll(t.Context()))
		require.NoError(t, later.Wait(r.day()))
		writes := h.Writes()
		require.NotNil(t, writes[len(writes)-1].Creation)
		require.NoError(t, r.repush("order-1", "M-1", "{}").Wait(r.day()), "and once more")
		require.Equal(t, 1, h.Creations("", "M-1"))
	})
}
