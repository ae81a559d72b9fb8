package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	sumSource = "package m\n\nfunc sum(a, b int) int {\n\treturn a + b\n}\n"
	sumTests  = `package m

import (
	"testing"
	"time"
)

func TestSum(t *testing.T) {
	if sum(2, 1) != 3 {
		t.Fail()
	}
}

func TestSumOfZeroes(t *testing.T) {
	if sum(0, 0) != 0 {
		t.Fail()
	}
}

func TestWrong(t *testing.T) { t.Fail() }

func TestHangs(t *testing.T) {
	if sum(2, 1) != 3 {
		<-time.After(time.Hour)
	}
}

func TestPanics(t *testing.T) {
	if sum(2, 1) != 3 {
		panic("no sum")
	}
}
`
	difference = "\n--- a/m.go\n+++ b/m.go\n@@ -3,3 +3,3 @@\n func sum(a, b int) int {\n-\treturn a + b\n+\treturn a - b\n }\n"
	sentence   = "A difference passes for a sum.\n"
	caughtBy   = sentence + "caught by: . -run "
)

// module has one function and its tests.
func module(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module m\n\ngo 1.25\n", "m.go": sumSource, "m_test.go": sumTests} {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o600))
	}
	return root
}

func TestWhatBecomesOfAPatch(t *testing.T) {
	t.Parallel()
	root := module(t)
	const (
		misfit  = "\n--- a/m.go\n+++ b/m.go\n@@ -4,1 +4,1 @@\n-\treturn b + a\n+\treturn a - b\n"
		unbuilt = "\n--- a/m.go\n+++ b/m.go\n@@ -4,1 +4,1 @@\n-\treturn a + b\n+\treturn\n"
	)
	for name, c := range map[string]struct {
		text, by, err string
	}{
		"caught":                  {caughtBy + "'^TestSum$'\n" + difference, "TestSum", ""},
		"caught by the second":    {caughtBy + "TestSumOfZeroes\ncaught by: . -run ^TestSum$\n" + difference, "TestSum", ""},
		"caught by a panic":       {caughtBy + "TestPanics\n" + difference, "TestPanics", ""},
		"survives":                {caughtBy + "TestSumOfZeroes\n" + difference, "", ""},
		"hangs":                   {caughtBy + "TestHangs -timeout 100ms\n" + difference, "", errHangs.Error()},
		"is to hang":              {caughtBy + "TestHangs -timeout 100ms\nhangs: yes\n" + difference, "TestHangs", ""},
		"does not fit":            {caughtBy + "TestSum\n" + misfit, "", "does not fit any more"},
		"does not build":          {caughtBy + "TestSum\n" + unbuilt, "", errNoBuild.Error()},
		"has no such test":        {caughtBy + "TestNone\n" + difference, "", errNoTest.Error()},
		"its test fails as it is": {caughtBy + "TestWrong\n" + difference, "", errUnplanted.Error()},
		"has no such package":     {sentence + "caught by: ./none\n" + difference, "", "none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := parse(name, c.text)
			require.NoError(t, err)
			got := try(t.Context(), root, p)
			if c.err == "" {
				require.NoError(t, got.err)
			} else {
				require.ErrorContains(t, got.err, c.err)
			}
			require.Equal(t, c.by, got.by)
		})
	}
}

// TestBuildNamesThePatch: many are built at once, and some do not go together.
func TestBuildNamesThePatch(t *testing.T) {
	t.Parallel()
	root := module(t)
	good, err := parse("good", caughtBy+"TestSum\n"+difference)
	require.NoError(t, err)
	wrong, err := parse("wrong", caughtBy+"TestSum\n\n--- a/m.go\n+++ b/m.go\n@@ -1,1 +1,1 @@\n-package m\n+package\n")
	require.NoError(t, err)
	require.NoError(t, build(t.Context(), root, t.TempDir(), []patch{good, good}))
	err = build(t.Context(), root, t.TempDir(), []patch{good, wrong, good})
	require.ErrorIs(t, err, errNoBuild)
	require.ErrorContains(t, err, "patch wrong")
}

func TestPatchesThatCannotBeRight(t *testing.T) {
	t.Parallel()
	const file = "\n--- a/m.go\n+++ b/m.go\n"
	for text, why := range map[string]string{
		caughtBy + "TestSum\n":                                 "no diff",
		"caught by: .\n" + difference:                          "a sentence",
		sentence + difference:                                  "caught by",
		sentence + "found: .\n" + difference:                   "neither",
		caughtBy + "TestSum\n" + file:                          "no hunk",
		caughtBy + "TestSum\n" + file + "@@ -1 +1 @@\n func\n": "changes nothing",
		caughtBy + "TestSum\n" + file + "func\n":               "no line of a unified diff",
	} {
		_, err := parse("name", text)
		require.ErrorContains(t, err, why, text)
	}
	_, err := readPatches(t.TempDir())
	require.ErrorContains(t, err, "no patches")
}
