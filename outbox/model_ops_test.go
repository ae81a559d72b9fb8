package outbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing/synctest"
	"time"
)

var modelAccounts = []string{"", "north", "south"}

type operation struct {
	weight int
	do     func()
}

func (m *model) operations() []operation {
	return []operation{
		{300, func() { m.accept(m.newValue(true)) }},
		{160, func() { m.accept(m.newValue(false)) }},
		{60, func() { m.accept(m.newOrder()) }},
		{90, func() { m.accept(m.newStep()) }},
		{20, m.stepFirst},
		{30, func() { m.accept(m.oldOrder()) }},
		{50, m.acceptAll},
		{200, func() { m.sleep(time.Duration(m.rng.IntN(200)) * time.Millisecond) }},
		{60, func() { m.sleep(time.Duration(m.rng.IntN(3000)) * time.Millisecond) }},
		{6, func() { m.sleep(time.Duration(m.rng.IntN(60)) * time.Second) }},
		{1, func() { m.sleep(time.Duration(m.rng.IntN(1800)) * time.Second) }},
		{16, m.outage},
		{6, m.credential},
		{10, m.pause},
		{30, m.requeue},
		{20, m.edit},
		{20, m.discard},
		{4, m.crashNow},
		{4, m.crashSoon},
		{2, m.crashAmidAccepts},
		{1, func() { m.reopen(true) }},
		{1, m.compact},
		{2, m.check},
	}
}

func (m *model) sleep(d time.Duration) { time.Sleep(d) }

// account makes most of the traffic one account's.
func (m *model) account() string { return modelAccounts[max(0, m.rng.IntN(6)-3)] }

// fresh is a value that no other entry has; one in 25 is poisoned.
func (m *model) fresh() string {
	m.values++
	if m.rng.IntN(25) == 0 {
		return fmt.Sprintf("%s%d", poison, m.values)
	}
	return fmt.Sprint(m.values)
}

func (m *model) newValue(hot bool) Entry {
	e := Entry{Kind: kindStock, Account: m.account(), Key: fmt.Sprintf("sku-%d", m.rng.IntN(60))}
	if hot {
		e.Key = fmt.Sprintf("hot-%d", m.rng.IntN(4))
	}
	if m.rng.IntN(4) == 0 {
		e.Kind = kindPrice
		e.Body = format(map[string]string{"p": m.fresh()})
		return e
	}
	if m.rng.IntN(5) == 0 {
		e.Group = Group(1 + m.rng.IntN(4))
	}
	fields := map[string]string{}
	for _, name := range []string{"q", "cost", "time"} {
		if name == "q" || m.rng.IntN(3) == 0 {
			fields[name] = m.fresh()
		}
	}
	if m.rng.IntN(6) == 0 && len(fields) > 1 {
		delete(fields, "q")
	}
	e.Body = format(fields)
	return e
}

func (m *model) newOrder() Entry {
	m.orders++
	key := fmt.Sprintf("order-%d", m.orders)
	e := Entry{Kind: kindCreate, Account: m.account(), Key: key, Once: key, Body: format(map[string]string{"total": m.fresh()})}
	if m.rng.IntN(2) == 0 {
		e.MadeAt = time.Now().Add(2 * time.Hour) // younger than the file, so that it is sent without a look-up
	}
	return e
}

// oldOrder repeats a creation, now and then with another body.
func (m *model) oldOrder() Entry {
	c := m.anyCreation()
	if c == nil {
		return m.newOrder()
	}
	e := Entry{Kind: kindCreate, Account: c.lane.account, Key: c.lane.key, Once: c.lane.key, Body: []byte(c.body)}
	if m.rng.IntN(4) == 0 {
		e.Body = format(map[string]string{"total": m.fresh()})
	}
	return e
}

func (m *model) newStep() Entry {
	c := m.anyCreation()
	if c == nil {
		return m.newOrder()
	}
	return Entry{Kind: kindStep, Account: c.lane.account, Key: c.lane.key, Once: c.lane.key, Body: format(map[string]string{"to": m.fresh()})}
}

// stepFirst accepts a step before the creation that it belongs to.
func (m *model) stepFirst() {
	m.t.Helper()
	e := m.newOrder()
	m.accept(Entry{Kind: kindStep, Account: e.Account, Key: e.Key, Once: e.Once, Body: format(map[string]string{"to": m.fresh()})})
	m.accept(e)
}

func (m *model) accept(e Entry) {
	m.t.Helper()
	r, err := m.o.Accept(context.Background(), e)
	if !m.crashed(err) {
		m.accepted(e, r, err)
	}
}

