package anymarkettest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

const (
	one = `[{"partnerId":"SKU-1","quantity":7}]`
	two = `[{"partnerId":"SKU-1","quantity":8}]`
)

// look is what a client sees of a mode.
type look struct {
	status int
	body   string
	err    error
}

func looks() map[anymarkettest.Mode]look {
	return map[anymarkettest.Mode]look{
		anymarkettest.Unavailable:     {status: 503, body: `{"code":"503","message":"Serviço indisponível"}`},
		anymarkettest.UnavailablePage: {status: 503, body: "<!DOCTYPE html>"},
		anymarkettest.Page:            {status: 200, body: "<!DOCTYPE html>"},
		anymarkettest.Redirect:        {status: 302, body: "<!DOCTYPE html>"},
		anymarkettest.Reset:           {err: syscall.ECONNRESET},
		anymarkettest.Hang:            {err: context.DeadlineExceeded},
		anymarkettest.Refused:         {err: syscall.ECONNREFUSED},
		anymarkettest.BadGateway:      {status: 502, body: "<!DOCTYPE html>"},
		anymarkettest.GatewayTimeout:  {status: 504},
		anymarkettest.Closed:          {err: io.EOF},
		anymarkettest.Empty:           {status: 200},
		anymarkettest.EmptyError:      {status: 500},
		anymarkettest.Business:        {status: 500, body: `"code":"500"`},
		anymarkettest.TooMany:         {status: 429, body: `"code":"429"`},
		anymarkettest.NoToken:         {status: 401, body: `{"operation":"geral","response":"NO_TOKEN"}`},
		anymarkettest.Forbidden:       {status: 403, body: `{"operation":"geral","response":"TOKEN_EXPIRED"}`},
		anymarkettest.TooLarge:        {status: 413, body: `"code":"413"`},
		anymarkettest.Cut:             {err: io.ErrUnexpectedEOF},
	}
}

func TestMaintenanceInEachForm(t *testing.T) {
	t.Parallel()
	for _, mode := range anymarkettest.Outages() {
		in(t, mode.String(), anymarkettest.Options{Outage: mode}, func(r *rig) {
			start := time.Now()
			r.want(204, "", "PUT", "/stocks", one)
			r.s.Maintenance(4 * time.Hour)
			until, down := r.s.Down()
			require.True(r.t, down)
			require.Equal(r.t, 4*time.Hour, until.Sub(start))
			want := looks()[mode]
			r.client.CloseIdleConnections() // else the first one is reset, not refused
			for range 3 {
				got, err := func() (reply, error) {
					ctx, cancel := context.WithTimeout(r.t.Context(), 30*time.Second)
					defer cancel()
					return r.try(ctx, "PUT", "/stocks", two)
				}()
				require.ErrorIs(r.t, err, want.err)
				require.Equal(r.t, want.status, got.status)
				require.Contains(r.t, got.body, want.body)
				time.Sleep(time.Hour)
			}
			stock, ok := r.s.Stock("SKU-1", 0)
			require.True(r.t, ok)
			require.Equal(r.t, "7", stock.Quantity, "nothing is processed")
			time.Sleep(time.Hour)
			r.want(204, "", "PUT", "/stocks", two)
			stock, _ = r.s.Stock("SKU-1", 0)
			require.Equal(r.t, "8", stock.Quantity)
		})
	}
}

func TestMaintenanceOnceMore(t *testing.T) {
	t.Parallel()
	in(t, "planned and ended early", anymarkettest.Options{}, func(r *rig) {
		r.s.MaintenanceAt(time.Now().Add(time.Hour), time.Hour)
		r.s.MaintenanceAt(time.Now().Add(5*time.Hour), time.Hour)
		r.want(204, "", "PUT", "/stocks", one)
		time.Sleep(time.Hour)
		r.want(503, "", "PUT", "/stocks", one)
		r.s.EndMaintenance()
		r.want(204, "", "PUT", "/stocks", one)
		time.Sleep(4 * time.Hour)
		_, down := r.s.Down()
		require.False(r.t, down, "planned ones are forgotten")
	})
	in(t, "an answer on its way is lost", anymarkettest.Options{Latency: 2 * time.Second}, func(r *rig) {
		r.s.MaintenanceAt(time.Now().Add(time.Second), time.Hour)
		_, err := r.try(r.t.Context(), "PUT", "/stocks", one)
		require.ErrorIs(r.t, err, syscall.ECONNRESET)
		_, ok := r.s.Stock("SKU-1", 0)
		require.True(r.t, ok, "it took effect before")
	})
}

