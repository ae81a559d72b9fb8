package outbox_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// TestMisdirectedPagesAreRefusedNotDeadly: a page that was written to another
// one's place is a file that is refused, or harmless, but never a panic.
func TestMisdirectedPagesAreRefusedNotDeadly(t *testing.T) {
	t.Parallel()
	bodies := make([]string, 400)
	for i := range bodies {
		bodies[i] = string(make([]byte, 300))
	}
	path, _ := outboxFile(t, bodies...)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	const page, meta = 4096, 2
	pages := min(len(whole)/page, 50) // the rest of the file is room to grow
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 0))
	refused := 0
	for range 120 {
		damaged := append([]byte(nil), whole...)
		from, to := meta+rng.IntN(pages-meta), meta+rng.IntN(pages-meta)
		copy(damaged[to*page:(to+1)*page], whole[from*page:(from+1)*page])
		copied := filepath.Join(t.TempDir(), "copy.db")
		require.NoError(t, os.WriteFile(copied, damaged, 0o600))
		o, err := outbox.Open(copied, stockOnly(&outboxtest.Host{}))
		if err != nil {
			require.ErrorIs(t, err, outbox.ErrFormat, "page %d over %d", from, to)
			after, err := os.ReadFile(copied)
			require.NoError(t, err)
			require.Equal(t, damaged, after, "a refused file is left as it is")
			refused++
			continue
		}
		o.Abort()
	}
	require.Positive(t, refused)
	t.Logf("%d of 120 damaged files were refused", refused)
}
