package maintenance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// entry is a maintenance in the words of a page.
func entry(id, stage, from, until string) string {
	return fmt.Sprintf(`{"id":%q,"name":"Upgrade","status":%q,"impact":"maintenance","scheduled_for":%q,"scheduled_until":%q,"components":[{"name":"API"}],"unknown":[1]}`, id, stage, from, until)
}

func pageOf(entries ...string) []byte {
	return []byte(`{"page":{"id":"x","name":"ANYMARKET"},"status":{"indicator":"none","description":"ok"},"incidents":[],"scheduled_maintenances":[` + strings.Join(entries, ",") + `]}`)
}

func TestParseSummary(t *testing.T) {
	t.Parallel()
	s, err := parseSummary([]byte(`{
		"page": {"id":"x","name":"ANYMARKET","time_zone":"America/Sao_Paulo"},
		"status": {"indicator":"major","description":"Partial outage"},
		"components": [],
		"incidents": [{"id":"i1","name":"Slow\u0000 \u001b[31m","status":"identified","impact":"minor","shortlink":"https://stspg.io/i1"}, {"id":5}],
		"scheduled_maintenances": [
			{"id":"m1","name":"July","status":"in_progress","impact":"maintenance","shortlink":"https://stspg.io/m1",
			 "scheduled_for":"2024-07-28T01:00:00.000-03:00","scheduled_until":"2024-07-28T08:00:00Z","components":[{"name":"API"},{"name":"Panel"}]},
			{"id":"m2","name":"Other","status":"postponed","scheduled_for":"2024-08-01T22:00:00-0600","scheduled_until":"2024-08-02T08:00:00Z"}
		]}`))
	require.NoError(t, err)
	july := time.Date(2024, 7, 28, 4, 0, 0, 0, time.UTC)
	require.Equal(t, []Maintenance{
		{ID: "m1", Name: "July", Stage: InProgress, Impact: "maintenance", Start: july, End: july.Add(4 * time.Hour), Components: []string{"API", "Panel"}, Link: "https://stspg.io/m1"},
		{ID: "m2", Name: "Other", Stage: "postponed", Start: time.Date(2024, 8, 2, 4, 0, 0, 0, time.UTC), End: time.Date(2024, 8, 2, 8, 0, 0, 0, time.UTC)},
	}, s.Maintenances)
	require.Equal(t, []Incident{{ID: "i1", Name: "Slow [31m", Status: "identified", Impact: "minor", Link: "https://stspg.io/i1"}}, s.Incidents)
	require.Equal(t, "major", s.Indicator)
	require.Len(t, s.Problems, 1)
	require.ErrorContains(t, s.Problems[0], "incidents[1]")
	require.Empty(t, s.unread)
}

func TestWhatIsNoSummary(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		``, ` `, `null`, `[]`, `7`, `"x"`, `{`, `<html></html>`,
		`{}`, `{"page":{}}`, `{"page":[],"scheduled_maintenances":[]}`, `{"page":"x","scheduled_maintenances":[]}`,
		`{"page":{},"scheduled_maintenances":null}`, `{"page":{},"scheduled_maintenances":{}}`,
		`{"page":{"status":"UP"},"activeMaintenances":[]}`,
		`{"page":{},"scheduled_maintenances":[]} {}`,
		string(pageOf(strings.Split(strings.Repeat("0,", maxMaintenances)+"0", ",")...)),
	} {
		_, err := parseSummary([]byte(body))
		require.ErrorIs(t, err, ErrNotStatusPage, body)
	}
	_, err := parseSummary(pageOf())
	require.NoError(t, err)
}

// One entry that is wrong does not spoil the others.
func TestEntryThatCannotBeRead(t *testing.T) {
	t.Parallel()
	const from, until = "2024-07-28T04:00:00Z", "2024-07-28T08:00:00Z"
	for bad, want := range map[string]string{
		`7`:                `""`,
		`{}`:               "id",
		`{"id":7}`:         ".ID",
		`{"id":""}`:        "id",
		`{"id":"a\u0007"}`: "id",
		`{"id":"` + strings.Repeat("x", 201) + `"}`:              "id",
		entry("bad", "", from, until):                            "status",
		entry("bad", "scheduled", "", until):                     "scheduled_for",
		entry("bad", "scheduled", from, "2024-07-28T08:00:00"):   "scheduled_until", // which zone?
		entry("bad", "scheduled", from, "2024-02-30T08:00:00Z"):  "scheduled_until",
		entry("bad", "scheduled", "2024-07-28 04:00:00Z", until): "scheduled_for",
		`{"id":"bad","status":"scheduled","scheduled_for":5}`:    "scheduled_for",
		entry("good", "scheduled", from, until):                  "another",
	} {
		s, err := parseSummary(pageOf(entry("good", "scheduled", from, until), bad))
		require.NoError(t, err, bad)
		require.Len(t, s.Maintenances, 1, bad)
		require.Len(t, s.Problems, 1, bad)
		require.ErrorContains(t, s.Problems[0], want, bad)
		require.Len(t, s.unread, 1, bad)
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Manutenção", clean("Manu\tten\x1bção\n"))
	require.Equal(t, strings.Repeat("é", 100), clean(strings.Repeat("é", 150)))
	require.Equal(t, "x"+strings.Repeat("é", 99), clean("x"+strings.Repeat("é", 150)))
	require.Empty(t, clean("\xff\x80"))
	require.Equal(t, "a\u00a0b", clean("a\u00a0\u202eb\u2028\u009b\ufeff"))
}

// Whatever a page says, it is read without a panic, what it leads to is a
// window that can be, and saying it again changes nothing.
func FuzzSummary(f *testing.F) {
	now := time.Date(2024, 7, 28, 5, 0, 0, 0, time.UTC)
	for _, body := range [][]byte{
		pageOf(),
		pageOf(entry("a", "scheduled", "2024-07-28T01:00:00.000-03:00", "2024-07-28T08:00:00Z")),
		pageOf(entry("a", "in_progress", "2024-07-28T06:00:00Z", "2024-07-28T08:00:00Z"), entry("b", "verifying", "2024-07-27T00:00:00Z", "2024-07-27T08:00:00Z")),
		pageOf(entry("a", "scheduled", "2024-07-28T01:00:00Z", "2024-08-28T01:00:00Z"), entry("a", "completed", "", "")),
		pageOf(`null`, `{"id":1}`, `[]`),
		[]byte(`{"page":{},"scheduled_maintenances":[{"id":"a","status":"scheduled","scheduled_for":"0000-01-01T00:00:00Z","scheduled_until":"9999-12-31T23:59:59-23:59"}]}`),
		[]byte(`{"page":{"status":"UP"},"activeMaintenances":[]}`),
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := parseSummary(body)
		if err != nil {
			require.ErrorIs(t, err, ErrNotStatusPage)
			return
		}
		var b board
		for range 2 {
			b.take(now, s.Maintenances, s.unread)
			for _, n := range b.Notices {
				require.NoError(t, n.Hold.Check())
				require.NoError(t, n.Plan.Check())
			}
		}
		before := b.Notices
		b.take(now, s.Maintenances, s.unread)
		require.Equal(t, before, b.Notices)
		require.LessOrEqual(t, held(&b, now.Add(-budgetPeriod), now), MaxLength)
	})
}

// held is for how long a board holds by its plans between two times.
func held(b *board, from, to time.Time) time.Duration {
	probe := board{Notices: b.Notices, Spent: b.Spent}
	return probe.total(Window{Start: to, End: to})
}
