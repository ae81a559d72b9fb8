package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// onOutbox is a command that looks at an outbox or operates it: through the
// process that holds it, else on the file.
func onOutbox(c *cobra.Command, act func(c *cobra.Command, o *admin.Client, args []string) error) *cobra.Command {
	path := c.Flags().String("outbox", "", "the outbox `FILE`")
	must(c.MarkFlagRequired("outbox"))
	keys := new(keyFile)
	keys.bind(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		w, err := reach(c.Context(), newLogger(c), *path, keys)
		if err != nil {
			return err
		}
		if w.file == nil {
			return errors.Join(act(c, w.Client, args), w.Close())
		}
		// Others wait for the file, and not for who reads the output.
		out, kept := c.OutOrStdout(), new(spool)
		c.SetOut(kept)
		err = errors.Join(act(c, w.Client, args), w.Close())
		return errors.Join(err, kept.release(out))
	}
	return c
}

// way is a way to an outbox: through the process that has it, or by its file.
type way struct {
	*admin.Client
	file *outbox.Outbox // nil: another process has it
}

// Close gives the file back.
func (w *way) Close() error {
	err := w.Client.Close()
	if w.file != nil {
		err = errors.Join(err, w.file.Close())
	}
	return err
}

// reach finds a way to the outbox.
func reach(ctx context.Context, log *slog.Logger, path string, keys *keyFile) (*way, error) {
	return whenFree(ctx, log, func() (*way, error) {
		held, err := admin.Dial(ctx, path)
		switch {
		case err == nil:
			return &way{Client: held}, nil
		case !errors.Is(err, admin.ErrNoSocket):
			return nil, err
		}
		with, err := keys.read()
		if err != nil {
			return nil, err
		}
		o, err := anymarket.OpenOutbox(path, with...) //nolint:contextcheck // it takes none: opening is one scan of the file
		if err != nil {
			return nil, needsKeys(err)
		}
		return &way{admin.Local(admin.NewHandler(o, admin.Delivery{})), o}, nil
	})
}

// onEntries is onOutbox for commands whose arguments are ids of entries. An
// entry that it cannot be done with does not keep it from the others.
func onEntries(c *cobra.Command, done string, act func(c *cobra.Command, o *admin.Client, id outbox.ID) error) *cobra.Command {
	c.Args = cobra.MinimumNArgs(1)
	return onOutbox(c, func(c *cobra.Command, o *admin.Client, args []string) error {
		ids := make([]outbox.ID, len(args))
		for i, arg := range args {
			var err error
			if ids[i], err = outbox.ParseID(arg); err != nil {
				return usage("%w", err)
			}
		}
		var errs []error
		for _, id := range ids {
			if err := act(c, o, id); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", id, err))
			} else if err := printDone(c, done, id); err != nil {
				return err
			}
		}
		return errors.Join(errs...)
	})
}

// doneJSON tells that something was done to an entry.
type doneJSON struct {
	ID   outbox.ID `json:"id"`
	Done string    `json:"done"`
}

func printDone(c *cobra.Command, done string, id outbox.ID) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), doneJSON{id, done})
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), done, id)
	return err
}

func requeueCommand() *cobra.Command {
	return onEntries(&cobra.Command{
		Use:   "requeue ID...",
		Short: "Let dead letters or parked entries be tried again as they are",
	}, "requeued", func(c *cobra.Command, o *admin.Client, id outbox.ID) error {
		return o.Requeue(c.Context(), id)
	})
}

func discardCommand() *cobra.Command {
	var reason string
	c := onEntries(&cobra.Command{
		Use:   "discard ID...",
		Short: "Take entries out for good; discarding a creation cancels its steps",
	}, "discarded", func(c *cobra.Command, o *admin.Client, id outbox.ID) error {
		return o.Discard(c.Context(), id, reason)
	})
	c.Flags().StringVar(&reason, "reason", "", "why, for the history")
	must(c.MarkFlagRequired("reason"))
	return c
}
