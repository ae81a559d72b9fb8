package report_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/report"
	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

func TestOptionsThatCannotBeRight(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for field, o := range map[string]report.Options{
		"From":     {To: now},
		"To":       {From: now, To: now},
		"Format":   {From: now, To: now.Add(1), Format: "pdf"},
		"Language": {From: now, To: now.Add(1), Language: "de"},
	} {
		var out bytes.Buffer
		_, err := report.Write(t.Context(), &out, sourceOf(nil), o)
		var wrong *api.FieldError
		require.ErrorAs(t, err, &wrong, field)
		require.Equal(t, field, wrong.Field)
		require.Empty(t, out.String(), "nothing is written then")
	}
	_, err := report.Write(t.Context(), io.Discard, sourceOf(nil), report.Options{From: now.Add(time.Hour), To: now.Add(2 * time.Hour)})
	require.ErrorContains(t, err, "future")
	_, err = report.ParseLanguage("de")
	require.ErrorContains(t, err, "want en, es or pt")
	for tag, want := range map[string]report.Language{"": "en", "pt-BR": "pt", "pt_BR.UTF-8": "pt", "ES": "es", "en": "en"} {
		l, err := report.ParseLanguage(tag)
		require.NoError(t, err, tag)
		require.Equal(t, want, l)
	}
}

// sourceOf is a source of lives that were made up.
func sourceOf(lives iter.Seq2[outbox.Life, error]) report.Source {
	if lives == nil {
		lives = func(func(outbox.Life, error) bool) {}
	}
	return report.Source{Lives: lives, GateChanges: func(func(outbox.GateChange, error) bool) {}}
}

func TestEmptyRangeSaysSo(t *testing.T) {
	overNight(t, func(n *night) {
		o := report.Options{From: n.start.Add(-100 * time.Hour), To: n.start.Add(-99 * time.Hour)}
		for _, f := range formats {
			o.Format = f
			text, s := n.write(o)
			require.Zero(t, s.Accepted.Plus(s.Carried))
			require.Equal(t, f == report.Text || f == report.HTML, strings.Contains(text, "Nothing was accepted in this range"), f)
			require.NotContains(t, text, "[?]")
			require.Equal(t, []report.TaskCode{report.TaskResume, report.TaskDeadElsewhere}, codes(s), "what is to be done all the same")
		}
	})
}

func TestNothingIsLeftToDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		o := outboxtest.Open(t, outbox.Options{Kinds: []outbox.Kind{h.Value("stock.set")}, MinFree: -1})
		from := time.Now()
		_, err := o.Accept(t.Context(), outbox.Entry{Kind: "stock.set", Key: "sku", Body: []byte("1")})
		require.NoError(t, err)
		stop := outboxtest.Run(t, o)
		require.NoError(t, o.Drain(t.Context()))
		stop()
		for l, sentence := range map[report.Language]string{
			report.English: "Nothing: there is nothing left for a person to do.", report.Spanish: "Nada: no queda nada por hacer", report.Portuguese: "Nada: não resta nada",
		} {
			for _, f := range []report.Format{report.Text, report.CSV, report.HTML} {
				var out bytes.Buffer
				s, err := report.Write(t.Context(), &out, report.Of(o), report.Options{From: from, To: from.Add(time.Hour), Format: f, Language: l})
				require.NoError(t, err)
				require.Empty(t, s.ToDo)
				require.Contains(t, out.String(), sentence)
			}
		}
	})
}

func TestIdleOutboxIsToBeDelivered(t *testing.T) {
	t.Parallel()
	h := &outboxtest.Host{}
	o := outboxtest.Open(t, outbox.Options{Kinds: []outbox.Kind{h.Value("stock.set")}, MinFree: -1})
	from := time.Now()
	for _, key := range []string{"a", "a", "b"} {
		_, err := o.Accept(t.Context(), outbox.Entry{Kind: "stock.set", Key: key, Body: []byte("1")})
		require.NoError(t, err)
	}
	source := report.Of(o)
	source.Idle = true
	var out bytes.Buffer
	s, err := report.Write(t.Context(), &out, source, report.Options{From: from, To: from.Add(time.Hour)})
	require.NoError(t, err)
	require.Equal(t, report.Fates{Entries: 3, Superseded: 1, Waiting: 2}, s.Accepted, "also what nothing has swept yet")
	require.Equal(t, []report.Task{{Code: report.TaskDeliver, Number: 2}}, s.ToDo)
	require.Contains(t, out.String(), "2 entries wait and no process delivers them")
	require.Contains(t, out.String(), "The range is not over yet")
}

func TestWhatTheHistoryForgotIsCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &outboxtest.Host{}
		o := outboxtest.Open(t, outbox.Options{Kinds: []outbox.Kind{h.Value("stock.set")}, MinFree: -1, HistoryRetention: 24 * time.Hour})
		stop := outboxtest.Run(t, o)
		from := time.Now()
		accept := func(key string) {
			_, err := o.Accept(t.Context(), outbox.Entry{Kind: "stock.set", Key: key, Body: []byte("1")})
			require.NoError(t, err)
		}
		for range 3 {
			accept("old")
			time.Sleep(time.Hour)
		}
		time.Sleep(22*time.Hour + 30*time.Minute)
		accept("new")
		time.Sleep(time.Minute)
		stop()
		s, err := report.Write(t.Context(), io.Discard, report.Of(o), report.Options{From: from, To: time.Now()})
		require.NoError(t, err)
		require.EqualValues(t, 2, s.Forgotten)
		require.EqualValues(t, 2, s.Accepted.Entries)
		s, err = report.Write(t.Context(), io.Discard, report.Of(o), report.Options{From: time.Now().Add(-time.Hour), To: time.Now()})
		require.NoError(t, err)
		require.Zero(t, s.Forgotten, "those are surely not of this range")
	})
}

func TestUnreadableIsCountedAndTheRestReported(t *testing.T) {
	t.Parallel()
	now := time.Now()
	lives := func(yield func(outbox.Life, error) bool) {
		_ = yield(outbox.Life{}, fmt.Errorf("%w: event 7", outbox.ErrFormat)) &&
			yield(outbox.Life{Record: outbox.Record{State: outbox.Done, AcceptedAt: now}}, nil)
	}
	s, err := report.Write(t.Context(), io.Discard, sourceOf(lives), report.Options{From: now, To: now.Add(1)})
	require.NoError(t, err)
	require.Equal(t, 1, s.Unreadable)
	require.EqualValues(t, 1, s.Accepted.Delivered)
	require.Equal(t, []report.Task{{Code: report.TaskUnreadable, Number: 1}}, s.ToDo)
}

func TestErrorsThatEndAReport(t *testing.T) {
	t.Parallel()
	now := time.Now()
	o := report.Options{From: now, To: now.Add(1), Format: report.CSV}
	broken := errors.New("the answer broke off")
	for _, last := range []error{outbox.ErrClosed, broken} {
		ends := func(yield func(outbox.Life, error) bool) { yield(outbox.Life{}, last) }
		_, err := report.Write(t.Context(), io.Discard, sourceOf(ends), o)
		require.ErrorIs(t, err, last)
		source := sourceOf(nil)
		source.GateChanges = func(yield func(outbox.GateChange, error) bool) { yield(outbox.GateChange{}, last) }
		_, err = report.Write(t.Context(), io.Discard, source, o)
		require.ErrorIs(t, err, last)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := report.Write(ctx, io.Discard, sourceOf(nil), o)
	require.ErrorIs(t, err, context.Canceled)

	full := errors.New("disk full")
	for _, f := range formats {
		o.Format = f
		_, err = report.Write(t.Context(), failing{full}, sourceOf(manyLives(now, 1000)), o)
		require.ErrorIs(t, err, full, f)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// manyLives makes up values, some of each state.
func manyLives(at time.Time, n int) iter.Seq2[outbox.Life, error] {
	states := []outbox.State{outbox.Done, outbox.Superseded, outbox.Dead, outbox.Cancelled, outbox.Waiting, outbox.Parked}
	return func(yield func(outbox.Life, error) bool) {
		for i := range n {
			l := outbox.Life{Record: outbox.Record{
				State: states[i%len(states)], AcceptedAt: at, Reason: strings.Repeat("x", 100) + time.Duration(i).String(),
				Entry: outbox.Entry{Kind: "stock.set", Account: "shop", Key: "sku", Body: []byte(`{"quantity":1}`)},
			}}
			if l.State == outbox.Done {
				l.Events = []outbox.Event{{Type: outbox.EventDelivered, At: at}}
			}
			if !yield(l, nil) {
				return
			}
		}
	}
}

// Rows are written while the source is read, and nothing is kept of them.
func TestLargeRangesStream(t *testing.T) { //nolint:paralleltest // it measures the memory of all
	now := time.Now()
	for _, f := range formats {
		read, firstAt := 0, 0
		lives := func(yield func(outbox.Life, error) bool) {
			for l, err := range manyLives(now, 20_000) {
				if read++; !yield(l, err) {
					return
				}
			}
		}
		out := writer(func(p []byte) (int, error) {
			if firstAt == 0 {
				firstAt = read
			}
			return len(p), nil
		})
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s, err := report.Write(t.Context(), out, sourceOf(lives), report.Options{From: now, To: now.Add(time.Hour), Format: f})
		require.NoError(t, err)
		runtime.GC()
		runtime.ReadMemStats(&after)
		require.EqualValues(t, 20_000, s.Accepted.Entries)
		if f == report.JSON || f == report.CSV {
			require.Less(t, firstAt, 1000, f)
		}
		const kept = 4 << 20
		require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(kept), f)
		runtime.KeepAlive(s)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
