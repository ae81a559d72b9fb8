package report

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/outbox"
)

func languages() []Language { return []Language{English, Spanish, Portuguese} }

func in(t *testing.T, l Language, zone string) *words {
	t.Helper()
	z, err := time.LoadLocation(zone)
	require.NoError(t, err)
	w, err := wordsOf(l, z)
	require.NoError(t, err)
	return w
}

// places are those of a text for values, each once.
func places(text string) []string {
	found := regexp.MustCompile(`\{[^}]*\}`).FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// Every message is there in every language, with the same places for values and the
// plurals that the language has.
func TestCataloguesAreWhole(t *testing.T) {
	t.Parallel()
	english := in(t, English, "UTC").messages
	require.NotEmpty(t, english)
	for _, l := range languages() {
		messages := in(t, l, "UTC").messages
		require.Equal(t, slices.Sorted(maps.Keys(english)), slices.Sorted(maps.Keys(messages)), "keys of %s", l)
		for key, m := range messages {
			plurals := []plural{other}
			if len(english[key]) > 1 {
				plurals = []plural{one, other}
				if l != English {
					plurals = []plural{many, one, other}
				}
			}
			require.Equal(t, plurals, slices.Sorted(maps.Keys(m)), "%s in %s", key, l)
			for p, text := range m {
				require.NotEmpty(t, strings.TrimSpace(text), "%s in %s", key, l)
				require.Equal(t, places(english[key][other]), places(text), "%s, %s in %s", key, p, l)
				require.Equal(t, strings.Count(text, "{"), strings.Count(text, "}"), "%s in %s", key, l)
			}
		}
	}
}

// used are the keys that the code asks for: in full, or all that begin so, or
// that are made of a constant.
func used(t *testing.T) (keys []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	literal := regexp.MustCompile(`\b(?:say|count)\("([^"]+)"`)
	columns := regexp.MustCompile(`\b(?:head|fatesTable)\(("[^)]*")`)
	sections := regexp.MustCompile(`\bsection\("([^"]+)"`)
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		data, err := os.ReadFile(f)
		require.NoError(t, err)
		for _, m := range literal.FindAllStringSubmatch(string(data), -1) {
			keys = append(keys, m[1])
		}
		for _, m := range sections.FindAllStringSubmatch(string(data), -1) {
			keys = append(keys, "section."+m[1])
		}
		for _, m := range columns.FindAllStringSubmatch(string(data), -1) {
			for _, c := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(m[1], -1) {
				keys = append(keys, "column."+strings.TrimSuffix(c[1], "#"))
			}
		}
	}
	add := func(prefix string, names ...string) {
		for _, n := range names {
			keys = append(keys, prefix+n)
		}
	}
	add("column.", "entries", "delivered", "superseded", "dead", "cancelled", "waiting", "parked")
	add("reason.", "none", "turn", "idle")
	for _, r := range resolutions() {
		add("resolution.", string(r))
	}
	add("act.", actRequeued, actEdited, actReleased, actDiscarded)
	for _, c := range []outbox.GateCause{outbox.CauseRun, outbox.CausePause, outbox.CauseSuspension, outbox.CauseWindow, outbox.CauseBreaker, outbox.CauseRetryAfter} {
		add("cause.", string(c))
	}
	for _, k := range []anymarket.DifferenceKind{anymarket.OnlyThere, anymarket.OnlyHere, anymarket.StatusDiffers, anymarket.Ambiguous} {
		add("difference.", string(k))
	}
	for _, a := range []anymarket.Action{anymarket.ActionImport, anymarket.ActionRepush, anymarket.ActionAdvance, anymarket.ActionLook} {
		add("action.", string(a))
	}
	for _, k := range []anymarket.CampaignConcern{anymarket.CampaignStarts, anymarket.CampaignEnds, anymarket.CampaignWithin, anymarket.CampaignRuns, anymarket.CampaignUndecided} {
		add("concern.", string(k))
		add("advice.", string(k))
	}
	for _, k := range []callback.DifferenceKind{callback.Missing, callback.Changed, callback.Doubled, callback.Added} {
		add("callback.", string(k))
	}
	for _, c := range []TaskCode{
		TaskRebuild, TaskDeliver, TaskResumeAll, TaskResume, TaskToken, TaskDead, TaskDeadElsewhere, TaskParked, TaskUnreadable,
		TaskImport, TaskRepush, TaskAdvance, TaskLook, TaskCampaign, TaskCallback, TaskReload,
	} {
		add("task.", string(c))
	}
	for i := range 12 {
		add("month.", strconv.Itoa(i+1))
		add("month.short.", strconv.Itoa(i+1))
	}
	for i := range 7 {
		add("weekday.", strconv.Itoa(i))
	}
	return keys
}

