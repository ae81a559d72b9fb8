package outbox

import (
	"maps"
	"slices"
	"time"
)

// GateStatus says whether calls of one account may go to one host now. There
// is one for each such pair that was used; both labels may be empty.
type GateStatus struct {
	Host    string
	Account string
	Open    bool
	// Reason is one sentence, empty while open.
	Reason string
	// Until is when it is expected to open; zero if that is not known.
	Until time.Time
	// Rate is the account's pace in calls a second, on all its hosts together.
	Rate float64
}

// status has one row for each pair of host and account, sorted by account
// within the order in which hosts came.
func (g *gate) status(now time.Time) []GateStatus {
	g.refreshAll(now)
	g.mu.Lock()
	defer g.mu.Unlock()
	var rows []GateStatus
	accounts := g.byName
	for _, h := range g.order {
		for _, a := range accounts {
			if _, ok := h.signs[a.name]; !ok {
				continue
			}
			c := g.closureLocked(now, h, a)
			rows = append(rows, GateStatus{
				Host: h.name, Account: a.name, Open: c.why == causeNone,
				Reason: g.sentenceLocked(now, c.why, h, a), Until: c.until, Rate: a.pace.rate,
			})
		}
	}
	return rows
}

// gateState is what is kept beyond a restart. Suspensions, breakers and
// Retry-Afters are not: a new process finds out anew, carefully.
type gateState struct {
	Paused      bool                    `json:"paused,omitempty"` // all accounts
	PauseReason string                  `json:"pause_reason,omitempty"`
	Hosts       map[string]hostState    `json:"hosts,omitempty"`
	Accounts    map[string]accountState `json:"accounts,omitempty"`
}

type hostState struct {
	Uptime time.Duration `json:"uptime,omitempty"`
	Window windowState   `json:"window,omitzero"`
}

type accountState struct {
	Paused      bool    `json:"paused,omitempty"`
	PauseReason string  `json:"pause_reason,omitempty"`
	Ceiling     float64 `json:"ceiling,omitempty"` // learned, in calls a second
}

// state is what to store and hand to [newGate] later. It leaves out hosts and
// accounts of which nothing is worth keeping.
func (g *gate) state(now time.Time) gateState {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := gateState{
		Paused: g.pausing.on, PauseReason: g.pausing.reason,
		Hosts: map[string]hostState{}, Accounts: map[string]accountState{},
	}
	for name, h := range g.hosts {
		if hs := (hostState{Uptime: h.odometer.total, Window: h.window.state()}); hs != (hostState{}) {
			s.Hosts[name] = hs
		}
	}
	for name, a := range g.accounts {
		if as := (accountState{Paused: a.pausing.on, PauseReason: a.pausing.reason, Ceiling: a.pace.learned(now)}); as != (accountState{}) {
			s.Accounts[name] = as
		}
	}
	return s
}

// restoreLocked takes stored state as input: what cannot be right is ignored.
func (g *gate) restoreLocked(s gateState, now time.Time) {
	g.pausing = pauseHold{on: s.Paused, reason: s.PauseReason}
	for _, name := range slices.Sorted(maps.Keys(s.Hosts)) {
		h := g.hostLocked(name)
		h.odometer.total = max(0, s.Hosts[name].Uptime)
		h.window.past = s.Hosts[name].Window
	}
	for name, as := range s.Accounts {
		a := g.accountLocked(name)
		a.pausing = pauseHold{on: as.Paused, reason: as.PauseReason}
		a.pace = newPace(now, g.o.startRate, g.o.maxRate, as.Ceiling)
		if as.Paused {
			a.why = causePaused // no news, it was announced when it happened
		}
	}
}
