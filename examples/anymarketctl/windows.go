package main

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

func windowsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "windows",
		Short: "Look at and change a file of announced maintenance windows",
		Long: `Look at and change a file of announced maintenance windows. A running send or
run that was given the file follows its changes within a second or two.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return usage("windows: want add, list or remove") },
	}
	path := c.PersistentFlags().String("windows", "", "the `FILE`; add makes it if there is none")
	must(c.MarkPersistentFlagRequired("windows"))
	c.AddCommand(addWindowCommand(path), listWindowsCommand(path), removeWindowCommand(path))
	return c
}

func addWindowCommand(path *string) *cobra.Command {
	var name, start, end string
	var rows []string
	var length time.Duration
	c := &cobra.Command{
		Use:   "add",
		Short: "Add a window, by its start and end or as a table of local times",
		Example: `  anymarketctl windows add --windows windows.json --start 2024-07-28T04:00:00Z --end 2024-07-28T08:00:00Z
  anymarketctl windows add --windows windows.json --length 4h \
    --row 'America/Mexico_City 2024-07-27T22:00' --row 'America/Sao_Paulo 2024-07-28T01:00'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s := maintenance.Spec{Name: name, Length: length}
			for _, f := range []struct {
				flag, text string
				to         *time.Time
			}{{"start", start, &s.Start}, {"end", end, &s.End}} {
				if f.text == "" {
					continue
				}
				t, err := time.Parse(time.RFC3339, f.text)
				if err != nil {
					return usage("--%s: %q, want a time with an offset such as 2024-07-28T01:00:00-03:00", f.flag, f.text)
				}
				*f.to = t
			}
			for _, row := range rows {
				zone, local, ok := strings.Cut(row, " ")
				if !ok {
					return usage("--row: %q, want a zone and a local time such as 'America/Sao_Paulo 2024-07-28T01:00'", row)
				}
				s.Rows = append(s.Rows, maintenance.Row{Zone: zone, Local: local})
			}
			if _, err := s.Window(); err != nil {
				return usage("%s", windowFault(err))
			}
			file := maintenance.NewFile(*path)
			others, err := file.List()
			if err != nil {
				return err
			}
			w, err := file.Add(s)
			if err != nil {
				return err
			}
			warnOfWindow(newLogger(c), w, others)
			return printWindow(c, "added", w)
		},
	}
	c.Flags().StringVar(&name, "name", "", "a name to remove it by")
	c.Flags().StringVar(&start, "start", "", "`TIME` with an offset, such as 2024-07-28T01:00:00-03:00")
	c.Flags().StringVar(&end, "end", "", "`TIME` with an offset")
	c.Flags().StringArrayVar(&rows, "row", nil, "`'ZONE TIME'`: the start on the clocks of one place; again for each row of the announcement. All must be one instant")
	c.Flags().DurationVar(&length, "length", 0, "how long it is, with --row")
	return c
}

// windowFault names the flag that is wrong with a window.
func windowFault(err error) string {
	// This program has all zones built in.
	text := strings.ReplaceAll(err.Error(), maintenance.ErrZone.Error(), "not a zone such as America/Sao_Paulo")
	if strings.HasPrefix(text, "rows") {
		return "--row: " + strings.TrimPrefix(text, "rows: ")
	}
	return "--" + text
}

// warnOfWindow tells what may not be meant.
func warnOfWindow(log *slog.Logger, w maintenance.Window, others []maintenance.Spec) {
	if w.End.Before(time.Now()) {
		log.Warn("the window has passed", slog.Time("end", w.End))
	}
	for _, s := range others {
		o, err := s.Window()
		if err == nil && o.Start.Before(w.End) && w.Start.Before(o.End) {
			log.Warn("the window overlaps another one", slog.String("window", o.String()))
		}
	}
}

func listWindowsCommand(path *string) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the windows of the file",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			specs, err := maintenance.NewFile(*path).List()
			if err != nil {
				return err
			}
			for _, s := range specs {
				w, err := s.Window()
				if err != nil {
					return err
				}
				if err := printWindow(c, "", w); err != nil {
					return err
				}
			}
			if len(specs) == 0 && !asJSON(c) {
				_, err = fmt.Fprintln(c.OutOrStdout(), "no windows")
			}
			return err
		},
	}
}

func removeWindowCommand(path *string) *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME|START",
		Short: "Remove a window by its name, or by its start as RFC 3339",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			w, err := maintenance.NewFile(*path).Remove(args[0])
			if err != nil {
				return err
			}
			return printWindow(c, "removed", w)
		},
	}
}

// windowJSON is a window as a line of JSON.
type windowJSON struct {
	Name  string    `json:"name,omitempty"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

func printWindow(c *cobra.Command, done string, w maintenance.Window) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), windowJSON(w))
	}
	var words []string
	for _, word := range []string{done, printable(w.Name)} {
		if word != "" {
			words = append(words, word)
		}
	}
	words = append(words, moment(w.Start)+" to "+moment(w.End)+", "+w.End.Sub(w.Start).String())
	_, err := fmt.Fprintln(c.OutOrStdout(), strings.Join(words, " "))
	return err
}
