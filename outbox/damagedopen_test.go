package outbox

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRefusedFileIsLetGo: an opening that fails is an error, and leaves the
// file to the next one that tries.
func TestRefusedFileIsLetGo(t *testing.T) {
	t.Parallel()
	opts := Options{MinFree: -1}
	path := filepath.Join(t.TempDir(), "o.db")
	require.NoError(t, os.WriteFile(path, make([]byte, 8192), 0o600))
	for range 2 {
		_, err := Open(path, opts)
		require.ErrorIs(t, err, ErrFormat)
	}
	require.NoError(t, os.Remove(path))
	o, err := Open(path, opts)
	require.NoError(t, err)
	require.NoError(t, o.Close())
}
