package drill

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// report is what the drill found. The members of the first block are the
// clients' books; what is proven stands in the second, and comes from the ERP,
// the marketplace and ANYMARKET alone.
type report struct {
	Accepted   int `json:"accepted"`
	Delivered  int `json:"delivered"`
	Superseded int `json:"superseded"`
	Dead       int `json:"dead"`
	Cancelled  int `json:"cancelled"`
	Waiting    int `json:"waiting"`
	Parked     int `json:"parked"`

	Lost            int `json:"lost"`
	LostSales       int `json:"lost_sales"` // of them, those that were to be made known
	DuplicateOrders int `json:"duplicate_orders"`
	DuplicateSales  int `json:"duplicate_sales"`
	StaleStock      int `json:"stale_stock"`
	StalePrices     int `json:"stale_prices"`
	// Refused by ANYMARKET for good, as its log shows.
	Refused int `json:"refused"`

	CallsSent                int `json:"calls_sent"`
	ReplayCalls              int `json:"replay_calls"`
	ReplayCallsLeastPossible int `json:"replay_calls_least_possible"`
	LookupCalls              int `json:"lookup_calls"`
	ConfirmingCalls          int `json:"confirming_calls"`
	CanaryCalls              int `json:"canary_calls"`

	WindowSeconds float64 `json:"window_seconds"`
	ReplaySeconds float64 `json:"replay_seconds"`
	Seconds       float64 `json:"seconds"` // all of the drill

	Seed              uint64  `json:"seed"`
	Factor            float64 `json:"factor"` // how much faster than real time
	Outage            string  `json:"outage"` // how the maintenance looked
	Operations        int     `json:"operations"`
	Acknowledged      int     `json:"acknowledged"`
	RefusedAtOnce     int     `json:"refused_at_once"`
	Unstored          int     `json:"unstored"` // of those refused at once, the ones that were not at fault
	Unanswered        int     `json:"unanswered"`
	Kills             int     `json:"kills"`
	KillsBeforeAnswer int     `json:"kills_before_answer"`

	// Findings are what is wrong, in words, the first of them; CutShort says
	// why the drill could not go to its end.
	Findings []string `json:"findings"`
	CutShort string   `json:"cut_short,omitempty"`

	accounts, sellers int
	orders, sales     int
	byInput           bool
}

// maxFindings is more than a person reads.
const maxFindings = 30

// passed says whether all is as it must be.
func (r *report) passed() bool {
	return r.Lost == 0 && r.LostSales == 0 && r.DuplicateOrders == 0 && r.DuplicateSales == 0 && r.StaleStock == 0 && r.StalePrices == 0 &&
		r.Waiting == 0 && r.Parked == 0 && r.Unstored == 0 && r.Unanswered == 0 && r.CutShort == ""
}

func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*1000) / 1000 }

// judge reads the books, and holds what ANYMARKET knows against what the ERP and
// the marketplace know.
func (d *drill) judge(ctx context.Context) (report, error) {
	r := report{
		Seed: d.seed, Factor: math.Round(d.factor*10) / 10, Outage: d.outage.String(), WindowSeconds: seconds(d.window),
		CutShort: d.ending, byInput: d.input, Findings: []string{},
	}
	r.Kills, r.KillsBeforeAnswer = d.killCounts()
	var all books
	for _, p := range d.partners {
		b, err := p.judge(ctx, &r)
		if err != nil {
			return r, err
		}
		all.add(b)
	}
	r.Accepted, r.Delivered, r.Superseded, r.Dead = all.Accepted, all.Delivered, all.Superseded, all.Dead
	r.Cancelled, r.Waiting, r.Parked = all.Cancelled, all.Waiting, all.Parked
	r.Findings = r.Findings[:min(maxFindings, len(r.Findings))]
	return r, nil
}

// judge adds to the report what is found of a partner.
func (p *partner) judge(ctx context.Context, r *report) (b books, err error) {
	truth, remote := p.truth.all(), look(p.fake, p.made)
	if err := p.keepLog(remote); err != nil {
		return b, err
	}
	if b, err = p.status(ctx); err != nil {
		return b, err
	}
	if _, err := p.ask(ctx, "check"); err != nil {
		return b, err
	}
	confirming, err := p.confirmingCalls(ctx)
	if err != nil {
		return b, err
	}
	r.ConfirmingCalls += confirming
	r.count(truth)
	j := newJudge(truth, remote)
	v := j.verdict
	r.Lost += v.lost
	r.LostSales += v.lostSales
	r.DuplicateOrders += v.duplicateOrders
	r.DuplicateSales += v.duplicateSales
	r.StaleStock += v.staleStock
	r.StalePrices += v.stalePrices
	r.Refused += v.refused
	r.Findings = append(r.Findings, v.findings...)
	replay := j.replay(p.end())
	r.ReplayCalls += replay.calls
	r.ReplayCallsLeastPossible += replay.leastPossible
	r.ReplaySeconds = max(r.ReplaySeconds, seconds(replay.until.Sub(p.end())))
	sent, canaries, lookUps := remote.traffic()
	r.CallsSent += sent
	r.CanaryCalls += canaries
	r.LookupCalls += lookUps
	return b, nil
}

