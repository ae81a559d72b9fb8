package outbox_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func (r *rig) why(receipt outbox.Receipt) outbox.Why {
	r.Helper()
	w, err := r.o.Why(receipt.ID())
	require.NoError(r, err)
	require.NotEmpty(r, w.Because)
	return w
}

// whyIs compares all sentences.
func (r *rig) whyIs(receipt outbox.Receipt, state outbox.State, because, next []string) {
	r.Helper()
	require.Equal(r, outbox.Why{State: state, Because: because, Next: next}, r.why(receipt))
}

func TestWhySomethingWaits(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{Latency: time.Second}
		r := newRig(t, h, func(o *outbox.Options) { o.Kinds = append(o.Kinds, orders(h)...) })
		value := r.stock("SKU-1", "1")
		r.whyIs(value, outbox.Waiting, []string{"nobody delivers: the outbox is open, but not running"}, []string{"a process must run it"})

		require.NoError(t, r.o.Pause(t.Context(), "", "stocktaking"))
		r.run()
		synctest.Wait()
		r.whyIs(value, outbox.Waiting,
			[]string{"the gate is closed: the account is paused by an operator: stocktaking"}, []string{"the gate must open"})
		creation := r.create("O-1", "1", "new")
		step := r.step("O-1", "1", "paid")
		w := r.why(step)
		require.Equal(t, creation.ID().String()+" goes before it in its lane, which keeps its order", w.Because[0])
		require.Equal(t, creation.ID().String()+" must be settled", w.Next[0])
		require.Contains(t, w.Because[1], "stocktaking")

		require.NoError(t, r.o.Resume(t.Context(), ""))
		synctest.Wait()
		onTheWire, ready := creation, value // whose turn it is, is not what is tested
		if r.why(value).Because[0] == "a call with it is on the wire" {
			onTheWire, ready = value, creation
		}
		r.whyIs(onTheWire, outbox.Waiting, []string{"a call with it is on the wire"}, []string{"its answer must come"})
		r.whyIs(ready, outbox.Waiting, []string{"it is ready, as one of 1 lane of its account"}, []string{"its turn must come: calls of its account go at 1 a second"})
		r.drain(time.Minute)
		r.whyIs(value, outbox.Done, []string{"it was delivered: up"}, nil)

		first := r.stock("SKU-2", "1")
		r.until(time.Minute, func() bool { return r.why(first).Because[0] == "a call with it is on the wire" })
		second := r.stock("SKU-2", "2")
		w = r.why(second)
		require.Equal(t, first.ID().String()+" of its lane is on the wire, and a lane has one call at a time", w.Because[0])
		require.Equal(t, "the answer to it must come", w.Next[0])
		r.drain(time.Minute)
	})
}

func TestWhySomethingGaveWayOrWasTakenOut(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, nil)
		older, newer := r.stock("SKU-1", "1"), r.stock("SKU-1", "2")
		r.whyIs(older, outbox.Superseded, []string{"a newer value of its lane took its place: by " + newer.ID().String()}, nil)
		require.NoError(t, r.o.Discard(t.Context(), newer.ID(), "sold no more"))
		r.whyIs(newer, outbox.Cancelled, []string{"it was taken out: sold no more"}, nil)
		unknown, err := outbox.ParseID("00000000-7")
		require.NoError(t, err)
		_, err = r.o.Why(unknown)
		require.ErrorIs(t, err, outbox.ErrNotFound)
	})
}

func TestWhySomethingNeedsAPerson(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		h.SetScript(by("O-1", outboxtest.Reply{Mode: outboxtest.Bad, Reason: "no such SKU"}))
		r := newRig(t, h, func(o *outbox.Options) { o.Kinds = append(o.Kinds, orders(h)...) })
		r.run()
		dead := r.create("O-1", "1", "new")
		step := r.step("O-1", "1", "paid")
		later := r.step("O-1", "1", "shipped")
		require.Error(t, dead.Wait(r.day()))
		person := []string{"a person must requeue it as it is, edit it, or discard it"}
		r.whyIs(dead, outbox.Dead, []string{"it is a dead letter: no such SKU", "what waits behind it in its lane: 2 entries"}, person)
		id := dead.ID().String()
		for _, parked := range []outbox.Receipt{step, later} {
			r.whyIs(parked, outbox.Parked, []string{"it waits for dead letter " + id + " before it in its lane"}, []string{"a person must requeue, edit or discard " + id})
		}

		value := r.stock("O-1", "1") // the key that is refused
		require.Error(t, value.Wait(r.day()))
		w := r.why(value)
		require.Equal(t, []string{person[0], "or a newer value of its lane takes its place"}, w.Next)

		require.NoError(t, r.o.Close())
		r.opts.Kinds = r.opts.Kinds[:1]
		r.o = outboxtest.Reopen(t, r.o, r.opts)
		r.whyIs(step, outbox.Parked, []string{"its kind, status, is not one that this process delivers"},
			[]string{"the outbox must be opened with that kind, or a person discard it"})
	})
}

