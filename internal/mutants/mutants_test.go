package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is planted must fit the source, or nothing is proven.
func TestPatchesFitTheSource(t *testing.T) {
	t.Parallel()
	root, err := moduleRoot(t.Context())
	require.NoError(t, err)
	patches, err := readPatches(filepath.Join(root, "internal", "mutants", "testdata"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(patches), 25)
	require.NoError(t, build(t.Context(), root, t.TempDir(), patches))
}
