package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPrintable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"São Paulo, 10 €": "São Paulo, 10 €",
		"a\nb":            `a\u000ab`,
		"\x1b[2J":         `\u001b[2J`,
		"a\u202eb":        `a\u202eb`, // writes from right to left
		"a\u2028b":        `a\u2028b`,
		"\u009b2J":        `\u009b2J`, // an escape sequence of one byte
		"\xff":            `\xff`,
		"\ufffd":          "\ufffd",
		"\U000e0001":      `\U000e0001`,
	} {
		require.Equal(t, want, printable(in))
	}
	require.Equal(t, "a\nb\\u000dc", printableLines("a\nb\rc"))
}

func TestMomentShowsBothClocks(t *testing.T) {
	t.Parallel()
	require.Equal(t, "-", moment(time.Time{}))
	at := time.Date(2024, 7, 28, 4, 0, 0, 0, time.UTC)
	require.Contains(t, moment(at), "2024-07-28 04:00:00 UTC")
}

func TestNoFormula(t *testing.T) {
	t.Parallel()
	for _, safe := range []string{"", "SKU-1", "1-2", "{}", " x", "2024-07-28"} {
		require.Equal(t, safe, noFormula(safe))
	}
	for _, formula := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n-1", "|x", "%x", "＝1", "\u00a0=1", "\ufeff=1"} {
		require.Equal(t, "'"+formula, noFormula(formula))
	}
}
