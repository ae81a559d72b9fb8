package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/maintenance"
	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

// The report of a range, from the file and through the process that has it.
func TestReportOfARange(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, r *rig) {
		from := time.Now().Add(-time.Second).Format(time.RFC3339)
		require.Equal(t, exit.Waiting, r.send(stock("A", "1")+stock("A", "2")+stock("=B", "2")+saleOfAna, "--drain", "0").code)
		to := time.Now().Add(time.Hour).Format(time.RFC3339)

		got := r.on("report", "--from", from, "--to", to, "--json")
		require.Equal(t, exit.Done, got.code, got)
		var all struct {
			Accepted struct{ Entries, Superseded, Waiting int }
			Whole    struct{ Entries int }
			Entries  []struct{ State, Key string }
			ToDo     []struct{ Code string } `json:"to_do"`
		}
		require.NoError(t, json.Unmarshal([]byte(got.out), &all))
		require.Equal(t, 4, all.Accepted.Entries)
		// The older value of A is on the wire, or gave way.
		require.Equal(t, 4, all.Accepted.Superseded+all.Accepted.Waiting)
		require.GreaterOrEqual(t, all.Accepted.Waiting, 3)
		require.Equal(t, 4, all.Whole.Entries)
		require.Len(t, all.Entries, 4)

		got = r.on("report", "--from", from, "--to", to, "--lang", "pt", "--zone", "America/Sao_Paulo")
		require.Equal(t, exit.Done, got.code, got)
		require.Contains(t, got.out, "A soma fecha: aceitos 4 = entregues 0 + ")
		require.Contains(t, got.out, "America/Sao_Paulo")
		require.NotContains(t, got.out, "Ana Silva")

		got = r.on("report", "--from", from, "--to", to, "--format", "csv")
		rows, err := csv.NewReader(strings.NewReader(got.out)).ReadAll()
		require.NoError(t, err)
		require.Equal(t, "0@=B", rows[3][5])

		path := filepath.Join(t.TempDir(), "report.html")
		got = r.on("report", "--from", from, "--to", to, "--format", "html", "--lang", "es", "--output", path)
		require.Equal(t, exit.Done, got.code, got)
		require.Empty(t, got.out)
		page, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, string(page), `<html lang="es">`)
		fi, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), fi.Mode().Perm())
	})
}

// An outbox knows the windows that it went through.
func TestReportOfAWindow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.Equal(t, exit.Done, r.send("").code)
	got := r.on("report", "--window", "last")
	require.Equal(t, exit.Usage, got.code)
	require.Contains(t, got.errors, "there is no window")

	windows := filepath.Join(t.TempDir(), "windows.json")
	start, end := time.Now().UTC().Truncate(time.Second), time.Now().UTC().Truncate(time.Second).Add(2*time.Second)
	_, err := maintenance.NewFile(windows).Add(maintenance.Spec{Name: "july", Start: start, End: end})
	require.NoError(t, err)
	_, err = maintenance.NewFile(windows).Add(maintenance.Spec{Name: "next", Start: start.Add(time.Hour), End: start.Add(2 * time.Hour)})
	require.NoError(t, err)
	require.Equal(t, exit.Done, r.send(stock("A", "1"), "--windows", windows).code)

	for _, args := range [][]string{{"last"}, {"july"}, {start.Format(time.RFC3339)}, {"july", "--windows", windows}, {"last", "--windows", windows}} {
		got = r.on(append([]string{"report", "--format", "json", "--window"}, args...)...)
		require.Equal(t, exit.Done, got.code, got)
		var all struct {
			Name     string
			From, To time.Time
			Accepted struct{ Delivered int }
			Closures []struct{ Cause string }
		}
		require.NoError(t, json.Unmarshal([]byte(got.out), &all))
		require.Equal(t, "july", all.Name)
		require.True(t, all.From.Equal(start) && !all.To.Before(end) && all.To.Before(end.Add(time.Minute)), "%v", all)
		require.Equal(t, 1, all.Accepted.Delivered)
		require.NotEmpty(t, all.Closures)
	}
	got = r.on("report", "--window", "next", "--windows", windows)
	require.Equal(t, exit.Usage, got.code, "it has not begun")
}

func TestReportOfWhatCannotBe(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const from, to = "2024-07-28T01:00:00-03:00", "2024-07-28T05:00:00-03:00"
	for want, args := range map[string][]string{
		"--format":            {"--from", from, "--to", to, "--format", "pdf"},
		"--lang":              {"--from", from, "--to", to, "--lang", "de"},
		"--zone":              {"--from", from, "--to", to, "--zone", "Brasil"},
		"is not after --from": {"--from", to, "--to", from},
		"lies in the future":  {"--from", time.Now().Add(time.Hour).Format(time.RFC3339), "--to", time.Now().Add(2 * time.Hour).Format(time.RFC3339)},
		"want a time":         {"--from", "yesterday", "--to", to},
		"either --window":     {"--from", from},
		"or --from":           {},
		"want either":         {"--window", "last", "--from", from, "--to", to},
	} {
		got := r.on(append([]string{"report"}, args...)...)
		require.Equal(t, exit.Usage, got.code, "%s: %v", want, got)
		require.Contains(t, got.errors, want)
		require.Empty(t, got.out)
	}
	require.Equal(t, exit.Done, r.send("").code)
	got := r.on("report", "--from", from, "--to", to)
	require.Equal(t, exit.Done, got.code, got)
	require.Contains(t, got.out, "Nothing was accepted in this range", "an honest empty report")

	path := filepath.Join(t.TempDir(), "no-such-folder", "report.html")
	got = r.on("report", "--from", from, "--to", to, "--output", path)
	require.Equal(t, exit.Failed, got.code)
}
