package outbox

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// isAt says whether the file at path is the opened one. It does not ask for the
// file's times: after such a question the next write has to give the file an exact
// new one, which on ext4 is a change to be logged, and the outbox asks before each
// commit.
func isAt(path string, opened os.FileInfo) (bool, error) {
	var at unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_INO, &at)
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return statIsAt(path, opened) // a kernel, or a sandbox, without that call
	}
	if err != nil {
		return false, err
	}
	was, ok := opened.Sys().(*syscall.Stat_t)
	return ok && at.Ino == was.Ino && unix.Mkdev(at.Dev_major, at.Dev_minor) == uint64(was.Dev), nil //nolint:unconvert,nolintlint // its type differs between systems
}
