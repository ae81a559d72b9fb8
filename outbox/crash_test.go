//go:build linux && !race

package outbox_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCrashImages runs a fixed slice of the crash kit, which is a module of its
// own: crash images of a program that uses this package, and planted bugs that
// must be found. It skips by itself what the machine has no tools for.
func TestCrashImages(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("no strace: the crash kit records system calls with it")
	}
	kit := exec.CommandContext(t.Context(), "go", "test", "-count=1", ".")
	kit.Dir = "../internal/crash"
	out, err := kit.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
}
