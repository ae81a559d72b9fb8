package maintenance_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

// reminding collects what a calendar reminds of, as "name lead at".
func reminding(t *testing.T, c *maintenance.Calendar, leads ...time.Duration) (said func() []string) {
	t.Helper()
	began := time.Now()
	all := &lines{}
	ctx, end := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := c.Remind(ctx, func(_ context.Context, r maintenance.Reminder) {
			fmt.Fprintln(all, r.Name, r.Lead, "at", time.Since(began))
		}, leads...)
		if err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { end(); <-done })
	return func() []string {
		synctest.Wait()
		return strings.FieldsFunc(all.take(), func(r rune) bool { return r == '\n' })
	}
}

func TestRemind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		win := func(name string, from, until time.Duration) maintenance.Window {
			return maintenance.Window{Name: name, Start: now.Add(from), End: now.Add(until)}
		}
		c, err := maintenance.New(win("a", 30*time.Hour, 31*time.Hour), win("soon", 30*time.Minute, time.Hour), win("in force", -time.Hour, time.Hour))
		require.NoError(t, err)
		said := reminding(t, c, time.Hour, 24*time.Hour)
		require.Equal(t, []string{"soon 1h0m0s at 0s"}, said(), "of two that have passed, the shortest")
		time.Sleep(6 * time.Hour)
		require.Equal(t, []string{"a 24h0m0s at 6h0m0s"}, said())
		time.Sleep(time.Hour + time.Second)
		require.NoError(t, c.Set(win("a", 31*time.Hour, 32*time.Hour)))
		time.Sleep(2 * time.Minute)
		require.Equal(t, []string{"a 24h0m0s at 7h1m0s"}, said(), "moved, within a minute")
		require.NoError(t, c.Set(win("renamed", 31*time.Hour, 32*time.Hour), win("twice", 31*time.Hour, 32*time.Hour)))
		time.Sleep(2 * time.Hour)
		require.NoError(t, c.Set())
		time.Sleep(2 * time.Minute)
		require.NoError(t, c.Set(win("back", 31*time.Hour, 32*time.Hour)))
		time.Sleep(20*time.Hour + 53*time.Minute)
		require.Empty(t, said(), "the same window")
		time.Sleep(90 * time.Minute)
		require.Equal(t, []string{"back 1h0m0s at 30h0m0s"}, said())
		time.Sleep(100 * time.Hour)
		require.Empty(t, said())
	})
}

// A window of a page, announced and moved while the reminding goes on.
func TestRemindOfAPage(t *testing.T) {
	watching(t, func(t *testing.T, w *watch) {
		said := reminding(t, w.calendar, 2*time.Hour)
		w.run()
		id := w.page.Announce("upgrade", time.Now().Add(10*time.Hour), time.Hour)
		time.Sleep(8 * time.Hour)
		require.Equal(t, []string{"upgrade 2h0m0s at 8h0m0s"}, said())
		w.page.Move(id, time.Now().Add(4*time.Hour), time.Hour)
		time.Sleep(4 * time.Hour)
		require.Equal(t, []string{"upgrade 2h0m0s at 10h0m0s"}, said())
	})
}

func TestRemindWantsLeadTimes(t *testing.T) {
	t.Parallel()
	c := &maintenance.Calendar{}
	require.Error(t, c.Remind(t.Context(), nil))
	require.ErrorContains(t, c.Remind(t.Context(), nil, time.Hour, 0), "positive")
}

func TestWindowInAZone(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	w := window("July", "2024-07-28T04:00:00Z", "2024-07-28T08:00:00Z")
	require.Equal(t, "July, Sun 2024-07-28 01:00 to 05:00 America/Sao_Paulo (2024-07-28T04:00:00Z to 2024-07-28T08:00:00Z)", w.In(zone))
	w = window("", "2024-07-28T02:00:00Z", "2024-07-28T06:00:00Z")
	require.Equal(t, "Sat 2024-07-27 23:00 to Sun 2024-07-28 03:00 America/Sao_Paulo (2024-07-28T02:00:00Z to 2024-07-28T06:00:00Z)", w.In(zone))
}
