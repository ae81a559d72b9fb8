package anymarket_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The Go code of the README is code of this repository, line for line but for
// how far it is indented: it is compiled, and it runs in some test.
func TestCodeOfTheReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	require.NotEmpty(t, blocks)
	sources := goFiles(t, "..")
	for _, block := range blocks {
		require.True(t, shownBy(sources, block[1]), "no Go file has this:\n%s", block[1])
	}
}

// goFiles are the Go files under a folder, with no line indented.
func goFiles(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		b, err := os.ReadFile(path)
		files = append(files, "\n"+unindented(string(b)))
		return err
	}))
	return files
}

func shownBy(sources []string, block string) bool {
	for _, source := range sources {
		if strings.Contains(source, "\n"+unindented(block)) {
			return true
		}
	}
	return false
}

func unindented(code string) string {
	lines := strings.Split(code, "\n")
	for i := range lines {
		lines[i] = strings.TrimLeft(lines[i], "\t")
	}
	return strings.Join(lines, "\n")
}
