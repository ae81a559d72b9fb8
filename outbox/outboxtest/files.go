package outboxtest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"weak"

	"github.com/anymarket-go/sdk/outbox"
)

// Released fails the test if this process still has a file of the outbox open,
// its lock included. Call it after Close or Abort; what [Open] gives does so by
// itself. It looks into /proc, and finds nothing where there is none. Once all
// tests are over, see [Exit].
func Released(tb testing.TB, o *outbox.Outbox) {
	tb.Helper()
	released.mu.Lock()
	released.all = append(released.all, weak.Make(o))
	released.mu.Unlock()
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

// released are all outboxes that were given to [Released].
var released struct { //nolint:gochecknoglobals // of the process, as TestMain is
	mu  sync.Mutex
	all []weak.Pointer[outbox.Outbox]
}

// Exit ends the test process with a code, or with 1 and a word of why if any
// outbox that was [Released] is still in memory, with whatever it holds. It is for
// the end of TestMain.
func Exit(code int) {
	released.mu.Lock()
	defer released.mu.Unlock()
	for range 2 { // what a finalizer frees is collected by the next
		runtime.GC()
	}
	left := 0
	for _, o := range released.all {
		if o.Value() != nil {
			left++
		}
	}
	if left > 0 {
		fmt.Fprintf(os.Stderr, "%d of %d outboxes that were closed are still in memory\n", left, len(released.all))
		code = max(code, 1)
	}
	os.Exit(code)
}
