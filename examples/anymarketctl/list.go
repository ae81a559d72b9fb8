package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/internal/admin"
)

func listCommand() *cobra.Command {
	var f admin.Filter
	var account string
	c := onOutbox(&cobra.Command{
		Use:   "list",
		Short: "List what waits and the dead letters, oldest first",
		Args:  cobra.NoArgs,
	}, func(c *cobra.Command, o *admin.Client, _ []string) error {
		switch f.State {
		case "", "waiting", "parked", "dead", "doubt":
		default:
			return usage("--state: %q, want waiting, parked, dead or doubt", f.State)
		}
		if f.Limit < 0 {
			return usage("--limit: %d is negative", f.Limit)
		}
		if f.Kind != "" && !slices.Contains(kinds(), f.Kind) {
			return usage("--kind: %q, want one of %s", f.Kind, strings.Join(kinds(), ", "))
		}
		if c.Flags().Changed("account") {
			f.Account = &account
		}
		n := 0
		for e, err := range o.List(c.Context(), f) {
			if err != nil {
				return err
			}
			if n++; n == 1 && !asJSON(c) {
				if err := printRow(c, "ID", "STATE", "KIND", "ACCEPTED (UTC)", "FAILURES", "TARGET AND REASON"); err != nil {
					return err
				}
			}
			if err := printEntry(c, e); err != nil {
				return err
			}
		}
		if n == 0 && !asJSON(c) {
			_, err := fmt.Fprintln(c.OutOrStdout(), "nothing")
			return err
		}
		return nil
	})
	c.Flags().StringVar(&f.State, "state", "", "`STATE`: waiting (parked ones included), parked, dead, or doubt (delivered, and to go once more)")
	c.Flags().StringVar(&account, "account", "", "the `ACCOUNT`; '' is the default one")
	c.Flags().StringVar(&f.Kind, "kind", "", "the `KIND`, such as stock.set; order.status has order.status.id with it")
	c.Flags().StringVar(&f.Key, "key", "", "the `KEY`, as the list shows it, such as 0@SKU-1")
	c.Flags().IntVar(&f.Limit, "limit", 0, "the most entries; 0 is no limit")
	return c
}

// kinds are those of the entries that clients store.
func kinds() []string {
	return []string{
		"stock.set", "price.set", "order.create", "order.status", "order.status.id", "order.status.partner",
		"order.nfe", "order.nfe.id", "order.nfe.partner", "order.handover",
		"call.value", "call.once", "call.step", "sale.notify", "sale.mark",
	}
}

func printEntry(c *cobra.Command, e admin.Entry) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), e)
	}
	target := printable(e.Key)
	if e.Account != "" {
		target = printable(e.Account) + ": " + target
	}
	if e.Reason != "" {
		target += "; " + printable(e.Reason)
	}
	state := e.State
	if e.InDoubt {
		state = "doubt"
	}
	return printRow(c, e.ID.String(), state, printable(e.Kind), e.AcceptedAt.UTC().Format("2006-01-02 15:04:05"), fmt.Sprint(e.Attempts), target)
}

// printRow keeps to fixed columns: a list may be long, so that nobody can wait
// for its widest cell.
func printRow(c *cobra.Command, id, state, kind, accepted, failures, target string) error {
	row := fmt.Sprintf("%-14s %-9s %-15s %-19s %8s  %s", id, state, kind, accepted, failures, target)
	_, err := fmt.Fprintln(c.OutOrStdout(), strings.TrimRight(row, " "))
	return err
}
