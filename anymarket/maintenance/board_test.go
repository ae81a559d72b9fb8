package maintenance

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// four is when the window of these tests begins. It lasts four hours.
var four = time.Date(2024, 7, 28, 4, 0, 0, 0, time.UTC)

func hour(h float64) time.Time { return four.Add(time.Duration((h - 4) * float64(time.Hour))) }

// says is a maintenance of a page, in hours of the day.
func says(id string, s Stage, from, until float64) Maintenance {
	return Maintenance{ID: id, Name: id, Stage: s, Start: hour(from), End: hour(until)}
}

// take wants that everything counts.
func take(t *testing.T, b *board, h float64, ms ...Maintenance) {
	t.Helper()
	require.Empty(t, b.take(hour(h), ms, nil))
}

// holds is the hours of the day in which it is in force, to the half hour.
func holds(b *board) string {
	s := ""
	for h := 0.0; h < 96; h += 0.5 {
		for _, n := range b.Notices {
			if n.inForce(hour(h)) {
				s += fmt.Sprint(" ", h)
				break
			}
		}
	}
	return s
}

func TestWindowOfAPage(t *testing.T) {
	t.Parallel()
	var b board
	take(t, &b, 0, says("a", Scheduled, 4, 6))
	require.Equal(t, " 4 4.5 5 5.5", holds(&b))
	take(t, &b, 1, says("a", Scheduled, 5, 6))
	require.Equal(t, " 5 5.5", holds(&b), "moved")
	take(t, &b, 2, says("a", Scheduled, 5, 7), says("b", Scheduled, 30, 31))
	require.Equal(t, " 5 5.5 6 6.5 30 30.5", holds(&b), "longer, and another one")
	take(t, &b, 3, says("b", Scheduled, 30, 31))
	require.Equal(t, " 30 30.5", holds(&b), "taken off")
	take(t, &b, 30.5, says("b", Completed, 30, 31))
	require.Empty(t, holds(&b), "over before its end")
	take(t, &b, 30.5, says("c", "canceled", 31, 32))
	require.Empty(t, holds(&b))
}

func TestOverrun(t *testing.T) {
	t.Parallel()
	var b board
	take(t, &b, 0, says("a", Scheduled, 4, 5))
	take(t, &b, 4, says("a", InProgress, 4, 5))
	require.True(t, b.Notices[0].inForce(hour(9)), "scheduled_until is a plan")
	require.True(t, b.Notices[0].ahead(hour(9)))
	take(t, &b, 6, says("a", Verifying, 4, 5))
	require.True(t, b.Notices[0].inForce(hour(9)))
	require.True(t, b.Notices[0].inForce(hour(51.9)))
	require.False(t, b.Notices[0].inForce(hour(52)), "48 hours are the most")
	take(t, &b, 9, says("a", Completed, 4, 5))
	require.Empty(t, b.Notices)
}

// What the page adds to a window that has begun is an overrun: it must not hold
// for hours against canaries that succeed.
func TestWindowThatHasBegun(t *testing.T) {
	t.Parallel()
	var b board
	take(t, &b, 0, says("a", Scheduled, 4, 8))
	take(t, &b, 7, says("a", InProgress, 4, 20))
	require.Equal(t, hour(8), b.Notices[0].Hold.End)
	require.Equal(t, hour(20), b.Notices[0].Plan.End, "for people")
	require.True(t, b.Notices[0].inForce(hour(9)), "as an overrun, with an end that is past")
	take(t, &b, 7, says("a", InProgress, 4, 7.5))
	require.Equal(t, hour(7.5), b.Notices[0].Hold.End)
	take(t, &b, 7, says("a", InProgress, 3, 20))
	require.Equal(t, Window{Name: "a", Start: hour(4), End: hour(7.5)}, b.Notices[0].Hold)

	take(t, &b, 7, says("a", Scheduled, 10, 12))
	require.Equal(t, " 10 10.5 11 11.5", holds(&b), "put off")
	require.Equal(t, []Window{{Name: "a", Start: hour(4), End: hour(7)}}, b.Spent)
}

func TestMaintenanceThatBeginsEarly(t *testing.T) {
	t.Parallel()
	var b board
	take(t, &b, 0, says("a", Scheduled, 4, 6))
	take(t, &b, 2.5, says("a", InProgress, 4, 6))
	require.Equal(t, hour(4), b.Notices[0].Hold.Start, "that early it must be a mistake")
	for _, h := range []float64{3, 3.5, 5} {
		take(t, &b, h, says("a", InProgress, 4, 6))
		require.Equal(t, Window{Name: "a", Start: hour(3), End: hour(6)}, b.Notices[0].Hold)
	}
	b = board{}
	take(t, &b, 3.5, says("a", InProgress, 4, 52))
	require.Equal(t, hour(4), b.Notices[0].Hold.Start, "48 hours are the most")
}

// What has passed when it is first seen is no news, and an unknown stage is
// neither an early end nor an overrun.
func TestWhatDoesNotHold(t *testing.T) {
	t.Parallel()
	var b board
	take(t, &b, 9, says("a", Scheduled, 4, 8), says("b", InProgress, 4, 8), says("c", "postponed", 8, 10))
	require.Len(t, b.Notices, 1)
	require.Equal(t, " 8 8.5 9 9.5", holds(&b))
}

