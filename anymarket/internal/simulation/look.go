package simulation

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"
)

// look holds all that is known against the truth, at a moment at which every
// goroutine rests. If all is settled everything must be there.
func (s *Simulation) look(ctx context.Context, settled bool) {
	s.quiet()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil {
		return // it crashed just now
	}
	o := s.client.Outbox()
	st := o.Stats()
	if sum := st.Delivered + st.Superseded + st.Cancelled + st.Dead + st.Waiting; st.Accepted != sum {
		s.blame("accepted %d, but delivered, superseded, cancelled, dead and waiting are %d: %+v", st.Accepted, sum, st)
	}
	if st.Accepted < s.receipts || st.Accepted > s.receipts+s.uncertain {
		s.blame("accepted %d, with a receipt for %d and %d uncertain", st.Accepted, s.receipts, s.uncertain)
	}
	if st.Dead+st.Cancelled > 0 || settled && st.Waiting > 0 {
		s.blame("%d are dead, %d cancelled, %d wait", st.Dead, st.Cancelled, st.Waiting)
		for r, err := range o.DeadLetters() {
			s.must("read dead letters", err)
			s.say("dead: %s %s %s: %s", r.Account, r.Kind, r.Key, r.Reason)
		}
	}
	if st.FileBytes > maxFile {
		s.blame("the file has %d bytes", st.FileBytes)
	}
	for _, row := range o.Gate() {
		if why := s.untrue(ctx, row.Account, row.Reason, row.Until); why != "" {
			s.blame("gate %+v: %s", row, why)
		}
	}
	for _, wrong := range s.Values.wrong(o, s.has, settled) {
		s.blame("%s", wrong)
	}
	for _, wrong := range s.program.Wrong(settled) {
		s.blame("%s", wrong)
	}
}

// maxFile is the most bytes that an outbox of a few hundred entries takes.
const maxFile = 8 << 20

// untrue says what is not true of the gate of an account; empty if all is.
func (s *Simulation) untrue(ctx context.Context, account, reason string, until time.Time) string {
	byOperator, window := strings.Contains(reason, "paused by an operator"), strings.Contains(reason, "maintenance window")
	switch {
	case byOperator != s.paused[account]:
		return fmt.Sprintf("paused is %v", s.paused[account])
	case byOperator:
		return ""
	case window && !s.windows.holds(reason, time.Now(), until):
		return "no such window holds"
	case window:
		return ""
	}
	token, _ := s.Token(ctx, account)
	return s.wire.evidence(account, token, reason, until)
}

// What values are about, see Target.
const (
	stockOf = "stock of "
	priceOf = "price of ad "
)

// StockOf is the target of a SKU's stock.
func StockOf(account, sku string) Target { return Target{account, stockOf + sku} }

// PriceOf is the target of an ad's price.
func PriceOf(account string, ad int64) Target {
	return Target{account, priceOf + strconv.FormatInt(ad, 10)}
}

// has is what is there of a target.
func (s *Simulation) has(t Target) Fields {
	a := s.Server.For(t.Account)
	if sku, ok := strings.CutPrefix(t.Name, stockOf); ok {
		x, _ := a.Stock(sku, 0)
		return Fields{"quantity": x.Quantity, "cost": x.Cost, "additionalTime": x.AdditionalTime}
	}
	ad, _ := strconv.ParseInt(strings.TrimPrefix(t.Name, priceOf), 10, 64)
	x, _ := a.Price(ad)
	return Fields{"price": x.Price, "discountPrice": x.Discount}
}

// maxRoutines is the most goroutines of a simulation in which nothing waits:
// those of the client, and of its connections.
const maxRoutines = 60

// label marks the goroutines that the simulation started.
func (s *Simulation) label() string { return fmt.Sprintf("%p", s) }

// rest counts the goroutines that the simulation started.
func (s *Simulation) rest() {
	s.quiet()
	var all bytes.Buffer
	s.must("list goroutines", pprof.Lookup("goroutine").WriteTo(&all, 1))
	stacks := regexp.MustCompile(`(?m)^(\d+) @.*\n# labels: .*` + s.label())
	n := 0
	for _, found := range stacks.FindAllStringSubmatch(all.String(), -1) {
		some, _ := strconv.Atoi(found[1])
		n += some
	}
	s.routines = max(s.routines, n)
	if n == 0 || n > maxRoutines {
		s.blame("%d goroutines at rest", n)
	}
}
