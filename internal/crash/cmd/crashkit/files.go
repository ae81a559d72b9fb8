package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// readTree returns the content of all files below root.
func readTree(root string) (map[string][]byte, error) {
	m := map[string][]byte{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		m[p], err = os.ReadFile(p)
		return err
	})
	return m, err
}

// writeTree makes dir, which is emptied first, hold files, whose names begin
// with root.
func writeTree(dir, root string, files map[string][]byte) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for p, b := range files {
		q := filepath.Join(dir, strings.TrimPrefix(p, root))
		if err := os.MkdirAll(filepath.Dir(q), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(q, b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// emptyDir makes dir, or removes what is in it.
func emptyDir(dir string) error {
	es, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return err
	}
	for _, e := range es {
		if e.Name() == "lost+found" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// tempDir makes a scratch directory below parent, which defaults to memory where
// there is a place for files in memory.
func tempDir(parent, pattern string) (string, error) {
	const memory = "/dev/shm"
	if parent == "" {
		if st, err := os.Stat(memory); err == nil && st.IsDir() {
			parent = memory
		}
	}
	return os.MkdirTemp(parent, pattern)
}

// discard removes scratch; no result depends on it.
func discard(path string) {
	if err := os.RemoveAll(path); err != nil {
		fmt.Fprintln(os.Stderr, "crashkit:", err)
	}
}
