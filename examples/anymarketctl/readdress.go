package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/internal/admin"
)

func readdressCommand() *cobra.Command {
	var account, family string
	c := onOutbox(&cobra.Command{
		Use:   "readdress --account NAME --family stock|price",
		Short: "Let an account name its SKUs or ads in another way from its next operation on",
		Long: `Let an account name its SKUs (stock) or ads (price) in another way: by id instead
of by partnerId, for instance. The first operation that comes next says in which.

Nothing of the account and family may wait or be a dead letter then: the same SKU
would have two names. See list.`,
		Args: cobra.NoArgs,
	}, func(c *cobra.Command, o *admin.Client, _ []string) error {
		if family != "stock" && family != "price" {
			return usage("--family: %q, want stock or price", family)
		}
		if err := o.Readdress(c.Context(), account, family); err != nil {
			return err
		}
		if asJSON(c) {
			return printJSON(c.OutOrStdout(), readdressJSON{account, family, "readdressed"})
		}
		_, err := fmt.Fprintf(c.OutOrStdout(), "readdressed %s of account %s\n", family, accountName(account))
		return err
	})
	c.Flags().StringVar(&account, "account", "", "the account of this `NAME`; '' is the default one")
	c.Flags().StringVar(&family, "family", "", "`FAMILY`: stock or price")
	must(c.MarkFlagRequired("account"))
	must(c.MarkFlagRequired("family"))
	return c
}

// readdressJSON tells what was done to whom.
type readdressJSON struct {
	Account string `json:"account"`
	Family  string `json:"family"`
	Done    string `json:"done"`
}
