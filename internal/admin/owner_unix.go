//go:build unix

package admin

import (
	"fmt"
	"os"
	"syscall"
)

// sameOwner refuses a socket that belongs neither to the user who owns the
// outbox nor to root.
func sameOwner(outboxPath, socket string) error {
	file, err := owner(outboxPath)
	if err != nil {
		return err
	}
	user, err := owner(socket)
	if err != nil {
		return err
	}
	const root = 0
	if user != root && user != file {
		return fmt.Errorf("%s belongs to another user than the outbox: %w", socket, os.ErrPermission)
	}
	return nil
}

func owner(path string) (uint32, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	stat, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, fmt.Errorf("%s: owner not known", path)
	}
	return stat.Uid, nil
}
