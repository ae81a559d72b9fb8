package anymarket_test

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
	"github.com/anymarket-go/sdk/outbox"
)

// announced is the window of the notice, moved to the day on which virtual time
// begins: January, in which Chile has summer time, so that it is left out.
func announced(t *testing.T) maintenance.Window {
	t.Helper()
	w, err := maintenance.Resolve("announced", []maintenance.Row{
		{Zone: "America/Mexico_City", Local: "2000-01-01T22:00"},
		{Zone: "America/Lima", Local: "2000-01-01T23:00"},
		{Zone: "America/Bogota", Local: "2000-01-01T23:00"},
		{Zone: "America/Sao_Paulo", Local: "2000-01-02T02:00"}, // summer time in 2000
	}, 4*time.Hour)
	require.NoError(t, err)
	return w
}

// inEachOutage runs a test with each form that a maintenance can have, against
// a fake that takes an order twice if it is sent twice.
func inEachOutage(t *testing.T, f func(t *testing.T, s *anymarkettest.Server)) {
	t.Helper()
	for _, mode := range anymarkettest.Outages() {
		t.Run(mode.String(), func(t *testing.T) {
			in(t, anymarkettest.Options{Outage: mode, Duplicate: 201, Latency: 1500 * time.Millisecond}, f)
		})
	}
}

// The announced window end to end, with a crash in it: what a shop does in it
// is all there afterwards, each order once, the newest stock and prices. Held
// against what the fake knows, not against the client's books.
func TestAnnouncedWindow(t *testing.T) {
	inEachOutage(t, func(t *testing.T, s *anymarkettest.Server) {
		day := newDay(t, s)
		w := day.openBeforeWindow()
		s.MaintenanceAt(w.Start, w.End.Sub(w.Start))
		time.Sleep(time.Until(w.Start.Add(-time.Second)))
		day.trade(20)
		time.Sleep(time.Until(w.Start.Add(-time.Nanosecond)))
		require.Positive(t, day.c.Outbox().Stats().InFlight, "some of it is on the wire when the window begins")
		time.Sleep(time.Hour)
		before := s.Count("")
		day.trade(40)
		day.crash()
		day.trade(40)
		time.Sleep(time.Until(w.End.Add(-time.Second)))
		day.onlyCanaries(before)
		time.Sleep(time.Second)
		require.NoError(t, day.c.Outbox().Drain(t.Context()))
		require.Less(t, time.Since(w.End), 10*time.Minute)
		time.Sleep(time.Hour) // for what may come late
		day.check()
	})
}

// The same without anyone having announced it, by crash after crash.
func TestOutageThatNobodyAnnounced(t *testing.T) {
	for _, mode := range anymarkettest.Outages() {
		t.Run(mode.String(), func(t *testing.T) {
			in(t, anymarkettest.Options{Outage: mode, Duplicate: 201, LookupLag: 20 * time.Second}, func(t *testing.T, s *anymarkettest.Server) {
				day := newDay(t, s)
				day.open()
				s.MaintenanceAt(time.Now().Add(5*time.Second), 4*time.Hour)
				for range 5 {
					day.trade(20)
					time.Sleep(3 * time.Second)
					day.crash()
				}
				time.Sleep(4 * time.Hour)
				require.NoError(t, day.c.Outbox().Drain(t.Context()))
				time.Sleep(time.Hour)
				day.check()
			})
		})
	}
}

