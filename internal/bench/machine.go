package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"
)

// machine says on what kind of machine was measured.
type machine struct {
	processor  string
	cores      int
	memory     int64 // bytes
	fileSystem string
	kernel     string
}

func (m machine) String() string {
	return fmt.Sprintf("%s, %d cores, %d GiB, %s, %s/%s, kernel %s, %s",
		m.processor, m.cores, (m.memory+1<<29)>>30, m.fileSystem, runtime.GOOS, runtime.GOARCH, m.kernel, runtime.Version())
}

// thisMachine looks at this one, and at the file system of a directory.
func thisMachine(dir string) (machine, error) {
	m := machine{processor: "unknown processor", cores: runtime.NumCPU()}
	if model, ok := field("/proc/cpuinfo", "model name"); ok {
		m.processor = model
	}
	var err error
	if total, ok := field("/proc/meminfo", "MemTotal"); ok {
		if m.memory, err = parseKB(total); err != nil {
			return m, err
		}
	}
	var uname unix.Utsname
	if err := unix.Uname(&uname); err != nil {
		return m, fmt.Errorf("read the kernel's version: %w", err)
	}
	release, _, _ := strings.Cut(unix.ByteSliceToString(uname.Release[:]), "-")
	m.kernel = release
	m.fileSystem, err = fileSystem(dir)
	return m, err
}

// field is the value of a "name: value" line of a file; the first one.
func field(path, name string) (value string, ok bool) {
	f, err := os.Open(path)
	if err != nil {
		return "", false
	}
	defer f.Close() //nolint:errcheck // it was only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if left, right, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(left) == name {
			return strings.TrimSpace(right), true
		}
	}
	return "", false
}

// parseKB reads a size such as "12 kB", in bytes.
func parseKB(text string) (n int64, err error) {
	if _, err := fmt.Sscanf(text, "%d kB", &n); err != nil {
		return 0, fmt.Errorf("read the size %q: %w", text, err)
	}
	return n << 10, nil
}

// fileSystem is the name of the one that a directory is on.
func fileSystem(dir string) (string, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return "", fmt.Errorf("look at the file system of %s: %w", dir, err)
	}
	switch s.Type {
	case unix.EXT4_SUPER_MAGIC:
		return "ext4", nil
	case unix.XFS_SUPER_MAGIC:
		return "xfs", nil
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs", nil
	case unix.TMPFS_MAGIC:
		return "tmpfs: syncs cost nothing", nil
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlayfs", nil
	}
	return fmt.Sprintf("file system %#x", s.Type), nil
}

// version is that of a module which was compiled in.
func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok || module == "" {
		return "–"
	}
	for _, d := range info.Deps {
		if d.Path == module && d.Replace == nil {
			return d.Version
		}
	}
	return "this tree"
}
