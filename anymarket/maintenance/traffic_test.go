package maintenance_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

const (
	canaryRoute    = "GET /stocks/locals"
	canaryInterval = 30 * time.Second
	// reopened is how soon the first call follows the end of a maintenance.
	reopened = 2*canaryInterval + 5*time.Second
)

// night is a shop with a client that knows windows from a status page alone.
type night struct {
	t    *testing.T
	s    *anymarkettest.Server
	page *anymarkettest.StatusPage
	cfg  anymarket.Config
	c    *anymarket.Client
	n    int64
}

// nights runs a test with three kinds of maintenance: an answer, none, no
// connection.
func nights(t *testing.T, f func(t *testing.T, n *night)) {
	t.Helper()
	for _, mode := range []anymarkettest.Mode{anymarkettest.UnavailablePage, anymarkettest.Hang, anymarkettest.Refused} {
		t.Run(mode.String(), func(t *testing.T) { oneNight(t, mode, f) })
	}
}

func oneNight(t *testing.T, mode anymarkettest.Mode, f func(t *testing.T, n *night)) {
	t.Helper()
	t.Parallel()
	anymarkettest.RunWith(t, anymarkettest.Options{Outage: mode}, func(t *testing.T, s *anymarkettest.Server) {
		n := &night{t: t, s: s, page: anymarkettest.NewStatusPage(), cfg: anymarket.Config{
			Outbox: filepath.Join(t.TempDir(), "anymarket.db"), Token: s.Token(), BaseURL: s.URL, Transport: s.Transport(),
			CanaryInterval: canaryInterval,
		}}
		t.Cleanup(func() { require.NoError(t, n.page.Close()) })
		n.open()
		f(t, n)
	})
}

// open opens a client and follows the page for it, as a program does.
func (n *night) open() {
	n.t.Helper()
	n.cfg.Windows = &maintenance.Calendar{}
	w, err := maintenance.NewWatcher(n.cfg.Windows, maintenance.WatcherConfig{Page: n.page.URL, Transport: n.page.Transport()})
	require.NoError(n.t, err)
	_ = w.Look(n.t.Context()) // a page that is down is one of the tests
	c, err := anymarket.Open(n.t.Context(), n.cfg)
	require.NoError(n.t, err)
	n.c = c
	ctx, end := context.WithCancel(n.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx) }()
	n.t.Cleanup(func() {
		end()
		<-done
		require.NoError(n.t, c.Close())
	})
}

// until trades, a stock value every ten minutes, until a time.
func (n *night) until(end time.Time) { n.t.Helper(); n.trade(end, 10*time.Minute) }

func (n *night) trade(end time.Time, interval time.Duration) {
	n.t.Helper()
	for {
		n.n++
		_, err := n.c.Stock.Set(n.t.Context(), anymarket.Stock{PartnerID: "SKU-1", Quantity: anymarket.Qty(n.n)})
		require.NoError(n.t, err)
		if time.Until(end) <= interval {
			time.Sleep(time.Until(end))
			return
		}
		time.Sleep(interval)
	}
}

// calls are the times of all that was no canary, from a time on.
func (n *night) calls(from time.Time) (at []time.Time) {
	for _, r := range n.s.Log() {
		if !r.At.Before(from) && r.Route != canaryRoute {
			at = append(at, r.At)
		}
	}
	return at
}

// opens wants that no call left between two times, that one does soon after,
// and that traffic is as it should be then.
func (n *night) opens(from, end time.Time) {
	n.t.Helper()
	n.until(end.Add(time.Hour))
	calls := n.calls(from)
	require.NotEmpty(n.t, calls)
	require.False(n.t, calls[0].Before(end), "a call at %s, %s before the end", calls[0], end.Sub(calls[0]))
	require.LessOrEqual(n.t, calls[0].Sub(end), reopened)
	n.flows()
}

// flows wants that all that was accepted is delivered, and soon.
func (n *night) flows() {
	n.t.Helper()
	began := time.Now()
	n.trade(began.Add(20*time.Minute), time.Minute)
	require.NoError(n.t, n.c.Outbox().Drain(n.t.Context()))
	stock, ok := n.s.Stock("SKU-1", 0)
	require.True(n.t, ok)
	require.Equal(n.t, n.n, mustInt(n.t, stock.Quantity))
	require.GreaterOrEqual(n.t, len(n.calls(began)), 18, "a call a minute")
}

func mustInt(t *testing.T, s string) (v int64) {
	t.Helper()
	for _, r := range s {
		require.True(t, '0' <= r && r <= '9', s)
		v = v*10 + int64(r-'0')
	}
	return v
}