// count adds what a partner did.
func (r *report) count(truth []record) {
	accounts, sellers := map[string]bool{}, map[string]bool{}
	created := map[target]bool{}
	for i, t := range truth {
		if t.ofMarketplace() {
			sellers[t.account] = true
		} else {
			accounts[t.account] = true
		}
		switch {
		case !t.acked.IsZero():
			r.Acknowledged++
		case t.refusal.Error != "":
			r.RefusedAtOnce++
			if t.unstored() || !r.byInput { // what the drill makes up is right
				r.Unstored++
				r.Findings = append(r.Findings, fmt.Sprintf("not stored: operation %d, %s: %s", i+1, t.refusal.Error, short(string(t.line))))
			}
		default:
			r.Unanswered++
		}
		if !t.creates() || created[t.targets[0]] {
			continue
		}
		created[t.targets[0]] = true
		if t.op == opCreate {
			r.orders++
		} else {
			r.sales++
		}
	}
	r.Operations += len(truth)
	r.accounts += len(accounts)
	r.sellers += len(sellers)
}

// keepLog writes ANYMARKET's log beside the outbox, for those who keep it.
func (p *partner) keepLog(r remote) (err error) {
	f, err := os.OpenFile(p.file(requestFile), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	e := json.NewEncoder(f)
	for _, q := range r.log {
		if err := e.Encode(loggedRequest{q.N, q.At, q.Account, q.Method + " " + q.Path, string(q.Body), q.Status, q.Fault, q.Effects}); err != nil {
			return err
		}
	}
	return nil
}

// loggedRequest is a line of the log that is kept.
type loggedRequest struct {
	N       int                    `json:"n"`
	At      time.Time              `json:"at"`
	Account string                 `json:"account"`
	Request string                 `json:"request"`
	Body    string                 `json:"body,omitempty"`
	Status  int                    `json:"status"`
	Fault   string                 `json:"fault,omitempty"`
	Effects []anymarkettest.Effect `json:"effects,omitempty"`
}

// print says it to people.
func (r *report) print(w io.Writer) error {
	day := fmt.Sprintf("seed %d", r.Seed)
	if r.byInput {
		day = "your operations, seed " + fmt.Sprint(r.Seed)
	}
	text := fmt.Sprintf(`
The day       %s: %d operations of %d accounts and %d sellers, %d new orders and %d sales among them
The window    %.0f s for the four hours announced, all waits divided by %.0f; it looked like "%s"
The clients   killed %d times, %d of them by ANYMARKET after it had read a request and before it answered
              %d operations acknowledged, %d refused at once
Their books   accepted %d = delivered %d + superseded %d + dead %d + cancelled %d + waiting %d
The calls     %d sent, %d look-ups, %d confirming, %d canaries
The replay    %d calls for what waited at the end of the window, %d is the least possible; %.1f s

Held against what ANYMARKET has and has seen:
  lost operations   %d (sales %d)
  duplicate orders  %d
  duplicate sales   %d
  stale stock       %d
  stale prices      %d
  left waiting      %d (parked %d)
  not stored        %d
`,
		day, r.Operations, r.accounts, r.sellers, r.orders, r.sales, r.WindowSeconds, r.Factor, r.Outage,
		r.Kills, r.KillsBeforeAnswer, r.Acknowledged, r.RefusedAtOnce,
		r.Accepted, r.Delivered, r.Superseded, r.Dead, r.Cancelled, r.Waiting,
		r.CallsSent, r.LookupCalls, r.ConfirmingCalls, r.CanaryCalls,
		r.ReplayCalls, r.ReplayCallsLeastPossible, r.ReplaySeconds,
		r.Lost, r.LostSales, r.DuplicateOrders, r.DuplicateSales, r.StaleStock, r.StalePrices, r.Waiting, r.Parked, r.Unstored)
	var end strings.Builder
	if r.Refused > 0 {
		fmt.Fprintf(&end, "  refused there     %d, which is no loss: see the dead letters\n", r.Refused)
	}
	for _, f := range r.Findings {
		end.WriteString("\n" + printable(f))
	}
	switch len(r.Findings) {
	case 0:
	case maxFindings:
		end.WriteString("\nThere may be more.\n")
	default:
		end.WriteString("\n")
	}
	switch {
	case r.CutShort != "":
		fmt.Fprintf(&end, "\nThe drill was cut short: %s\n", printable(r.CutShort))
	case r.passed():
		fmt.Fprintf(&end, "\nNothing was lost. %.0f s\n", r.Seconds)
	default:
		end.WriteString("\nThe drill FAILED.\n")
	}
	_, err := io.WriteString(w, text+end.String())
	return err
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
