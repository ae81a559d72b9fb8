package anymarket_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// Routes of the feed.
const (
	feedRoute  = "GET /orders/feeds"
	orderRoute = "GET /orders/{id}"
	ackRoute   = "PUT /orders/feeds/{id}"
)

// erp is who orders are handed over to. It outlives the client.
type erp struct {
	mu   sync.Mutex // guards the fields below
	has  map[anymarket.ID]string
	got  int
	errs []*anymarket.FeedError
	// refuse, if set, is asked before an order is taken. It may block.
	refuse func(ctx context.Context, o api.Order) error
}

// feed is one that hands over to the ERP.
func (e *erp) feed() anymarket.Feed {
	return anymarket.Feed{
		Handle: func(ctx context.Context, o api.Order) error {
			e.mu.Lock()
			refuse := e.refuse
			e.mu.Unlock()
			if refuse != nil {
				if err := refuse(ctx, o); err != nil {
					return err
				}
			}
			e.mu.Lock()
			defer e.mu.Unlock()
			if e.has == nil {
				e.has = map[anymarket.ID]string{}
			}
			e.has[o.ID] = o.Observation
			e.got++
			return nil
		},
		Failed: func(err *anymarket.FeedError) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.errs = append(e.errs, err)
		},
	}
}

func (e *erp) setRefuse(f func(context.Context, api.Order) error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.refuse = f
}

// taken is what it has of an order, and how many it got in all.
func (e *erp) taken(id int64) (what string, got int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.has[anymarket.ID(id)], e.got
}

func (e *erp) told() []*anymarket.FeedError {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]*anymarket.FeedError(nil), e.errs...)
}

// follow runs a feed until the function that it returns is called, which
// returns what Feed did.
func follow(t *testing.T, c *anymarket.Client, f anymarket.Feed) (end func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Orders.Feed(ctx, f) }()
	return sync.OnceValue(func() error { cancel(); return <-ended })
}

func addOrder(s *anymarkettest.Server, id string) int64 {
	return s.AddOrder(fmt.Sprintf(`{"marketPlace":"AMAZON","marketPlaceId":%q,"status":"PENDING","observation":"v1"}`, id))
}

func TestFeedHandsOverWhatChanges(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c, e := open(t, config(t, s)), &erp{}
		var ids []int64
		for i := range 120 { // more than a reading shows
			ids = append(ids, addOrder(s, fmt.Sprint("A-", i)))
		}
		end := follow(t, c, e.feed())
		time.Sleep(10 * time.Minute)
		for _, id := range ids {
			has, _ := e.taken(id)
			require.Equal(t, "v1", has)
		}
		_, got := e.taken(0)
		require.Equal(t, 120, got, "each once")
		require.Empty(t, s.Feed("ORDER"))
		require.Equal(t, 240, s.Count(orderRoute), "each is read once more")
		require.Equal(t, 120, s.Count(ackRoute))

		s.SetOrder(ids[7], `{"observation":"v2","status":"INVOICED"}`)
		s.SetOrder(ids[7], `{"observation":"v3","status":"CONCLUDED"}`)
		time.Sleep(5 * time.Minute)
		has, got := e.taken(ids[7])
		require.Equal(t, "v3", has)
		require.Equal(t, 121, got, "one handing over for two changes")
		require.Empty(t, s.Feed("ORDER"))
		require.Empty(t, e.told())
		require.NoError(t, end())
		kept, err := c.Outbox().Bookmark("feed/")
		require.NoError(t, err)
		require.Nil(t, kept, "nothing is owed")
	})
}

