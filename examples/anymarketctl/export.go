package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

func exportCommand() *cobra.Command {
	var format string
	c := onOutbox(&cobra.Command{
		Use:   "export",
		Short: "Print the whole history, an event a line, entry by entry; buyer data is masked",
		Args:  cobra.NoArgs,
	}, func(c *cobra.Command, o *admin.Client, _ []string) error {
		if asJSON(c) && !c.Flags().Changed("format") {
			format = "ndjson"
		}
		out := c.OutOrStdout()
		put, end := func(e admin.Event) error { return printJSON(out, e) }, func() error { return nil }
		switch format {
		case "ndjson":
		case "csv":
			var err error
			if put, end, err = csvEvents(out); err != nil {
				return err
			}
		default:
			return usage("--format: %q, want ndjson or csv", format)
		}
		var errs []error
		for e, err := range o.Export(c.Context()) {
			if err != nil {
				// What cannot be read does not keep the rest from being exported.
				errs = append(errs, err)
				continue
			}
			if err := put(e); err != nil {
				return err
			}
		}
		return errors.Join(append(errs, end())...)
	})
	c.Flags().StringVar(&format, "format", "ndjson", "`FORMAT`: ndjson or csv")
	return c
}

// csvEvents writes events as rows; end writes the last ones.
func csvEvents(out io.Writer) (put func(admin.Event) error, end func() error, err error) {
	w := csv.NewWriter(out)
	put = func(e admin.Event) error {
		row := []string{
			e.At.UTC().Format(time.RFC3339Nano), e.ID.String(), e.Type, e.Verdict, e.Reason, "",
			fmt.Sprint(e.LookUp), fmt.Sprint(e.Confirming), fmt.Sprint(e.Duplicate), "", "", "", "", "", "",
		}
		if e.Attempt != 0 {
			row[5] = fmt.Sprint(e.Attempt)
		}
		if e.By != (outbox.ID{}) {
			row[9] = e.By.String()
		}
		if f := e.Entry; f != nil {
			row[10], row[11], row[12], row[13], row[14] = f.State, f.Kind, f.Account, f.Key, string(f.Body)
		}
		for i, cell := range row {
			row[i] = noFormula(cell)
		}
		return w.Write(row)
	}
	end = func() error {
		w.Flush()
		return w.Error()
	}
	return put, end, w.Write([]string{
		"at", "id", "type", "verdict", "reason", "attempt", "lookup", "confirming", "duplicate", "by", "state", "kind", "account", "key", "body",
	})
}

// noFormula puts an apostrophe before what a spreadsheet would compute.
func noFormula(cell string) string {
	trimmed := strings.TrimLeft(cell, " \t\r\n\v\f\u00a0\ufeff")
	if trimmed == "" {
		return cell
	}
	if strings.ContainsAny(trimmed[:1], "=+-@|%") || strings.ContainsRune("＝＋－＠", []rune(trimmed)[0]) {
		return "'" + cell
	}
	return cell
}
