package main

import (
	"log/slog"

	"github.com/spf13/cobra"
)

// newLogger tells on the error output what happens while a command delivers.
func newLogger(c *cobra.Command) *slog.Logger {
	if asJSON(c) {
		return slog.New(slog.NewJSONHandler(c.ErrOrStderr(), nil))
	}
	return slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil)) // which quotes control characters
}
