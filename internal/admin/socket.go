package admin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/anymarket-go/sdk/internal/realpath"
)

const (
	// suffix makes the socket's path of the outbox's.
	suffix = ".sock"
	// longestPath of a socket, in bytes. Linux has room for 107, macOS for 103.
	longestPath = 103
	// elsewhere is how the names of folders begin in which sockets are that
	// cannot be beside their outbox.
	elsewhere = "anymarket-admin-"
)

// Listen opens the admin socket of the outbox at outboxPath, whose lock the
// caller holds: a socket that is there is a dead process's. It is at
// <outboxPath>.sock, or a symbolic link there leads to it where that path is too
// long or the file system has no sockets. Nobody but the user can reach it, at
// any moment. Closing the listener removes it. There are none on Windows, where
// the error wraps [errors.ErrUnsupported].
func Listen(outboxPath string) (net.Listener, error) {
	if runtime.GOOS == "windows" {
		// File modes keep nobody out there.
		return nil, fmt.Errorf("admin socket: %w on Windows", errors.ErrUnsupported)
	}
	path, err := realpath.Of(outboxPath)
	if err != nil {
		return nil, fmt.Errorf("admin socket: %w", err)
	}
	path += suffix
	if err := clearSocket(path); err != nil {
		return nil, fmt.Errorf("admin socket: %w", err)
	}
	l, err := listenBeside(path)
	if err != nil {
		var err2 error
		if l, err2 = listenElsewhere(path); err2 != nil {
			return nil, fmt.Errorf("admin socket: %w", errors.Join(err, err2))
		}
	}
	return l, nil
}

// clearSocket removes what a process left that did not end in order. A file that
// is something else is somebody's, and stays.
func clearSocket(path string) error {
	fi, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case fi.Mode().Type() == fs.ModeSymlink:
		if target, err := os.Readlink(path); err == nil {
			removeElsewhere(target)
		}
	case fi.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there and no socket: move it away", path)
	}
	return os.Remove(path)
}

// removeElsewhere removes a socket that listenElsewhere made, with its folder.
// What cannot be removed is another user's, or gone.
func removeElsewhere(socket string) {
	folder := filepath.Dir(socket)
	if filepath.Dir(folder) != filepath.Clean(os.TempDir()) || !strings.HasPrefix(filepath.Base(folder), elsewhere) {
		return
	}
	_ = os.Remove(socket)
	_ = os.Remove(folder)
}

// listenBeside listens at path. The socket is made in a folder that only the
// user can enter, and put in its place when its mode is right: what was open to
// others for a moment could be connected to in that moment.
func listenBeside(path string) (net.Listener, error) {
	folder := path + ".new"
	made := filepath.Join(folder, "s")
	if len(path) > longestPath || len(made) > longestPath {
		return nil, fmt.Errorf("%s: path too long for a socket", path)
	}
	_ = os.Remove(made) // left by a process that ended in between
	_ = os.Remove(folder)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	l, err := listen(made)
	if err != nil {
		return nil, errors.Join(err, os.Remove(folder))
	}
	if err := errors.Join(os.Rename(made, path), os.RemoveAll(folder)); err != nil {
		return nil, errors.Join(err, l.Close(), os.RemoveAll(path))
	}
	return &listener{Listener: l, remove: []string{path}}, nil
}

// listenElsewhere listens in a new folder among the temporary files and makes
// path a symbolic link to that.
func listenElsewhere(path string) (net.Listener, error) {
	folder, err := os.MkdirTemp("", elsewhere) // with mode 0700
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(folder, "s")
	l, err := listen(socket)
	if err != nil {
		return nil, errors.Join(err, os.Remove(folder))
	}
	if err := os.Symlink(socket, path); err != nil {
		return nil, errors.Join(err, l.Close(), os.RemoveAll(folder))
	}
	return &listener{Listener: l, remove: []string{path, socket, folder}}, nil
}

// listen makes a socket that only the user can connect to, in a folder that only
// the user can enter.
func listen(path string) (net.Listener, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // it moves, and others may have its first path then
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close(), os.Remove(path))
	}
	return l, nil
}

// listener removes what was made for it.
type listener struct {
	net.Listener

	remove []string // in this order
	once   sync.Once
	err    error
}

// Close is safe to call again.
func (l *listener) Close() error {
	l.once.Do(func() {
		l.err = l.Listener.Close()
		for _, path := range l.remove {
			if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
				l.err = errors.Join(l.err, err)
			}
		}
	})
	return l.err
}

// dialSocket connects to the socket of an outbox.
func dialSocket(ctx context.Context, outboxPath string) (net.Conn, error) {
	path, err := realpath.Of(outboxPath)
	if err != nil {
		return nil, fmt.Errorf("open outbox %s: %w", outboxPath, err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	socket := path + suffix
	if target, err := os.Readlink(socket); err == nil {
		socket = target
	}
	// Anybody may have made that among the temporary files, or beside an outbox
	// in a folder that others can write to, and waits there for what it is told.
	if err := sameOwner(path, socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrNoSocket, err)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	switch {
	case err == nil:
		return conn, nil
	case ctx.Err() != nil:
		return nil, err
	default:
		return nil, fmt.Errorf("%w: %w", ErrNoSocket, err)
	}
}
