package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
)

// loading is a run of reload.
type loading struct {
	admin.Reload

	file  tableFlags
	asOf  timeFlag
	table *table
	bad   int // rows that cannot be read
}

// stockColumns are what a row of stock can have.
func stockColumns() []column {
	return []column{{"partnerId", false}, {"id", false}, {"stockLocalId", false}, {"quantity", true}, {"cost", true}, {"additionalTime", true}}
}

func reloadCommand() *cobra.Command {
	d, l := new(delivery), new(loading)
	c := &cobra.Command{
		Use:   "reload FILE --as-of TIME --outbox FILE --base-url URL",
		Short: "Load all stock from a file, beside what goes on; interrupted, the same command goes on",
		Long: `Load a snapshot of the stock: a CSV file with a header, or a JSON object a line.
A row gives way to any change of its SKU that was accepted after --as-of. Rows
have the lowest share of what is sent, and the command ends when all are settled.

The file is read once before anything is sent: a wrong one is refused whole. A
row that cannot be right is told with its line, the others are sent. Interrupted,
the same command goes on where it was; a file that changed begins anew.

If another process holds the outbox, it loads the rows; else this one delivers,
also what waits.`,
		Example: `  anymarketctl reload stock.csv --as-of 2024-07-28T05:30:00-03:00 --outbox anymarket.db \
    --base-url https://api.anymarket.com.br/v2 --compare`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := d.check(c); err != nil {
				return err
			}
			return l.run(c, d, args[0])
		},
	}
	d.bind(c)
	l.file.bind(c)
	l.asOf.bind(c, "as-of", "the moment of the snapshot")
	must(c.MarkFlagRequired("as-of"))
	c.Flags().StringVar(&l.Account, "account", "", "the `ACCOUNT` whose stock it is")
	c.Flags().BoolVar(&l.Compare, "compare", false, "read what ANYMARKET has first, and send only what differs")
	c.Flags().BoolVar(&l.DryRun, "dry-run", false, "send nothing, only count")
	c.Flags().IntVar(&l.Ahead, "ahead", 0, "the most rows that are stored and not settled; 0 is 1000")
	return c
}

func (l *loading) run(c *cobra.Command, d *delivery, path string) (err error) {
	ctx := c.Context()
	if l.AsOf, err = l.asOf.past(time.Now()); err != nil {
		return err
	}
	if l.Ahead < 0 {
		return usage("--ahead: %d is negative", l.Ahead)
	}
	if l.table, err = openTable(path, l.file, stockColumns()); err != nil {
		return err
	}
	l.Name = "file " + l.table.identity
	if err := l.printBad(c); err != nil {
		return err
	}
	s, err := d.connect(ctx, newLogger(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	p := newProgress(c, "reload", l.table.rows)
	defer p.end()
	var sums admin.Reloaded
	for news, err := range s.Reload(ctx, l.Reload, l.rows) {
		switch {
		case ctx.Err() != nil:
			return &exit.Error{Code: exit.Waiting, Err: errors.New("interrupted: the same command goes on where it was")}
		case err != nil:
			return fmt.Errorf("%w; the same command goes on where it was", err)
		case news.Refused != nil:
			if err := printRefused(c, *news.Refused); err != nil {
				return err
			}
		case news.Sums != nil:
			sums = *news.Sums
			p.at(sums.Rows)
		}
	}
	p.end()
	sums.Rows += l.bad
	sums.Refused += l.bad
	if asJSON(c) {
		err = printJSON(c.OutOrStdout(), sums)
	} else {
		_, err = fmt.Fprintln(c.OutOrStdout(), reloadedText(sums, l.DryRun))
	}
	if err == nil && sums.Refused > 0 {
		err = &exit.Error{Code: exit.Refused}
	}
	return err
}

// printBad tells of the rows that cannot be read.
func (l *loading) printBad(c *cobra.Command) error {
	for row, err := range l.table.all() {
		if err != nil {
			return err
		}
		if row.bad != nil {
			l.bad++
			if err := printRefused(c, admin.RefusedRow{Line: row.line, Error: row.bad.Error()}); err != nil {
				return err
			}
		}
	}
	return nil
}

// rows are those that can be read.
func (l *loading) rows(yield func(admin.Row, error) bool) {
	for row, err := range l.table.all() {
		if row.bad == nil && !yield(admin.Row{Line: row.line, Stock: row.object}, err) {
			return
		}
	}
}

func printRefused(c *cobra.Command, r admin.RefusedRow) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), r)
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "line %d: %s\n", r.Line, printable(r.Error))
	return err
}

func reloadedText(s admin.Reloaded, dryRun bool) string {
	stored := fmt.Sprintf("%d sent", s.Stored)
	if dryRun {
		stored = fmt.Sprintf("%d to be sent, if no newer change comes first", s.Stored)
	}
	words := []string{fmt.Sprintf("%d rows: %s", s.Rows, stored)}
	for _, w := range []struct {
		n      int
		format string
	}{
		{s.Same, "%d are the same there"},
		{s.GaveWay, "%d gave way to newer changes"},
		{s.Refused, "%d refused"},
	} {
		if w.n > 0 {
			words = append(words, fmt.Sprintf(w.format, w.n))
		}
	}
	return strings.Join(words, ", ")
}
