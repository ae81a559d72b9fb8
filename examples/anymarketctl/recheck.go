package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
)

// checking is a run of recheck.
type checking struct {
	admin.Recheck

	span  timeRange
	file  tableFlags
	known string // path; empty: none
	table *table // of it
	lost  lostOrders
}

// orderColumns are what a row of a known order can have.
func orderColumns() []column {
	return []column{{"id", false}, {"marketplace", false}, {"marketPlaceId", false}, {"createdAt", false}, {"status", false}}
}

func recheckCommand() *cobra.Command {
	d, k := new(delivery), new(checking)
	c := &cobra.Command{
		Use:   "recheck --from TIME --to TIME --outbox FILE --base-url URL",
		Short: "Compare ANYMARKET's orders of a range with yours; exit code 5 if something differs",
		Long: `Compare the orders that ANYMARKET has of a range of time with those of --known,
and with those that the outbox has as delivered. Without --repush it changes nothing. Each
difference comes with what makes both sides agree: import the order or its
status, repush it, advance it, or look.

--known is a CSV file with a header, or a JSON object a line, with the members
id, or marketplace and marketPlaceId; createdAt; and status if statuses are to
be compared. Interrupted, the same command goes on where it was.

--repush is a file of operations such as send takes: of its orders those are sent
once more that ANYMARKET acknowledged and does not have.`,
		Example: `  anymarketctl recheck --outbox anymarket.db --base-url https://api.anymarket.com.br/v2 \
    --from 2024-07-28T00:00:00-03:00 --to 2024-07-28T06:00:00-03:00 --known orders.csv`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := d.check(c); err != nil {
				return err
			}
			return k.run(c, d)
		},
	}
	d.bind(c)
	k.file.bind(c)
	k.span.bind(c, "the range in which the orders were made")
	c.Flags().StringVar(&k.known, "known", "", "a `FILE` with the orders of the range that you know")
	c.Flags().StringVar(&k.lost.path, "repush", "", "a `FILE` with the operations order.create from which lost orders are sent again")
	c.Flags().StringVar(&k.Account, "account", "", "the `ACCOUNT` whose orders they are")
	c.Flags().DurationVar(&k.Overlap, "overlap", time.Hour, "by how much the two sides may differ about when an order was made")
	return c
}

func (k *checking) run(c *cobra.Command, d *delivery) (err error) {
	ctx := c.Context()
	if k.From, k.To, err = k.span.past(time.Now()); err != nil {
		return err
	}
	if k.Overlap <= 0 {
		return usage("--overlap: %s, want more than 0", k.Overlap)
	}
	k.Name = "no file"
	if k.known != "" {
		if k.table, err = openTable(k.known, k.file, orderColumns()); err != nil {
			return err
		}
		k.Name = "file " + k.table.identity
		for _, err := range k.orders() { // before anything is asked
			if err != nil {
				return err
			}
		}
	}
	if err := k.lost.check(); err != nil {
		return err
	}
	s, err := d.connect(ctx, newLogger(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	p := newProgress(c, "recheck", int(k.To.Sub(k.From).Minutes()))
	defer p.end()
	var sums admin.Rechecked
	for news, err := range s.Recheck(ctx, k.Recheck, k.orders()) {
		switch {
		case ctx.Err() != nil:
			return &exit.Error{Code: exit.Waiting, Err: errors.New("interrupted: the same command goes on where it was")}
		case err != nil:
			return fmt.Errorf("%w; the same command goes on where it was", err)
		case news.Difference != nil:
			k.lost.note(*news.Difference)
			if err := printDifference(c, *news.Difference); err != nil {
				return err
			}
		case news.Sums != nil:
			sums = *news.Sums
			p.at(int(sums.Until.Sub(k.From).Minutes()))
		}
	}
	p.end()
	if err := printRechecked(c, sums); err != nil {
		return err
	}
	repushed, err := k.lost.repush(c, s.Client, k.Account)
	switch differ := sums.OnlyThere + sums.OnlyHere + sums.StatusDiffers + sums.Ambiguous; {
	case err != nil:
		return err
	case differ > repushed:
		return &exit.Error{Code: exit.Alarm}
	case sums.Waiting+repushed > 0:
		return &exit.Error{Code: exit.Waiting}
	default:
		return nil
	}
}

// orders are those of the file. A row that is wrong is an error: its order would
// be told to be there only.
func (k *checking) orders() iter.Seq2[admin.KnownOrder, error] {
	return func(yield func(admin.KnownOrder, error) bool) {
		if k.table == nil {
			return
		}
		for row, err := range k.table.all() {
			var order admin.KnownOrder
			if err == nil {
				if order, err = knownOrder(row); err != nil {
					err = fmt.Errorf("%s: line %d: %w", k.known, row.line, err)
				}
			}
			if !yield(order, err) || err != nil {
				return
			}
		}
	}
}

func knownOrder(row tableRow) (o admin.KnownOrder, err error) {
	if row.bad != nil {
		return o, row.bad
	}
	var read struct {
		admin.KnownOrder
		ID anymarket.ID `json:"id"` // as a number or as text
	}
	d := json.NewDecoder(bytes.NewReader(row.object))
	d.DisallowUnknownFields()
	if err := d.Decode(&read); err != nil {
		return o, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	o, o.ID = read.KnownOrder, int64(read.ID)
	switch {
	case o.ID == 0 && o.MarketplaceID == "":
		return o, errors.New("id is missing, and so is marketPlaceId")
	case o.ID == 0 && o.Marketplace == "":
		return o, errors.New("marketplace is missing")
	case o.ID != 0 && o.MarketplaceID != "":
		o.ID = 0 // the key tells it too, and the history has it by that
	}
	if o.CreatedAt.IsZero() {
		return o, errors.New("createdAt is missing")
	}
	if o.ID != 0 {
		o.Marketplace = ""
	}
	o.Status = strings.ToUpper(o.Status)
	return o, nil
}

func printDifference(c *cobra.Command, d admin.Difference) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), d)
	}
	name := printable(d.Marketplace + "/" + d.MarketplaceID)
	switch {
	case d.MarketplaceID == "":
		name = fmt.Sprint(d.ID)
	case d.ID != 0:
		name += fmt.Sprintf(" (%d)", d.ID)
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "%-8s %s: %s\n", d.Action, name, printable(d.Reason))
	return err
}

func printRechecked(c *cobra.Command, s admin.Rechecked) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), s)
	}
	words := []string{fmt.Sprintf("%d orders are the same", s.Same)}
	for _, w := range []struct {
		n      int
		format string
	}{
		{s.OnlyThere, "%d only there"},
		{s.OnlyHere, "%d only here"},
		{s.StatusDiffers, "%d with another status"},
		{s.Ambiguous, "%d several times there"},
		{s.Waiting, "%d not compared, since something of theirs waits"},
	} {
		if w.n > 0 {
			words = append(words, fmt.Sprintf(w.format, w.n))
		}
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), strings.Join(words, ", "))
	return err
}
