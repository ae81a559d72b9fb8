package outbox

// account is whose credential sends.
type account struct {
	name string
	// branches by family.number; nil if it has nothing of that family.
	branches []*branch
	// ready lanes by group, and within it by kind.
	ready [MaxGroup + 1][]*laneList
	// passes of the group and, pass, of the account: see shares.go.
	passes [MaxGroup + 1]float64
	pass   float64
	// inFlight counts its calls on the wire, waiting its ready lanes.
	inFlight, waiting int
}

// branch is what an account has of one family.
type branch struct {
	account *account
	family  *family
	lanes   map[string]*lane
	// stored counts its entries and dead letters.
	stored int
	// addressing is how its targets are named, once addressed; addressedAt, in
	// Unix nanoseconds, is when they were last readdressed.
	addressing  string
	addressed   bool
	addressedAt int64
}

// branchOf returns what the account has of a family, nil if it has nothing yet.
func (a *account) branchOf(f *family) *branch {
	if len(a.branches) <= f.number {
		return nil
	}
	return a.branches[f.number]
}

func (x *index) branch(a *account, f *family) *branch {
	b := a.branchOf(f)
	if b == nil {
		b = &branch{account: a, family: f, lanes: map[string]*lane{}}
		x.finding.Lock()
		for len(a.branches) <= f.number {
			a.branches = append(a.branches, nil)
		}
		a.branches[f.number] = b
		x.finding.Unlock()
	}
	return b
}

func (x *index) accountOf(name string) *account {
	a := x.accounts[name]
	if a == nil {
		a = &account{name: name}
		x.finding.Lock()
		x.accounts[name] = a
		x.finding.Unlock()
		x.order = append(x.order, a)
	}
	return a
}
