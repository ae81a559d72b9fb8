package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProgressOffATerminalIsALineNowAndThen(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		most int
		json bool
		want string
	}{
		{10, false, "reload: 5 of 10\nreload: 9 of 10\n"},
		{0, false, "reload: 5\nreload: 9\n"},
		{10, true, `{"progress":"reload","done":5,"of":10}` + "\n" + `{"progress":"reload","done":9,"of":10}` + "\n"},
	} {
		c := newRoot()
		var out text
		c.SetErr(&out)
		if test.json {
			require.NoError(t, c.ParseFlags([]string{"--json"}))
		}
		p := newProgress(c, "reload", test.most)
		p.at(1) // too soon
		for _, n := range []int{5, 9} {
			p.said = time.Now().Add(-progressInterval)
			p.at(n)
			p.at(n + 1) // too soon
		}
		p.end()
		require.Equal(t, test.want, out.String())
	}
}