func (m *model) acceptAll() {
	m.t.Helper()
	var es []Entry
	for range 1 + m.rng.IntN(8) {
		switch m.rng.IntN(8) {
		case 0:
			es = append(es, m.newOrder())
		case 1:
			es = append(es, m.newStep())
		case 2:
			if m.rng.IntN(4) == 0 {
				es = append(es, m.oldOrder())
			}
		case 3:
			if n := len(es); n > 0 { // the same once more
				es = append(es, es[n-1])
			}
		default:
			es = append(es, m.newValue(m.rng.IntN(2) == 0))
		}
	}
	rs, err := m.o.AcceptAll(context.Background(), es)
	if m.crashed(err) {
		return
	}
	m.acceptedAll(es, rs, err)
}

// crashAmidAccepts crashes while several are accepting. Whoever has a receipt
// must find it again, whoever has none must have stored nothing.
func (m *model) crashAmidAccepts() {
	m.t.Helper()
	type outcome struct {
		e   Entry
		r   Receipt
		err error
	}
	outs := make([]outcome, 6)
	var wg sync.WaitGroup
	for i := range outs {
		outs[i].e = m.newValue(true)
		wg.Go(func() { outs[i].r, outs[i].err = m.o.Accept(context.Background(), outs[i].e) })
	}
	if m.rng.IntN(2) == 0 {
		wg.Go(func() { _ = m.o.Compact(context.Background()) }) // it may well be too late
	}
	m.o.Abort()
	wg.Wait()
	for _, out := range outs {
		if out.err == nil {
			m.accepted(out.e, out.r, nil)
		} else if !errors.Is(out.err, ErrClosed) {
			m.fatalf("accept during a crash: %v", out.err)
		}
	}
	m.stopped()
	m.open()
}

func (m *model) crashNow() { m.reopen(false) }

func (m *model) crashSoon() {
	soon := 1 + m.rng.IntN(12)
	m.crash.o.mu.Lock()
	defer m.crash.o.mu.Unlock()
	if m.crash.left < 0 { // else one is met already, or still to come
		m.crash.left = soon
	}
}

func (m *model) outage() {
	host := hostAPI
	if m.rng.IntN(3) == 0 {
		host = hostShop
	}
	down := Verdict(0)
	if m.rng.IntN(3) == 0 {
		down = [...]Verdict{Unavailable, Unknown, Unavailable, Unknown, Failed}[m.rng.IntN(5)]
	}
	m.r.set(host, down)
}

func (m *model) credential() {
	a := modelAccounts[m.rng.IntN(len(modelAccounts))]
	m.r.mu.Lock()
	refuse := !m.r.refused[a] && m.rng.IntN(3) == 0
	m.r.refused[a] = refuse
	m.r.mu.Unlock()
	if !refuse && m.rng.IntN(2) == 0 {
		m.o.Unsuspend(a)
	}
}

func (m *model) setPaused(account string, paused bool) {
	m.r.mu.Lock()
	m.r.paused[account] = paused
	m.r.mu.Unlock()
}

// pause pauses or resumes one account or all of them.
func (m *model) pause() {
	m.t.Helper()
	ctx := context.Background()
	a, all := modelAccounts[m.rng.IntN(len(modelAccounts))], m.rng.IntN(4) == 0
	if m.rng.IntN(3) != 0 {
		// Resumed before it is tried, and all together, which is simple to know.
		for _, a := range modelAccounts {
			m.setPaused(a, false)
		}
		err := m.o.ResumeAll(ctx)
		for _, a := range modelAccounts {
			err = errors.Join(err, m.o.Resume(ctx, a))
		}
		if errors.Is(err, ErrClosed) {
			m.pauseUnknown = true
			m.crashed(err)
			return
		}
		m.noError(err, "resume")
		return
	}
	var err error
	if all {
		err = m.o.PauseAll(ctx, "model")
	} else {
		err = m.o.Pause(ctx, a, "model")
	}
	if errors.Is(err, ErrClosed) {
		m.pauseUnknown = true
		m.crashed(err)
		return
	}
	m.noError(err, "pause")
	synctest.Wait() // what was leased before may still begin
	for _, b := range modelAccounts {
		if all || a == b {
			m.setPaused(b, true)
		}
	}
}

func (m *model) compact() {
	m.t.Helper()
	err := m.o.Compact(context.Background())
	if !m.crashed(err) {
		m.noError(err, "compact")
	}
}

func (m *model) check() {
	m.t.Helper()
	m.noError(m.o.Check(context.Background()), "check")
}
