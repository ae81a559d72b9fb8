package outbox_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// witness collects what the observer is told.
type witness struct {
	mu     sync.Mutex
	events []outbox.Event
}

func (w *witness) see(e outbox.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

// told returns the events as text, each of the given types.
func (w *witness) told(types ...outbox.EventType) (out []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		for _, typ := range types {
			if e.Type == typ {
				out = append(out, fmt.Sprint(e.Type))
			}
		}
	}
	return out
}

func TestObserverIsToldInOrder(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := &witness{}
		h := &outboxtest.Host{Script: by("guilty", outboxtest.Reply{Mode: outboxtest.Bad})}
		r := newRig(t, h, func(o *outbox.Options) { o.Observer = w.see })
		r.stock("sku", "1")
		r.stock("sku", "2")
		guilty := r.stock("guilty", "1")
		r.run()
		r.drain(time.Minute)
		require.NoError(t, r.o.Requeue(t.Context(), guilty.ID()))
		r.drain(time.Minute)
		require.NoError(t, r.o.Discard(t.Context(), guilty.ID(), "test"))
		perEntry := map[uint64][]string{}
		var last time.Time
		for _, e := range w.events {
			require.False(t, e.At.Before(last), "%s at %s after %s", e.Type, e.At, last)
			last = e.At
			if e.ID.Sequence() != 0 {
				perEntry[e.ID.Sequence()] = append(perEntry[e.ID.Sequence()], e.Type.String())
			}
			if e.Type == outbox.EventDelivered {
				require.Equal(t, "2", string(e.Entry.Body))
			}
		}
		require.Equal(t, map[uint64][]string{
			1: {"superseded"}, 2: {"delivered"}, 3: {"dead", "requeued", "dead", "cancelled"},
		}, perEntry)
		stored, err := r.o.Events(guilty.ID())
		require.NoError(t, err)
		require.Len(t, stored, 4, "and the history has the same")
	})
}

func TestGateTellsWhenItClosesAndOpens(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := &witness{}
		h := &outboxtest.Host{}
		r := newRig(t, h, func(o *outbox.Options) { o.Observer = w.see })
		h.SetMode(outboxtest.Refused)
		r.stocks("", names("sku", 20), "1")
		r.run()
		time.Sleep(time.Hour)
		require.Equal(t, []string{"gate closed"}, w.told(outbox.EventGateClosed, outbox.EventGateOpened))
		h.SetMode(outboxtest.Up)
		r.drain(10 * time.Minute)
		require.Equal(t, []string{"gate closed", "gate opened"}, w.told(outbox.EventGateClosed, outbox.EventGateOpened))
	})
}

func TestAlarmsAreRaisedAndCleared(t *testing.T) {
	t.Parallel()
	alarm := func(t *testing.T, kind outbox.AlarmKind, mode outboxtest.Mode, wait time.Duration, end func(r *rig, first outbox.Receipt)) {
		t.Run(string(kind), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := &witness{}
				h := &outboxtest.Host{}
				r := orderRig(t, h, func(o *outbox.Options) { o.Observer = w.see; o.Kinds[2].Resolve = nil })
				h.SetMode(mode)
				e := outbox.Entry{Kind: "stock", Key: "sku", Body: []byte("1")}
				if kind == outbox.AlarmParked {
					e.Kind = "status"
				}
				first := r.accept(e)
				r.run()
				time.Sleep(wait - time.Minute)
				if kind == outbox.AlarmOverdue {
					require.Empty(t, r.o.Stats().Alarms)
				}
				time.Sleep(2 * time.Minute)
				require.Len(t, r.o.Stats().Alarms, 1)
				require.Equal(t, kind, r.o.Stats().Alarms[0].Kind)
				require.NotEmpty(t, r.o.Stats().Alarms[0].Reason)
				require.Equal(t, []string{"alarm raised"}, w.told(outbox.EventAlarmRaised, outbox.EventAlarmCleared))
				h.SetMode(outboxtest.Up)
				end(r, first)
				time.Sleep(2 * time.Minute)
				require.Empty(t, r.o.Stats().Alarms)
				require.Equal(t, []string{"alarm raised", "alarm cleared"}, w.told(outbox.EventAlarmRaised, outbox.EventAlarmCleared))
			})
		})
	}
	requeue := func(r *rig, first outbox.Receipt) { require.NoError(r, r.o.Requeue(r.Context(), first.ID())) }
	nothing := func(*rig, outbox.Receipt) {}
	alarm(t, outbox.AlarmOverdue, outboxtest.Refused, 30*time.Minute, nothing)
	alarm(t, outbox.AlarmDead, outboxtest.Bad, time.Minute, requeue)
	alarm(t, outbox.AlarmParked, outboxtest.Reset, time.Minute, requeue)
	alarm(t, outbox.AlarmSuspended, outboxtest.Denied, time.Minute, nothing)
}

// A read through the gate is told at once why it cannot go.
func TestReadsGoThroughTheGate(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, nil)
		a, err := r.o.Read(t.Context(), "", "a", false, readOf(h))
		require.NoError(t, err)
		require.Equal(t, outbox.Delivered, a.Verdict)
		require.NoError(t, r.o.Pause(t.Context(), "a", "stock-taking"))
		closed := new(outbox.ClosedError)
		_, err = r.o.Read(t.Context(), "", "a", false, readOf(h))
		require.ErrorAs(t, err, &closed)
		require.Contains(t, closed.Reason, "stock-taking")
		time.AfterFunc(time.Hour, func() { _ = r.o.Resume(t.Context(), "a") })
		start := time.Now()
		_, err = r.o.Read(t.Context(), "", "a", true, readOf(h))
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(start), time.Hour)
	})
}

func readOf(h *outboxtest.Host) func(context.Context) outbox.Answer {
	return func(ctx context.Context) outbox.Answer { return h.Canary(ctx, "", "a") }
}
