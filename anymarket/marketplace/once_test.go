package marketplace_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
	"github.com/anymarket-go/sdk/outbox"
)

// A window, in each form that it can have, in the middle of which the program
// crashes: each sale is there once afterwards, with its marks in order.
func TestSalesThroughAWindow(t *testing.T) {
	for _, mode := range anymarkettest.Outages() {
		t.Run(mode.String(), func(t *testing.T) {
			// Nothing there helps against a second creation.
			in(t, anymarkettest.Options{Outage: mode, Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
				start := time.Now().Add(time.Hour)
				s.MaintenanceAt(start, 4*time.Hour)
				windows, err := maintenance.New(maintenance.Window{Name: "announced", Start: start, End: start.Add(4 * time.Hour)})
				require.NoError(t, err)
				cfg := config(t, s)
				cfg.Windows = windows
				c := open(t, cfg)
				sell := func(ids ...string) {
					for _, id := range ids {
						_, err := c.Sales.Notify(t.Context(), sale(id))
						require.NoError(t, err)
						_, err = c.Sales.MarkPaid(t.Context(), id, marketplace.Paid{Date: api.At(time.Now())})
						require.NoError(t, err)
					}
				}
				time.Sleep(time.Until(start.Add(-2 * time.Second)))
				sell("before-1", "before-2", "before-3", "before-4")
				time.Sleep(time.Hour)
				sell("in-1")
				c.Abort()
				c = open(t, cfg)
				sell("in-2")
				time.Sleep(time.Until(start.Add(4*time.Hour + 30*time.Minute)))
				require.Len(t, s.Orders(), 6)
				for _, o := range s.Orders() {
					require.Equal(t, "PAID_WAITING_SHIP", o.Status)
					require.Len(t, o.Steps, 1)
				}
				require.Zero(t, c.Outbox().Stats().Waiting)
			})
		})
	}
}

// In each world in which the answer to a creation can be lost there is one sale.
func TestSaleIsCreatedOnce(t *testing.T) {
	modes := []anymarkettest.Mode{
		anymarkettest.Reset, anymarkettest.Hang, anymarkettest.BadGateway, anymarkettest.GatewayTimeout, anymarkettest.Page,
		anymarkettest.Cut, anymarkettest.Empty, anymarkettest.EmptyError, anymarkettest.Business, anymarkettest.Unavailable,
		anymarkettest.Closed, anymarkettest.Redirect,
	}
	for _, mode := range modes {
		for _, applied := range []bool{false, true} {
			for _, after := range []time.Duration{0, 4 * time.Minute} {
				if after > 0 && !applied {
					continue
				}
				t.Run(fmt.Sprint(mode, " applied ", applied, " after ", after), func(t *testing.T) {
					o := anymarkettest.Options{Duplicate: 201, LookupLag: 30 * time.Second}
					in(t, o, func(t *testing.T, s *anymarkettest.Server) {
						c := open(t, config(t, s))
						s.Fail(anymarkettest.Fault{Route: create, Mode: mode, Applied: applied, After: after})
						require.NoError(t, notify(t, c, sale("S-1")))
						time.Sleep(time.Hour)
						require.Len(t, s.Orders(), 1)
						want := 2
						if applied {
							want = 1
						}
						require.Equal(t, want, s.Count(create))
					})
				})
			}
		}
	}
}

// A crash with the sale on the wire leaves an unknown outcome.
func TestSaleOnTheWireInACrash(t *testing.T) {
	for _, applied := range []bool{false, true} {
		t.Run(fmt.Sprint("applied ", applied), func(t *testing.T) {
			in(t, anymarkettest.Options{Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
				cfg := config(t, s)
				c := open(t, cfg)
				crash := make(chan struct{})
				s.Fail(anymarkettest.Fault{Route: create, Mode: anymarkettest.Hang, Applied: applied, Do: func(anymarkettest.Request) { close(crash) }})
				r, err := c.Sales.Notify(t.Context(), sale("S-1"))
				require.NoError(t, err)
				<-crash
				c.Abort()
				c = open(t, cfg)
				require.NoError(t, c.Receipt(r.ID()).Wait(t.Context()))
				time.Sleep(time.Hour)
				require.Len(t, s.Orders(), 1)
			})
		})
	}
}

// A refusal that reads as if the sale were there is believed only as far as
// look-ups go, and those may lag.
func TestSaleThatIsThereCountsAsCreated(t *testing.T) {
	for _, status := range []int{400, 409} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			o := anymarkettest.Options{Duplicate: status, LookupLag: 30 * time.Second}
			in(t, o, func(t *testing.T, s *anymarkettest.Server) {
				id := s.AddOrder(fmt.Sprintf(`{"marketPlace":%q,"marketPlaceId":"S-1"}`, s.Marketplace()))
				c := open(t, config(t, s))
				require.NoError(t, notify(t, c, sale("S-1")))
				require.Len(t, s.Orders(), 1)
				require.Equal(t, 1, s.Count(create))
				r, err := c.Sales.MarkPaid(t.Context(), "S-1", marketplace.Paid{})
				require.NoError(t, err)
				require.NoError(t, r.Wait(t.Context()))
				require.Equal(t, id, there(t, s, "S-1").ID)
				require.Equal(t, "PAID_WAITING_SHIP", there(t, s, "S-1").Status)
				for _, g := range c.Outbox().Gate() {
					require.True(t, g.Open, "refusals are a sign of life: %s", g.Reason)
				}
			})
		})
	}
}

