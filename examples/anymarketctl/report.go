package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/anymarket/maintenance"
	"github.com/anymarket-go/sdk/anymarket/report"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// reportFlags say what is reported, and how.
type reportFlags struct {
	from, to                       timeFlag
	window, windows                string
	format, language, zone, output string
	callbacks                      string // the guardian's memory; empty: none

	opts report.Options // what they mean
}

func reportCommand() *cobra.Command {
	var f reportFlags
	c := onOutbox(&cobra.Command{
		Use:   "report (--window last|NAME|START | --from TIME --to TIME)",
		Short: "Write the report of a window, or of any range of time: what became of everything",
		Long: `Write what the outbox accepted in a window, or in any range of time, and what
became of all of it: delivered, when and how late, superseded, refused, still
waiting and why, what had an unknown outcome, what a person did, when the gate was
closed; and at the end what a person must still do. Buyer data is masked.

"--window last" is the last window that the outbox went through. A NAME or START is
that of a window it went through, or of one in the file --windows. A window that
overran is reported up to its true end.`,
		Example: `  anymarketctl report --outbox anymarket.db --window last --format html --lang pt \
    --zone America/Sao_Paulo --output report.html`,
		Args: cobra.NoArgs,
	}, func(c *cobra.Command, o *admin.Client, _ []string) error { return f.write(c, o) })
	c.PreRunE = func(c *cobra.Command, _ []string) error { return f.read(c) }
	f.from.bind(c, "from", "the begin of the range")
	f.to.bind(c, "to", "its end, just before which it ends")
	c.Flags().StringVar(&f.window, "window", "", "`WINDOW`: last, or a name or start")
	c.Flags().StringVar(&f.windows, "windows", "", "a `FILE` of announced windows")
	c.Flags().StringVar(&f.format, "format", string(report.Text), "`FORMAT`: text, json, csv or html")
	c.Flags().StringVar(&f.language, "lang", string(report.English), "`LANGUAGE`: en, es or pt")
	c.Flags().StringVar(&f.zone, "zone", "Local", "the `ZONE` of the local times, such as America/Sao_Paulo")
	c.Flags().StringVar(&f.callbacks, "callbacks", "", "the `FILE` --memory of callbacks, to report what was repaired since the begin too")
	c.Flags().StringVar(&f.output, "output", "", "the `FILE` to write, for its owner only; else the output")
	return c
}

func (f *reportFlags) write(c *cobra.Command, o *admin.Client) error {
	opts := f.opts
	if f.window != "" {
		w, err := f.find(c.Context(), o)
		if err != nil {
			return err
		}
		opts.Name, opts.From, opts.To = w.Name, w.Start, w.End
	}
	if f.callbacks != "" {
		var err error
		if opts.Callbacks, err = guardedSince(f.callbacks, opts.From); err != nil {
			return err
		}
	}
	source, err := sourceOf(c.Context(), o)
	if err != nil {
		return err
	}
	if f.output == "" {
		_, err = report.Write(c.Context(), c.OutOrStdout(), source, opts)
		return err
	}
	return writeFile(f.output, func(w *bufio.Writer) error {
		_, err := report.Write(c.Context(), w, source, opts)
		return err
	})
}

// writeFile writes a file that appears when it is whole.
func writeFile(path string, write func(*bufio.Writer) error) (err error) {
	const private = 0o600
	file, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, private)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	if err = write(w); err == nil {
		err = w.Flush()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	return os.Rename(path+".new", path)
}

