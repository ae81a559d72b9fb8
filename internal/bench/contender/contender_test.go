package contender_test

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/bench/contender"
	"github.com/anymarket-go/sdk/internal/bench/measure"
)

// Whatever is compared must do what it is compared for.
func TestEntrantsStoreWhatTheyAccept(t *testing.T) {
	t.Parallel()
	for _, e := range contender.Entrants() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c, err := e.Open(t.Context(), dir)
			require.NoError(t, err)
			value := bytes.Repeat([]byte("v"), 4096)
			const producers, each = 4, 25
			r, err := measure.Run(measure.Plan{Producers: producers, Ops: each}, func(int) error { return c.Accept(value) })
			require.NoError(t, err)
			require.Equal(t, producers*each, r.Ops)
			require.NoError(t, c.Close())
			require.GreaterOrEqual(t, stored(t, dir), int64(producers*each*len(value)))
		})
	}
}

// stored is how many bytes the files of a directory have.
func stored(t *testing.T, dir string) (n int64) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	}))
	return n
}

func TestUnknownEntrantIsAnError(t *testing.T) {
	t.Parallel()
	_, err := contender.ByName("no such")
	require.ErrorContains(t, err, "no such")
}
