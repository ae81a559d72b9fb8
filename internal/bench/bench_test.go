package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anymarket-go/sdk/internal/barebolt"
	"github.com/stretchr/testify/require"
)

func TestPartsAreChosenByName(t *testing.T) {
	t.Parallel()
	all, err := choose("")
	require.NoError(t, err)
	require.Len(t, all, len(parts()))
	some, err := choose("mixed,accept")
	require.NoError(t, err)
	require.Equal(t, []string{"mixed", "accept"}, []string{some[0].name, some[1].name})
	_, err = choose("accept,fast")
	require.ErrorContains(t, err, `"fast"`)
}

func TestNumbersHaveThreeDigitsThatCount(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]float64{
		"0.85": 0.849, "12.3": 12.345, "123": 123.4, "1 235": 1234.5, "1 234 567": 1234567.2, "50": 50, "-4.50": -4.5, "-1 000": -1000,
		"–": math.NaN(), "0": 0,
	} {
		require.Equal(t, want, number(v))
	}
}

func TestBudgetsSayWhetherTheyAreMet(t *testing.T) {
	t.Parallel()
	b := newBudgets()
	b.atLeast("rate", 0.85, 0.85)
	b.atLeast("rate", 0.84, 0.85)
	b.atMost("tail", 3, 3)
	b.atMost("tail", 3.1, 3)
	b.atMost("nothing measured", math.NaN(), 3)
	verdicts := make([]string, 0, len(b.rows))
	for _, row := range b.rows {
		verdicts = append(verdicts, row[3])
	}
	require.Equal(t, []string{"met", "**missed**", "met", "**missed**", "**missed**"}, verdicts)
}

// What a person wrote and what other parts measured stays.
func TestPageChangesOnlyWhereThePartIs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	write := func(name, cell string) {
		p := parts()[slices.Index(partNames(), name)]
		r := report{part: p, tables: []table{{head: []string{"what"}, rows: [][]string{{cell}}}}, at: time.Unix(0, 0)}
		require.NoError(t, r.writeTo(path))
	}
	write("accept", "first")
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(page), "<!-- end accept -->\n", "<!-- end accept -->\n\nBy hand.\n", 1)), 0o600))
	write("replay", "other")
	write("accept", "second")
	page, err = os.ReadFile(path)
	require.NoError(t, err)
	for _, want := range []string{"| second |", "| other |", "By hand.", "# Benchmarks", "Measured 1970-01-01"} {
		require.Contains(t, string(page), want)
	}
	require.NotContains(t, string(page), "| first |")
}

func TestPageWithoutAPlaceIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(path, []byte("something else\n"), 0o600))
	require.ErrorContains(t, report{part: parts()[0]}.writeTo(path), "begin accept")
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "something else\n", string(page))
}

func TestNewPageHasAPlaceForEachPart(t *testing.T) {
	t.Parallel()
	for _, p := range parts() {
		_, err := report{part: p}.replaceIn(newPage)
		require.NoError(t, err)
	}
}

func TestSyncsAreSummedUp(t *testing.T) {
	t.Parallel()
	require.Equal(t, 234, sumCalls(`% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 70.00    0.020000         100       200           fdatasync
 30.00    0.010000         300        34         2 fsync
------ ----------- ----------- --------- --------- ----------------
100.00    0.030000         128       234         2 total
`))
}

func TestCommitsAreCountedInTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bare.db")
	s, err := barebolt.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	for range 5 {
		_, err := s.Put([]byte("v"))
		require.NoError(t, err)
		want, err := s.Commits()
		require.NoError(t, err)
		got, err := commitsOf(path)
		require.NoError(t, err)
		require.Equal(t, uint64(want), got)
	}
}

func TestWhatBboltCallsTheLibraryForIsTheLibrarys(t *testing.T) {
	t.Parallel()
	var s shares
	s.add(slices.Values([]string{"runtime.memmove", "go.etcd.io/bbolt.(*Bucket).Put", "github.com/anymarket-go/sdk/outbox.(*tx).put"}), 1)
	s.add(slices.Values([]string{"runtime.mallocgc", "github.com/anymarket-go/sdk/outbox.(*tx).put", "go.etcd.io/bbolt.(*DB).Update"}), 2)
	s.add(slices.Values([]string{"runtime.futex", "runtime.mcall"}), 4)
	require.Equal(t, shares{Commits: 1, Library: 2, Runtime: 4}, s)
}

func TestFiguresOfTestsAreRead(t *testing.T) {
	t.Parallel()
	got, said, err := readFigures(strings.NewReader(`{"Action":"run","Test":"TestReplay"}
{"Action":"attr","Test":"TestReplay","Key":"calls","Value":"1025"}
{"Action":"output","Test":"TestReplay","Output":"why it failed\n"}
`))
	require.NoError(t, err)
	require.Equal(t, figures{"TestReplay": {"calls": 1025}}, got)
	require.Equal(t, "why it failed\n", said)
	_, _, err = readFigures(strings.NewReader(`{"Action":"attr","Test":"T","Key":"calls","Value":"many"}` + "\n"))
	require.Error(t, err)
	_, err = replayTables(figures{})
	require.ErrorContains(t, err, "nothing")
}
