package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzLines reads any input of send: its lines are those of the input, in order,
// however they come.
func FuzzLines(f *testing.F) {
	for _, in := range []string{"", "\n", "a\r\n\r\n b \n", "{\"op\":\"stock.set\"}", "\x00\n\xff", strings.Repeat("x", 70<<10) + "\ny"} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var want []line
		for i, text := range bytes.Split(in, []byte("\n")) {
			if text = bytes.Trim(text, " \t\r\n"); len(text) > 0 {
				want = append(want, line{n: i + 1, text: text})
			}
		}
		out := make(chan line, len(want)+1)
		require.NoError(t, readLines(t.Context(), bytes.NewReader(in), out))
		close(out)
		var got []line
		for l := range out {
			require.NoError(t, l.bad)
			got = append(got, l)
		}
		require.Equal(t, want, got)
	})
}

// FuzzTable reads any file of rows: each is a JSON object with the columns that
// are known, as text, and a second reading brings the same.
func FuzzTable(f *testing.F) {
	columns := []column{{"partnerId", false}, {"quantity", true}}
	for _, in := range []string{
		"partnerId;quantity\nA;6\n", "partnerId,quantity\n\"A\"\"B\",\"1,5\"\n", `{"partnerId":"A"}` + "\n{", "\ufeffpartnerId\tquantity\n\tx\n", "partnerId|quantity\n\"A|1\nB|2",
		"\xff\xfe", "quantity;quantity\n", "partnerId;quantity\n=1+1;-2\n;;;\n",
	} {
		for _, comma := range []bool{false, true} {
			f.Add([]byte(in), comma)
		}
	}
	path := filepath.Join(f.TempDir(), "rows")
	f.Fuzz(func(t *testing.T, in []byte, decimalComma bool) {
		require.NoError(t, os.WriteFile(path, in, 0o600))
		table, err := openTable(path, tableFlags{encoding: encodingUTF8, decimalComma: decimalComma}, columns)
		if err != nil {
			require.NotContains(t, err.Error(), "\x00")
			return
		}
		require.LessOrEqual(t, table.rows, bytes.Count(in, []byte("\n"))+1)
		n := 0
		for row, err := range table.all() {
			require.NoError(t, err)
			n++
			if row.bad != nil {
				continue
			}
			var members map[string]any
			require.NoError(t, json.Unmarshal(row.object, &members))
			if !bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(in, []byte(utf8Mark)), " \t\r\n\v\f\u0085\u00a0"), []byte("{")) {
				for name, value := range members {
					require.Contains(t, []string{"partnerId", "quantity"}, name)
					require.IsType(t, "", value)
				}
			}
		}
		require.Equal(t, table.rows, n)
	})
}

// FuzzTokens reads any token file. What is refused is not shown.
func FuzzTokens(f *testing.F) {
	for _, in := range []string{`{"":"abcdefgh"}`, `{"a":"s3cr3t","b":""}`, `{"a":7}`, `[]`, `{`, ""} {
		f.Add([]byte(in))
	}
	path := filepath.Join(f.TempDir(), "tokens.json")
	f.Fuzz(func(t *testing.T, in []byte) {
		const token = "s3cr3t-t0ken-of-the-shop"
		in = append(in, token...)
		require.NoError(t, os.WriteFile(path, in, 0o600))
		if _, _, err := readTokens(path); err != nil {
			require.NotContains(t, err.Error(), token)
		}
	})
}

// FuzzShown shows any text on a terminal and in a spreadsheet: nothing of it
// drives the one, and the other computes nothing.
func FuzzShown(f *testing.F) {
	for _, s := range []string{"\x1b]0;x\x07", "a\nb", "=cmd|' /C calc'!A0", "\t=1", "\u202e", "\xff", "\ufeff@x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		shown := printable(s)
		require.True(t, utf8.ValidString(shown))
		require.False(t, strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) }), "%q", shown)
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		require.NoError(t, w.Write([]string{noFormula(s), "end"}))
		w.Flush()
		row, err := csv.NewReader(&b).Read()
		require.NoError(t, err)
		require.Len(t, row, 2)
		if cell := strings.TrimSpace(row[0]); cell != "" {
			require.NotContains(t, "=+-@", cell[:1])
		}
	})
}
