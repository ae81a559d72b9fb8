package admin_test

import (
	"context"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/admin"
)

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	fi, err := os.Lstat(path)
	require.NoError(t, err)
	return fi.Mode()
}

// names of what is in a folder.
func names(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestSocketIsTheUsersAloneAndGoesWithItsListener(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outbox.db")
	l, err := admin.Listen(path)
	require.NoError(t, err)
	require.Equal(t, fs.ModeSocket|0o600, mode(t, path+".sock"))
	require.Equal(t, []string{"outbox.db.sock"}, names(t, filepath.Dir(path)))
	require.NoError(t, l.Close())
	require.NoError(t, l.Close())
	require.Empty(t, names(t, filepath.Dir(path)))
	_, err = admin.Dial(t.Context(), path)
	require.ErrorIs(t, err, admin.ErrNoSocket)
}

func TestLongPathHasItsSocketElsewhere(t *testing.T) {
	t.Parallel()
	path := longPath(t)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	r := newRig(t)
	s := serve(t, path, r.o, nil)
	target, err := os.Readlink(path + ".sock")
	require.NoError(t, err)
	require.Equal(t, fs.ModeSocket|0o600, mode(t, target))
	require.Equal(t, fs.ModeDir|0o700, mode(t, filepath.Dir(target)))
	c, err := admin.Dial(t.Context(), path)
	require.NoError(t, err)
	status, err := c.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, r.o.Path(), status.File)
	require.NoError(t, c.Close())
	require.NoError(t, s.Close())
	require.Equal(t, []string{filepath.Base(path)}, names(t, filepath.Dir(path)))
	require.NoDirExists(t, filepath.Dir(target))
}

// die leaves a socket behind as a killed process does.
func die(t *testing.T, socket string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	require.NoError(t, err)
	l.SetUnlinkOnClose(false)
	require.NoError(t, l.Close())
}

func TestWhatADeadProcessLeftIsReplaced(t *testing.T) {
	t.Parallel()
	t.Run("beside", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		die(t, r.o.Path()+".sock")
		require.NoError(t, os.Mkdir(r.o.Path()+".sock.new", 0o700))
		die(t, filepath.Join(r.o.Path()+".sock.new", "s"))
		_, err := admin.Dial(t.Context(), r.o.Path())
		require.ErrorIs(t, err, admin.ErrNoSocket)
		_, err = dial(t, r.o, nil).Status(t.Context())
		require.NoError(t, err)
		require.NoDirExists(t, r.o.Path()+".sock.new")
	})
	t.Run("elsewhere", func(t *testing.T) {
		t.Parallel()
		path := longPath(t)
		folder, err := os.MkdirTemp("", "anymarket-admin-") //nolint:usetesting // it is there that it would be
		require.NoError(t, err)
		die(t, filepath.Join(folder, "s"))
		require.NoError(t, os.Symlink(filepath.Join(folder, "s"), path+".sock"))
		l, err := admin.Listen(path)
		require.NoError(t, err)
		require.NoDirExists(t, folder)
		require.NoError(t, l.Close())
	})
	t.Run("link to another place", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "outbox.db")
		other := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(other, []byte("mine"), 0o600))
		require.NoError(t, os.Symlink(other, path+".sock"))
		l, err := admin.Listen(path)
		require.NoError(t, err)
		require.NoError(t, l.Close())
		require.FileExists(t, other)
	})
}

func TestFileThatIsNoSocketStays(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outbox.db")
	require.NoError(t, os.WriteFile(path+".sock", []byte("mine"), 0o600))
	_, err := admin.Listen(path)
	require.ErrorContains(t, err, "move it away")
	kept, err := os.ReadFile(path + ".sock")
	require.NoError(t, err)
	require.Equal(t, "mine", string(kept))
}

// What a link leads to may be anybody's.
func TestSocketOfAnotherUserIsNotDialled(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	const nobody = 65534
	path := longPath(t)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	serve(t, path, newRig(t).o, nil)
	target, err := os.Readlink(path + ".sock")
	require.NoError(t, err)
	require.NoError(t, os.Lchown(target, nobody, nobody))
	_, err = admin.Dial(t.Context(), path)
	require.ErrorIs(t, err, admin.ErrNoSocket)
	require.ErrorIs(t, err, fs.ErrPermission)
	require.NoError(t, os.Chown(path, nobody, nobody)) // now it is its owner's
	c, err := admin.Dial(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, c.Close())
}

func TestDialGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := admin.Dial(ctx, filepath.Join(t.TempDir(), "outbox.db"))
	require.ErrorIs(t, err, context.Canceled)
}

// Closing ends requests that would go on: a list whose reader does not read, a
// connection that never asked, one that is idle.
func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.backlog(t, 3000)
	s := serve(t, r.o.Path(), r.o, nil)
	c, err := admin.Dial(t.Context(), r.o.Path())
	require.NoError(t, err)
	defer c.Close()
	silent, err := net.Dial("unix", r.o.Path()+".sock")
	require.NoError(t, err)
	defer silent.Close()
	n := 0
	for _, err := range c.List(t.Context(), admin.Filter{}) {
		if n++; n == 1 {
			closed := make(chan error, 1)
			go func() { closed <- s.Close() }()
			select {
			case err := <-closed:
				require.NoError(t, err)
			case <-time.After(30 * time.Second):
				require.Fail(t, "Close waits for a reader that does not read")
			}
		}
		if err != nil {
			require.Less(t, n, 3000)
			_, err = c.Status(t.Context())
			require.ErrorIs(t, err, admin.ErrNoSocket)
			return
		}
	}
	require.Fail(t, "the list looked whole")
}

func TestReaderThatLeavesEndsItsList(t *testing.T) {
	t.Parallel()
	both(t, nil, func(t *testing.T, r *rig, c *admin.Client) {
		r.backlog(t, 3000)
		for range 3 {
			for e, err := range c.List(t.Context(), admin.Filter{}) {
				require.NoError(t, err)
				require.Equal(t, "key-0", e.Key)
				break
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var last error
		for _, err := range c.List(ctx, admin.Filter{}) {
			cancel()
			last = err
		}
		require.ErrorIs(t, last, context.Canceled)
	})
}
