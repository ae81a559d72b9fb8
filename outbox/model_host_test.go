package outbox

import (
	"slices"
	"time"
)

// remoteHost counts an outage that no answer told of as up, as the outbox does:
// it could not know. Several of them in a row would use up any margin.
type remoteHost struct {
	down   Verdict // what every call draws; zero while it is up
	up     time.Duration
	untold time.Duration // of the outage, if no answer told of it yet
	told   bool
	since  time.Time   // up to which up and untold are counted
	wrote  []time.Time // when a write was answered as delivered, in order
}

// serves says whether the host works off what is queued inside it. One that
// answers that it failed does.
func (h *remoteHost) serves() bool { return h.down == 0 || h.down == Failed }

// pass counts the time up to now.
func (h *remoteHost) pass(now time.Time) {
	if h.serves() {
		h.up += now.Sub(h.since)
	} else if !h.told {
		h.untold += now.Sub(h.since)
	}
	h.since = now
}

// write notes that a write is answered as delivered.
func (h *remoteHost) write() { h.wrote = append(h.wrote, time.Now()) }

// wroteWithin says whether a write was answered as delivered from one moment to
// another, these included: what happens in one moment has no order.
func (h *remoteHost) wroteWithin(from, to time.Time) bool {
	i, _ := slices.BinarySearchFunc(h.wrote, from, time.Time.Compare)
	return i < len(h.wrote) && !h.wrote[i].After(to)
}

// tell is called when an answer says that the host is down.
func (h *remoteHost) tell() { h.told, h.untold = !h.serves(), 0 }

// told is what the outbox was told of an entry.
type told struct {
	calls     uint64 // sends and look-ups
	delivered bool
	rejected  bool
	bad       []badAnswer
	applied   int
}

type badAnswer struct {
	host *remoteHost
	at   time.Time
}

// blameable counts the bad answers before which the host had delivered another
// write since the bad answer before. An entry may be charged for no others.
func (e *told) blameable() int {
	n := 0
	for i := 1; i < len(e.bad); i++ {
		if b := e.bad[i]; b.host.wroteWithin(e.bad[i-1].at, b.at) {
			n++
		}
	}
	return n
}

// blame notes a bad answer.
func (r *remote) blame(host string, seq uint64) {
	e := r.told(seq)
	e.bad = append(e.bad, badAnswer{r.host(host), time.Now()})
}
