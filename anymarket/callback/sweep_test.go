package callback_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/outbox"
)

func TestSweepBringsWhatIsInTheFeeds(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		r.run()
		r.s.AddFeed("ORDER", 1, "PENDING")
		r.s.AddFeed("ORDER", 1, "INVOICED") // an entry for each status
		r.s.AddFeed("PRODUCT", 2, "")
		r.s.AddFeed("TRANSMISSION", 3, "")
		s := r.sweeper(func(c *callback.SweeperConfig) {
			c.Types = []callback.Type{callback.TypeOrder, callback.TypeProduct, callback.TypeTransmission}
		})
		require.Equal(r.t, callback.Swept{Stored: 3, Acknowledged: 3}, r.sweep(s))
		time.Sleep(time.Second)
		seen := r.p.seen()
		slices.Sort(seen)
		require.Equal(r.t, []string{"ORDER 1 []", "PRODUCT 2 []", "TRANSMISSION 3 []"}, seen)
		require.Equal(r.t, "shop", r.p.notifications()[0].Account)
		for _, feed := range []string{"ORDER", "PRODUCT", "TRANSMISSION"} {
			require.Empty(r.t, r.s.Feed(feed), feed)
		}
		require.Equal(r.t, callback.Swept{}, r.sweep(s))
		require.EqualValues(r.t, 3, r.r.Stats().Stored)
		require.Zero(r.t, r.r.Stats().Taken)
	})
}

func TestSweepOfMoreThanOneReadingShows(t *testing.T) {
	const many = 250
	for name, acknowledge := range map[string]bool{"acknowledged": true, "left for others": false} {
		t.Run(name, func(t *testing.T) {
			in(t, opts{Limit: anymarkettest.Limit{Requests: 61}}, nil, func(r *rig) {
				for id := range int64(many) {
					r.s.AddFeed("ORDER", id+1, "PENDING")
				}
				swept := r.sweep(r.sweeper(func(c *callback.SweeperConfig) { c.Acknowledge = acknowledge }))
				keys := r.waiting()
				require.Len(r.t, keys, swept.Stored, "each once")
				require.Len(r.t, slices.Compact(slices.Sorted(slices.Values(keys))), len(keys))
				if acknowledge {
					require.Equal(r.t, callback.Swept{Stored: many, Acknowledged: many}, swept)
					require.Empty(r.t, r.s.Feed("ORDER"))
					return
				}
				require.Zero(r.t, swept.Acknowledged)
				require.Equal(r.t, []callback.Type{callback.TypeOrder}, swept.Incomplete)
				require.Greater(r.t, swept.Stored, 100)
				require.Len(r.t, r.s.Feed("ORDER"), many)
				require.Zero(r.t, r.s.Count("PUT /orders/feeds/{id}"))
			})
		})
	}
}

func TestSweepThatLeavesAFeedForOthersSeesAllOfASmallOne(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		for id := range int64(99) {
			r.s.AddFeed("ORDER", id+1, "PENDING")
		}
		s := r.sweeper(func(c *callback.SweeperConfig) { c.Acknowledge = false })
		for range 2 {
			require.Equal(r.t, callback.Swept{Stored: 99}, r.sweep(s))
		}
		require.Len(r.t, r.waiting(), 99)
		require.Equal(r.t, 2, r.s.Count("GET /orders/feeds"))
	})
}

// An acknowledgement takes out a change that came after the reading, so the program
// must not have read the order before it.
func TestSweepMissesNoChangeThatAnAcknowledgementTakesOut(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		r.run()
		client := r.api()
		read := r.read(client.Orders())
		id := r.s.AddOrder(`{"status":"PENDING"}`)
		s := r.sweeper(func(c *callback.SweeperConfig) {
			c.Feeds = meddled{client.Feeds(), func() {
				time.Sleep(10 * time.Second) // time enough to read it
				r.s.SetOrder(id, `{"status":"INVOICED"}`)
			}}
		})
		require.Equal(r.t, 1, r.sweep(s).Acknowledged)
		require.Empty(r.t, r.s.Feed("ORDER"), "nothing tells of the change any more")
		time.Sleep(time.Minute)
		require.Equal(r.t, r.truth(), read.orders())
	})
}

