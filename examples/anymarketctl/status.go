package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

func statusCommand() *cobra.Command {
	return onOutbox(&cobra.Command{
		Use:   "status",
		Short: "Show how the outbox stands; exit code 5 if a person should look",
		Args:  cobra.NoArgs,
	}, func(c *cobra.Command, o *admin.Client, _ []string) error {
		s, err := o.Status(c.Context())
		if err != nil {
			return err
		}
		if asJSON(c) {
			err = printJSON(c.OutOrStdout(), s)
		} else {
			err = printStatus(c.OutOrStdout(), s)
		}
		if err == nil && len(s.Alarms) > 0 {
			err = &exit.Error{Code: exit.Alarm}
		}
		return err
	})
}

func printStatus(w io.Writer, s admin.Status) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-12s %s\n", "outbox", printable(s.File))
	nobody := s.PID == os.Getpid()
	if nobody {
		fmt.Fprintf(&b, "%-12s nobody\n", "held by")
	} else {
		fmt.Fprintf(&b, "%-12s process %d, since %s\n", "held by", s.PID, moment(s.StartedAt))
		fmt.Fprintf(&b, "%-12s %d on the wire, %d made, %d of them to confirm, %d look-ups, %d canaries\n",
			"its calls", s.InFlight, s.Calls, s.Confirming, s.LookUps, s.Canaries)
	}
	for _, row := range []struct {
		name string
		n    uint64
		note string
	}{
		{"accepted", s.Accepted, ""},
		{"delivered", s.Delivered, ofThem(s.InDoubt, "in doubt")},
		{"superseded", s.Superseded, ""},
		{"cancelled", s.Cancelled, ""},
		{"dead", s.Dead, ""},
		{"waiting", s.Waiting, ofThem(s.Parked, "parked")},
	} {
		fmt.Fprintf(&b, "%-12s %9d%s\n", row.name, row.n, row.note)
	}
	if !s.OldestDue.IsZero() {
		fmt.Fprintf(&b, "%-12s %s\n", "oldest due", moment(s.OldestDue))
	}
	fmt.Fprintf(&b, "%-12s %s, %s of it used\n", "file", size(s.FileBytes), size(s.UsedBytes))
	for _, p := range s.Pauses {
		text := scopeText(p.Scope)
		if p.Reason != "" {
			text += ": " + printable(p.Reason)
		}
		fmt.Fprintf(&b, "%-12s %s\n", "paused", text)
	}
	if nobody && len(s.Gates) == 0 {
		fmt.Fprintf(&b, "%-12s not known: nobody delivers\n", "gate")
	}
	for _, g := range s.Gates {
		text := "open, " + fmt.Sprintf("%.3g calls a second", g.Rate)
		if !g.Open {
			text = "closed: " + printable(g.Reason)
			if !g.Until.IsZero() {
				text += ", until " + moment(g.Until)
			}
		}
		fmt.Fprintf(&b, "%-12s %s: %s\n", "gate", gateName(g), text)
	}
	for _, a := range s.Alarms {
		text := printable(a.Reason)
		if a.Kind == string(outbox.AlarmSuspended) {
			text = "the credential was refused of " + accountNames(s.Suspended)
		}
		fmt.Fprintf(&b, "%-12s %s\n", "ALARM", text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func accountNames(accounts []string) string {
	names := make([]string, len(accounts))
	for i, a := range accounts {
		names[i] = accountName(a)
	}
	return strings.Join(names, ", ")
}

func gateName(g admin.Gate) string {
	name := accountName(g.Account)
	if g.Host != "" {
		name += " at " + printable(g.Host)
	}
	return name
}

func ofThem(n uint64, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of them %s", n, what)
}

// size is a number of bytes for people.
func size(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	f, i := float64(n)/unit, 0
	for ; f >= unit && i < 3; i++ {
		f /= unit
	}
	return fmt.Sprintf("%.1f %ciB", f, "KMGT"[i])
}
