package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
)

func checkCommand() *cobra.Command {
	return onOutbox(&cobra.Command{
		Use:   "check",
		Short: "Verify the whole file; nothing is stored meanwhile",
		Args:  cobra.NoArgs,
	}, func(c *cobra.Command, o *admin.Client, _ []string) error {
		wrong := o.Check(c.Context())
		switch {
		case asJSON(c):
			said := checkJSON{OK: wrong == nil}
			if wrong != nil {
				said.Error = wrong.Error()
			}
			if err := printJSON(c.OutOrStdout(), said); err != nil || wrong == nil {
				return err
			}
			return &exit.Error{Code: exit.Failed}
		case wrong != nil:
			return wrong
		default:
			_, err := fmt.Fprintln(c.OutOrStdout(), "the file is whole")
			return err
		}
	})
}

type checkJSON struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}
