package drill

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/internal/admin"
)

// repair is what the ERP did about what ANYMARKET had lost, with the commands
// that are there for it.
type repair struct {
	live     []int          // operations that it went on with meanwhile
	resent   []admin.Resent // by run
	found    []rechecked    // by account
	steps    int            // that went again
	imported int
	left     []rechecked // by account, when all was done
}

// makeGood loses what ANYMARKET acknowledged, has the ERP find out and make good
// what is gone, and goes on changing stock meanwhile. What the weather and the
// kills do is proven before, and rests.
func (p *partner) makeGood(ctx context.Context, c *child) error {
	if p.made != familyOrder || p.loss != nil {
		return nil
	}
	p.kills.rest()
	p.weather.rest()
	if err := until(ctx, c, time.Now().Add(p.fast(realLateApply))); err != nil {
		return err
	}
	before := p.truth.all()
	judged := newJudge(before, look(p.fake, p.made, nil))
	p.loss = lose(p.fake, accountsOf(before), backupOf(p.fake.Effects())) //nolint:contextcheck // the fake's events are its own
	if p.loss == nil {
		return nil
	}
	p.show.phase(repairPart)
	if err := p.resendAmongChanges(ctx, c, before); err != nil {
		return err
	}
	known := p.loss.known()
	var err error
	if p.repair.found, err = p.recheckAll(ctx, c, known, before); err != nil {
		return err
	}
	if err := p.followRecheck(ctx, c, known, judged); err != nil {
		return err
	}
	p.repair.left, err = p.recheckAll(ctx, c, known, before)
	return err
}

// recheckAll rechecks the orders of each account, once nothing waits any more and
// all can be seen.
func (p *partner) recheckAll(ctx context.Context, c *child, known map[target]heldOrder, sent []record) (all []rechecked, err error) {
	if err := p.settle(ctx, c); err != nil {
		return nil, err
	}
	if err := until(ctx, c, time.Now().Add(p.fast(realLookupLag))); err != nil {
		return nil, err
	}
	for _, account := range accountsOf(sent) {
		r, err := p.recheck(ctx, account, known, sent)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// resendAmongChanges sends again what was accepted or delivered since the
// backup, while stock goes on changing. A value that gave way to a change may
// have said more, such as a cost, so that it is done once more then.
func (p *partner) resendAmongChanges(ctx context.Context, c *child, before []record) (err error) {
	const gap = 5 * time.Millisecond
	begin := p.into(time.Now())
	live, err := p.loss.live(before, func(n int) time.Duration { return begin + time.Duration(n)*gap })
	if err != nil {
		return err
	}
	first := p.truth.add(live, true)
	for i := range live {
		p.repair.live = append(p.repair.live, first+i)
	}
	var resending sync.WaitGroup
	var sums admin.Resent
	var failed error
	resending.Go(func() { sums, failed = p.resend(ctx) })
	err = p.feedFrom(ctx, c, first)
	resending.Wait()
	switch {
	case err != nil:
		return err
	case failed != nil:
		return failed
	}
	p.repair.resent = append(p.repair.resent, sums)
	if gaveWay(sums) == 0 {
		return nil
	}
	if err := p.settle(ctx, c); err != nil {
		return err
	}
	sums, err = p.resend(ctx)
	p.repair.resent = append(p.repair.resent, sums)
	return err
}

// gaveWay is how many values were left alone for newer ones.
func gaveWay(sums admin.Resent) int { return sums.Waiting + sums.Changed }

// followRecheck does what recheck said: it sends the steps again that ANYMARKET
// lacks, but for those that it refused, and takes over the orders that the ERP
// lacks.
func (p *partner) followRecheck(ctx context.Context, c *child, known map[target]heldOrder, judged *judge) error {
	var again []*operation
	for _, r := range p.repair.found {
		for _, d := range r.differences {
			t, there := targetIn(r.account, d), api.OrderStatus(d.There)
			switch d.Action {
			case actionImport:
				known[t] = heldOrder{marketplace: d.Marketplace, marketplaceID: d.MarketplaceID, status: there, takenAt: d.CreatedAt}
				p.repair.imported++
			case actionRepush, actionAdvance:
				if err := p.discardRefused(ctx, t, judged); err != nil {
					return err
				}
				again = append(again, judged.stepsAfter(t, there)...)
			}
		}
	}
	p.repair.steps = len(again)
	return p.feedFrom(ctx, c, p.truth.add(again, true))
}

// discardRefused takes out the steps of an order that ANYMARKET refused: what
// came behind them would wait for a person.
func (p *partner) discardRefused(ctx context.Context, t target, judged *judge) error {
	keys := map[string]bool{}
	for i, r := range judged.truth {
		if r.op == opStatus && judged.fates[i].refused && slices.Contains(r.targets, t) {
			keys[r.key()] = true
		}
	}
	for key := range keys {
		if err := p.discardDead(ctx, t.account, key); err != nil {
			return err
		}
	}
	return nil
}

// stepsAfter are those of an order that follow the one to a status, all if there
// is none.
func (j *judge) stepsAfter(t target, status api.OrderStatus) (steps []*operation) {
	for i, r := range j.truth {
		switch {
		case r.op != opStatus || r.acked.IsZero() || j.fates[i].refused || !slices.Contains(r.targets, t):
		case r.said.Status == status:
			steps = nil
		default:
			steps = append(steps, r.operation)
		}
	}
	return steps
}

// accountsOf are those that have something acknowledged.
func accountsOf(truth []record) []string {
	accounts := map[string]bool{}
	for _, r := range truth {
		if !r.acked.IsZero() {
			accounts[r.account] = true
		}
	}
	return slices.Sorted(maps.Keys(accounts))
}
