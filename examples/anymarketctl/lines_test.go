package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxLine+1)
	for name, tc := range map[string]struct {
		input string
		want  map[int]string // "" for too long
	}{
		"nothing":           {"", map[int]string{}},
		"blank":             {"\n \t\r\n\n", map[int]string{}},
		"no end":            {"a\nb", map[int]string{1: "a", 2: "b"}},
		"as Windows has it": {"a\r\n\r\nb\r\n", map[int]string{1: "a", 3: "b"}},
		"as long as can be": {long[1:] + "\nb\n", map[int]string{1: long[1:], 2: "b"}},
		"too long":          {"a\n" + long + "\nb\n", map[int]string{1: "a", 2: "", 3: "b"}},
		"too long, no end":  {"a\n" + long, map[int]string{1: "a", 2: ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := make(chan line, 10)
			require.NoError(t, readLines(t.Context(), strings.NewReader(tc.input), out))
			close(out)
			got := map[int]string{}
			for l := range out {
				got[l.n] = string(l.text)
				require.Equal(t, got[l.n] == "", l.bad != nil)
			}
			require.Equal(t, tc.want, got)
		})
	}
}

type failing struct{ text string }

func (f *failing) Read(p []byte) (int, error) {
	n := copy(p, f.text)
	f.text = f.text[n:]
	if n == 0 {
		return 0, errors.New("disk on fire")
	}
	return n, nil
}

func TestReadLinesTellsErrors(t *testing.T) {
	t.Parallel()
	out := make(chan line, 10)
	require.ErrorContains(t, readLines(t.Context(), &failing{text: "a\nb\n"}, out), "disk on fire")
	require.Len(t, out, 2)
}

func TestGroupsAreBounded(t *testing.T) {
	t.Parallel()
	lines := make(chan line, 3*maxGroup)
	for n := range maxGroup + 1 {
		lines <- line{n: n, text: []byte("x")}
	}
	require.Len(t, nextGroup(t.Context(), lines), maxGroup)
	require.Len(t, nextGroup(t.Context(), lines), 1)
	big := make([]byte, maxGroupBytes/2)
	for range 4 {
		lines <- line{text: big}
	}
	close(lines)
	require.Len(t, nextGroup(t.Context(), lines), 2)
	require.Len(t, nextGroup(t.Context(), lines), 2)
	require.Empty(t, nextGroup(t.Context(), lines))
}