// read makes options of the flags.
func (f *reportFlags) read(c *cobra.Command) (err error) {
	span := f.from.text != "" && f.to.text != ""
	if some := f.from.text != "" || f.to.text != ""; span != some || span == (f.window != "") {
		return usage("want either --window, or --from and --to")
	}
	if asJSON(c) && !c.Flags().Changed("format") {
		f.format = string(report.JSON)
	}
	if f.opts.Format, err = report.ParseFormat(f.format); err != nil {
		return usage("--format: %q, want text, json, csv or html", f.format)
	}
	if f.opts.Language, err = report.ParseLanguage(f.language); err != nil {
		return usage("--lang: %q, want en, es or pt", f.language)
	}
	if f.opts.Zone, err = time.LoadLocation(f.zone); err != nil {
		return usage("--zone: %q is not known; want one such as America/Sao_Paulo", f.zone)
	}
	if !span {
		return nil
	}
	if f.opts.From, err = f.from.past(time.Now()); err != nil {
		return err
	}
	if f.opts.To, err = f.to.time(); err != nil {
		return err
	}
	if !f.opts.From.Before(f.opts.To) {
		return usage("--to: %s is not after --from %s", f.to.text, f.from.text)
	}
	return nil
}

// find finds the window: the latest of that name or start that has begun.
func (f *reportFlags) find(ctx context.Context, o *admin.Client) (found maintenance.Window, err error) {
	windows, err := passed(ctx, o)
	if err != nil {
		return found, err
	}
	if f.windows != "" {
		specs, err := maintenance.NewFile(f.windows).List()
		if err != nil {
			return found, err
		}
		for _, s := range specs {
			w, err := s.Window()
			if err != nil {
				return found, err
			}
			// The outbox knows better when one that it went through ended.
			if !slices.ContainsFunc(windows, func(p maintenance.Window) bool { return p.Start.Equal(w.Start) }) {
				windows = append(windows, w)
			}
		}
	}
	start, _ := time.Parse(time.RFC3339, f.window) // zero if it is a name
	for _, w := range windows {
		wanted := f.window == "last" || w.Name == f.window || !start.IsZero() && w.Start.Equal(start)
		if wanted && !w.Start.After(time.Now()) && (found.Start.IsZero() || w.Start.After(found.Start)) {
			found = w
		}
	}
	if found.Start.IsZero() {
		return found, usage("--window: there is no window %q that has begun, neither in what the outbox went through nor in a file --windows; give --from and --to", f.window)
	}
	return found, nil
}

// passed are the windows that the outbox went through, up to their true end if
// they overran.
func passed(ctx context.Context, o *admin.Client) (windows []maintenance.Window, err error) {
	for g, err := range o.GateChanges(ctx) {
		switch {
		case errors.Is(err, outbox.ErrFormat):
			continue // the report counts it
		case err != nil:
			return nil, err
		case g.Cause != outbox.CauseWindow || g.Window.Start.IsZero():
			continue
		}
		w := maintenance.Window(g.Window)
		if g.Open && g.At.After(w.End) {
			w.End = g.At
		}
		i := slices.IndexFunc(windows, func(p maintenance.Window) bool { return p.Start.Equal(w.Start) })
		if i < 0 {
			windows = append(windows, w)
		} else {
			windows[i] = w
		}
	}
	return windows, nil
}

// sourceOf is what a report is made from, wherever the outbox is.
func sourceOf(ctx context.Context, o *admin.Client) (report.Source, error) {
	status, err := o.Status(ctx)
	if err != nil {
		return report.Source{}, err
	}
	s := report.Source{
		Lives: o.Lives(ctx), GateChanges: o.GateChanges(ctx),
		Stats: outbox.Stats{
			Accepted: status.Accepted, Delivered: status.Delivered, Superseded: status.Superseded, Cancelled: status.Cancelled,
			Waiting: status.Waiting, Parked: status.Parked, Dead: status.Dead, InDoubt: status.InDoubt,
			Suspended: status.Suspended, Broken: status.Broken,
		},
		Idle: status.PID == os.Getpid(), // opened to look at it: nobody else has it
	}
	for _, g := range status.Gates {
		s.Gate = append(s.Gate, outbox.GateStatus(g))
	}
	for _, p := range status.Pauses {
		s.Pauses = append(s.Pauses, outbox.Paused{Account: p.Account, All: p.All, Reason: p.Reason})
	}
	return s, nil
}
