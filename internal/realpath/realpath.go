// Package realpath finds the one path of a file that can be reached by several:
// the lock and the socket of an outbox are beside the file itself, whoever names
// it by what symbolic link.
package realpath

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Of returns the absolute path of a file, without symbolic links. The file need
// not be there; but a link to it must lead somewhere.
func Of(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	actual, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return actual, err
	}
	if fi, err := os.Lstat(path); err == nil && fi.Mode().Type() == fs.ModeSymlink {
		return "", fmt.Errorf("%s is a symbolic link to what is not there", path)
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, filepath.Base(path)), nil
}
