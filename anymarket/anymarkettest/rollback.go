package anymarkettest

import (
	"slices"
	"time"
)

// RollBack makes the account's stock and orders what they were at a moment, as
// an ANYMARKET does that comes back from a backup: what it acknowledged since
// is lost. The log and the effects still tell of it.
func (a *Account) RollBack(at time.Time) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.s.settleLocked(time.Now())
	for k, r := range a.rows {
		r.writes = slices.DeleteFunc(r.writes, func(w Stock) bool { return w.At.After(at) })
		if len(r.writes) == 0 {
			delete(a.rows, k)
		}
	}
	for id, o := range a.orders {
		o.versions = slices.DeleteFunc(o.versions, func(v version) bool { return v.at.After(at) })
		o.steps = slices.DeleteFunc(o.steps, func(s Step) bool { return s.At.After(at) })
		if len(o.versions) == 0 {
			delete(a.orders, id)
		}
	}
	for k, all := range a.byKey {
		a.byKey[k] = slices.DeleteFunc(all, func(o *order) bool { return len(o.versions) == 0 })
	}
}