// What cannot be read stays as it was; what can be and is wrong, too.
func TestEntriesThatAreWrong(t *testing.T) {
	t.Parallel()
	var b board
	take(t, &b, 0, says("a", Scheduled, 4, 8), says("b", Scheduled, 10, 11), says("c", Scheduled, 12, 13))
	before := b.Notices
	require.Empty(t, b.take(hour(1), []Maintenance{says("b", Scheduled, 10, 11)}, []string{"a", "c"}))
	require.Equal(t, before, b.Notices)
	require.Empty(t, b.take(hour(1), []Maintenance{says("b", Scheduled, 10, 11)}, []string{""}))
	require.Equal(t, before, b.Notices)
	require.Empty(t, b.take(hour(1), []Maintenance{says("a", Completed, 4, 8), says("b", Scheduled, 10, 11)}, []string{"a", "c"}))
	require.Equal(t, before, b.Notices, "two entries of one id")
	problems := b.take(hour(1), []Maintenance{says("a", Scheduled, 4, 404), says("b", Scheduled, 11, 11), says("c", Scheduled, 12, 13)}, nil)
	require.Len(t, problems, 2)
	require.ErrorIs(t, problems[0], ErrHoldsTooLong)
	require.ErrorContains(t, problems[0], "maintenance a")
	require.ErrorContains(t, problems[1], "not after start")
	require.Equal(t, before, b.Notices)
}

// A page that lies holds once, for 48 hours.
func TestBudget(t *testing.T) {
	t.Parallel()
	var b board
	require.ErrorIs(t, b.take(hour(0), []Maintenance{says("long", Scheduled, 4, 404)}, nil)[0], ErrHoldsTooLong)
	require.Empty(t, b.Notices)

	long, next := says("long", Scheduled, 4, 52), says("next", Scheduled, 52, 53)
	for range 2 { // the earlier one counts, in whatever order they come
		problems := b.take(hour(0), []Maintenance{next, long}, nil)
		require.Len(t, problems, 1)
		require.ErrorIs(t, problems[0], ErrHoldsTooLong)
		require.ErrorContains(t, problems[0], "maintenance next")
	}
	require.Len(t, b.Notices, 1)
	// It held, and the page no longer knows of it.
	require.Len(t, b.take(hour(51.5), []Maintenance{next}, nil), 1)
	require.Empty(t, b.Notices)
	take(t, &b, 51.5, says("next", Scheduled, 52, 52.5))
	require.Len(t, b.take(hour(60), []Maintenance{says("more", Scheduled, 100, 101)}, nil), 1)
	take(t, &b, 60, says("more", Scheduled, 4+24*7+1, 4+24*7+2))
	// Windows that overlap hold once.
	b = board{}
	take(t, &b, 0, says("a", Scheduled, 4, 50), says("b", Scheduled, 10, 20), says("c", Scheduled, 20, 52))
	require.Len(t, b.Notices, 3)
}

// The page's word alone opens nothing: what it ends is past its end, for a
// minute, and the next canary decides.
func TestHoldThatThePageEnds(t *testing.T) {
	t.Parallel()
	for name, ms := range map[string][]Maintenance{
		"taken off": nil, "completed": {says("a", Completed, 4, 8)}, "put off": {says("a", Scheduled, 12, 13)},
	} {
		var b board
		take(t, &b, 0, says("a", Scheduled, 4, 8))
		require.Equal(t, Window{Name: "a", Start: hour(4), End: hour(8)}, b.at(hour(5)), name)
		take(t, &b, 5, ms...)
		past := Window{Name: "a", Start: hour(4), End: hour(5)}
		require.Equal(t, past, b.at(hour(5)), name)
		require.Equal(t, past, b.at(hour(5).Add(handover-time.Second)), name)
		require.Zero(t, b.at(hour(5).Add(handover)), name)
	}
}

func TestMerged(t *testing.T) {
	t.Parallel()
	w := func(from, until float64) Window { return Window{Start: hour(from), End: hour(until)} }
	require.Equal(t, []Window{w(1, 5), w(6, 7)}, merged([]Window{w(6, 7), w(1, 3), w(2, 2.5), w(3, 5)}))
	require.Empty(t, merged(nil))
}

// Whatever a page says, and whenever, it cannot hold for longer than 48 hours
// in a week.
func TestBudgetHoldsAgainstAnyPage(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 0))
		var b board
		var history []time.Time // half hours in which it held by plan
		for step := range 24 * 30 * 2 {
			h := float64(step) / 2
			if r.IntN(4) == 0 {
				var ms []Maintenance
				for id := range r.IntN(4) {
					from := h + float64(r.IntN(60)-20)
					stages := []Stage{Scheduled, InProgress, Verifying, Completed, "odd"}
					ms = append(ms, says(fmt.Sprint(id+r.IntN(2)*r.IntN(100)), stages[r.IntN(5)], from, from+float64(r.IntN(110))/2))
				}
				b.take(hour(h), ms, nil)
			}
			for _, n := range b.Notices {
				require.LessOrEqual(t, n.Hold.End.Sub(n.Hold.Start), MaxLength)
				if n.Hold.Contains(hour(h)) {
					require.False(t, b.at(hour(h)).End.Before(n.Hold.End))
					history = append(history, hour(h))
					break
				}
			}
			for len(history) > 0 && !history[0].After(hour(h).Add(-budgetPeriod)) {
				history = history[1:]
			}
			require.LessOrEqual(t, len(history), 97, "seed %d, hour %v", seed, h) // half hours may be counted in part
		}
	}
}