// A change while the order is handled is taken out of the feed with it, or makes
// the acknowledgement refused; both are handed over. So it is where reads show
// changes late.
func TestFeedAndOrdersThatMoveMeanwhile(t *testing.T) {
	for _, status := range []string{"PENDING", "INVOICED"} {
		for _, lag := range []time.Duration{0, 59 * time.Second} {
			t.Run(fmt.Sprint(status, " lag ", lag), func(t *testing.T) {
				in(t, anymarkettest.Options{LookupLag: lag}, func(t *testing.T, s *anymarkettest.Server) {
					c, e := open(t, config(t, s)), &erp{}
					id := addOrder(s, "A-1")
					var once sync.Once
					e.setRefuse(func(context.Context, api.Order) error {
						once.Do(func() { s.SetOrder(id, `{"observation":"v2","status":"`+status+`"}`) })
						return nil
					})
					end := follow(t, c, e.feed())
					time.Sleep(10 * time.Minute)
					has, got := e.taken(id)
					require.Equal(t, "v2", has)
					require.Equal(t, 2, got)
					require.Empty(t, s.Feed("ORDER"))
					require.Zero(t, c.Outbox().Stats().Dead)
					require.NoError(t, end())
				})
			})
		}
	}
}

func TestFeedWithAcknowledgementsThatFail(t *testing.T) {
	for name, f := range map[string]anymarkettest.Fault{
		"400":                 {Status: 400, Body: `{"code":400,"message":"x"}`},
		"404":                 {Status: 404, Body: `{"code":404,"message":"x"}`},
		"503":                 {Mode: anymarkettest.Unavailable, Times: 3},
		"503 applied":         {Mode: anymarkettest.Unavailable, Times: 3, Applied: true},
		"silence":             {Mode: anymarkettest.Hang, Times: 3},
		"silence and late":    {Mode: anymarkettest.Hang, Times: 3, Applied: true, After: 4 * time.Minute},
		"page in the way":     {Mode: anymarkettest.Page, Times: 3},
		"502 for ten minutes": {Mode: anymarkettest.BadGateway, Times: 30},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
				c, e := open(t, config(t, s)), &erp{}
				f.Route = ackRoute
				s.Fail(f)
				id := addOrder(s, "A-1")
				var once sync.Once
				e.setRefuse(func(context.Context, api.Order) error {
					once.Do(func() { s.SetOrder(id, `{"observation":"v2","status":"INVOICED"}`) })
					return nil
				})
				end := follow(t, c, e.feed())
				time.Sleep(time.Hour)
				has, got := e.taken(id)
				require.Equal(t, "v2", has)
				require.Equal(t, 2, got, "an acknowledgement that failed hands nothing over again")
				require.Empty(t, s.Feed("ORDER"))
				require.NoError(t, end())
			})
		})
	}
}

// The process can die between any two steps: what changed is handed over all the
// same, a change that the acknowledgement took out too.
func TestFeedAcrossCrashes(t *testing.T) {
	type world struct {
		s     *anymarkettest.Server
		e     *erp
		id    int64
		crash func()
	}
	onRequest := func(w world, f anymarkettest.Fault, nth int) {
		n := 0
		f.Times = nth
		f.Do = func(anymarkettest.Request) {
			if n++; n == nth {
				w.crash()
			}
		}
		w.s.Fail(f)
	}
	// inHandle crashes while the nth order is handled; the ERP has it or not.
	inHandle := func(w world, nth int, has bool) {
		n := 0
		w.e.setRefuse(func(ctx context.Context, o api.Order) error {
			if o.Observation == "v1" {
				w.s.SetOrder(w.id, `{"observation":"v2","status":"INVOICED"}`)
			}
			if n++; n != nth {
				return nil
			}
			go w.crash()
			<-ctx.Done()
			if has {
				return nil
			}
			return ctx.Err()
		})
	}
	for name, plan := range map[string]func(w world){
		"after reading the feed":     func(w world) { onRequest(w, anymarkettest.Fault{Route: feedRoute}, 1) },
		"after fetching the order":   func(w world) { onRequest(w, anymarkettest.Fault{Route: orderRoute}, 1) },
		"while it is handled":        func(w world) { inHandle(w, 1, false) },
		"when it is handled":         func(w world) { inHandle(w, 1, true) },
		"before the acknowledgement": func(w world) { onRequest(w, anymarkettest.Fault{Route: ackRoute, Mode: anymarkettest.Hang}, 1) },
		"after the acknowledgement":  func(w world) { onRequest(w, anymarkettest.Fault{Route: ackRoute}, 1) },
		"after the acknowledgement, which comes late": func(w world) {
			onRequest(w, anymarkettest.Fault{Route: ackRoute, Mode: anymarkettest.Hang, Applied: true, After: 20 * time.Second}, 1)
		},
		"while it is read once more":    func(w world) { onRequest(w, anymarkettest.Fault{Route: orderRoute}, 2) },
		"while it is handled once more": func(w world) { inHandle(w, 2, false) },
		"when it is handled once more":  func(w world) { inHandle(w, 2, true) },
	} {
		t.Run(name, func(t *testing.T) {
			in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
				cfg := config(t, s)
				e := &erp{}
				w := world{s: s, e: e, id: addOrder(s, "A-1")}
				c := open(t, cfg)
				w.crash = func() { s.Crash(c) }
				e.setRefuse(func(_ context.Context, o api.Order) error {
					if o.Observation == "v1" {
						s.SetOrder(w.id, `{"observation":"v2","status":"INVOICED"}`)
					}
					return nil
				})
				plan(w)
				end := follow(t, c, e.feed())
				time.Sleep(5 * time.Minute)
				require.ErrorIs(t, end(), outbox.ErrClosed, "it crashed")
				s.Heal()
				c = open(t, cfg)
				end = follow(t, c, e.feed())
				time.Sleep(15 * time.Minute)
				has, got := e.taken(w.id)
				require.Equal(t, "v2", has)
				require.LessOrEqual(t, got, 4)
				require.Empty(t, s.Feed("ORDER"))
				require.NoError(t, end())
				kept, err := c.Outbox().Bookmark("feed/")
				require.NoError(t, err)
				require.Nil(t, kept)
			})
		})
	}
}

