package maintenance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

func TestFileAddListRemove(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "windows.json")
	f := maintenance.NewFile(path)
	list, err := f.List()
	require.NoError(t, err)
	require.Empty(t, list)
	_, err = f.Remove("July")
	require.ErrorIs(t, err, maintenance.ErrNotListed)

	july := maintenance.Spec{Name: "July", Rows: notice("2024-07-27", "2024-07-28"), Length: 4 * time.Hour}
	w, err := f.Add(july)
	require.NoError(t, err)
	require.Equal(t, window("July", "2024-07-28T04:00:00Z", "2024-07-28T08:00:00Z"), w)
	fi, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), fi.Mode().Perm())

	_, err = f.Add(maintenance.Spec{Name: "July again", Start: w.Start, End: w.End})
	require.ErrorIs(t, err, maintenance.ErrListed)
	_, err = f.Add(maintenance.Spec{Name: "January", Rows: notice("2024-01-27", "2024-01-28"), Length: 4 * time.Hour})
	require.ErrorIs(t, err, maintenance.ErrDisagrees)
	august := maintenance.Spec{Start: at("2024-08-03T04:00:00Z"), End: at("2024-08-03T08:00:00Z")}
	_, err = f.Add(august)
	require.NoError(t, err)
	longer := maintenance.Spec{Name: "July", Start: w.Start, End: w.End.Add(time.Hour)}
	_, err = f.Add(longer)
	require.NoError(t, err)
	list, err = f.List()
	require.NoError(t, err)
	require.Equal(t, []maintenance.Spec{july, august, longer}, list, "as written, in order")

	_, err = f.Remove("July")
	require.ErrorIs(t, err, maintenance.ErrAmbiguous)
	_, err = f.Remove("June")
	require.ErrorIs(t, err, maintenance.ErrNotListed)
	w, err = f.Remove("2024-08-03T01:00:00-03:00")
	require.NoError(t, err)
	require.Equal(t, august.End, w.End)
	list, err = f.List()
	require.NoError(t, err)
	require.Len(t, list, 2)
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	require.NoError(t, err)
	require.Equal(t, []string{path}, left, "no temporary file stays")
}

func TestFileIsLeftAloneWhenWrong(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "windows.json")
	write(t, path, "{ my notes")
	f := maintenance.NewFile(path)
	_, err := f.Add(maintenance.Spec{Start: at("2024-08-03T04:00:00Z"), End: at("2024-08-03T08:00:00Z")})
	require.ErrorContains(t, err, path)
	_, err = f.Remove("x")
	require.Error(t, err)
	_, err = f.List()
	require.Error(t, err)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "{ my notes", string(b))

	_, err = maintenance.NewFile(filepath.Join(path, "below a file")).Add(maintenance.Spec{Start: at("2024-08-03T04:00:00Z"), End: at("2024-08-03T08:00:00Z")})
	require.Error(t, err)
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestFileBehindALinkStaysALink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, link := filepath.Join(dir, "windows.json"), filepath.Join(dir, "link.json")
	write(t, path, one)
	if err := os.Symlink(path, link); err != nil {
		t.Skip("no links here: ", err)
	}
	_, err := maintenance.NewFile(link).Remove("one")
	require.NoError(t, err)
	list, err := maintenance.NewFile(path).List()
	require.NoError(t, err)
	require.Empty(t, list)
	fi, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, fi.Mode()&os.ModeSymlink)
}

func TestParseNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                 "not the JSON of a window file: EOF",
		`[]`:               "not the JSON of a window file: json: cannot unmarshal array into Go value of type maintenance.fileJSON",
		`{}`:               "windows: is missing",
		one + "x":          "not the JSON of a window file: something follows it",
		`{"window":[]}`:    `not the JSON of a window file: json: unknown field "window"`,
		`{"windows":[1]}`:  "windows[0]: not the JSON of a window file: json: cannot unmarshal number into Go value of type maintenance.specJSON",
		`{"windows":[{}]}`: "windows[0]: start: is missing",
		`{"windows":[{"start":"2024-07-28T01:00:00Z"}]}`:                                            "windows[0]: end: is missing",
		`{"windows":[{"start":"2024-07-28T01:00:00","end":"2024-07-28T01:00:00Z"}]}`:                `windows[0]: start: "2024-07-28T01:00:00", want a time with an offset such as 2024-07-28T01:00:00-03:00`,
		`{"windows":[{"start":"2024-07-28T01:00:00Z","end":"2024-07-28T00:00:00Z"}]}`:               "windows[0]: end: 2024-07-28T00:00:00Z is not after start 2024-07-28T01:00:00Z",
		`{"windows":[{"start":"2024-07-28T01:00:00Z","end":"2024-07-28T02:00:00Z","length":"1h"}]}`: "windows[0]: start: either start and end, or rows and length",
		`{"windows":[{"length":"1h"}]}`:                                                             "windows[0]: rows: are missing",
		`{"windows":[{"rows":[{"zone":"UTC","local":"2024-07-28T01:00"}]}]}`:                        "windows[0]: length: 0s, want more than 0",
		`{"windows":[{"rows":[{"zone":"UTC","local":"2024-07-28T01:00"}],"length":"four"}]}`:        `windows[0]: length: "four", want a duration such as 4h or 3h30m`,
		`{"windows":[{"rows":[{"zone":"UTC","locl":"2024-07-28T01:00"}],"length":"4h"}]}`:           `windows[0]: not the JSON of a window file: json: unknown field "locl"`,
		`{"windows":[{"name":"a\nb","start":"2024-07-28T01:00:00Z"}]}`:                              "windows[0]: name: has control characters",
		`{"windows":[{"name":"` + strings.Repeat("x", 201) + `"}]}`:                                 "windows[0]: name: want at most 200 bytes of UTF-8",
		strings.Repeat(" ", 1<<20+1):                                                                "1048577 bytes, the most is 1048576",
		`{"windows":[{"rows":[{"zone":"X","local":"y"},{"zone":"UTC","local":"y"}],"length":"1h"},{"end":"x"}]}`: "windows[0]: rows[0].zone: X y: not a zone of this system's database (programs can import time/tzdata): unknown time zone X\n" +
			"windows[0]: rows[1].local: UTC y: want a time such as 2024-07-28T01:00, without zone or offset\n" +
			`windows[1]: end: "x", want a time with an offset such as 2024-07-28T01:00:00-03:00`,
	} {
		_, err := maintenance.Parse([]byte(text))
		require.EqualError(t, err, want, text)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(one))
	f.Add([]byte(`{"windows":[{"name":"July","length":"4h","rows":[{"zone":"America/Mexico_City","local":"2024-07-27T22:00"},{"zone":"America/Santiago","local":"2024-07-28 00:00:00"}]}]}`))
	f.Add([]byte(`{"windows":[{"length":"1h","rows":[{"zone":"America/Santiago","local":"2024-04-06T23:30"},{"zone":"America/Lima","local":"2024-04-06T21:30"}]}]}`))
	f.Add([]byte(`{"windows":[{"start":"9998-12-31T23:59:59.999999999-23:59","end":"9999-01-01T00:00:00Z"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		specs, err := maintenance.Parse(data)
		if err != nil {
			return
		}
		text, err := maintenance.Format(specs)
		require.NoError(t, err)
		again, err := maintenance.Parse(text)
		require.NoError(t, err, "%s", text)
		require.Len(t, again, len(specs))
		for i := range specs {
			w, err := specs[i].Window()
			require.NoError(t, err)
			require.NoError(t, w.Check())
			w2, err := again[i].Window()
			require.NoError(t, err)
			require.Equal(t, w, w2)
			c, err := maintenance.New(w)
			require.NoError(t, err)
			got, ok := c.At("", w.Start)
			require.True(t, ok)
			require.Equal(t, w, got)
			_, ok = c.At("", w.End)
			require.False(t, ok)
		}
	})
}