// The page announces a window, which begins half an hour late and overruns by
// two hours; a crash each before it, in it and in the overrun change nothing.
func TestPageThatAnnouncesAndOverruns(t *testing.T) {
	nights(t, func(t *testing.T, n *night) {
		start := time.Now().Add(2 * time.Hour)
		end := start.Add(4 * time.Hour)
		n.until(time.Now().Add(time.Hour))
		id := n.page.Announce("upgrade", start, 4*time.Hour)
		n.until(start)
		require.NotEmpty(t, n.calls(start.Add(-10*time.Minute)), "it is open until then")

		n.until(start.Add(10 * time.Minute))
		n.s.Crash(n.c)
		n.open()
		n.until(start.Add(30 * time.Minute))
		n.s.MaintenanceAt(time.Now(), 5*time.Hour+30*time.Minute)
		n.until(start.Add(40 * time.Minute))
		n.page.Mark(id, "in_progress")
		n.until(end.Add(time.Hour))
		n.page.Mark(id, "verifying")
		n.until(end.Add(2 * time.Hour))
		n.page.Mark(id, "completed")
		n.opens(start, end.Add(2*time.Hour))
	})
}

// A page that is stuck does not hold once canaries succeed, neither before the
// planned end nor after it, whatever it adds to the plan.
func TestPageThatIsStuck(t *testing.T) {
	for name, up := range map[string]time.Duration{"before the end": 2 * time.Hour, "after the end": 5 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			nights(t, func(t *testing.T, n *night) {
				start := time.Now().Add(2 * time.Hour)
				id := n.page.Announce("upgrade", start, 4*time.Hour)
				n.s.MaintenanceAt(start, up)
				n.until(start)
				n.page.Mark(id, "in_progress")
				n.opens(start, start.Add(up))
				for range 5 {
					n.page.Move(id, start, time.Since(start)+3*time.Hour)
					n.flows()
				}
			})
		})
	}
}

// The host was never down: a window that is stuck holds until its planned end,
// since a maintenance may begin late, and not a canary longer.
func TestPageThatMadeItUp(t *testing.T) {
	oneNight(t, anymarkettest.Up, func(t *testing.T, n *night) {
		start := time.Now().Add(2 * time.Hour)
		id := n.page.Announce("upgrade", start, 4*time.Hour)
		n.until(start.Add(time.Hour))
		n.page.Mark(id, "in_progress")
		n.page.Move(id, start, 40*time.Hour)
		n.opens(start, start.Add(4*time.Hour))
		n.page.Announce("endless", time.Now().Add(time.Minute), 400*time.Hour)
		n.page.Announce("more than is left", time.Now().Add(time.Minute), 44*time.Hour+time.Second)
		n.until(time.Now().Add(10 * time.Minute))
		n.flows()
	})
}

// A maintenance that is over early, taken off in the middle or put off is over
// for us at the next look.
func TestPageThatChangesItsMind(t *testing.T) {
	for name, change := range map[string]func(p *anymarkettest.StatusPage, id string){
		"completed": func(p *anymarkettest.StatusPage, id string) { p.Mark(id, "completed") },
		"cancelled": func(p *anymarkettest.StatusPage, id string) { p.Cancel(id) },
		"put off":   func(p *anymarkettest.StatusPage, id string) { p.Move(id, time.Now().Add(24*time.Hour), time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			oneNight(t, anymarkettest.Up, func(t *testing.T, n *night) {
				start := time.Now().Add(2 * time.Hour)
				id := n.page.Announce("upgrade", start, 4*time.Hour)
				n.until(start.Add(time.Hour))
				change(n.page, id)
				n.opens(start, start.Add(time.Hour))
			})
		})
	}
}

// The page says that it is over when it is not: no call goes before a canary
// got through.
func TestPageThatIsTooEarly(t *testing.T) {
	nights(t, func(t *testing.T, n *night) {
		start := time.Now().Add(2 * time.Hour)
		id := n.page.Announce("upgrade", start, 4*time.Hour)
		n.s.MaintenanceAt(start, 3*time.Hour)
		n.until(start.Add(time.Hour))
		n.page.Mark(id, "completed")
		n.opens(start, start.Add(3*time.Hour))
	})
}

// With the page down nothing changes: an announced window holds, an outage that
// is not announced is left by its canaries.
func TestPageThatIsDown(t *testing.T) {
	nights(t, func(t *testing.T, n *night) {
		start := time.Now().Add(2 * time.Hour)
		n.page.Announce("upgrade", start, 4*time.Hour)
		n.until(start.Add(-time.Hour))
		n.page.Become(anymarkettest.PageDown)
		n.s.MaintenanceAt(start, 4*time.Hour)
		n.until(start.Add(time.Second))
		n.opens(start.Add(time.Second), start.Add(4*time.Hour))
		n.s.Maintenance(2 * time.Hour)
		n.until(time.Now().Add(3 * time.Hour))
		n.flows()
	})
}
