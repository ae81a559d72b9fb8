//go:build !linux

package outbox

import "os"

// isAt says whether the file at path is the opened one.
func isAt(path string, opened os.FileInfo) (bool, error) { return statIsAt(path, opened) }
