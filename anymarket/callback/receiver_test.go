package callback_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/outbox"
)

type opts = anymarkettest.Options

func TestNotificationsOfAnymarketReachTheProgram(t *testing.T) {
	for name, o := range map[string]opts{"usual": {}, "numbers, no event": {OtherSpelling: true}, "each twice": {CallbackTwice: true}} {
		t.Run(name, func(t *testing.T) {
			in(t, o, nil, func(r *rig) {
				r.run()
				r.s.AddCallback(anymarkettest.Callback{URL: hookURL, Order: true, Product: true})
				id := r.s.AddOrder(`{}`)
				time.Sleep(time.Second)
				require.NotEmpty(r.t, r.p.seen())
				n := r.p.notifications()[0]
				require.Equal(r.t, callback.TypeOrder, n.Type)
				require.Equal(r.t, api.ID(id), n.ResourceID())
				require.Equal(r.t, "shop", n.Account)
				require.Equal(r.t, r.s.OI(), n.OI)
				require.Equal(r.t, 1, n.Attempt)
				if o.OtherSpelling {
					require.Empty(r.t, n.Events)
					require.JSONEq(r.t, `{}`, string(n.Metadata))
				} else {
					require.Equal(r.t, []string{"CREATE"}, n.Events)
				}
				for _, p := range r.s.Pushes() {
					require.Equal(r.t, 200, p.Status)
				}
				require.Empty(r.t, r.s.Feed("ORDER"), "nothing was given up on")
			})
		})
	}
}

func TestAnswersAtOnceWhateverTheProgramDoes(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		r.p.set(func(ctx context.Context, _ callback.Notification) error { <-ctx.Done(); return ctx.Err() })
		r.run()
		start := time.Now()
		const many = 200
		for id := range many {
			r.order(id, "CREATE")
		}
		require.Equal(r.t, start, time.Now(), "not a moment was waited")
		time.Sleep(time.Second)
		require.Len(r.t, r.p.seen(), 16, "Config.MaxInFlight")
		time.Sleep(time.Hour)
		require.Empty(r.t, collect(r.t, r.r.Inbox().DeadLetters()), "it fails at everything, so it costs nothing")
		r.p.set(nil)
		time.Sleep(5 * time.Minute)
		require.Empty(r.t, r.waiting())
		require.EqualValues(r.t, many, r.r.Inbox().Stats().Delivered)
	})
}

func TestRepeatIsMergedOnlyIntoWhatWasNotHandled(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		r.order(1, "CREATE")
		r.order(1, "CREATE")
		r.order(1, "PENDING")
		require.EqualValues(r.t, 2, r.r.Stats().Merged)
		release := make(chan struct{})
		r.p.set(func(context.Context, callback.Notification) error { <-release; return nil })
		r.run()
		time.Sleep(time.Second)
		require.Equal(r.t, []string{"ORDER 1 [CREATE PENDING]"}, r.p.seen())
		for range 3 {
			r.order(1, "PENDING") // the function may have read the order before this
		}
		r.order(2, "CREATE")
		time.Sleep(time.Second)
		require.Equal(r.t, []string{"ORDER 1 [CREATE PENDING]", "ORDER 2 [CREATE]"}, r.p.seen(), "one at a time of a resource")
		close(release)
		time.Sleep(time.Second)
		require.Equal(r.t, []string{"ORDER 1 [CREATE PENDING]", "ORDER 2 [CREATE]", "ORDER 1 [CREATE PENDING]"}, r.p.seen())
		r.order(1, "PENDING") // a replay of what was handled
		time.Sleep(time.Second)
		require.Equal(r.t, "ORDER 1 [PENDING]", r.p.seen()[3])
		require.Equal(r.t, callback.Stats{Taken: 8, Merged: 4, Refused: map[callback.Refusal]uint64{}}, r.r.Stats())
		require.Empty(r.t, r.waiting())
	})
}