func TestWhySomethingIsTriedAgainLater(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) {
			o.Kinds = append(o.Kinds, orders(h)...)
			o.MinBackoff, o.MaxBackoff = time.Minute, time.Minute
		})
		h.SetScript(by("SKU-1", outboxtest.Reply{Mode: outboxtest.Busy}))
		r.run()
		value := r.stock("SKU-1", "1")
		synctest.Wait()
		r.until(time.Minute, func() bool { return len(h.Writes()) == 1 })
		w := r.why(value)
		require.Equal(t, "its last attempt failed, by no fault of its own: 503", w.Because[0])
		require.Contains(t, w.Next[0], "it is tried again in ")
		h.SetScript(nil)
		r.drain(time.Hour)
	})
}

func TestWhySomethingIsLookedUp(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) { o.Kinds = append(o.Kinds, orders(h)...) })
		h.SetScript(by("O-1", outboxtest.Reply{Mode: outboxtest.Reset}))
		r.run()
		creation := r.create("O-1", "1", "new")
		r.until(time.Minute, func() bool { return len(h.LookUps()) == 1 })
		synctest.Wait()
		w := r.why(creation)
		require.Contains(t, w.Because[0], "whether an attempt took effect is not known")
		require.Contains(t, w.Next[0], "it is looked up when its host has been proven up for another ")
		h.SetScript(nil)
		r.drain(time.Hour)

		h.SetScript(by("SKU-1", outboxtest.Reply{Mode: outboxtest.Reset, Applied: true}))
		value := r.stock("SKU-1", "1")
		r.until(time.Minute, func() bool { return carried(h, "SKU-1") })
		h.SetScript(nil)
		require.NoError(t, value.Wait(r.day()))
		require.True(t, r.show(value).InDoubt)
		w = r.why(value)
		require.Equal(t, outbox.Done, w.State)
		require.Contains(t, w.Because[1], "may still be applied late")
		require.Contains(t, w.Next[0], "it goes once more when its host has been proven up for another ")
		r.settled(time.Hour)
		r.whyIs(value, outbox.Done, []string{"it was delivered: up"}, nil)
	})
}

func carried(h *outboxtest.Host, key string) bool { return len(carrying(h.Writes(), key)) > 0 }

// An entry that an earlier file may have sent says so.
func TestWhySomethingIsLookedUpFirst(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) { o.Kinds = append(o.Kinds, orders(h)...) })
		old := r.accept(outbox.Entry{Kind: "order", Key: "O-1", Once: "1", Body: []byte("old")})
		w := r.why(old)
		require.Contains(t, w.Because, "it is older than this file, or its age is not known, so that an earlier file may have sent it")
		require.Contains(t, w.Next, "it must be looked up before it is sent")
	})
}

func TestPausesAreListed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, nil)
		require.Empty(t, r.o.Pauses())
		require.NoError(t, r.o.Pause(t.Context(), "b", "2"))
		require.NoError(t, r.o.Pause(t.Context(), "a", "1"))
		require.NoError(t, r.o.PauseAll(t.Context(), "all"))
		want := []outbox.Paused{{All: true, Reason: "all"}, {Account: "a", Reason: "1"}, {Account: "b", Reason: "2"}}
		require.Equal(t, want, r.o.Pauses())
		r.restart()
		require.Equal(t, want, r.o.Pauses())
		require.NoError(t, r.o.ResumeAll(t.Context()))
		require.Equal(t, want[1:], r.o.Pauses())
	})
}