// A window that overruns by two hours just waits, also after a crash in it and
// another in the two hours.
func TestWindowThatOverruns(t *testing.T) {
	inEachOutage(t, func(t *testing.T, s *anymarkettest.Server) {
		day := newDay(t, s)
		w := day.openBeforeWindow()
		s.MaintenanceAt(w.Start, 6*time.Hour)
		time.Sleep(time.Until(w.Start.Add(time.Minute)))
		day.trade(15)
		for _, err := range day.c.Orders.List(t.Context(), api.OrderFilter{}, api.Paging{}) {
			var closed *outbox.ClosedError
			require.ErrorAs(t, err, &closed)
			require.Equal(t, w.End, closed.Until.UTC())
		}
		day.crash()
		day.trade(15)
		time.Sleep(time.Until(w.End.Add(-time.Second)))
		day.onlyCanaries(0)
		time.Sleep(time.Hour)
		day.crash()
		time.Sleep(time.Until(w.End.Add(2*time.Hour - time.Second)))
		require.Empty(t, s.Orders())
		require.Empty(t, s.Stocks())
		time.Sleep(time.Second)
		require.NoError(t, day.c.Outbox().Drain(t.Context()))
		require.Less(t, time.Since(w.End.Add(2*time.Hour)), 10*time.Minute)
		time.Sleep(time.Hour) // for what may come late
		day.check()
	})
}

// A window that begins ten minutes late holds as announced: canaries that
// succeed before one failed do not end it, nor does a crash among them. It ends
// when the maintenance does, which is as late.
func TestWindowThatBeginsLate(t *testing.T) {
	inEachOutage(t, func(t *testing.T, s *anymarkettest.Server) {
		const late = 10 * time.Minute
		day := newDay(t, s)
		w := day.openBeforeWindow()
		s.MaintenanceAt(w.Start.Add(late), w.End.Sub(w.Start))
		time.Sleep(time.Until(w.Start.Add(time.Minute)))
		day.trade(15)
		time.Sleep(time.Minute)
		day.crash() // up still
		time.Sleep(time.Until(w.Start.Add(late)))
		require.Greater(t, s.Count("GET /stocks/locals"), 10, "early successes, at least two in a row after the crash")
		time.Sleep(time.Hour)
		day.trade(15)
		day.crash() // down by now
		time.Sleep(time.Until(w.End.Add(late - time.Second)))
		require.Empty(t, s.Orders())
		require.Empty(t, s.Stocks())
		for _, r := range s.Log() {
			if r.At.Before(w.End) {
				require.Equal(t, "GET /stocks/locals", r.Route, "canaries only, at %s, began %s", r.At, w.Start)
			}
		}
		time.Sleep(time.Second)
		require.NoError(t, day.c.Outbox().Drain(t.Context()))
		require.Less(t, time.Since(w.End.Add(late)), 10*time.Minute)
		time.Sleep(time.Hour)
		day.check()
	})
}

// The backlog of a window keeps to the limit of the account, or learns it.
func TestWindowUnderALimit(t *testing.T) {
	in(t, anymarkettest.Options{Limit: anymarkettest.Limit{Requests: 30}}, func(t *testing.T, s *anymarkettest.Server) {
		day := newDay(t, s)
		day.open()
		s.Maintenance(4 * time.Hour)
		day.trade(100)
		time.Sleep(4 * time.Hour)
		require.NoError(t, day.c.Outbox().Drain(t.Context()))
		day.check()
	})
}

// The token is nowhere but in the header.
func TestTokenIsNotWritten(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		const token = "t0ken-that-must-not-be-seen"
		s.SetToken(token)
		day := newDay(t, s)
		var told strings.Builder
		day.cfg.Logger = slog.New(slog.NewTextHandler(&told, &slog.HandlerOptions{Level: slog.LevelDebug}))
		var events atomic.Int64
		day.cfg.Observer = func(e outbox.Event) {
			events.Add(1)
			if strings.Contains(fmt.Sprintf("%+v", e), token) {
				t.Error("the token is in an event")
			}
		}
		day.open()
		day.trade(10)
		require.NoError(t, day.c.Outbox().Drain(t.Context()))
		s.Revoke()
		day.trade(4)
		time.Sleep(time.Minute)
		require.NoError(t, day.c.Close())
		data, err := os.ReadFile(day.cfg.Outbox)
		require.NoError(t, err)
		require.NotContains(t, string(data), token)
		require.NotContains(t, told.String(), token)
		require.Positive(t, events.Load())
	})
}

// day is the trade of a shop, with what it must lead to.
type day struct {
	t   *testing.T
	s   *anymarkettest.Server
	cfg anymarket.Config
	c   *anymarket.Client

	n      int
	ads    []int64
	stock  map[string]int64
	price  map[int64]int64
	orders map[string]api.OrderStatus
}

