package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
)

// hour is a moment of a day.
func hour(h float64) time.Time {
	return time.Date(2024, time.July, 28, 0, 0, 0, 0, time.UTC).Add(time.Duration(h * float64(time.Hour)))
}

func shut(h float64, scope outbox.GateScope, name string, cause outbox.GateCause) outbox.GateChange {
	g := outbox.GateChange{At: hour(h), Scope: scope, Cause: cause, Reason: string(cause)}
	if scope == outbox.GateAccount {
		g.Account = name
	} else {
		g.Host = name
	}
	return g
}

func opened(h float64, scope outbox.GateScope, name string, cause outbox.GateCause) outbox.GateChange {
	g := shut(h, scope, name, cause)
	g.Open = true
	return g
}

type shown struct {
	cause    outbox.GateCause
	from, to float64 // 0: still closed
}

func closuresIn(from, to float64, changes ...outbox.GateChange) (all []shown, closed time.Duration) {
	closures := closuresOf(changes, hour(from), hour(to))
	for _, c := range closures {
		s := shown{cause: c.Cause, from: c.From.Sub(hour(0)).Hours()}
		if !c.To.IsZero() {
			s.to = c.To.Sub(hour(0)).Hours()
		}
		all = append(all, s)
	}
	return all, closedFor(closures, hour(from), hour(to))
}

func TestClosures(t *testing.T) {
	t.Parallel()
	const host, account, all = outbox.GateHost, outbox.GateAccount, outbox.GateAll
	for name, c := range map[string]struct {
		changes []outbox.GateChange
		want    []shown
		closed  float64
	}{
		"a window, cut to the range": {
			[]outbox.GateChange{shut(2, host, "", outbox.CauseWindow), opened(9, host, "", outbox.CauseWindow)},
			[]shown{{outbox.CauseWindow, 4, 8}},
			4,
		},
		"one that is over before, one that begins after": {
			[]outbox.GateChange{
				shut(1, host, "", outbox.CauseBreaker), opened(2, host, "", outbox.CauseBreaker),
				shut(8, host, "", outbox.CauseBreaker),
			}, nil, 0,
		},
		"for another reason it is another one": {
			[]outbox.GateChange{
				shut(4, host, "", outbox.CauseWindow), shut(6, host, "", outbox.CauseBreaker), opened(7, host, "", outbox.CauseBreaker),
			},
			[]shown{{outbox.CauseWindow, 4, 6}, {outbox.CauseBreaker, 6, 7}},
			3,
		},
		"an account closes no host": {
			[]outbox.GateChange{shut(5, account, "a", outbox.CauseSuspension)},
			[]shown{{outbox.CauseSuspension, 5, 0}},
			0,
		},
		"two hosts at once count once": {
			[]outbox.GateChange{
				shut(4, host, "a", outbox.CauseBreaker), shut(5, host, "b", outbox.CauseBreaker),
				opened(6, host, "a", outbox.CauseBreaker), opened(7, host, "b", outbox.CauseBreaker),
			},
			[]shown{{outbox.CauseBreaker, 4, 6}, {outbox.CauseBreaker, 5, 7}},
			3,
		},
		"a new run ends what a crash left closed, but for pauses": {
			[]outbox.GateChange{
				shut(4, host, "", outbox.CauseBreaker), shut(4, account, "a", outbox.CausePause), opened(5, all, "", outbox.CauseRun),
			},
			[]shown{{outbox.CausePause, 4, 0}, {outbox.CauseBreaker, 4, 5}},
			1,
		},
		"no process and a pause of all are two things": {
			[]outbox.GateChange{
				shut(4, all, "", outbox.CauseRun), shut(5, all, "", outbox.CausePause), opened(6, all, "", outbox.CauseRun), opened(7, all, "", outbox.CausePause),
			},
			[]shown{{outbox.CauseRun, 4, 6}, {outbox.CausePause, 5, 7}},
			3,
		},
	} {
		got, closed := closuresIn(4, 8, c.changes...)
		require.Equal(t, c.want, got, name)
		require.InDelta(t, c.closed, closed.Hours(), 1e-9, name)
	}
}

