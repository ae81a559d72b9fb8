package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

func resealCommand() *cobra.Command {
	return onOutbox(&cobra.Command{
		Use:   "reseal --outbox FILE --keys FILE",
		Short: "Seal all bodies with the first key, so that the others are not needed any more",
		Long: `Seal all bodies that the file holds with the first key of --keys, those included
that were stored without keys. The other keys are not needed any more then, and can
be taken out of the key file. It can be interrupted and given again.

Where a process has the file it seals with the first of the keys that it began with.`,
		Example: `  (openssl rand -hex 32; cat keys) > new && chmod 600 new && mv new keys
  anymarketctl reseal --outbox anymarket.db --keys keys`,
		Args: cobra.NoArgs,
	}, func(c *cobra.Command, o *admin.Client, _ []string) error {
		switch err := o.Reseal(c.Context()); {
		case errors.Is(err, outbox.ErrState):
			return fmt.Errorf("there is no key to seal with: give --keys, or begin the process that has the file anew with them (%w)", err)
		case err != nil:
			return err
		}
		if asJSON(c) {
			return printJSON(c.OutOrStdout(), resealedJSON{true})
		}
		_, err := fmt.Fprintln(c.OutOrStdout(), "all bodies are sealed with the first key")
		return err
	})
}

// resealedJSON tells that it was done.
type resealedJSON struct {
	Resealed bool `json:"resealed"`
}
