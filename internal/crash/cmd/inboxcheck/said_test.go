package main

import (
	"strings"
	"testing"
)

// What a writer says that an inbox must not do is noticed without looking at files.
func TestWhatContradictsItselfIsNoticed(t *testing.T) {
	t.Parallel()
	const (
		none   = "0.0.0.0"
		posted = "OPEN now\nPOST a/T/1 1.0.0.0\nTOOK a/T/1 1.0.0.0\nPOST a/T/1 2.2.0.9\nTOOK a/T/1 2.2.0.9\n"
		first  = "GIVEN a/T/1 ok " + none + ",1.0.0.0\n"
		second = "GIVEN a/T/1 ok 2.2.0.9,1.0.0.0,2.2.0.9\n"
		done   = "DONE 0a0b0c0d-2 a/T/1 2.2.0.9,1.0.0.0,2.2.0.9\n"
	)
	for name, c := range map[string]struct{ said, wrong string }{
		"in order":                         {posted + first + second + done, ""},
		"said again":                       {posted + second + done + done, ""},
		"once more, it was not done":       {posted + second + second + done, ""},
		"once more, it may have been sent": {posted + second + "OPEN now\n" + done + second, ""},
		"once more, posted again":          {posted + second + done + "POST a/T/1 2.2.0.9\n" + "GIVEN a/T/1 ok 2.2.0.9,2.2.0.9\n", ""},
		"after its end":                    {posted + second + done + second, "AGAIN"},
		"after its end, opened":            {posted + second + done + "OPEN now\n" + second, "AGAIN"},
		"after it was confirmed":           {posted + second + "OPEN now\n" + second + done + "CONF 0a0b0c0d-2 a/T/1\n" + second, "AGAIN"},
		"again and again":                  {posted + second + "OPEN now\n" + done + second + second + second, "AGAIN"},
		"older after newer":                {posted + second + first, "STALE"},
		"older after a rejected one":       {posted + strings.Replace(second, "ok", "rejected", 1) + first, ""},
		"not posted":                       {posted + "GIVEN a/T/1 ok " + none + ",3.0.0.0\n", "never posted"},
		"of another resource":              {posted + strings.ReplaceAll(first, "a/T/1", "a/T/2"), "never posted"},
		"merged the wrong way round":       {posted + "GIVEN a/T/1 ok 2.2.0.9,2.2.0.9,1.0.0.0\n", "is told after"},
		"without its metadata":             {posted + "GIVEN a/T/1 ok " + none + ",2.2.0.9\n", "metadata"},
		"done before it is given":          {posted + done, "never given"},
		"taken before it is posted":        {"TOOK a/T/1 1.0.0.0\n", "not about to be posted"},
		"two ends":                         {posted + second + done + "SUP 0a0b0c0d-2\n", "it was DEL before"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, got := newSaid(), ""
			for line := range strings.Lines(c.said) {
				if err := s.Line(strings.Split(strings.TrimSpace(line), " ")); err != nil {
					got = err.Error()
					break
				}
			}
			if (got == "") != (c.wrong == "") || !strings.Contains(got, c.wrong) {
				t.Fatalf("got %q, want %q", got, c.wrong)
			}
		})
	}
}
