package admin_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/anymarket-go/sdk/internal/admin"
)

const nobodyUser = 65534

// asNobody runs f on a thread of its own that has no more rights than the user
// nobody.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can act as another user")
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		const keep = ^uintptr(0)
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, keep, nobodyUser, keep); errno != 0 {
			done <- errno
			return
		}
		f()
		done <- nil
	}()
	require.NoError(t, <-done)
}

// openFolder is one that everybody can write to, as that for temporary files.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "open") //nolint:usetesting // what is above that is closed to others
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o777|os.ModeSticky))
	return dir
}

func connect(socket string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, &unix.SockaddrUnix{Name: socket})
}

func TestSocketRefusesOtherUsers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(openFolder(t), "outbox.db")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	l, err := admin.Listen(path)
	require.NoError(t, err)
	defer l.Close()
	require.NoError(t, connect(path+".sock"), "its own user")
	var refused error
	asNobody(t, func() { refused = connect(path + ".sock") })
	require.ErrorIs(t, refused, unix.EACCES)
}

// Whoever can write to the outbox's folder can wait at the place of its socket
// for what it is told.
func TestSocketThatAnotherUserPutBesideIsNotDialled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(openFolder(t), "outbox.db")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	var fd int
	var err error
	asNobody(t, func() {
		if fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err == nil {
			err = unix.Bind(fd, &unix.SockaddrUnix{Name: path + ".sock"})
		}
		if err == nil {
			err = unix.Listen(fd, 1)
		}
	})
	require.NoError(t, err)
	defer unix.Close(fd)
	_, err = admin.Dial(t.Context(), path)
	require.ErrorIs(t, err, admin.ErrNoSocket)
	require.ErrorIs(t, err, os.ErrPermission)
}
