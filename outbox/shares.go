package outbox

// Shares are kept by stride scheduling: who is served moves ahead by what it
// costs over its weight, and who is furthest behind is served next. One that
// had nothing waiting joins where the others are, without credit for the time
// it was away.

// joinShares is called before a lane of an account becomes ready.
func (o *Outbox) joinShares(a *account, g Group) {
	if a.waiting == 0 {
		a.pass = max(a.pass, o.pass)
	}
	for _, q := range a.ready[g] {
		if q.length > 0 {
			return
		}
	}
	a.passes[g] = max(a.passes[g], a.passes[0])
}

// charge moves an account and its group ahead by one call. Index 0 of passes
// is the place of the group that was served last.
func (o *Outbox) charge(a *account, g Group) {
	o.pass = max(o.pass, a.pass)
	a.pass++
	a.passes[0] = max(a.passes[0], a.passes[g])
	a.passes[g] += 1 / float64(o.opts.Weights[g-1])
}

// groupsInTurn returns the groups of an account, furthest behind first.
func (a *account) groupsInTurn() (order [MaxGroup]Group, n int) {
	for g := Group(1); g <= MaxGroup; g++ {
		ready := false
		for _, q := range a.ready[g] {
			ready = ready || q.length > 0
		}
		if !ready {
			continue
		}
		i := n
		for i > 0 && a.passes[order[i-1]] > a.passes[g] {
			order[i] = order[i-1]
			i--
		}
		order[i] = g
		n++
	}
	return order, n
}