func TestModes(t *testing.T) {
	t.Parallel()
	for mode, want := range looks() {
		if mode == anymarkettest.Refused {
			want.err = syscall.ECONNRESET // the connection is there
		}
		for _, applied := range []bool{false, true} {
			in(t, mode.String()+" applied "+strconv.FormatBool(applied), anymarkettest.Options{}, func(r *rig) {
				want := want
				r.s.Fail(anymarkettest.Fault{Route: "PUT /stocks", Mode: mode, Applied: applied})
				r.want(200, "", "GET", "/stocks/locals", "")
				ctx, cancel := context.WithTimeout(r.t.Context(), 30*time.Second)
				defer cancel()
				got, err := r.try(ctx, "PUT", "/stocks", one)
				switch {
				case applied && mode == anymarkettest.Empty:
					want.status = 204
				case applied && mode == anymarkettest.Cut: // there is no half of a 204
					want.err = io.EOF
				}
				require.ErrorIs(r.t, err, want.err)
				if err == nil {
					require.Equal(r.t, want.status, got.status)
				}
				require.Contains(r.t, got.body, want.body)
				_, ok := r.s.Stock("SKU-1", 0)
				require.Equal(r.t, applied, ok)
				r.want(204, "", "PUT", "/stocks", one)
			})
		}
	}
}

func TestLateApplyOverwritesTheNewerValue(t *testing.T) {
	t.Parallel()
	in(t, "late", anymarkettest.Options{}, func(r *rig) {
		r.s.Fail(anymarkettest.Fault{Route: "PUT /stocks", Mode: anymarkettest.Reset, Applied: true, After: 5 * time.Minute})
		start := time.Now()
		_, err := r.try(r.t.Context(), "PUT", "/stocks", one)
		require.ErrorIs(r.t, err, syscall.ECONNRESET)
		r.want(204, "", "PUT", "/stocks", two)
		stock, _ := r.s.Stock("SKU-1", 0)
		require.Equal(r.t, "8", stock.Quantity)
		time.Sleep(10 * time.Minute)
		stock, _ = r.s.Stock("SKU-1", 0)
		require.Equal(r.t, "7", stock.Quantity)
		require.Equal(r.t, 5*time.Minute, stock.At.Sub(start))
		require.Equal(r.t, 1, stock.Request)
		log := r.s.Log()
		require.Len(r.t, log, 2)
		require.Equal(r.t, "reset, applied late", log[0].Fault)
		require.Len(r.t, log[0].Effects, 1)
		require.Equal(r.t, 2, log[0].Effects[0].N, "after that of the second request")
	})
	in(t, "late, through a maintenance", anymarkettest.Options{}, func(r *rig) {
		r.s.Fail(anymarkettest.Fault{Mode: anymarkettest.Reset, Applied: true, After: 5 * time.Minute})
		start := time.Now()
		_, err := r.try(r.t.Context(), "PUT", "/stocks", one)
		require.ErrorIs(r.t, err, syscall.ECONNRESET)
		r.s.Maintenance(4 * time.Hour)
		time.Sleep(3 * time.Hour)
		_, ok := r.s.Stock("SKU-1", 0)
		require.False(r.t, ok)
		time.Sleep(3 * time.Hour)
		stock, ok := r.s.Stock("SKU-1", 0)
		require.True(r.t, ok)
		require.Equal(r.t, 4*time.Hour, stock.At.Sub(start))
	})
}

