package outbox

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// remote is the other side of the model test, and its truth: what it applied is
// what happened. It keeps to the outbox's stated assumptions (an effect comes at
// most late after the client gave up, a look-up lags at most lag behind, both in
// time during which the host is up) and to nothing else.
//
// Its choices depend on the seed, the entry and how often that was sent, not on
// the order in which goroutines ask, so that a seed repeats.
type remote struct {
	seed      uint64
	late, lag time.Duration

	// ended says whether an entry was refused for good, taken out or superseded,
	// which of these, and whether it was ever refused.
	ended func(seq uint64) (end EventType, dead bool)

	mu      sync.Mutex // guards the fields below
	healthy bool       // answers everything, and well unless it is poisoned
	hosts   map[string]*remoteHost
	refused map[string]bool // accounts whose credential is refused
	paused  map[string]bool // accounts of which nothing may be sent
	lanes   map[laneName]*remoteLane
	orders  map[laneName]*remoteOrder
	entries map[uint64]*told
	pending []effect // to be applied late
	wrong   []string // rules of the outbox that were broken
	calls   map[Verdict]int
}

// laneName is the model's own name of a lane.
type laneName struct{ account, family, key string }

// remoteLane is one target.
type remoteLane struct {
	fields map[string]string
	flying int
	sent   []sentValue // oldest first, without those that came to nothing
	undone []sentValue // those, newest first, until a newer one is sent
	steps  []uint64    // applied, in order
	log    []string    // what happened last, to be read when a rule is broken
}

// sentValue is a value that was sent, as it was sent last.
type sentValue struct {
	seq    uint64
	fields map[string]string
	took   bool // it may have been applied
}

// send notes that a value is sent, after all others of its lane.
func (l *remoteLane) send(lease Lease) (newer uint64, ok bool) {
	n := len(l.sent)
	switch {
	case n > 0 && l.sent[n-1].seq > lease.ID.seq:
		return l.sent[n-1].seq, false
	case n > 0 && l.sent[n-1].seq == lease.ID.seq:
		l.sent[n-1].fields = parse(lease.Body)
	default:
		l.sent, l.undone = append(l.sent, sentValue{seq: lease.ID.seq, fields: parse(lease.Body)}), nil
	}
	return 0, true
}

// took notes that a value may have been applied.
func (l *remoteLane) took(seq uint64) {
	for i := len(l.sent) - 1; i >= 0; i-- {
		l.sent[i].took = l.sent[i].took || l.sent[i].seq == seq
	}
}

func (l *remoteLane) note(format string, args ...any) {
	const last = 40
	if l.log = append(l.log, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...)); len(l.log) > last {
		l.log = l.log[1:]
	}
}

// remoteOrder is what a creation makes.
type remoteOrder struct {
	created   int
	visibleAt time.Duration // uptime from which look-ups see it
}

// effect is one that comes after the client gave up.
type effect struct {
	host string
	lane *remoteLane   // nil for a creation
	at   time.Duration // uptime
	do   func()
}

func newRemote(seed uint64, late, lag time.Duration) *remote {
	return &remote{
		seed: seed, late: late, lag: lag, hosts: map[string]*remoteHost{}, refused: map[string]bool{}, paused: map[string]bool{},
		lanes: map[laneName]*remoteLane{}, orders: map[laneName]*remoteOrder{}, entries: map[uint64]*told{}, calls: map[Verdict]int{},
	}
}

func (r *remote) wrongf(format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

func (r *remote) host(name string) *remoteHost {
	h := r.hosts[name]
	if h == nil {
		h = &remoteHost{since: time.Now()}
		r.hosts[name] = h
	}
	return h
}

func (r *remote) lane(n laneName) *remoteLane {
	l := r.lanes[n]
	if l == nil {
		l = &remoteLane{fields: map[string]string{}}
		r.lanes[n] = l
	}
	return l
}

func (r *remote) order(n laneName) *remoteOrder {
	o := r.orders[n]
	if o == nil {
		o = &remoteOrder{}
		r.orders[n] = o
	}
	return o
}

func (r *remote) told(seq uint64) *told {
	e := r.entries[seq]
	if e == nil {
		e = &told{}
		r.entries[seq] = e
	}
	return e
}

// pass counts uptime and applies what comes late. Every access begins with it.
func (r *remote) pass() {
	now := time.Now()
	for _, h := range r.hosts {
		h.pass(now)
	}
	slices.SortStableFunc(r.pending, func(a, b effect) int { return int(a.at - b.at) })
	r.pending = slices.DeleteFunc(r.pending, func(e effect) bool {
		if e.at > r.host(e.host).up {
			return false
		}
		e.do()
		return true
	})
}

// set takes a host down, or up with the zero verdict.
func (r *remote) set(host string, down Verdict) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pass()
	h := r.host(host)
	h.down = down
	if h.serves() {
		h.up += h.untold
		h.told, h.untold = false, 0
	}
}

// dice makes the choices for one call.
type dice uint64

func (r *remote) roll(seq uint64) *dice {
	e := r.told(seq)
	e.calls++
	d := dice(r.seed*0x9E3779B97F4A7C15 ^ seq<<20 ^ e.calls)
	return &d
}

func (d *dice) n(n int) int { // splitmix64
	*d += 0x9E3779B97F4A7C15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return int((z ^ z>>31) % uint64(n))
}

