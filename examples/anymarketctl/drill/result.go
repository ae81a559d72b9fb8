package drill

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

// result is what the drill found. The members of the first block are the
// clients' books; what is proven stands in the second, and comes from the ERP,
// the marketplace and ANYMARKET alone.
type result struct {
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
	// Misnamed are orders that differed after ANYMARKET had lost some, and that
	// recheck did not name as it should, or the reverse; LeftDifferent is what was
	// lost and still is, and Overwritten are changes of stock that came meanwhile
	// and gave way to an older one.
	Misnamed      int `json:"misnamed"`
	LeftDifferent int `json:"left_different"`
	Overwritten   int `json:"overwritten"`

	CallsSent                int `json:"calls_sent"`
	ReplayCalls              int `json:"replay_calls"`
	ReplayCallsLeastPossible int `json:"replay_calls_least_possible"`
	LookupCalls              int `json:"lookup_calls"`
	ConfirmingCalls          int `json:"confirming_calls"`
	CanaryCalls              int `json:"canary_calls"`

	// GoneStocks, GoneOrders and GoneStatuses are what ANYMARKET had acknowledged
	// and lost, OwnOrders those that it took meanwhile.
	GoneStocks   int `json:"gone_stocks"`
	GoneOrders   int `json:"gone_orders"`
	GoneStatuses int `json:"gone_statuses"`
	OwnOrders    int `json:"own_orders"`
	// Resent are the stocks and prices that resend sent again, GaveWay those that
	// it left alone for a newer value, LiveChanges the changes that came meanwhile.
	Resent      int `json:"resent"`
	GaveWay     int `json:"gave_way"`
	LiveChanges int `json:"live_changes"`
	// Named are the orders that recheck found to differ; Repushed, StepsAgain and
	// Imported are what was done about them.
	Named      int `json:"named"`
	Repushed   int `json:"repushed"`
	StepsAgain int `json:"steps_again"`
	Imported   int `json:"imported"`

	// WindowCalls are calls in the window, up to its planned end, that were no
	// canaries.
	WindowCalls   int     `json:"window_calls"`
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
	// Reports are the files with the reports of the window.
	Reports []string `json:"reports"`

	accounts, sellers int
	orders, sales     int
	byInput           bool
}

// maxFindings is more than a person reads.
const maxFindings = 30

// passed says whether all is as it must be.
func (r *result) passed() bool {
	return r.Lost == 0 && r.LostSales == 0 && r.DuplicateOrders == 0 && r.DuplicateSales == 0 && r.StaleStock == 0 && r.StalePrices == 0 &&
		r.Misnamed == 0 && r.LeftDifferent == 0 && r.Overwritten == 0 &&
		r.Waiting == 0 && r.Parked == 0 && r.Unstored == 0 && r.Unanswered == 0 && r.CutShort == ""
}

func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*1000) / 1000 }

// judge reads the books, and holds what ANYMARKET knows against what the ERP and
// the marketplace know.
func (d *drill) judge(ctx context.Context) (result, error) {
	r := result{
		Seed: d.seed, Factor: math.Round(d.factor*10) / 10, Outage: d.outage.String(), WindowSeconds: seconds(d.window),
		CutShort: d.ending, byInput: d.input, Findings: []string{}, Reports: []string{},
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

// judge adds to the result what is found of a partner.
func (p *partner) judge(ctx context.Context, r *result) (b books, err error) {
	truth, remote := p.truth.all(), look(p.fake, p.made, p.loss)
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
	if p.loss != nil {
		j.repaired(p.loss, &p.repair, holdingsOf(p.fake))
		r.countRepair(p.loss, &p.repair)
	}
	v := j.verdict
	r.Lost += v.lost
	r.LostSales += v.lostSales
	r.DuplicateOrders += v.duplicateOrders
	r.DuplicateSales += v.duplicateSales
	r.StaleStock += v.staleStock
	r.StalePrices += v.stalePrices
	r.Refused += v.refused
	r.Misnamed += v.misnamed
	r.LeftDifferent += v.leftDifferent
	r.Overwritten += v.overwritten
	r.Findings = append(r.Findings, v.findings...)
	replay := j.replay(p.back())
	r.ReplayCalls += replay.calls
	r.ReplayCallsLeastPossible += replay.leastPossible
	r.ReplaySeconds = max(r.ReplaySeconds, seconds(replay.until.Sub(p.back())))
	sent, canaries, lookUps := remote.traffic()
	r.WindowCalls += remote.callsIn(p.down(), p.end())
	r.CallsSent += sent
	r.CanaryCalls += canaries
	r.LookupCalls += lookUps
	return b, nil
}

// countRepair adds what was lost and what was done about it.
func (r *result) countRepair(l *loss, m *repair) {
	r.GoneStocks += len(l.gone.stock)
	r.GoneOrders += len(l.gone.orders)
	r.GoneStatuses += len(l.gone.statuses)
	r.OwnOrders += len(l.own)
	for _, sums := range m.resent {
		r.Resent += sums.Sent
		r.GaveWay += gaveWay(sums)
	}
	r.LiveChanges += len(m.live)
	for _, found := range m.found {
		r.Named += len(found.differences)
		r.Repushed += found.repushed
	}
	r.StepsAgain += m.steps
	r.Imported += m.imported
}

// count adds what a partner did.
func (r *result) count(truth []record) {
	accounts, sellers := map[string]bool{}, map[string]bool{}
	created := map[target]bool{}
	for i, t := range truth {
		if !t.repair {
			r.Operations++
		}
		if t.ofMarketplace() {
			sellers[t.account] = true
		} else {
			accounts[t.account] = true
		}
		switch {
		case !t.acked.IsZero():
			if !t.repair {
				r.Acknowledged++
			}
		case t.refusal.Error != "":
			r.RefusedAtOnce++
			if t.unstored() || t.repair || !r.byInput { // what the drill makes up is right
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
	r.accounts += len(accounts)
	r.sellers += len(sellers)
}

// keepLog writes ANYMARKET's log beside the outbox, for those who keep it.
func (p *partner) keepLog(r remote) error {
	return writeLines(p.file(requestFile), func(yield func(any) bool) {
		for _, q := range r.log {
			if !yield(loggedRequest{q.N, q.At, q.Account, q.Method + " " + q.Path, string(q.Body), q.Status, q.Fault, q.Effects}) {
				return
			}
		}
	})
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
