package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
)

func eraseCommand() *cobra.Command {
	var lane admin.Lane
	var yes bool
	c := onOutbox(&cobra.Command{
		Use:   "erase --account NAME --kind KIND --key KEY",
		Short: "Remove what the outbox holds of one order or sale, as its buyer may ask",
		Long: `Remove what the outbox holds of one order or sale: bodies, reasons, and the hashes
of its fields go from the file. What waits of it is cancelled and is never sent.
That it was there, when and under which key, stays, so that it is not created once
more. It is named as list and show name it, by the kind of any of its entries; steps
that named the order in another way are erased by that name.

On a terminal it asks first. Copies of the file, and ANYMARKET, are not touched.`,
		Example: `  anymarketctl erase --outbox anymarket.db --account '' --kind order.create --key ECOMMERCE/A-1
  anymarketctl erase --outbox sales.db --account ana --kind sale.notify --key S-1 --yes`,
		Args: cobra.NoArgs,
	}, func(c *cobra.Command, o *admin.Client, _ []string) error {
		erased, err := o.Erase(c.Context(), lane)
		if err != nil {
			return err
		}
		if asJSON(c) {
			return printJSON(c.OutOrStdout(), erasedJSON{lane, erased, "erased"})
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "erased %s, %d of it cancelled\n", laneName(lane), erased.Cancelled)
		return err
	})
	// Others need the file while somebody thinks.
	c.PreRunE = func(c *cobra.Command, _ []string) error {
		if !c.Flags().Changed("outbox") || !c.Flags().Changed("account") || lane.Kind == "" || lane.Key == "" {
			return nil // they are required, which is told next
		}
		if !slices.Contains(kinds(), lane.Kind) {
			return usage("--kind: %q, want one of %s", lane.Kind, strings.Join(kinds(), ", "))
		}
		if yes {
			return nil
		}
		return confirmed(c, "Erase "+laneName(lane)+"? What waits of it is cancelled and never sent. This cannot be undone.")
	}
	f := c.Flags()
	f.StringVar(&lane.Account, "account", "", "the account of this `NAME`; '' is the default one")
	f.StringVar(&lane.Kind, "kind", "", "the `KIND` of an entry of it, such as order.create or sale.notify")
	f.StringVar(&lane.Key, "key", "", "the `KEY`, as the list shows it, such as ECOMMERCE/A-1")
	f.BoolVar(&yes, "yes", false, "do not ask")
	for _, name := range []string{"account", "kind", "key"} {
		must(c.MarkFlagRequired(name))
	}
	return c
}

// erasedJSON tells what was erased.
type erasedJSON struct {
	admin.Lane
	admin.Erased

	Done string `json:"done"`
}

func laneName(l admin.Lane) string {
	return fmt.Sprintf("%s %s of account %s", l.Kind, printable(l.Key), accountName(l.Account))
}

// confirmed asks whoever sits at the terminal.
func confirmed(c *cobra.Command, question string) error {
	if f, ok := c.InOrStdin().(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return usage("%s: there is nobody to ask: --yes says that it is meant", c.Name())
	}
	if _, err := fmt.Fprint(c.ErrOrStderr(), question+" [y/N] "); err != nil {
		return err
	}
	answer := make(chan string, 1)
	go func() { // if it is interrupted it ends with the process
		text, _ := bufio.NewReader(c.InOrStdin()).ReadString('\n') // an end is no yes
		answer <- text
	}()
	select {
	case text := <-answer:
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "y", "yes":
			return nil
		}
		return &exit.Error{Code: exit.Failed, Err: errors.New("nothing was erased")}
	case <-c.Context().Done():
		return &exit.Error{Code: exit.Failed, Err: context.Cause(c.Context())}
	}
}
