package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

// planFlags say where it stands what is planned.
type planFlags struct {
	windows, statusPage string
	allowPrivate        bool
}

func (f *planFlags) bind(c *cobra.Command) {
	if c.Flags().Lookup("windows") == nil {
		c.Flags().StringVar(&f.windows, "windows", "", "the `FILE` of announced maintenance windows")
	}
	c.Flags().StringVar(&f.statusPage, "status-page", "", "the `URL` of a status page, such as "+maintenance.DefaultPage)
	c.Flags().BoolVar(&f.allowPrivate, "allow-private", false, "allow a status page in a private network, and http")
}

// calendar knows what is planned by the file and the page. An error of the page
// leaves what the file has.
func (f *planFlags) calendar(ctx context.Context, log *slog.Logger) (c *maintenance.Calendar, pageErr, err error) {
	c = &maintenance.Calendar{}
	if f.windows != "" {
		if c, err = maintenance.FromFile(f.windows); err != nil {
			return nil, nil, err
		}
	}
	if f.statusPage == "" {
		return c, nil, nil
	}
	w, err := maintenance.NewWatcher(c, maintenance.WatcherConfig{Page: f.statusPage, AllowPrivate: f.allowPrivate, Logger: log})
	if err != nil {
		return nil, nil, usage("--status-page: %w", err)
	}
	return c, w.Look(ctx), nil
}

func upcomingCommand() *cobra.Command {
	var from planFlags
	var zone string
	c := &cobra.Command{
		Use:   "upcoming [--windows FILE] [--status-page URL]",
		Short: "Show what is planned, in UTC and in your zone",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if from.windows == "" && from.statusPage == "" {
				return usage("want --windows, --status-page or both")
			}
			place, err := time.LoadLocation(zone)
			if err != nil {
				return usage("--zone: %q is not known; want one such as America/Sao_Paulo", zone)
			}
			calendar, pageErr, err := from.calendar(c.Context(), newLogger(c))
			if err != nil {
				return err
			}
			return errors.Join(pageErr, printUpcoming(c, calendar.Upcoming(time.Now()), place))
		},
	}
	from.bind(c)
	c.Flags().StringVar(&zone, "zone", "Local", "the `ZONE` to show, such as America/Sao_Paulo")
	return c
}

// upcomingJSON is a window as a line of JSON, with its times in the zone too.
type upcomingJSON struct {
	windowJSON

	Zone       string    `json:"zone"`
	LocalStart time.Time `json:"local_start"`
	LocalEnd   time.Time `json:"local_end"`
	InForce    bool      `json:"in_force"`
}

func printUpcoming(c *cobra.Command, windows []maintenance.Window, zone *time.Location) error {
	now := time.Now()
	for _, w := range windows {
		var err error
		if asJSON(c) {
			err = printJSON(c.OutOrStdout(), upcomingJSON{
				windowJSON: windowJSON(w), Zone: zone.String(), LocalStart: w.Start.In(zone), LocalEnd: w.End.In(zone), InForce: !now.Before(w.Start),
			})
		} else {
			when := "begins in " + strings.TrimSuffix(w.Start.Sub(now).Truncate(time.Minute).String(), "0s")
			if !now.Before(w.Start) {
				when = "has begun"
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), printable(w.In(zone))+", "+when)
		}
		if err != nil {
			return err
		}
	}
	if len(windows) == 0 && !asJSON(c) {
		_, err := fmt.Fprintln(c.OutOrStdout(), "nothing is planned")
		return err
	}
	return nil
}
