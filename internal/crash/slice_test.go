//go:build linux

package crash_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/anymarket-go/sdk/internal/crash"
	"github.com/anymarket-go/sdk/internal/crash/plant"
)

// commands are built programs, by path.
type commands struct{ kit, writer, planted, checker string }

// build builds the kit and a program under test, or skips the test where
// programs cannot be traced.
func build(t *testing.T, target crash.Target) commands {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: no recording, so no crash images")
	}
	if out, err := exec.Command(strace, "-f", "--seccomp-bpf", "-o", os.DevNull, "-e", "trace=fsync", "true").CombinedOutput(); err != nil {
		t.Skipf("strace cannot trace here (ptrace forbidden?): %v: %s", err, out)
	}
	dir := t.TempDir()
	compile := func(name, pkg, tags string, variant plant.Variant) string {
		path := filepath.Join(dir, name)
		args := []string{"build", "-tags", tags, "-o", path}
		if variant != "" {
			overlay, err := plant.Overlay(filepath.Join(dir, "overlay"), variant)
			if err != nil {
				t.Fatal(err)
			}
			args = append(args, "-overlay", overlay)
		}
		cmd := exec.Command("go", append(args, "./cmd/"+pkg)...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", pkg, err, out)
		}
		return path
	}
	return commands{
		kit:     compile("crashkit", "crashkit", "", ""),
		writer:  compile("writer", target.Writer, "", plant.Traced),
		planted: compile("planted", target.Writer, crash.BugsTag, plant.Planted),
		checker: compile("checker", target.Checker, "", plant.Traced),
	}
}

// images records one run of program and has its crash images judged. It returns
// how many there were, and what explore said if one of them failed.
func (c commands) images(t *testing.T, inject, program string, args ...string) (n int, failure string) {
	t.Helper()
	tmp := t.TempDir()
	root, rec := filepath.Join(tmp, "root"), filepath.Join(tmp, "rec")
	record := append([]string{"record", "-root", root, "-o", rec, "-inject", inject, "--", program, "-dir", root}, args...)
	if out, err := exec.Command(c.kit, record...).CombinedOutput(); err != nil {
		t.Fatalf("record: %v\n%s", err, out)
	}
	out, err := exec.Command(c.kit, "explore", "-t", rec, "-strict", "-singles", "4", "-prefixes", "8", "-random", "1", "-check", c.checker+" -server").CombinedOutput()
	m := regexp.MustCompile(`(\d+) images`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("explore: %v\n%s", err, out)
	}
	n, convErr := strconv.Atoi(string(m[1]))
	if convErr != nil {
		t.Fatal(convErr)
	}
	if err != nil {
		failure = string(out)
	}
	return n, failure
}

// TestNoCrashImageBreaksAPromise is a fixed slice of scripts/crash.sh.
func TestNoCrashImageBreaksAPromise(t *testing.T) {
	t.Parallel()
	const least = 300 // fewer mean that the recording saw next to nothing
	for target, programs := range crash.Targets() {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			c := build(t, programs)
			for name, inject := range map[string]string{
				"sound disk":     "",
				"5th sync fails": "fdatasync:error=EIO:when=5",
				"9th sync fails": "fdatasync:error=EIO:when=9",
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					n, failure := c.images(t, inject, c.writer, "-n", "60", "-seed", "1", "-onerr", "rebuild")
					if failure != "" {
						t.Fatal(failure)
					}
					if inject == "" && n < least {
						t.Fatalf("got %d images, want at least %d", n, least)
					}
					t.Logf("%d images", n)
				})
			}
		})
	}
}

// TestPlantedBugsAreCaught shows that the slice would notice.
func TestPlantedBugsAreCaught(t *testing.T) {
	t.Parallel()
	for target, programs := range crash.Targets() {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			c := build(t, programs)
			for _, bug := range []string{"ackearly", "nosync", "nodirsync", "rawinit"} {
				t.Run(bug, func(t *testing.T) {
					t.Parallel()
					if n, failure := c.images(t, "", c.planted, "-n", "60", "-seed", "1", "-bug", bug); failure == "" {
						t.Fatalf("%d images of a writer with this bug passed", n)
					}
				})
			}
		})
	}
}
