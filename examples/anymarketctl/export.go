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
		put, end := func(e exported) error { return printJSON(out, e) }, func() error { return nil }
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
		for d, err := range o.Histories(c.Context()) {
			if err != nil {
				// What cannot be read does not keep the rest from being exported.
				errs = append(errs, err)
				continue
			}
			for _, e := range d.Events {
				if err := put(exported{e, d.State, d.Kind, d.Account, d.Key}); err != nil {
					return err
				}
			}
		}
		return errors.Join(append(errs, end())...)
	})
	c.Flags().StringVar(&format, "format", "ndjson", "`FORMAT`: ndjson or csv")
	return c
}

// exported is an event, and how its entry stands now.
type exported struct {
	admin.Event

	State   string `json:"state"`
	Kind    string `json:"kind"`
	Account string `json:"account"`
	Key     string `json:"key"`
}

// csvEvents writes events as rows; end writes the last ones.
func csvEvents(out io.Writer) (put func(exported) error, end func() error, err error) {
	w := csv.NewWriter(out)
	put = func(e exported) error {
		row := []string{
			e.At.UTC().Format(time.RFC3339Nano), e.ID.String(), e.Type, verdictText(e.Event), e.Reason, "",
			fmt.Sprint(e.LookUp), fmt.Sprint(e.Confirming), fmt.Sprint(e.Duplicate), "", e.State, e.Kind, e.Account, e.Key, "",
		}
		if e.Attempt != 0 {
			row[5] = fmt.Sprint(e.Attempt)
		}
		if e.By != (outbox.ID{}) {
			row[9] = e.By.String()
		}
		if f := e.Entry; f != nil {
			row[14] = string(f.Body)
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