func TestResolutions(t *testing.T) {
	t.Parallel()
	attempt := outbox.Event{Type: outbox.EventAttempt, Verdict: outbox.Unknown, Attempt: 1, At: hour(1)}
	delivered := outbox.Event{Type: outbox.EventDelivered, Verdict: outbox.Delivered, Attempt: 2, At: hour(2)}
	found := delivered
	found.LookUp, found.Attempt = true, 0
	confirmed := outbox.Event{Type: outbox.EventConfirmed, Verdict: outbox.Delivered, Attempt: 3, At: hour(3)}
	for want, c := range map[Resolution]struct {
		state   outbox.State
		inDoubt bool
		events  []outbox.Event
	}{
		"":         {outbox.Done, false, []outbox.Event{delivered}},
		FoundThere: {outbox.Done, false, []outbox.Event{attempt, found}},
		SentAgain:  {outbox.Done, false, []outbox.Event{attempt, delivered}},
		ToConfirm:  {outbox.Done, true, []outbox.Event{attempt, delivered}},
		Confirmed:  {outbox.Done, false, []outbox.Event{attempt, delivered, confirmed}},
		NewerValue: {outbox.Superseded, false, []outbox.Event{attempt}},
		Refused:    {outbox.Dead, false, []outbox.Event{attempt}},
		AskPerson:  {outbox.Parked, false, []outbox.Event{attempt}},
		StillOpen:  {outbox.Waiting, false, []outbox.Event{attempt}},
		TakenOut:   {outbox.Cancelled, false, []outbox.Event{attempt}},
	} {
		l := outbox.Life{Record: outbox.Record{State: c.state, InDoubt: c.inDoubt, AcceptedAt: hour(0)}, Events: c.events}
		way := courseOf(l)
		require.Equal(t, want, way.resolution(l))
	}
}

// A value whose confirming call was refused is no delivery any more.
func TestDeliveryThatWasTakenBack(t *testing.T) {
	t.Parallel()
	l := outbox.Life{Record: outbox.Record{State: outbox.Dead, AcceptedAt: hour(0)}, Events: []outbox.Event{
		{Type: outbox.EventDelivered, At: hour(1), Attempt: 1}, {Type: outbox.EventDead, At: hour(2), Attempt: 2},
	}}
	way := courseOf(l)
	require.True(t, way.delivered.IsZero())
	require.Equal(t, 2, way.attempts)
	require.Equal(t, hour(2), way.ended)
	require.Equal(t, []turn{{hour(0), true}, {hour(1), false}}, way.turns)
}

func TestAxisHasRoundNumbersInFiveCharacters(t *testing.T) {
	t.Parallel()
	w := in(t, English, "UTC")
	for n, want := range map[int64][]string{
		0: {"0", "1", "2"}, 1: {"0", "1", "2"}, 17: {"0", "10", "20"}, 79: {"0", "40", "80"}, 4001: {"0", "3,000", "6,000"},
		9000: {"0", "5k", "10k"}, 123_456: {"0", "100k", "200k"}, 1_000_001: {"0", "1M", "2M"}, 900_000: {"0", "500k", "1M"},
	} {
		most := niceMax(n)
		require.Equal(t, want, []string{w.axis(0, most), w.axis(most/2, most), w.axis(most, most)}, n)
	}
}

func TestBarsOfAnyLengthAreNotTooMany(t *testing.T) {
	t.Parallel()
	now := hour(24 * 400)
	for _, length := range []time.Duration{time.Nanosecond, time.Second, time.Minute, 4 * time.Hour, 30 * 24 * time.Hour, 399 * 24 * time.Hour} {
		c := newChart(hour(0), hour(0).Add(length), now)
		require.NotEmpty(t, c.Backlog)
		require.LessOrEqual(t, len(c.Backlog), mostBars)
		last := c.From.Add(time.Duration(len(c.Backlog)-1) * time.Duration(c.Width))
		require.True(t, last.Before(c.To) && !last.Add(time.Duration(c.Width)).Before(c.To), length)
		require.False(t, c.To.After(now))
	}
	require.Empty(t, newChart(now, now.Add(time.Hour), now).Backlog)
}