func TestWhatFailedIsToldWithTheNext(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		release := make(chan error)
		r.p.set(func(context.Context, callback.Notification) error { return <-release })
		r.run()
		r.order(1, "PENDING")
		time.Sleep(time.Second)
		r.order(1, "CANCELED")
		release <- errors.New("the ERP is locked")
		time.Sleep(time.Second)
		close(release)
		time.Sleep(time.Hour)
		require.Equal(r.t, []string{"ORDER 1 [PENDING]", "ORDER 1 [PENDING CANCELED]"}, r.p.seen())
	})
}

func TestLostRepeatedAndOvertakingPushes(t *testing.T) {
	in(t, opts{CallbackTwice: true}, nil, func(r *rig) {
		r.run()
		var n atomic.Int64
		r.s.SetFates(func(p anymarkettest.Push) anymarkettest.Fate {
			n := n.Add(1)
			return anymarkettest.Fate{Lost: n%3 == 0, After: time.Duration(n*7%20) * time.Second}
		})
		r.s.AddCallback(anymarkettest.Callback{URL: hookURL, Order: true})
		const orders = 20
		last := map[string]string{} // what the function read last
		r.p.set(func(_ context.Context, n callback.Notification) error {
			for _, o := range r.s.Orders() {
				if api.ID(o.ID) == n.ResourceID() {
					r.p.mu.Lock()
					defer r.p.mu.Unlock()
					last[n.ID] = o.Status
				}
			}
			return nil
		})
		want := map[string]string{}
		for range orders {
			id := r.s.AddOrder(`{"status":"PENDING"}`)
			for _, status := range []string{"PAID_WAITING_SHIP", "INVOICED", "CONCLUDED"} {
				time.Sleep(time.Second)
				r.s.SetOrder(id, `{"status":"`+status+`"}`)
			}
			want[fmt.Sprint(id)] = "CONCLUDED"
		}
		time.Sleep(10 * time.Minute)
		r.p.mu.Lock()
		defer r.p.mu.Unlock()
		require.Equal(r.t, want, last)
	})
}

func TestRejectedIsADeadLetterUntilTheNext(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		r.p.set(func(_ context.Context, n callback.Notification) error {
			return fmt.Errorf("order %s is of another company: %w", n.ID, callback.ErrRejected)
		})
		r.run()
		r.order(1, "CREATE")
		time.Sleep(time.Second)
		dead := collect(r.t, r.r.Inbox().DeadLetters())
		require.Len(r.t, dead, 1)
		require.Equal(r.t, "order 1 is of another company: notification rejected", dead[0].Reason)
		require.Len(r.t, r.p.seen(), 1)
		r.p.set(nil)
		require.NoError(r.t, r.r.Inbox().Requeue(r.t.Context(), dead[0].ID))
		time.Sleep(time.Second)
		require.Len(r.t, r.p.seen(), 2)

		r.p.set(func(context.Context, callback.Notification) error { return callback.ErrRejected })
		r.order(2, "CREATE")
		time.Sleep(time.Second)
		require.EqualValues(r.t, 1, r.r.Inbox().Stats().Dead)
		r.p.set(nil)
		r.order(2, "CANCELED")
		time.Sleep(time.Second)
		require.Zero(r.t, r.r.Inbox().Stats().Dead, "the newer one took its place")
	})
}

