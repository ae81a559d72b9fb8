package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// holderPatience is how long is waited for a process that has the outbox and
// cannot be gone through: one that just begins, that ends while a call is on the
// wire, or that looks at the file.
const holderPatience = 5 * time.Minute

// whenFree tries until no process keeps the outbox from being used that cannot be
// gone through. It tells once whom it waits for.
func whenFree[T any](ctx context.Context, log *slog.Logger, try func() (T, error)) (T, error) {
	deadline, told := time.Now().Add(holderPatience), false
	for {
		v, err := try()
		var locked *outbox.LockedError
		if !errors.As(err, &locked) {
			return v, err
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return v, unreachable(err, locked)
		}
		if !told { // opening has waited for a second already
			told = true
			log.Warn("waiting for the process that has the outbox", slog.Int("process", locked.PID), slog.String("program", locked.Program))
		}
		select {
		case <-ctx.Done():
			return v, unreachable(err, locked)
		case <-time.After(pollInterval):
		}
	}
}

// unreachable adds to the news that a process has the file why it was not gone
// through.
func unreachable(err error, holder *outbox.LockedError) error {
	if exe, wrong := os.Executable(); wrong == nil && filepath.Base(exe) == holder.Program {
		return fmt.Errorf("%w. It has %w: it begins, ends or looks; try again when it is through", err, admin.ErrNoSocket)
	}
	return fmt.Errorf("%w. It has %w: a program that embeds the client opens one by Config.Admin", err, admin.ErrNoSocket)
}