const daySKUs = 6

func newDay(t *testing.T, s *anymarkettest.Server) *day {
	t.Helper()
	d := &day{t: t, s: s, cfg: config(t, s), stock: map[string]int64{}, price: map[int64]int64{}, orders: map[string]api.OrderStatus{}}
	for i := range daySKUs {
		d.ads = append(d.ads, s.AddAd(anymarkettest.Ad{PartnerID: sku(i), Marketplace: "AMAZON"}))
	}
	return d
}

// openBeforeWindow opens a client that knows the announced window.
func (d *day) openBeforeWindow() maintenance.Window {
	d.t.Helper()
	w := announced(d.t)
	calendar, err := maintenance.New(w)
	require.NoError(d.t, err)
	d.cfg.Windows = calendar
	d.open()
	return w
}

// onlyCanaries says that canaries are all that came since the first so many
// requests.
func (d *day) onlyCanaries(since int) {
	d.t.Helper()
	for _, r := range d.s.Log()[since:] {
		require.Equal(d.t, "GET /stocks/locals", r.Route, "canaries only, at %s", r.At)
	}
}

func sku(i int) string { return fmt.Sprint("SKU-", i%daySKUs) }

func (d *day) open() {
	d.t.Helper()
	d.c = open(d.t, d.cfg)
}

// crash ends the client as a crash would and opens another on its file.
func (d *day) crash() {
	d.t.Helper()
	d.s.Crash(d.c)
	d.open()
	require.NoError(d.t, d.c.Outbox().Check(d.t.Context()))
}

// trade accepts n operations.
func (d *day) trade(n int) {
	d.t.Helper()
	ctx, key := d.t.Context(), func(id string) anymarket.OrderKey {
		return anymarket.OrderKey{Marketplace: "ECOMMERCE", MarketplaceID: id}
	}
	for range n {
		d.n++
		i, id := d.n, fmt.Sprint("S-", d.n)
		var err error
		switch i % 4 {
		case 0, 1:
			_, err = d.c.Stock.Set(ctx, anymarket.Stock{PartnerID: sku(i), Quantity: anymarket.Qty(int64(i % 7))})
			d.stock[sku(i)] = int64(i % 7)
		case 2:
			ad := i % daySKUs
			_, err = d.c.Prices.Set(ctx, anymarket.Price{PartnerID: sku(ad), Marketplace: "AMAZON", Price: anymarket.Qty(1000), DiscountPrice: anymarket.Qty(int64(i))})
			d.price[d.ads[ad]] = int64(i)
		default:
			_, err = d.c.Orders.Create(ctx, order(id))
			require.NoError(d.t, err)
			_, err = d.c.Orders.SetStatus(ctx, key(id), api.OrderUpdate{Status: api.StatusPaid})
			require.NoError(d.t, err)
			_, err = d.c.Orders.SetStatus(ctx, key(id), invoiced(accessKey))
			d.orders[id] = api.StatusInvoiced
		}
		require.NoError(d.t, err)
	}
}

// check holds what ANYMARKET has against what was traded.
func (d *day) check() {
	d.t.Helper()
	for sku, want := range d.stock {
		got, ok := d.s.Stock(sku, 0)
		require.True(d.t, ok, sku)
		require.Equal(d.t, fmt.Sprint(want), got.Quantity, sku)
	}
	for ad, want := range d.price {
		got, _ := d.s.Price(ad)
		require.Equal(d.t, fmt.Sprint(want), got.Discount)
	}
	require.Len(d.t, d.s.Orders(), len(d.orders), "an order twice, or lost")
	for _, o := range d.s.Orders() {
		require.Equal(d.t, string(d.orders[o.MarketPlaceID]), o.Status, o.MarketPlaceID)
		require.Len(d.t, o.Steps, 2, o.MarketPlaceID)
	}
	stats := d.c.Outbox().Stats()
	require.Zero(d.t, stats.Dead)
	require.Zero(d.t, stats.Waiting)
}
