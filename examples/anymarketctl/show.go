package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

func showCommand() *cobra.Command {
	var full, bodyOnly bool
	c := onOutbox(&cobra.Command{
		Use:   "show ID",
		Short: "Show an entry and what happened to it",
		Args:  cobra.ExactArgs(1),
	}, func(c *cobra.Command, o *admin.Client, args []string) error {
		id, err := outbox.ParseID(args[0])
		if err != nil {
			return usage("%w", err)
		}
		show := o.Show
		if full || bodyOnly {
			show = o.ShowFull
		}
		d, err := show(c.Context(), id)
		switch {
		case err != nil:
			return err
		case bodyOnly && d.Content() == nil:
			return fmt.Errorf("%s has no body that is kept", id)
		case bodyOnly:
			_, err = c.OutOrStdout().Write(append(d.Content(), '\n'))
			return err
		case asJSON(c):
			return printJSON(c.OutOrStdout(), d)
		default:
			return printDetails(c.OutOrStdout(), d)
		}
	})
	c.Flags().BoolVar(&full, "full", false, "show buyer data too, which is masked otherwise")
	c.Flags().BoolVar(&bodyOnly, "body", false, "print the body as it is stored, buyer data included, and nothing else")
	c.MarkFlagsMutuallyExclusive("full", "body")
	return c
}

func printDetails(w io.Writer, d admin.Details) error {
	var b strings.Builder
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-10s %s\n", name, value)
		}
	}
	state := d.State
	if d.InDoubt {
		state += ", in doubt"
	}
	if d.Unknown {
		state += ", an attempt's outcome is not known"
	}
	row("entry", d.ID.String())
	row("state", state)
	row("kind", printable(d.Kind))
	row("account", accountName(d.Account))
	row("key", printable(d.Key))
	if d.Once != d.Key {
		row("once", printable(d.Once))
	}
	row("reason", printable(d.Reason))
	row("accepted", moment(d.AcceptedAt))
	if !d.DueAt.IsZero() {
		row("due", moment(d.DueAt))
	}
	row("failures", fmt.Sprint(d.Attempts))
	switch {
	case d.Body != nil:
		var pretty bytes.Buffer
		if json.Indent(&pretty, d.Body, "", "  ") != nil {
			pretty.Write(d.Body)
		}
		fmt.Fprintf(&b, "body, %d bytes\n%s\n", d.Bytes, printableLines(pretty.String()))
	case d.Unreadable:
		fmt.Fprintf(&b, "body       %d bytes that cannot be read; show --body prints them\n", d.Bytes)
	case d.Bytes > 0:
		fmt.Fprintf(&b, "body       %d bytes that are not JSON; show --body prints them\n", d.Bytes)
	default:
		b.WriteString("body       not kept\n")
	}
	b.WriteString("history\n")
	for _, e := range d.Events {
		fmt.Fprintf(&b, "  %s  %s\n", moment(e.At), eventText(e))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// eventText is what happened, in one line.
func eventText(e admin.Event) string {
	text := e.Type
	if e.LookUp {
		text += ", a look-up"
	}
	if e.Confirming {
		text += ", a confirming call"
	}
	if v := verdictText(e); v != "" && v != e.Type {
		text += ": " + v
	}
	if e.Duplicate {
		text += ", it was there already"
	}
	if e.By != (outbox.ID{}) {
		text += ", by " + e.By.String()
	}
	if e.Reason != "" {
		text += "; " + printable(e.Reason)
	}
	return text
}

// verdictText is what became of a call. A look-up that was answered has delivered
// nothing.
func verdictText(e admin.Event) string {
	switch {
	case e.Found == nil:
		return e.Verdict
	case *e.Found:
		return "answered, found"
	default:
		return "answered, not found"
	}
}

func whyCommand() *cobra.Command {
	return onOutbox(&cobra.Command{
		Use:   "why ID",
		Short: "Say why an entry stands where it stands, and what must happen for it to go on",
		Args:  cobra.ExactArgs(1),
	}, func(c *cobra.Command, o *admin.Client, args []string) error {
		id, err := outbox.ParseID(args[0])
		if err != nil {
			return usage("%w", err)
		}
		w, err := o.Why(c.Context(), id)
		switch {
		case err != nil:
			return err
		case asJSON(c):
			return printJSON(c.OutOrStdout(), w)
		}
		var b strings.Builder
		fmt.Fprintf(&b, "%s is %s.\n", w.ID, w.State)
		for _, s := range w.Because {
			fmt.Fprintf(&b, "because  %s\n", printable(s))
		}
		for _, s := range w.Next {
			fmt.Fprintf(&b, "next     %s\n", printable(s))
		}
		_, err = io.WriteString(c.OutOrStdout(), b.String())
		return err
	})
}
