package pages_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/licences.md")

const root = "../.."

func TestLicencesListsWhatIsLinked(t *testing.T) {
	t.Parallel()
	want := page(t)
	path := filepath.Join(root, "docs", "licences.md")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "write it with: go test ./internal/pages -update")
}

// page is what docs/licences.md has to say.
func page(t *testing.T) string {
	t.Helper()
	sums := checksums(t)
	library, commands, tests := linked(t, "./outbox/...", "./anymarket/..."), linked(t, "./examples/..."), linked(t, "-test", "./...")
	var b strings.Builder
	b.WriteString(`# Licences

What programs and tests of this module link besides Go's own library, which is under
BSD-3-Clause. The checksum is that of the module's content, as go.sum has it and the Go
command verifies it. Written by ` + "`go test ./internal/pages -update`" + `, checked by every run
of the tests. The tools and the kits with a go.mod of their own are linked into nothing
that is used.

| module | version | licence | linked into | checksum |
| --- | --- | --- | --- | --- |
`)
	for _, m := range tests {
		where := "tests only"
		switch {
		case slices.Contains(library, m):
			where = "the library"
		case slices.Contains(commands, m):
			where = "the example programs"
		}
		sum := sums[m.path+" "+m.version]
		require.NotEmpty(t, sum, m)
		fmt.Fprintf(&b, "| %s | %s | %s | %s | `%s` |\n", m.path, m.version, licence(t, m), where, sum)
	}
	return b.String()
}

type module struct{ path, version, dir string }

// linked are the modules of which packages are linked, sorted by path.
func linked(t *testing.T, packages ...string) (all []module) {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", append([]string{"list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}"}, packages...)...)
	list.Dir = root
	out, err := list.Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		parts := strings.Split(strings.TrimSpace(line), "\t")
		if len(parts) != 3 {
			continue
		}
		if m := (module{parts[0], parts[1], parts[2]}); !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	require.NotEmpty(t, all)
	slices.SortFunc(all, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return all
}

// checksums are those of go.sum, by path and version.
func checksums(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	sums := map[string]string{}
	for line := range strings.Lines(string(data)) {
		parts := strings.Fields(line)
		require.Len(t, parts, 3)
		sums[parts[0]+" "+parts[1]] = parts[2]
	}
	return sums
}

// licence reads a module's licence. One that is not known here has to be looked
// at before it is linked.
func licence(t *testing.T, m module) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(m.dir, "LICEN[SC]E*"))
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		name := known(string(bytes.Join(bytes.Fields(text), []byte(" "))))
		require.NotEmpty(t, name, "%s: %s is none of the licences that are known here", m.path, filepath.Base(file))
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	require.NotEmpty(t, names, m.path)
	return strings.Join(names, " and ")
}

// known names a licence by sentences that only it has.
func known(text string) string {
	has := func(sentence string) bool { return strings.Contains(text, sentence) }
	switch {
	case has("Apache License") && has("Permission is hereby granted, free of charge"):
		return "MIT and Apache-2.0"
	case has("Apache License") && has("Version 2.0, January 2004"):
		return "Apache-2.0"
	case has("Permission is hereby granted, free of charge"):
		return "MIT"
	case has("Redistribution and use in source and binary forms") && has("Neither the name"):
		return "BSD-3-Clause"
	case has("Redistribution and use in source and binary forms"):
		return "BSD-2-Clause"
	default:
		return ""
	}
}
