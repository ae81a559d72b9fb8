package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/internal/admin"
)

func resendCommand() *cobra.Command {
	var r admin.Resend
	var span timeRange
	c := onOutbox(&cobra.Command{
		Use:   "resend --outbox FILE --from TIME --to TIME",
		Short: "Send stock and prices of a range of time again; counts come first",
		Long: `Send again what ANYMARKET may have lost: each stock and price that was accepted
or delivered from --from to --to, with its newest value up to now. What waits
goes anyway and is only counted. Orders are never sent again: see recheck.

It counts first, and with --dry-run only that. On an outbox that nobody holds
the values wait for the next send or run.`,
		Example: `  anymarketctl resend --outbox anymarket.db --dry-run \
    --from 2024-07-28T01:00:00-03:00 --to 2024-07-28T05:00:00-03:00`,
		Args: cobra.NoArgs,
	}, func(c *cobra.Command, o *admin.Client, _ []string) error {
		var err error
		if r.From, r.To, err = span.past(time.Now()); err != nil {
			return err
		}
		dryRun := r.DryRun
		r.DryRun = true
		if err := resend(c, o, r); err != nil || dryRun {
			return err
		}
		r.DryRun = false
		return resend(c, o, r)
	})
	span.bind(c, "the range")
	c.Flags().StringArrayVar(&r.Accounts, "account", nil, "only of this `ACCOUNT`; again for each; '' is the default one")
	c.Flags().StringArrayVar(&r.Kinds, "kind", nil, "only of this `KIND`, such as stock.set; again for each")
	c.Flags().BoolVar(&r.DryRun, "dry-run", false, "only count")
	return c
}

// resentJSON is a line of JSON.
type resentJSON struct {
	DryRun bool `json:"dry_run"`
	admin.Resent
}

func resend(c *cobra.Command, o *admin.Client, r admin.Resend) error {
	p := newProgress(c, "resend", 0)
	sums, err := o.Resend(c.Context(), r, func(now admin.Resent) { p.at(now.Sent) })
	p.end()
	if err != nil {
		return err
	}
	if asJSON(c) {
		err = printJSON(c.OutOrStdout(), resentJSON{r.DryRun, sums})
	} else {
		_, err = fmt.Fprintln(c.OutOrStdout(), resentText(sums, r.DryRun))
	}
	if err == nil && sums.Unreadable > 0 {
		err = fmt.Errorf("%d events of the history cannot be read: what they tell of is not sent again; see check", sums.Unreadable)
	}
	return err
}

func resentText(s admin.Resent, dryRun bool) string {
	words := []string{fmt.Sprintf("%d sent again", s.Sent)}
	if dryRun {
		words[0] = fmt.Sprintf("%d to be sent again", s.Sent)
	}
	for _, w := range []struct {
		n      int
		format string
	}{
		{s.Waiting, "%d wait and go anyway"},
		{s.Changed, "%d changed meanwhile"},
		{s.Undelivered, "%d were never delivered since"},
	} {
		if w.n > 0 {
			words = append(words, fmt.Sprintf(w.format, w.n))
		}
	}
	return fmt.Sprintf("%d stocks and prices of the range: %s", s.Selected, strings.Join(words, ", "))
}