// verdict is how a call ends, the poison of its entries apart.
func (r *remote) verdict(d *dice, host, account string) Verdict {
	switch h := r.host(host); {
	case r.healthy:
		return Delivered
	case h.down != 0:
		h.tell()
		return h.down
	case r.refused[account]:
		return Unauthorized
	}
	switch n := d.n(100); {
	case n < 74:
		return Delivered
	case n < 80:
		return Failed
	case n < 82:
		return Throttled
	case n < 88:
		return Unavailable
	case n < 89:
		return Unauthorized
	default:
		return Unknown
	}
}

// wait is the time that a call takes. It says whether the client gave up.
func (r *remote) wait(ctx context.Context, d *dice, host string) (stopped bool) {
	r.mu.Lock()
	hangs := r.host(host).down == Unknown
	r.mu.Unlock()
	took := time.Duration(0)
	switch n := d.n(10); {
	case hangs && n < 3:
		took = time.Duration(1+d.n(20)) * time.Second
	case n < 5:
		took = time.Duration(1+d.n(300)) * time.Millisecond
	case n < 6:
		took = time.Duration(1+d.n(3000)) * time.Millisecond
	}
	if took == 0 {
		return ctx.Err() != nil
	}
	timer := time.NewTimer(took)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false
	case <-ctx.Done():
		return true
	}
}

// begin is the moment at which a call leaves.
func (r *remote) begin(host string, batch []Lease, family string) {
	r.host(host)
	r.pass()
	for _, l := range batch {
		n := laneName{l.Account, family, l.Key}
		ln := r.lane(n)
		if ln.flying++; ln.flying > 1 {
			r.wrongf("%d calls of lane %v in flight, one for %s", ln.flying, n, l.ID)
		}
		if r.paused[l.Account] {
			r.wrongf("%s was sent although account %q is paused", l.ID, l.Account)
		}
		if own := r.told(l.ID.seq).blameable(); l.Attempt > own+1 {
			r.wrongf("%s is at attempt %d, but only %d of its failures were its own", l.ID, l.Attempt, own)
		}
	}
}

func (r *remote) end(batch []Lease, family string) {
	for _, l := range batch {
		r.lane(laneName{l.Account, family, l.Key}).flying--
	}
}

// maybe lets something happen now, later, or not at all.
func (r *remote) maybe(d *dice, host string, ln *remoteLane, late bool, do func()) {
	switch n := d.n(3); {
	case n == 0:
	case n == 1 || !late:
		do()
	default:
		r.pending = append(r.pending, effect{host: host, lane: ln, at: r.host(host).up + time.Duration(d.n(int(r.late))), do: do})
	}
}

// backTo lets a delivered value in doubt go once more although newer ones were
// sent, if those came to nothing: then it is the newest that the other side
// took. Of those that gave way, and may have been applied, it must hold the
// values, or newer ones.
func (r *remote) backTo(ln *remoteLane, l Lease) {
	for n := len(ln.sent) - 1; n >= 0 && ln.sent[n].seq > l.ID.seq; n-- {
		s := ln.sent[n]
		end, dead := r.ended(s.seq)
		if end == 0 {
			return
		}
		s.took = s.took && end == EventSuperseded && !dead
		ln.sent, ln.undone = ln.sent[:n], append(ln.undone, s)
	}
	body := parse(l.Body)
	for i, s := range ln.undone {
		for field := range s.fields {
			holds := func(v sentValue) bool { value, ok := v.fields[field]; return ok && value == body[field] }
			if s.took && !slices.ContainsFunc(ln.undone[:i+1], holds) {
				r.wrongf("%s is confirmed with %s, over %s=%s of the newer %d\n%s", l.ID, l.Body, field, s.fields[field], s.seq, strings.Join(ln.log, "\n"))
			}
		}
	}
}

// forget drops what may still be applied late to a target.
func (r *remote) forget(n laneName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pass()
	ln := r.lane(n)
	ln.note("what may come late is dropped")
	r.pending = slices.DeleteFunc(r.pending, func(e effect) bool { return e.lane == ln })
}

// answer notes a call's verdict on an entry.
func (r *remote) answer(host string, seq uint64, v Verdict) Result {
	r.calls[v]++
	switch v {
	case Delivered:
		r.told(seq).delivered = true
	case Rejected:
		r.told(seq).rejected = true
	case Throttled:
	default:
		r.blame(host, seq)
	}
	return Result{Verdict: v, Reason: "model"}
}

// canary answers whether the host is up.
func (r *remote) canary(_ context.Context, host, account string) Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pass()
	v := Delivered
	switch {
	case r.paused[account]:
		r.wrongf("a canary used paused account %q", account)
	case r.healthy:
	case r.host(host).down != 0:
		r.host(host).tell()
		v = Unavailable
	case r.refused[account]:
		v = Unauthorized
	}
	return Answer{Result: Result{Verdict: v}}
}

const poison = "x" // a body with it is refused

func poisoned(body []byte) bool { return bytes.Contains(body, []byte(poison)) }

// parse reads a body of the form "a=1;b=2".
func parse(body []byte) map[string]string {
	m := map[string]string{}
	for part := range strings.SplitSeq(string(body), ";") {
		if name, value, ok := strings.Cut(part, "="); ok {
			m[name] = value
		}
	}
	return m
}

// format is the reverse of parse.
func format(m map[string]string) []byte {
	var parts []string
	for name, value := range m {
		parts = append(parts, name+"="+value)
	}
	slices.Sort(parts)
	return []byte(strings.Join(parts, ";"))
}
