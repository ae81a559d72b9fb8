package drill

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// print says it to people.
func (r *result) print(w io.Writer) error {
	var b strings.Builder
	r.printDay(&b)
	r.printVerdict(&b)
	for _, f := range r.Findings {
		b.WriteString("\n" + printable(f))
	}
	switch len(r.Findings) {
	case 0:
	case maxFindings:
		b.WriteString("\nThere may be more.\n")
	default:
		b.WriteString("\n")
	}
	if len(r.Reports) > 0 {
		fmt.Fprintf(&b, "\nThe report    %s\n", strings.Join(r.Reports, "\n              "))
	}
	switch {
	case r.CutShort != "":
		fmt.Fprintf(&b, "\nThe drill was cut short: %s\n", printable(r.CutShort))
	case r.passed():
		fmt.Fprintf(&b, "\nNothing was lost. %.0f s\n", r.Seconds)
	default:
		b.WriteString("\nThe drill FAILED.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *result) printDay(b *strings.Builder) {
	day := fmt.Sprintf("seed %d", r.Seed)
	if r.byInput {
		day = "your operations, seed " + fmt.Sprint(r.Seed)
	}
	fmt.Fprintf(b, `
The day       %s: %d operations of %d accounts and %d sellers, %d new orders and %d sales among them
The window    %.0f s for the four hours of the status page, begun %.0f min late and %.0f min too long; all waits divided by %.0f
              it looked like "%s"; up to its planned end %d other calls than canaries, which were %d
The clients   killed %d times, %d of them by ANYMARKET after it had read a request and before it answered
              %d operations acknowledged, %d refused at once
Their books   accepted %d = delivered %d + superseded %d + dead %d + cancelled %d + waiting %d
The calls     %d sent, %d look-ups, %d confirming
The replay    %d calls for what waited at the end of the window, %d is the least possible; %.1f s
`,
		day, r.Operations, r.accounts, r.sellers, r.orders, r.sales,
		r.WindowSeconds, realLate.Minutes(), realOverrun.Minutes(), r.Factor, r.Outage, r.WindowCalls, r.CanaryCalls,
		r.Kills, r.KillsBeforeAnswer, r.Acknowledged, r.RefusedAtOnce,
		r.Accepted, r.Delivered, r.Superseded, r.Dead, r.Cancelled, r.Waiting,
		r.CallsSent, r.LookupCalls, r.ConfirmingCalls, r.ReplayCalls, r.ReplayCallsLeastPossible, r.ReplaySeconds)
	if r.OwnOrders == 0 {
		return // ANYMARKET lost nothing
	}
	fmt.Fprintf(b, `The loss      then ANYMARKET fell back to a backup: %d stocks, %d orders and the status of %d others were gone; it took %d of its own
The repair    resend sent %d stocks and prices again and left %d to newer values, of %d changes meanwhile
              recheck named %d orders: %d were sent again, with %d steps, and %d imported
`,
		r.GoneStocks, r.GoneOrders, r.GoneStatuses, r.OwnOrders, r.Resent, r.GaveWay, r.LiveChanges,
		r.Named, r.Repushed, r.StepsAgain, r.Imported)
}

func (r *result) printVerdict(b *strings.Builder) {
	fmt.Fprintf(b, `
Held against what ANYMARKET has and has seen:
  lost operations   %d (sales %d)
  duplicate orders  %d
  duplicate sales   %d
  stale stock       %d
  stale prices      %d
  left different    %d
  misnamed          %d
  overwritten       %d
  left waiting      %d (parked %d)
  not stored        %d
`,
		r.Lost, r.LostSales, r.DuplicateOrders, r.DuplicateSales, r.StaleStock, r.StalePrices,
		r.LeftDifferent, r.Misnamed, r.Overwritten, r.Waiting, r.Parked, r.Unstored)
	if r.Refused > 0 {
		fmt.Fprintf(b, "  refused there     %d, which is no loss: see the dead letters\n", r.Refused)
	}
}

// printable keeps what others wrote from driving the terminal.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}