// A refusal that only reads so is not repeated for ever: a person is asked.
func TestRefusalThatLooksLikeADuplicate(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		s.Fail(anymarkettest.Fault{Route: create, Times: -1, Status: 400, Body: `{"code":400,"message":"Já existe um pedido com o id [S-1]"}`})
		var parked *outbox.ParkedError
		require.ErrorAs(t, notify(t, c, sale("S-1")), &parked)
		require.Contains(t, parked.Reason, "ask a person")
		require.Equal(t, 3, s.Count(create))
		require.Equal(t, 6, s.Count(lookUp), "two before each repetition, two at the end")
	})
}

func TestSaleThatFitsTwiceIsParked(t *testing.T) {
	in(t, anymarkettest.Options{Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
		for range 2 {
			s.AddOrder(fmt.Sprintf(`{"marketPlace":%q,"marketPlaceId":"S-1"}`, s.Marketplace()))
		}
		c := open(t, config(t, s))
		old := sale("S-1")
		old.CreatedAt = api.At(time.Now().Add(-time.Hour)) // older than the file: looked up first
		var parked *outbox.ParkedError
		require.ErrorAs(t, notify(t, c, old), &parked)
		require.Contains(t, parked.Reason, fmt.Sprint(s.Orders()[0].ID, ", ", s.Orders()[1].ID))
		require.Zero(t, s.Count(create))
		_, err := c.Sales.Get(t.Context(), "S-1")
		require.ErrorIs(t, err, marketplace.ErrSeveralSales)
	})
}

// As long as the look-up fails, or brings other sales than asked for, nothing is
// known and nothing is sent.
func TestLookUpThatFailsKeepsTheOutcomeUnknown(t *testing.T) {
	faults := map[string]anymarkettest.Fault{
		"unavailable": {Mode: anymarkettest.Unavailable}, "page": {Mode: anymarkettest.Page}, "500": {Mode: anymarkettest.Business},
		"empty": {Mode: anymarkettest.Empty}, "null": {Status: 200, Body: "null"}, "no sale": {Status: 200, Body: "{}"},
		"refused": {Status: 400, Body: `{"code":400,"message":"x"}`}, "404 of a page": {Status: 404, Body: "<html>"},
		"another sale": {Status: 200, Body: `{"id":1,"marketPlaceId":"S-9"}`},
	}
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			in(t, anymarkettest.Options{Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
				c := open(t, config(t, s))
				f.Route, f.Times = lookUp, -1
				s.Fail(anymarkettest.Fault{Route: create, Mode: anymarkettest.Reset, Applied: true}, f)
				r, err := c.Sales.Notify(t.Context(), sale("S-1"))
				require.NoError(t, err)
				time.Sleep(3 * time.Hour)
				require.Equal(t, outbox.Waiting, state(t, r))
				require.Equal(t, 1, s.Count(create))
				s.Heal()
				require.NoError(t, r.Wait(t.Context()))
				require.Len(t, s.Orders(), 1)
				require.Equal(t, 1, s.Count(create))
			})
		})
	}
	t.Run("filter ignored", func(t *testing.T) {
		o := anymarkettest.Options{Duplicate: 201, IgnoreFilters: []string{"marketPlaceId"}}
		in(t, o, func(t *testing.T, s *anymarkettest.Server) {
			s.AddOrder(fmt.Sprintf(`{"marketPlace":%q,"marketPlaceId":"S-0"}`, s.Marketplace()))
			c := open(t, config(t, s))
			s.Fail(anymarkettest.Fault{Route: create, Mode: anymarkettest.Reset, Applied: true})
			r, err := c.Sales.Notify(t.Context(), sale("S-1"))
			require.NoError(t, err)
			time.Sleep(3 * time.Hour)
			require.Equal(t, outbox.Waiting, state(t, r))
			require.Equal(t, 1, s.Count(create))
		})
	})
}

// Beyond what LateApply and LookupLag allow for, a sale can be made twice; within
// it never is.
func TestLateApplyAndLagWithinTheModel(t *testing.T) {
	for _, late := range []time.Duration{time.Second, 2 * time.Minute, 5 * time.Minute} {
		for _, lag := range []time.Duration{0, 59 * time.Second} {
			t.Run(fmt.Sprint(late, " and ", lag), func(t *testing.T) {
				in(t, anymarkettest.Options{Duplicate: 201, LookupLag: lag}, func(t *testing.T, s *anymarkettest.Server) {
					c := open(t, config(t, s))
					s.Fail(anymarkettest.Fault{Route: create, Mode: anymarkettest.Hang, Applied: true, After: late})
					require.NoError(t, notify(t, c, sale("S-1")))
					time.Sleep(time.Hour)
					require.Len(t, s.Orders(), 1)
				})
			})
		}
	}
}