func TestWhoseFaultAFailureIs(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		dead bool
	}{
		"of its own":             {errors.New("unknown carrier"), true},
		"panic":                  {nil, true},
		"not found":              {&api.Error{Status: 404, Shape: api.ShapeAPI}, true},
		"500 about the order":    {&api.Error{Status: 500, Shape: api.ShapeAPI}, true},
		"the gate is closed":     {&outbox.ClosedError{Reason: "window"}, false},
		"maintenance page":       {&api.Error{Status: 200, Shape: api.ShapeHTML}, false},
		"503":                    {&api.Error{Status: 503, Shape: api.ShapeHTML}, false},
		"throttled":              {&api.Error{Status: 429, Shape: api.ShapeAPI}, false},
		"token refused":          {&api.Error{Status: 401, Shape: api.ShapeGateway}, false},
		"no token":               {&api.TokenError{Err: errors.New("vault")}, false},
		"no connection":          {&api.TransportError{Err: errors.New("refused")}, false},
		"connection lost, later": {fmt.Errorf("order: %w", &api.TransportError{Sent: true, Err: errors.New("reset")}), false},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, opts{}, nil, func(r *rig) {
				r.p.set(func(_ context.Context, n callback.Notification) error {
					switch {
					case n.ID != "1":
						return nil
					case c.err == nil:
						panic("with a buyer's name")
					default:
						return c.err
					}
				})
				r.run()
				r.order(1, "CREATE")
				const others = 80
				for id := range others { // it takes others meanwhile
					r.order(2+id, "CREATE")
					time.Sleep(time.Minute)
				}
				require.Equal(r.t, c.dead, r.r.Inbox().Stats().Dead == 1)
				require.EqualValues(r.t, others, r.r.Inbox().Stats().Delivered)
				attempts := len(r.p.seen()) - others
				if c.dead {
					// What comes before another succeeds again costs nothing.
					require.Less(r.t, attempts, 40)
				} else {
					require.Greater(r.t, attempts, others/2, "the pause is never longer than a minute")
				}
				require.NotContains(r.t, r.log.String(), "buyer")
				require.Nil(r.t, r.r.Inbox().Closed("handler", "shop"), "the gate is always open")
			})
		})
	}
}

func TestNothingOfWhatWasAnsweredIsLostInACrash(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		release := make(chan struct{})
		r.p.set(func(ctx context.Context, n callback.Notification) error {
			if n.ID == "0" {
				return nil
			}
			select {
			case <-release:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		r.run()
		for id := range 100 {
			r.order(id, "CREATE")
		}
		time.Sleep(time.Second)
		r.r.Abort()
		status, _ := r.post(`{"type":"ORDER","content":{"id":"1","oi":"` + r.s.OI() + `"}}`)
		require.Equal(r.t, 503, status)
		close(release)
		before := len(r.p.seen())
		r.open()
		require.Len(r.t, r.waiting(), 99)
		time.Sleep(time.Millisecond) // outside of bubbles time passes by itself
		r.run()
		time.Sleep(time.Hour)
		require.Len(r.t, r.p.seen()[before:], 99, "each once, those that were being handled included")
		require.Empty(r.t, r.waiting())
		require.Zero(r.t, r.r.Inbox().Stats().InDoubt)
	})
}

func TestStoppingCostsNoAttempt(t *testing.T) {
	in(t, opts{}, func(c *callback.Config) { c.MaxAttempts, c.DrainTimeout = 1, time.Second }, func(r *rig) {
		failed := false
		r.p.set(func(ctx context.Context, n callback.Notification) error {
			switch {
			case n.ID == "2":
				return nil
			case !failed:
				failed = true
				return errors.New("for the first time, which costs nothing")
			default:
				<-ctx.Done()
				return ctx.Err()
			}
		})
		r.run()
		r.order(1, "CREATE")
		time.Sleep(100 * time.Millisecond)
		r.order(2, "CREATE") // from here on a failure would be held against the other
		time.Sleep(5 * time.Second)
		require.Equal(r.t, []string{"ORDER 1 [CREATE]", "ORDER 2 [CREATE]", "ORDER 1 [CREATE]"}, r.p.seen())
		require.NoError(r.t, r.r.Close())
		r.open()
		require.Equal(r.t, []string{"ORDER 1"}, r.waiting())
	})
}

func TestFailuresHoldUpNobodyElse(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		r.p.set(func(_ context.Context, n callback.Notification) error {
			if n.Type == callback.TypeOrder {
				return errors.New("orders are not taken")
			}
			return nil
		})
		r.run()
		for id := range 50 {
			r.order(id, "CREATE")
		}
		time.Sleep(time.Hour)
		status, _ := r.post(`{"type":"PRODUCT","content":{"id":"1","oi":"` + r.s.OI() + `"}}`)
		require.Equal(r.t, 200, status)
		time.Sleep(100 * time.Millisecond)
		require.EqualValues(r.t, 1, r.r.Inbox().Stats().Delivered)
	})
}

