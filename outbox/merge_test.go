package outbox_test

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// mergeFields carries over what the newer object leaves out.
func mergeFields(older, newer []byte) ([]byte, error) {
	var o, n map[string]any
	if err := json.Unmarshal(older, &o); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(newer, &n); err != nil {
		return nil, err
	}
	maps.Copy(o, n)
	return json.Marshal(o)
}

func mergeRig(t *testing.T, h *outboxtest.Host) *rig {
	t.Helper()
	return newRig(t, h, func(o *outbox.Options) { o.Kinds[0].Merge = mergeFields })
}

func TestNewestCoversTheFieldsOfTheOlder(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := mergeRig(t, h)
		oldest := r.stock("sku", `{"cost":5,"quantity":1}`)
		r.stock("sku", `{"quantity":2}`)
		newest := r.stock("sku", `{"quantity":3}`)
		require.JSONEq(t, `{"quantity":3}`, string(r.stands(newest, outbox.Waiting).Body), "as it was accepted")
		r.crash()
		r.run()
		r.drain(time.Minute)
		require.Len(t, h.Writes(), 1)
		require.JSONEq(t, `{"cost":5,"quantity":3}`, h.Holds("", "sku"))
		r.stands(oldest, outbox.Superseded)
		require.JSONEq(t, `{"cost":5,"quantity":3}`, string(r.stands(newest, outbox.Done).Body), "the history has what was sent")
		r.stock("sku", `{"quantity":4}`)
		r.drain(time.Minute)
		require.JSONEq(t, `{"quantity":4}`, h.Holds("", "sku"), "what is settled is not carried on")
	})
}

func TestRefusedMergeGoesAgainWithTheNewestsOwnFields(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
			return outboxtest.Reply{Mode: outboxtest.Bad}, !c.Canary && strings.Contains(c.Bodies[0], "cost")
		}
		r := mergeRig(t, h)
		r.stock("sku", `{"cost":-1,"quantity":1}`)
		newest := r.stock("sku", `{"quantity":2}`)
		r.run()
		require.NoError(t, newest.Wait(r.day()))
		require.Len(t, h.Writes(), 2)
		require.JSONEq(t, `{"quantity":2}`, h.Holds("", "sku"))
		require.Zero(t, r.o.Stats().Dead)
	})
}

func TestRefusedMergeAndRefusedOwnFieldsIsADeadLetter(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.SetMode(outboxtest.Bad)
		r := mergeRig(t, h)
		r.stock("sku", `{"cost":1,"quantity":1}`)
		newest := r.stock("sku", `{"quantity":-2}`)
		r.run()
		dead := new(outbox.DeadError)
		require.ErrorAs(t, newest.Wait(r.day()), &dead)
		require.Len(t, h.Writes(), 2)
		require.JSONEq(t, `{"quantity":-2}`, string(r.stands(newest, outbox.Dead).Body))
	})
}

func TestFieldsOfADeadLetterAreNeverCarried(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.SetMode(outboxtest.Bad)
		r := mergeRig(t, h)
		r.run()
		guilty := r.stock("sku", `{"cost":-1,"quantity":1}`)
		require.Error(t, guilty.Wait(r.day()))
		h.SetMode(outboxtest.Up)
		newest := r.stock("sku", `{"quantity":2}`)
		require.NoError(t, newest.Wait(r.day()))
		require.JSONEq(t, `{"quantity":2}`, h.Holds("", "sku"))
		rec := r.stands(guilty, outbox.Superseded)
		require.Contains(t, rec.Reason, newest.ID().String())
		require.Zero(t, r.o.Stats().Dead)
	})
}

// The value on the wire is covered, too, by what is accepted meanwhile.
func TestValueOnTheWireIsCovered(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Timeout: time.Minute}
		h.SetMode(outboxtest.Hang)
		r := mergeRig(t, h)
		r.run()
		older := r.stock("sku", `{"cost":5,"quantity":1}`)
		time.Sleep(time.Second)
		r.stock("sku", `{"quantity":2}`)
		h.SetMode(outboxtest.Up)
		r.drain(5 * time.Minute)
		require.JSONEq(t, `{"cost":5,"quantity":2}`, h.Holds("", "sku"))
		r.stands(older, outbox.Superseded)
		for i, c := range h.Writes() {
			require.True(t, i == 0 || !c.At.Before(h.Writes()[0].EndedAt), "two calls of a lane overlap")
		}
	})
}

func TestMergeThatFailsRefusesTheEntry(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := mergeRig(t, h)
		r.stock("sku", `{"quantity":1}`)
		_, err := r.o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: "sku", Body: []byte("no json")})
		require.ErrorIs(t, err, outbox.ErrInvalid)
		require.Equal(t, uint64(1), r.o.Stats().Accepted)
		require.NoError(t, r.o.Close())
		r.opts.Kinds[0].Merge = func(_, _ []byte) ([]byte, error) { panic(errors.New("secret")) }
		r.o = outboxtest.Reopen(t, r.o, r.opts)
		_, err = r.o.Accept(t.Context(), outbox.Entry{Kind: "stock", Key: "sku", Body: []byte(`{}`)})
		require.ErrorIs(t, err, outbox.ErrInvalid)
		r.run()
		r.drain(time.Minute)
		require.JSONEq(t, `{"quantity":1}`, h.Holds("", "sku"))
	})
}

func TestEditedValueIsTheNewestAndRequeuedOneKeepsItsPlace(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.Script = func(c outboxtest.Call) (outboxtest.Reply, bool) {
			return outboxtest.Reply{Mode: outboxtest.Bad}, !c.Canary && c.Bodies[0] == `{"quantity":-1}`
		}
		r := mergeRig(t, h)
		r.run()
		guilty := r.stock("sku", `{"quantity":-1}`)
		require.Error(t, guilty.Wait(r.day()))
		require.NoError(t, r.o.Requeue(t.Context(), guilty.ID()))
		require.Error(t, guilty.Wait(r.day()))
		require.Len(t, h.Writes(), 2, "a requeued one is tried again")
		edited, err := r.o.Edit(t.Context(), guilty.ID(), []byte(`{"quantity":1}`))
		require.NoError(t, err)
		require.Greater(t, edited.ID().Sequence(), guilty.ID().Sequence())
		require.NoError(t, edited.Wait(r.day()))
		require.JSONEq(t, `{"quantity":1}`, h.Holds("", "sku"))
		r.stands(guilty, outbox.Superseded)
		require.ErrorIs(t, r.o.Requeue(t.Context(), guilty.ID()), outbox.ErrNotFound)
	})
}