func TestFailScriptDoAndLatency(t *testing.T) {
	t.Parallel()
	in(t, "in their order", anymarkettest.Options{}, func(r *rig) {
		var seen []int
		r.s.Fail(
			anymarkettest.Fault{Route: "PUT /stocks", Status: 418, Body: `{"code":"418","message":"x"}`, Header: http.Header{"X-Y": {"z"}}, RetryAfter: 1500 * time.Millisecond},
			anymarkettest.Fault{If: func(q anymarkettest.Request) bool { return q.Method == "GET" }, Times: 2, Mode: anymarkettest.BadGateway},
			anymarkettest.Fault{Latency: 3 * time.Second, Do: func(q anymarkettest.Request) {
				_, ok := r.s.Stock("SKU-1", 0)
				require.True(r.t, ok, "after the effect, before the answer")
				seen = append(seen, q.N)
			}},
			anymarkettest.Fault{Times: -1, Mode: anymarkettest.EmptyError},
		)
		got := r.want(418, "", "PUT", "/stocks", one)
		require.Equal(r.t, "2", got.header.Get("Retry-After"))
		require.Equal(r.t, "z", got.header.Get("X-Y"))
		r.want(502, "", "GET", "/stocks", "")
		start := time.Now()
		r.want(204, "", "PUT", "/stocks", one)
		require.Equal(r.t, 3*time.Second, time.Since(start))
		require.Equal(r.t, []int{3}, seen)
		r.want(502, "", "GET", "/stocks", "")
		for range 5 {
			r.want(500, "", "GET", "/stocks", "")
		}
		r.s.Heal()
		r.want(200, "SKU-1", "GET", "/stocks", "")
	})
	calls := 0
	in(t, "a script", anymarkettest.Options{Script: func(q anymarkettest.Request) (anymarkettest.Fault, bool) {
		calls++
		return anymarkettest.Fault{Mode: anymarkettest.Business, Applied: true}, q.Route == "PUT /stocks"
	}}, func(r *rig) {
		r.want(500, "recusada", "PUT", "/stocks", one)
		r.want(200, "SKU-1", "GET", "/stocks", "")
		require.Equal(r.t, 2, calls)
	})
	in(t, "a client that gives up", anymarkettest.Options{Latency: time.Minute}, func(r *rig) {
		ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
		defer cancel()
		_, err := r.try(ctx, "PUT", "/stocks", one)
		require.ErrorIs(r.t, err, context.DeadlineExceeded)
		time.Sleep(time.Second)
		require.Equal(r.t, "client gave up", r.s.Log()[0].Fault)
		require.Zero(r.t, r.s.Log()[0].Status)
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	in(t, "401", anymarkettest.Options{}, func(r *rig) {
		r.token = ""
		got := r.want(401, "", "GET", "/orders", "")
		require.JSONEq(r.t, `{"response":"NO_TOKEN","operation":"geral"}`, got.body)
		r.token = "other"
		r.want(401, "TOKEN_EXPIRED", "GET", "/orders", "")
		other := r.s.For("seller-42")
		require.Same(r.t, other, r.s.For("seller-42"))
		r.token = other.Token()
		r.want(204, "", "PUT", "/stocks", one)
		_, ok := r.s.Stock("SKU-1", 0)
		require.False(r.t, ok, "accounts share nothing")
		_, ok = other.Stock("SKU-1", 0)
		require.True(r.t, ok)
		other.Revoke()
		r.want(401, "", "GET", "/stocks", "")
		other.SetToken("new")
		r.token = "new"
		r.want(200, "", "GET", "/stocks", "")
		r.token = ""
		r.want(200, "", "GET", "/stocks?gumgaToken=new", "")
		log := r.s.Log()
		require.Equal(r.t, "seller-42", log[2].Account)
		b, err := json.Marshal(log)
		require.NoError(r.t, err)
		require.NotContains(r.t, string(b), `"new"`, "no token in the log")
	})
	in(t, "403", anymarkettest.Options{BadToken: 403}, func(r *rig) {
		r.token = "other"
		r.want(403, "TOKEN_EXPIRED", "GET", "/orders", "")
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	perMinute := anymarkettest.Limit{Requests: 2}
	in(t, "per minute", anymarkettest.Options{Limit: perMinute}, func(r *rig) {
		time.Sleep(10 * time.Second)
		r.want(200, "", "GET", "/stocks", "")
		r.want(200, "", "GET", "/stocks", "")
		got := r.want(429, `"code":"429"`, "PUT", "/stocks", one)
		require.Equal(r.t, "50", got.header.Get("Retry-After"))
		require.Empty(r.t, got.header.Get("ratelimit-limit"))
		r.token = r.s.For("other").Token()
		r.want(200, "", "GET", "/stocks", "")
		r.token = r.s.Token()
		time.Sleep(50 * time.Second)
		r.want(200, "", "GET", "/stocks", "")
	})
	in(t, "per second, announced, a date", anymarkettest.Options{Limit: anymarkettest.Limit{Requests: 2, Per: time.Second, Headers: true, RetryAfterDate: true}}, func(r *rig) {
		got := r.want(200, "", "GET", "/stocks", "")
		require.Equal(r.t, []string{"2", "1", "1"}, []string{got.header.Get("ratelimit-limit"), got.header.Get("ratelimit-remaining"), got.header.Get("ratelimit-reset")})
		r.want(200, "", "GET", "/stocks", "")
		got = r.want(429, "", "GET", "/stocks", "")
		require.Equal(r.t, "0", got.header.Get("ratelimit-remaining"))
		at, err := http.ParseTime(got.header.Get("Retry-After"))
		require.NoError(r.t, err)
		require.Equal(r.t, time.Second, time.Until(at))
	})
	in(t, "text without a word", anymarkettest.Options{Limit: anymarkettest.Limit{Requests: 1, NoRetryAfter: true, Text: true}}, func(r *rig) {
		r.want(200, "", "GET", "/stocks", "")
		got := r.want(429, "API rate limit exceeded", "GET", "/stocks", "")
		require.Equal(r.t, "text/plain", got.header.Get("Content-Type"))
		require.Empty(r.t, got.header.Get("Retry-After"))
	})
}

func TestTheTokenByHTTPIsSeen(t *testing.T) {
	t.Parallel()
	in(t, "plain", anymarkettest.Options{}, func(r *rig) {
		r.want(200, "", "GET", "/stocks", "")
		r.want(200, "", "GET", "http://anymarket.test/v2/stocks", "")
		log := r.s.Log()
		require.Equal(r.t, []bool{false, true}, []bool{log[0].Plain, log[1].Plain})
	})
}

func TestCloseEndsWhatHangs(t *testing.T) {
	t.Parallel()
	s := anymarkettest.New(anymarkettest.Options{})
	r := newRig(t, s)
	s.Fail(anymarkettest.Fault{Mode: anymarkettest.Hang})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := r.try(t.Context(), "GET", "/stocks", "")
		require.Error(t, err)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	})
	for s.Count("GET /stocks") == 0 {
		time.Sleep(time.Millisecond)
	}
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	wg.Wait()
	require.Zero(t, s.Conns())
}