// While ANYMARKET is away nothing is read and nobody is told that it fails.
func TestFeedThroughAMaintenance(t *testing.T) {
	for _, mode := range anymarkettest.Outages() {
		t.Run(mode.String(), func(t *testing.T) {
			in(t, anymarkettest.Options{Outage: mode}, func(t *testing.T, s *anymarkettest.Server) {
				c, e := open(t, config(t, s)), &erp{}
				end := follow(t, c, e.feed())
				id := addOrder(s, "A-1")
				time.Sleep(90 * time.Second)
				_, got := e.taken(id)
				require.Equal(t, 1, got)
				s.Maintenance(4 * time.Hour)
				s.SetOrder(id, `{"observation":"v2","status":"INVOICED"}`)
				time.Sleep(4*time.Hour + 10*time.Minute)
				has, _ := e.taken(id)
				require.Equal(t, "v2", has)
				require.Empty(t, s.Feed("ORDER"))
				require.Zero(t, c.Outbox().Stats().Dead, "an outage sets nothing aside")
				require.NoError(t, end())
			})
		})
	}
}

func TestFeedEndsWithItsClient(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c, e := open(t, config(t, s)), &erp{}
		var bad *api.FieldError
		require.ErrorAs(t, c.Orders.Feed(t.Context(), anymarket.Feed{}), &bad)
		require.Equal(t, "Handle", bad.Field)
		f := e.feed()
		f.Interval = -1
		require.ErrorAs(t, c.Orders.Feed(t.Context(), f), &bad)
		f.Interval, f.MaxAttempts = 0, -1
		require.ErrorAs(t, c.Orders.Feed(t.Context(), f), &bad)

		end := follow(t, c, e.feed())
		synctest.Wait()
		require.ErrorIs(t, c.Orders.Feed(t.Context(), e.feed()), anymarket.ErrRunning)
		other := follow(t, c.For("other"), e.feed())
		require.NoError(t, end())
		end = follow(t, c, e.feed())
		synctest.Wait()
		require.NoError(t, c.Close())
		require.ErrorIs(t, end(), outbox.ErrClosed)
		require.ErrorIs(t, other(), outbox.ErrClosed)
		require.ErrorIs(t, c.Orders.Feed(t.Context(), e.feed()), outbox.ErrClosed)
	})
}

var errERP = errors.New("the ERP says no")