func TestUnknownTypesAreTakenAndLogged(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		r.run()
		status, _ := r.post(`{"type":"SHOWROOM","event":7,"content":{"id":9007199254740993,"oi":"` + r.s.OI() + `","metadata":{"a":[1]}},"more":true}`)
		require.Equal(r.t, 200, status)
		time.Sleep(time.Second)
		require.Equal(r.t, []string{"SHOWROOM 9007199254740993 [7]"}, r.p.seen())
		require.JSONEq(r.t, `{"a":[1]}`, string(r.p.notifications()[0].Metadata))
		require.Contains(r.t, r.log.String(), "SHOWROOM")
		require.EqualValues(r.t, 1, r.r.Stats().Unknown)
		r.post(`{"type":"INBOUND_NFE","content":{"id":"x-1","oi":"` + r.s.OI() + `","metadata":null}}`)
		time.Sleep(time.Second)
		require.EqualValues(r.t, 1, r.r.Stats().Unknown)
		require.Zero(r.t, r.p.notifications()[1].ResourceID())
		require.Nil(r.t, r.p.notifications()[1].Metadata)
	})
}

func TestNumberAndTextAreOneResource(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		r.order(7, "CREATE")
		status, _ := r.post(`{"type":"ORDER","content":{"id":7,"oi":"` + strings.TrimSuffix(r.s.OI(), ".") + `"}}`)
		require.Equal(r.t, 200, status)
		require.Equal(r.t, []string{"ORDER 7"}, r.waiting())
		r.run()
		time.Sleep(time.Second)
		require.Equal(r.t, []string{"ORDER 7 [CREATE]"}, r.p.seen(), "an event that is told once is kept")
	})
}

func TestAnEditedNotificationThatCannotBeRead(t *testing.T) {
	in(t, opts{}, nil, func(r *rig) {
		r.p.set(func(context.Context, callback.Notification) error { return callback.ErrRejected })
		r.run()
		r.order(1, "CREATE")
		time.Sleep(time.Second)
		dead := collect(r.t, r.r.Inbox().DeadLetters())
		_, err := r.r.Inbox().Edit(r.t.Context(), dead[0].ID, []byte("not JSON"))
		require.NoError(r.t, err)
		time.Sleep(time.Second)
		dead = collect(r.t, r.r.Inbox().DeadLetters())
		require.Len(r.t, dead, 1)
		require.Contains(r.t, dead[0].Reason, "cannot be read")
		r.p.set(nil)
		r.order(1, "PENDING")
		time.Sleep(time.Second)
		require.Zero(r.t, r.r.Inbox().Stats().Dead)
	})
}

func TestTwoSecretsAndAnotherMount(t *testing.T) {
	in(t, opts{}, func(c *callback.Config) { c.Secrets = append(c.Secrets, "the-next-of-the-secrets") }, func(r *rig) {
		body := `{"type":"ORDER","content":{"id":"1","oi":"` + r.s.OI() + `"}}`
		for _, url := range []string{hookURL, hookURL + "/", "https://erp.test/the-next-of-the-secrets", "http://erp.test/a/b/c/" + secret + "?x=1"} {
			status, _ := r.send(http.MethodPost, url, strings.NewReader(body))
			require.Equal(r.t, 200, status, url)
		}
	})
}

func collect(t *testing.T, records func(func(outbox.Record, error) bool)) []outbox.Record {
	t.Helper()
	var out []outbox.Record
	for rec, err := range records {
		require.NoError(t, err)
		out = append(out, rec)
	}
	return out
}
