package realpath_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/realpath"
)

func TestOf(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "real"), 0o700))
	file := filepath.Join(dir, "real", "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	link := func(target, name string) string {
		name = filepath.Join(dir, name)
		require.NoError(t, os.Symlink(target, name))
		return name
	}
	folder, direct, dangling := link("real", "folder"), link(file, "direct"), link("nowhere", "dangling")
	for path, want := range map[string]string{
		file: file, direct: file,
		filepath.Join(folder, "file"): file,
		filepath.Join(folder, "new"):  filepath.Join(dir, "real", "new"),
		filepath.Join(dir, "new"):     filepath.Join(dir, "new"),
	} {
		got, err := realpath.Of(path)
		require.NoError(t, err, path)
		require.Equal(t, want, got, path)
	}
	_, err = realpath.Of(dangling)
	require.ErrorContains(t, err, "is a symbolic link to what is not there")
	_, err = realpath.Of(filepath.Join(dir, "none", "file"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
