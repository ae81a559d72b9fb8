package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
)

// readPrivate reads a file of secrets, which nobody else may use, and returns what
// the file was then. Its errors show nothing of what is in it.
func readPrivate(path string, most int64) (data []byte, fi os.FileInfo, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	if fi, err = f.Stat(); err != nil {
		return nil, nil, err
	}
	if mode := fi.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, nil, fmt.Errorf("%s: others may use it (mode %04o): run chmod 600 %s", path, mode, path)
	}
	data, err = io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s: has more than %d bytes", path, most)
	}
	return data, fi, err
}
