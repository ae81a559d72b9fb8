package maintenance_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/maintenance"
	"github.com/anymarket-go/sdk/outbox"
)

func window(name, start, end string) maintenance.Window {
	return maintenance.Window{Name: name, Start: at(start), End: at(end)}
}

func TestCalendarFitsTheOutbox(t *testing.T) {
	t.Parallel()
	c, err := maintenance.New(window("July", "2024-07-28T04:00:00Z", "2024-07-28T08:00:00Z"))
	require.NoError(t, err)
	o := outbox.Options{Windows: func(host string, now time.Time) (outbox.Window, bool) {
		w, ok := c.At(host, now)
		return outbox.Window(w), ok
	}}
	w, ok := o.Windows("api.anymarket.com.br", at("2024-07-28T05:00:00Z"))
	require.True(t, ok)
	require.Equal(t, "July", w.Name)
}

func TestAt(t *testing.T) {
	t.Parallel()
	c, err := maintenance.New(
		window("second", "2024-07-28T07:00:00Z", "2024-07-28T10:00:00Z"),
		window("first", "2024-07-28T04:00:00Z", "2024-07-28T08:00:00Z"),
		window("inner", "2024-07-28T05:00:00Z", "2024-07-28T06:00:00Z"),
		window("longest", "2024-08-01T00:00:00Z", "2024-08-03T00:00:00Z"),
	)
	require.NoError(t, err)
	for now, want := range map[string]string{
		"2024-07-28T03:59:59Z":      "",
		"2024-07-28T04:00:00Z":      "first", // the start is in it
		"2024-07-28T05:30:00Z":      "first", // ends after inner
		"2024-07-28T07:30:00Z":      "second",
		"2024-07-28T09:59:59Z":      "second",
		"2024-07-28T10:00:00Z":      "", // the end is not
		"2024-08-02T23:59:59Z":      "longest",
		"2024-08-03T00:00:00Z":      "",
		"2024-07-28T01:30:00-03:00": "first",
	} {
		w, ok := c.At("", at(now))
		require.Equal(t, want, w.Name, now)
		require.Equal(t, want != "", ok, now)
	}
	names := func(now string) (s []string) {
		for _, w := range c.Upcoming(at(now)) {
			s = append(s, w.Name)
		}
		return s
	}
	require.Equal(t, []string{"first", "inner", "second", "longest"}, names("2024-01-01T00:00:00Z"))
	require.Equal(t, []string{"first", "second", "longest"}, names("2024-07-28T06:00:00Z"))
	require.Empty(t, names("2024-08-03T00:00:00Z"))

	var zero maintenance.Calendar
	_, ok := zero.At("", time.Now())
	require.False(t, ok)
	require.Empty(t, zero.Upcoming(time.Now()))
	require.NoError(t, zero.Err())
}

func TestSetKeepsTheOldOnAnError(t *testing.T) {
	t.Parallel()
	c, err := maintenance.New(window("good", "2024-07-28T04:00:00Z", "2024-07-28T08:00:00Z"))
	require.NoError(t, err)
	for want, w := range map[string]maintenance.Window{
		"set windows: windows[0]: end: 2024-07-28T04:00:00Z is not after start 2024-07-28T04:00:00Z":     window("", "2024-07-28T04:00:00Z", "2024-07-28T04:00:00Z"),
		"set windows: windows[0]: end: 2024-07-30T04:00:01Z is 48h0m1s after start, the most is 48h0m0s": window("", "2024-07-28T04:00:00Z", "2024-07-30T04:00:01Z"),
		"set windows: windows[0]: start: is missing":                                                     {End: time.Now()},
		"set windows: windows[0]: end: is missing":                                                       {Start: time.Now()},
		"set windows: windows[0]: start: year 9999, want 1970 to 9998":                                   window("", "9999-07-28T04:00:00Z", "9999-07-28T05:00:00Z"),
	} {
		require.EqualError(t, c.Set(w), want)
	}
	_, ok := c.At("", at("2024-07-28T05:00:00Z"))
	require.True(t, ok)
	require.NoError(t, c.Set())
	_, ok = c.At("", at("2024-07-28T05:00:00Z"))
	require.False(t, ok)
}

const one = `{"windows":[{"name":"one","start":"2024-07-28T01:00:00-03:00","end":"2024-07-28T05:00:00-03:00"}]}`

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestCalendarFollowsItsFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "windows.json")
	_, err := maintenance.FromFile(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	write(t, path, `{"windows":[{"name":"one"`)
	_, err = maintenance.FromFile(path)
	require.ErrorContains(t, err, path+": not the JSON of a window file: unexpected EOF")

	write(t, path, one)
	c, err := maintenance.FromFile(path)
	require.NoError(t, err)
	require.Error(t, c.Set(), "the file says what counts")
	now := at("2024-07-28T06:00:00Z")
	name := func() string {
		w, _ := c.At("", now)
		return w.Name
	}
	require.Equal(t, "one", name())

	write(t, path, `{"windows":[{"name":"two","start":"2024-07-28T04:00:00Z","end":"2024-07-28T08:00:00Z"}]}`)
	now = now.Add(999 * time.Millisecond)
	require.Equal(t, "one", name(), "not looked at again within a second")
	now = now.Add(time.Millisecond)
	require.Equal(t, "two", name())

	for _, broken := range []string{"", "{", `{"windows":null}`, `{"windows":[{"start":"2024-07-28T04:00:00Z"}]}`} {
		write(t, path, broken)
		now = now.Add(time.Second)
		require.Equal(t, "two", name(), "the last good one counts")
		require.ErrorContains(t, c.Err(), path)
	}
	require.NoError(t, os.Remove(path))
	now = now.Add(time.Second)
	require.Equal(t, "two", name())
	require.ErrorIs(t, c.Err(), os.ErrNotExist)

	write(t, path, one)
	now = now.Add(time.Second)
	require.Equal(t, "one", name())
	require.NoError(t, c.Err())

	// The clock of the host was set back.
	write(t, path, `{"windows":[]}`)
	now = now.Add(-time.Hour)
	require.Empty(t, name())

	// Another file of the same size and time: only the file itself tells.
	write(t, path, one)
	now = now.Add(time.Second)
	require.Equal(t, "one", name())
	fi, err := os.Stat(path)
	require.NoError(t, err)
	other := path + ".other"
	write(t, other, `{"windows":[{"name":"two","start":"2024-07-28T01:00:00-03:00","end":"2024-07-28T05:00:00-03:00"}]}`)
	require.NoError(t, os.Chtimes(other, fi.ModTime(), fi.ModTime()))
	require.NoError(t, os.Rename(other, path))
	now = now.Add(time.Second)
	require.Equal(t, "two", name())
}

func TestCalendarIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "windows.json")
	f := maintenance.NewFile(path)
	start := at("2024-07-28T04:00:00Z")
	_, err := f.Add(maintenance.Spec{Name: "first", Start: start, End: start.Add(time.Hour)})
	require.NoError(t, err)
	c, err := maintenance.FromFile(path)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 200 {
				c.At("", start.Add(time.Duration(i)*time.Second))
				c.Upcoming(start)
				if c.Err() != nil {
					return
				}
			}
		})
	}
	for i := range 20 {
		_, err := f.Add(maintenance.Spec{Start: start, End: start.Add(time.Duration(i+2) * time.Hour)})
		require.NoError(t, err)
	}
	wg.Wait()
	require.NoError(t, c.Err(), "a reader never sees half a file")
	w, ok := c.At("", start.Add(30*time.Minute))
	require.True(t, ok)
	require.Equal(t, 21*time.Hour, w.End.Sub(w.Start))
}
