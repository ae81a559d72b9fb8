package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/anymarket/maintenance"
	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
)

// guarding is a run of campaigns.
type guarding struct {
	plan     planFlags
	from, to timeFlag
	account  string
	margin   time.Duration
}

func campaignsCommand() *cobra.Command {
	d, g := new(delivery), new(guarding)
	c := &cobra.Command{
		Use:   "campaigns --outbox FILE --base-url URL",
		Short: "List the campaigns that a window concerns; exit code 5 if there are some",
		Long: `List the campaigns that start, run or end in a maintenance window or in the
margin around it, as a checklist: with what to do about each, in the panel. The
windows are those that are planned by --windows and --status-page, or the one
from --from to --to.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := d.check(c); err != nil {
				return err
			}
			return g.run(c, d)
		},
	}
	d.bind(c)
	g.plan.bind(c)
	g.from.bind(c, "from", "the begin of a window, instead of planned ones")
	g.to.bind(c, "to", "its end")
	c.MarkFlagsRequiredTogether("from", "to")
	c.Flags().StringVar(&g.account, "account", "", "the `ACCOUNT` whose campaigns they are")
	c.Flags().DurationVar(&g.margin, "margin", 2*time.Hour, "how long before and after a window campaigns count too")
	return c
}

// campaignJSON is an item of the checklist as a line of JSON.
type campaignJSON struct {
	Window windowJSON `json:"window"`
	admin.Campaign
}

func (g *guarding) run(c *cobra.Command, d *delivery) (err error) {
	ctx := c.Context()
	if g.margin < 0 {
		return usage("--margin: %s is negative", g.margin)
	}
	windows, err := g.windows(c, d)
	if err != nil {
		return err
	}
	s, err := d.connect(ctx, newLogger(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	found := 0
	for _, w := range windows {
		q := admin.CampaignQuery{Account: g.account, Start: w.Start, End: w.End, Margin: g.margin}
		inWindow := 0
		for k, err := range s.Campaigns(ctx, q) {
			if err != nil {
				return err
			}
			if inWindow++; inWindow == 1 && !asJSON(c) {
				if err := printWindow(c, "", w); err != nil {
					return err
				}
			}
			if err := printCampaign(c, w, k); err != nil {
				return err
			}
		}
		found += inWindow
	}
	switch {
	case found > 0:
		return &exit.Error{Code: exit.Alarm}
	case !asJSON(c):
		_, err = fmt.Fprintln(c.OutOrStdout(), "no campaign is concerned")
	}
	return err
}

// windows are those that are asked about.
func (g *guarding) windows(c *cobra.Command, d *delivery) ([]maintenance.Window, error) {
	if g.from.text != "" {
		start, err := g.from.time()
		if err != nil {
			return nil, err
		}
		end, err := g.to.time()
		if err != nil {
			return nil, err
		}
		w := maintenance.Window{Start: start.UTC(), End: end.UTC()}
		if err := w.Check(); err != nil {
			return nil, usage("--from, --to: %w", err)
		}
		return []maintenance.Window{w}, nil
	}
	g.plan.windows = d.windows
	if g.plan.windows == "" && g.plan.statusPage == "" {
		return nil, usage("want --windows, --status-page, or --from and --to")
	}
	calendar, pageErr, err := g.plan.calendar(c.Context(), newLogger(c))
	if err = errors.Join(err, pageErr); err != nil {
		return nil, err
	}
	return calendar.Upcoming(time.Now()), nil
}

func printCampaign(c *cobra.Command, w maintenance.Window, k admin.Campaign) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), campaignJSON{windowJSON(w), k})
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "[ ] %d %s, %s, %d products: %s. It starts %s, ends %s.\n    %s\n",
		k.ID, printable(k.Title), printable(k.Marketplace), k.Products, k.Concern, moment(k.Starts), moment(k.Ends), k.Advice)
	return err
}
