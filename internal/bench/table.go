package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/internal/bench/measure"
)

// table is a table of a page.
type table struct {
	title string
	head  []string
	rows  [][]string
	// note stands below it.
	note string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t table) markdown() string {
	var b strings.Builder
	if t.title != "" {
		fmt.Fprintf(&b, "**%s**\n\n", t.title)
	}
	writeRow(&b, t.head)
	b.WriteString("|" + strings.Repeat(" --- |", len(t.head)) + "\n")
	for _, row := range t.rows {
		writeRow(&b, row)
	}
	if t.note != "" {
		b.WriteString("\n" + t.note + "\n")
	}
	return b.String()
}

func writeRow(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// budgets is the table of what must be reached.
type budgets struct{ table }

func newBudgets() *budgets {
	return &budgets{table{title: "Budgets", head: []string{"what", "measured", "budget", ""}}}
}

// atLeast says what must be reached, times something.
func (b *budgets) atLeast(what string, got, bound float64) {
	b.judge(what, got, bound, got >= bound, "at least")
}

// atMost says what must not be exceeded.
func (b *budgets) atMost(what string, got, bound float64) {
	b.judge(what, got, bound, got <= bound, "at most")
}

func (b *budgets) judge(what string, got, bound float64, met bool, words string) {
	verdict := "met"
	if !met {
		verdict = "**missed**"
	}
	b.add(what, number(got), words+" "+number(bound), verdict)
}

// told is measured and has no budget.
func (b *budgets) told(what string, got float64) { b.add(what, number(got), "", "") }

// number has three digits that count.
func number(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case v == math.Trunc(v) && math.Abs(v) < 1e6 || math.Abs(v) >= 1000:
		return thousands(int64(math.Round(v)))
	case math.Abs(v) >= 100:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	digits := strings.TrimPrefix(s, "-")
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	return s[:len(s)-len(strings.TrimPrefix(s, "-"))] + digits
}

func millis(d time.Duration) string { return number(float64(d)/1e6) + " ms" }

func mebibytes(n int64) string { return number(float64(n)/(1<<20)) + " MiB" }

// medianTime is the median of nanoseconds over rounds.
func medianTime[T any](rounds []T, of func(T) float64) string {
	return millis(time.Duration(measure.MedianOf(rounds, of)))
}
