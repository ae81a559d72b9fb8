package outboxtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/anymarket-go/sdk/outbox"
)

// Released fails the test if this process still has a file of the outbox open,
// its lock included. Call it after Close or Abort; what [Open] gives does so by
// itself. It looks into /proc, and finds nothing where there is none.
func Released(tb testing.TB, o *outbox.Outbox) {
	tb.Helper()
	const descriptors = "/proc/self/fd"
	entries, err := os.ReadDir(descriptors)
	if err != nil {
		return
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(o.Path()))
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		tb.Errorf("where is %s: %v", o.Path(), err)
		return
	}
	prefix := filepath.Join(dir, filepath.Base(o.Path()))
	for _, e := range entries {
		name, err := os.Readlink(filepath.Join(descriptors, e.Name()))
		if err == nil && strings.HasPrefix(name, prefix) {
			tb.Errorf("descriptor %s: %s is still open", e.Name(), name)
		}
	}
}
