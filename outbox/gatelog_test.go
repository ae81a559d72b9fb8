package outbox_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func (r *rig) gateChanges() (changes []outbox.GateChange) {
	r.Helper()
	for c, err := range r.o.GateChanges() {
		require.NoError(r, err)
		changes = append(changes, c)
	}
	return changes
}

// told are the changes without their moments and sentences.
func told(changes []outbox.GateChange) (s []string) {
	for _, c := range changes {
		word := "closed"
		if c.Open {
			word = "open"
		}
		s = append(s, string(c.Scope)+" "+c.Host+c.Account+" "+word+" "+string(c.Cause))
	}
	return s
}

func TestGateChangesAreKept(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		begins := time.Now().Add(time.Hour)
		w := outbox.Window{Name: "night", Start: begins, End: begins.Add(4 * time.Hour)}
		r := newRig(t, h, func(o *outbox.Options) {
			o.Windows = func(_ string, now time.Time) (outbox.Window, bool) {
				return w, !now.Before(w.Start) && now.Before(w.End)
			}
		})
		r.run()
		synctest.Wait()
		r.stock("sku", "1")
		require.NoError(t, r.o.Pause(t.Context(), "a", "stocktaking"))
		time.Sleep(time.Minute)
		require.NoError(t, r.o.Resume(t.Context(), "a"))
		time.Sleep(time.Until(begins))
		h.SetMode(outboxtest.HTML)
		time.Sleep(4*time.Hour - time.Minute)
		h.SetMode(outboxtest.Limited)
		time.Sleep(time.Hour)
		h.SetMode(outboxtest.Up)
		time.Sleep(time.Hour)
		changes := r.gateChanges()
		require.Equal(t, []string{
			"all  open run", "account a closed pause", "account a open pause", "host  closed window", "host  open window",
		}, told(changes))
		require.Equal(t, w.Name, changes[3].Window.Name)
		require.True(t, changes[3].At.Equal(w.Start) && changes[3].Window.End.Equal(w.End) && changes[4].Window.Start.Equal(w.Start))
		require.Equal(t, "the maintenance window is over", changes[4].Reason)

		r.stop()
		require.NoError(t, r.o.PauseAll(t.Context(), ""))
		require.NoError(t, r.o.Close())
		r.o = outboxtest.Reopen(t, r.o, r.opts)
		require.Equal(t, changes, r.gateChanges()[:len(changes)])
		require.Equal(t, []string{"all  closed run", "all  closed pause"}, told(r.gateChanges()[len(changes):]))
		require.NoError(t, r.o.ResumeAll(t.Context()))
		require.Equal(t, "all  open pause", told(r.gateChanges())[len(changes)+2])
		require.NoError(t, r.o.Compact(t.Context()))
		require.Len(t, r.gateChanges(), len(changes)+3)
	})
}

// What closed the gate of a process that crashed holds only until the next begins.
func TestGateChangesOfACrashEndWithTheNextRun(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		r := newRig(t, h, nil)
		r.run()
		h.SetMode(outboxtest.Refused)
		for _, sku := range names("sku", 20) {
			r.stock(sku, "1")
		}
		time.Sleep(10 * time.Minute)
		require.Equal(t, []string{"all  open run", "host  closed breaker"}, told(r.gateChanges()))
		r.crash()
		h.SetMode(outboxtest.Up)
		r.run()
		time.Sleep(time.Minute)
		require.Equal(t, []string{"all  open run", "host  closed breaker", "all  open run"}, told(r.gateChanges()))
	})
}

func TestGateChangesAreKeptForTheRetentionOfHistory(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, &outboxtest.Host{}, func(o *outbox.Options) { o.HistoryRetention = 24 * time.Hour })
		r.run()
		require.NoError(t, r.o.PauseAll(t.Context(), ""))
		time.Sleep(20 * time.Hour)
		require.NoError(t, r.o.ResumeAll(t.Context()))
		time.Sleep(10 * time.Hour)
		require.Equal(t, []string{"all  open pause"}, told(r.gateChanges()))
	})
}
