package anymarket_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// An order that the caller cannot take is set aside, so that the feed has room;
// the others go on.
func TestFeedSetsAPoisonOrderAside(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		c, e := open(t, cfg), &erp{}
		poison := addOrder(s, "poison")
		e.setRefuse(func(_ context.Context, o api.Order) error {
			if o.ID == anymarket.ID(poison) {
				return errERP
			}
			return nil
		})
		end := follow(t, c, e.feed())
		for i := range 300 {
			id := addOrder(s, fmt.Sprint("A-", i))
			time.Sleep(time.Minute)
			require.Eventually(t, func() bool { has, _ := e.taken(id); return has == "v1" }, 5*time.Minute, time.Second)
		}
		require.Empty(t, s.Feed("ORDER"))
		told := e.told()
		require.Len(t, told, 8)
		last := told[7]
		require.ErrorIs(t, last, errERP)
		require.EqualValues(t, poison, last.Order)
		require.Equal(t, 8, last.Attempts)
		require.Contains(t, last.Error(), "requeue "+last.SetAside.String())

		dead := deadLetters(t, c)
		require.Len(t, dead, 1)
		require.Equal(t, last.SetAside, dead[0].ID)
		require.Equal(t, fmt.Sprint(poison), dead[0].Key)
		require.Contains(t, dead[0].Reason, "the ERP says no")

		// Requeued too early it is set aside again, and there is one of it.
		require.NoError(t, c.Outbox().Requeue(t.Context(), dead[0].ID))
		time.Sleep(24 * time.Hour)
		dead = deadLetters(t, c)
		require.Len(t, dead, 1)
		require.NotEqual(t, last.SetAside, dead[0].ID)

		// Requeued while no feed runs, it waits for one, across a restart too.
		require.NoError(t, end())
		require.NoError(t, c.Outbox().Requeue(t.Context(), dead[0].ID))
		time.Sleep(time.Minute)
		require.Empty(t, deadLetters(t, c))
		s.SetOrder(poison, `{"observation":"v2"}`)
		c.Abort()
		c = open(t, cfg)
		e.setRefuse(nil)
		end = follow(t, c, e.feed())
		time.Sleep(10 * time.Minute)
		has, _ := e.taken(poison)
		require.Equal(t, "v2", has)
		require.NoError(t, end())
	})
}

// An order that was set aside and is taken later is no dead letter any more.
func TestFeedDiscardsWhatWasTakenLater(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		c, e := open(t, cfg), &erp{}
		f := e.feed()
		f.MaxAttempts = 2
		e.setRefuse(func(context.Context, api.Order) error { return errERP })
		id := addOrder(s, "A-1")
		end := follow(t, c, f)
		time.Sleep(time.Hour)
		require.Len(t, deadLetters(t, c), 1, "the only order fails alone")
		require.Empty(t, s.Feed("ORDER"))
		require.NoError(t, end())
		require.NoError(t, c.Close())

		c = open(t, cfg)
		e.setRefuse(nil)
		end = follow(t, c, f)
		s.SetOrder(id, `{"observation":"v2"}`)
		time.Sleep(5 * time.Minute)
		has, _ := e.taken(id)
		require.Equal(t, "v2", has)
		require.Empty(t, deadLetters(t, c))
		require.NoError(t, end())
	})
}

// A program that can take no order at all loses none and sets none aside.
func TestFeedWhileTheCallerTakesNothing(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c, e := open(t, config(t, s)), &erp{}
		e.setRefuse(func(context.Context, api.Order) error { return errERP })
		var ids []int64
		for i := range 20 {
			ids = append(ids, addOrder(s, fmt.Sprint("A-", i)))
		}
		end := follow(t, c, e.feed())
		time.Sleep(24 * time.Hour)
		require.Zero(t, c.Outbox().Stats().Dead)
		require.Len(t, s.Feed("ORDER"), 20)
		require.Less(t, s.Count(orderRoute), 20*40, "each is tried once an hour")
		e.setRefuse(nil)
		time.Sleep(2 * time.Hour)
		for _, id := range ids {
			has, _ := e.taken(id)
			require.Equal(t, "v1", has)
		}
		require.Empty(t, s.Feed("ORDER"))
		require.NoError(t, end())
	})
}

// An order that cannot be fetched is the order's fault only if others can be.
func TestFeedWithAnOrderThatCannotBeFetched(t *testing.T) {
	for name, f := range map[string]anymarkettest.Fault{
		"404": {Status: 404, Body: `{"code":404,"message":"x"}`}, "502": {Mode: anymarkettest.BadGateway}, "cut": {Mode: anymarkettest.Cut},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
				c, e := open(t, config(t, s)), &erp{}
				bad := addOrder(s, "bad")
				f.Route, f.Times = orderRoute, -1
				f.If = func(r anymarkettest.Request) bool { return r.Path == fmt.Sprint("/orders/", bad) }
				s.Fail(f)
				end := follow(t, c, e.feed())
				for i := range 200 {
					addOrder(s, fmt.Sprint("A-", i))
					time.Sleep(2 * time.Minute)
				}
				_, got := e.taken(0)
				require.Equal(t, 200, got)
				require.Len(t, deadLetters(t, c), 1)
				require.Empty(t, s.Feed("ORDER"))
				require.NoError(t, end())
			})
		})
	}
}

func deadLetters(t *testing.T, c *anymarket.Client) (dead []outbox.Record) {
	t.Helper()
	for r, err := range c.Outbox().DeadLetters() {
		require.NoError(t, err)
		dead = append(dead, r)
	}
	return dead
}