func TestCataloguesHaveWhatIsUsedAndNothingElse(t *testing.T) {
	t.Parallel()
	messages := in(t, English, "UTC").messages
	asked := map[string]bool{}
	for _, key := range used(t) {
		if strings.HasSuffix(key, ".") {
			continue // the rest of it is a constant, see used
		}
		require.Contains(t, messages, key)
		asked[key] = true
	}
	for key := range messages {
		require.True(t, asked[key] || strings.HasPrefix(key, "kind."), "%s is not used", key)
	}
}

func TestMissingMessageIsSeen(t *testing.T) {
	t.Parallel()
	w := in(t, English, "UTC")
	require.Equal(t, "[?] no.such", w.say("no.such"))
	require.Equal(t, "[?] no.such", w.count("no.such", 2))
}

func TestPluralsAndNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		l    Language
		n    uint64
		want string
	}{
		{English, 0, "0 dead letters: look"},
		{English, 1, "1 dead letter: look"},
		{English, 2, "2 dead letters: look"},
		{English, 1234567, "1,234,567 dead letters: look"},
		{English, 1000000, "1,000,000 dead letters: look"},
		{Spanish, 0, "0 registros rechazados"},
		{Spanish, 1, "1 registro rechazado"},
		{Spanish, 1234, "1234 registros rechazados"},
		{Spanish, 12345, "12\u00a0345 registros rechazados"},
		{Spanish, 2000000, "2\u00a0000\u00a0000 de registros rechazados"},
		{Portuguese, 0, "0 registro recusado"},
		{Portuguese, 1, "1 registro recusado"},
		{Portuguese, 2, "2 registros recusados"},
		{Portuguese, 1234, "1.234 registros recusados"},
		{Portuguese, 1000000, "1.000.000 de registros recusados"},
	} {
		got := in(t, c.l, "UTC").count("task.dead", c.n)
		require.True(t, strings.HasPrefix(got, c.want), "%q does not begin with %q", got, c.want)
	}
	require.Equal(t, "−1.234", in(t, Portuguese, "UTC").number(-1234))
}

func TestDates(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, time.July, 28, 4, 0, 5, 0, time.UTC)
	for l, want := range map[Language][]string{
		English:    {"Sunday 28 July 2024", "28 Jul 2024 01:00:05 −03:00 (28 Jul 2024 04:00:05 UTC)"},
		Spanish:    {"domingo 28 de julio de 2024", "28 jul 2024 01:00:05 −03:00 (28 jul 2024 04:00:05 UTC)"},
		Portuguese: {"domingo, 28 de julho de 2024", "28 jul. 2024 01:00:05 −03:00 (28 jul. 2024 04:00:05 UTC)"},
	} {
		w := in(t, l, "America/Sao_Paulo")
		require.Equal(t, want, []string{w.day(at), w.both(at)})
	}
	w := in(t, English, "America/Mexico_City")
	require.Equal(t, "Saturday 27 July 2024", w.day(at), "there it is still the day before")
	require.Equal(t, "28 Jul 2024 04:00:05 UTC", in(t, English, "UTC").both(at), "not twice the same")
	require.Equal(t, "–", w.both(time.Time{}))
}

func TestDurations(t *testing.T) {
	t.Parallel()
	w := in(t, Portuguese, "UTC")
	for d, want := range map[time.Duration]string{
		0: "0 s", 400 * time.Millisecond: "0 s", 59 * time.Second: "59 s", time.Minute: "1 min", 61 * time.Second: "1 min 1 s",
		4 * time.Hour: "4 h", 4*time.Hour - time.Second: "3 h 59 min", 26 * time.Hour: "1 d 2 h", 24*1500*time.Hour + time.Hour: "1.500 d 1 h",
	} {
		require.Equal(t, want, strings.ReplaceAll(w.duration(Duration(d)), "\u00a0", " "))
	}
}