// Only what is swept is held back, and only while it is.
func TestSweepHoldsUpNothingElse(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		r.run()
		r.s.AddFeed("ORDER", 1, "PENDING")
		r.s.Fail(anymarkettest.Fault{Route: "PUT /orders/feeds/{id}", Mode: anymarkettest.Hang})
		done := make(chan error, 1)
		s := r.sweeper(nil)
		go func() { _, err := s.Sweep(r.t.Context()); done <- err }()
		time.Sleep(5 * time.Second)
		r.order(1, "INVOICED")
		r.order(2, "CREATE")
		time.Sleep(time.Second)
		require.Equal(r.t, []string{"ORDER 2 [CREATE]"}, r.p.seen())
		require.Error(r.t, <-done, "no answer came")
		time.Sleep(time.Minute)
		require.Contains(r.t, r.p.seen(), "ORDER 1 [INVOICED]")
		require.Empty(r.t, r.waiting())
	})
}

func TestSweepWithATokenThatIsOld(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		first := true
		r.s.AddFeed("ORDER", 1, "PENDING")
		s := r.sweeper(func(c *callback.SweeperConfig) {
			c.Feeds = meddled{c.Feeds, func() {
				if first {
					first = false
					r.s.AddFeed("ORDER", 1, "PENDING") // with another token
				}
			}}
		})
		require.Equal(r.t, callback.Swept{Stored: 2, Acknowledged: 1}, r.sweep(s))
		require.Empty(r.t, r.s.Feed("ORDER"))

		r.s.Fail(anymarkettest.Fault{Route: "PUT /orders/feeds/{id}", Times: -1, Status: 400, Body: `{"code":"400","message":"no"}`})
		r.s.AddFeed("ORDER", 2, "PENDING")
		require.Equal(r.t, callback.Swept{Stored: 1}, r.sweep(s), "it ends all the same")
		require.Len(r.t, r.s.Feed("ORDER"), 1)
	})
}

// A crash before the acknowledgement leaves both: the notification on disk and the
// entry in the feed.
func TestNothingIsAcknowledgedThatIsNotOnDisk(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		r.s.AddFeed("ORDER", 1, "PENDING")
		s := r.sweeper(func(c *callback.SweeperConfig) {
			c.Feeds = meddled{c.Feeds, func() { require.Equal(r.t, []string{"ORDER 1"}, r.waiting()) }}
		})
		require.Equal(r.t, 1, r.sweep(s).Acknowledged)

		r.s.AddFeed("ORDER", 2, "PENDING")
		r.r.Abort()
		swept, err := s.Sweep(r.t.Context())
		require.ErrorIs(r.t, err, outbox.ErrClosed)
		require.Equal(r.t, callback.Swept{}, swept)
		require.Len(r.t, r.s.Feed("ORDER"), 1)
		require.ErrorIs(r.t, s.Run(r.t.Context()), outbox.ErrClosed)
		r.open()
		require.Equal(r.t, []string{"ORDER 1"}, r.waiting())
	})
}

func TestSweeperRuns(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		r.run()
		r.s.AddFeed("ORDER", 1, "PENDING") // from a downtime of its own
		r.s.Fail(anymarkettest.Fault{Route: "GET /products/feeds", Times: -1, Status: 404, Body: `{"code":"404","message":"no such route"}`})
		s := r.sweeper(func(c *callback.SweeperConfig) { c.Types = []callback.Type{callback.TypeProduct, callback.TypeOrder} })
		ctx, stop := context.WithCancel(r.t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(10 * time.Second)
		require.Equal(r.t, []string{"ORDER 1 []"}, r.p.seen(), "at once, whatever becomes of another feed")

		r.s.AddFeed("ORDER", 2, "PENDING")
		time.Sleep(14 * time.Minute)
		require.Len(r.t, r.p.seen(), 1)
		require.Equal(r.t, 1, strings.Count(r.log.String(), "could not be swept"), "a feed that is not there is not asked for all the time")
		time.Sleep(2 * time.Minute)
		require.Len(r.t, r.p.seen(), 2)

		r.s.AddFeed("ORDER", 3, "PENDING")
		s.Wake()
		time.Sleep(10 * time.Second)
		require.Len(r.t, r.p.seen(), 3)

		r.s.Maintenance(4 * time.Hour)
		r.s.AddFeed("ORDER", 4, "PENDING")
		time.Sleep(4*time.Hour + time.Minute + 10*time.Second)
		require.Len(r.t, r.p.seen(), 4, "within a minute of its end")
		stop()
		require.NoError(r.t, <-done)
	})
}