func TestSameSaleAgain(t *testing.T) {
	in(t, anymarkettest.Options{Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		cfg.Token, cfg.Tokens = "", tokens(s)
		c := open(t, cfg).For("shop")
		first := sale("S-1")
		ids := make([]outbox.ID, 20)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				if r, err := c.Sales.Notify(t.Context(), first); err == nil {
					ids[i] = r.ID()
				}
			})
		}
		wg.Wait()
		for _, id := range ids {
			require.Equal(t, ids[0], id)
		}
		require.NoError(t, c.Receipt(ids[0]).Wait(t.Context()))
		require.NoError(t, c.Close())

		client := open(t, cfg)
		c = client.For("shop")
		again, err := c.Sales.Notify(t.Context(), first)
		require.NoError(t, err)
		require.True(t, again.Duplicate, "after delivery and a restart too")
		require.Equal(t, ids[0], again.ID())
		other := first
		other.Total, other.Observation = num("99"), "x"
		_, err = c.Sales.Notify(t.Context(), other)
		var conflict *outbox.ConflictError
		require.ErrorAs(t, err, &conflict)
		require.Equal(t, []string{"observation", "total"}, conflict.Fields)

		require.NoError(t, notify(t, client.For("other"), other), "two sellers may use the same numbers")
		require.Len(t, s.Orders(), 1)
		require.Len(t, s.For("other").Orders(), 1)
	})
}

// A sale that ANYMARKET lost is made known again, one that it has is not.
func TestRepush(t *testing.T) {
	in(t, anymarkettest.Options{Duplicate: 201, LookupLag: 30 * time.Second}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		lost, kept := sale("lost"), sale("kept")
		// Acknowledged, but there is nothing.
		s.Fail(anymarkettest.Fault{Route: create, Status: 200, Body: `{"id":1,"marketPlaceId":"lost","status":"PENDING"}`})
		require.NoError(t, notify(t, c, lost))
		require.NoError(t, notify(t, c, kept))
		require.Len(t, s.Orders(), 1)
		for _, again := range []marketplace.NewSale{lost, kept} {
			r, err := c.Sales.Repush(t.Context(), again)
			require.NoError(t, err)
			require.NoError(t, r.Wait(t.Context()))
		}
		require.Len(t, s.Orders(), 2)
		require.Equal(t, 3, s.Count(create))
		lost.Total = num("1")
		_, err := c.Sales.Repush(t.Context(), lost)
		var conflict *outbox.ConflictError
		require.ErrorAs(t, err, &conflict)
		_, err = c.Sales.Repush(t.Context(), marketplace.NewSale{})
		requireField(t, err, "marketPlaceId")
	})
}

// A sale that no earlier file can have sent is not looked up.
func TestLookUpBeforeASale(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		cfg.OnceRetention = 24 * time.Hour
		c := open(t, cfg)
		require.NoError(t, notify(t, c, sale("young")))
		require.Zero(t, s.Count(lookUp))
		old := sale("old")
		old.CreatedAt = api.At(time.Now())
		require.NoError(t, notify(t, c, old))
		require.Equal(t, 1, s.Count(lookUp))
		require.EqualValues(t, 1, c.Outbox().Stats().LookUps)
		time.Sleep(25 * time.Hour)
		old = sale("older than a file that is older than the retention")
		old.CreatedAt = api.At(time.Now().AddDate(-1, 0, 0))
		require.NoError(t, notify(t, c, old))
		require.Equal(t, 1, s.Count(lookUp))
	})
}

// A body that names another sale cannot take its place.
func TestEditedSaleMustStayTheSame(t *testing.T) {
	in(t, anymarkettest.Options{NoPendingSales: true}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		r, err := c.Sales.Notify(t.Context(), sale("S-1"))
		require.NoError(t, err)
		var dead *outbox.DeadError
		require.ErrorAs(t, r.Wait(t.Context()), &dead)
		record, err := c.Outbox().Show(r.ID())
		require.NoError(t, err)
		body := string(record.Body)
		_, err = c.Outbox().Edit(t.Context(), r.ID(), []byte(strings.Replace(body, `"S-1"`, `"S-2"`, 1)))
		require.ErrorIs(t, err, outbox.ErrInvalid)
		require.ErrorContains(t, err, "is about S-2")
		_, err = c.Outbox().Edit(t.Context(), r.ID(), []byte(strings.Replace(body, "PENDING", "PAID", 1)))
		require.NoError(t, err)
		require.NoError(t, r.Wait(t.Context()))
		require.Equal(t, 2, s.Count(create))
	})
}