func TestSweeperThatCannotBeRight(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		for field, change := range map[string]func(*callback.SweeperConfig){
			"Receiver": func(c *callback.SweeperConfig) { c.Receiver = nil },
			"Feeds":    func(c *callback.SweeperConfig) { c.Feeds = nil },
			"OI":       func(c *callback.SweeperConfig) { c.OI = "1." },
			"Types":    func(c *callback.SweeperConfig) { c.Types = nil },
			"Types[0]": func(c *callback.SweeperConfig) { c.Types = []callback.Type{callback.TypeQuestion} },
			"Types[1]": func(c *callback.SweeperConfig) { c.Types = []callback.Type{callback.TypeOrder, callback.TypeOrder} },
			"Interval": func(c *callback.SweeperConfig) { c.Interval = -1 },
			"MaxRate":  func(c *callback.SweeperConfig) { c.MaxRate = -1 },
		} {
			config := callback.SweeperConfig{Receiver: r.r, Feeds: r.api().Feeds(), OI: strings.TrimSuffix(r.s.OI(), "."), Types: []callback.Type{callback.TypeOrder}}
			_, err := callback.NewSweeper(config)
			require.NoError(r.t, err)
			change(&config)
			_, err = callback.NewSweeper(config)
			var wrong *api.FieldError
			require.ErrorAs(r.t, err, &wrong, field)
			require.Equal(r.t, field, wrong.Field)
		}
	})
}

func TestStore(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		r.order(1, "CREATE")
		n := callback.Notification{OI: r.s.OI(), Type: callback.TypeOrder, ID: "1", Events: []string{"PENDING"}, Metadata: json.RawMessage(`{"a":1}`)}
		require.NoError(r.t, r.r.Store(r.t.Context(), n))
		for field, change := range map[string]func(n *callback.Notification){
			"type":             func(n *callback.Notification) { n.Type = "" },
			"content.id":       func(n *callback.Notification) { n.ID = "1 2" },
			"content.oi":       func(n *callback.Notification) { n.OI = "1." },
			"event":            func(n *callback.Notification) { n.Events = []string{"A", ""} },
			"content.metadata": func(n *callback.Notification) { n.Metadata = json.RawMessage(`{`) },
		} {
			bad := n
			change(&bad)
			var wrong *api.FieldError
			require.ErrorAs(r.t, r.r.Store(r.t.Context(), bad), &wrong, field)
			require.Equal(r.t, field, wrong.Field)
		}
		bad := n
		bad.Events = make([]string, 33)
		require.Error(r.t, r.r.Store(r.t.Context(), bad))
		bad = n
		bad.Metadata = json.RawMessage(`"` + strings.Repeat("x", 64<<10) + `"`)
		require.Error(r.t, r.r.Store(r.t.Context(), bad))

		require.EqualValues(r.t, 1, r.r.Stats().Stored)
		require.EqualValues(r.t, 1, r.r.Stats().Merged)
		r.run()
		time.Sleep(time.Second)
		require.Equal(r.t, []string{"ORDER 1 [CREATE PENDING]"}, r.p.seen())
		require.JSONEq(r.t, `{"a":1}`, string(r.p.notifications()[0].Metadata))
		require.NoError(r.t, r.r.Close())
		require.ErrorIs(r.t, r.r.Store(r.t.Context(), n), outbox.ErrClosed)
	})
}
