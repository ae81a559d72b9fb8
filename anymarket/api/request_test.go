package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	some := func(context.Context) (string, error) { return token, nil }
	for name, c := range map[string]struct {
		config api.Config
		field  string
	}{
		"no token":       {api.Config{}, "Token"},
		"http":           {api.Config{BaseURL: "http://api.anymarket.com.br/v2"}, "BaseURL"},
		"http by name":   {api.Config{BaseURL: "http://localhost.example/v2"}, "BaseURL"},
		"http private":   {api.Config{BaseURL: "http://10.0.0.1/v2"}, "BaseURL"},
		"no scheme":      {api.Config{BaseURL: "api.anymarket.com.br/v2"}, "BaseURL"},
		"another scheme": {api.Config{BaseURL: "ftp://api.anymarket.com.br"}, "BaseURL"},
		"no host":        {api.Config{BaseURL: "https:///v2"}, "BaseURL"},
		"port only":      {api.Config{BaseURL: "https://:443/v2"}, "BaseURL"},
		"user":           {api.Config{BaseURL: "https://u:secret-pw@h.example/v2"}, "BaseURL"},
		"query":          {api.Config{BaseURL: "https://h.example/v2?gumgaToken=secret-pw"}, "BaseURL"},
		"empty query":    {api.Config{BaseURL: "https://h.example/v2?"}, "BaseURL"},
		"fragment":       {api.Config{BaseURL: "https://h.example/v2#x"}, "BaseURL"},
		"not an address": {api.Config{BaseURL: "https://h.example/\x7f"}, "BaseURL"},
		"user agent":     {api.Config{UserAgent: "a\r\nX: y"}, "UserAgent"},
		"origin":         {api.Config{Origin: "a\nX: y"}, "Origin"},
		"timeout":        {api.Config{Timeout: -1}, "Timeout"},
		"response":       {api.Config{MaxResponse: -1}, "MaxResponse"},
		"pages":          {api.Config{MaxPages: -1}, "MaxPages"},
		"old TLS":        {api.Config{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS10}}}, "Transport"}, //nolint:gosec // that is the test
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.field != "Token" {
				c.config.Token = some
			}
			_, err := api.New(c.config)
			requireField(t, err, c.field)
			require.NotContains(t, err.Error(), "secret-pw")
		})
	}
	for _, base := range []string{"https://sandbox-api.anymarket.com.br/v2/", "http://localhost:8080", "http://127.0.0.1:80/v2", "http://[::1]:80/v2"} {
		c, err := api.New(api.Config{BaseURL: base, Token: some})
		require.NoError(t, err)
		require.Equal(t, strings.TrimSuffix(base, "/"), c.BaseURL())
	}
	c, err := api.New(api.Config{BaseURL: "http://sandbox-api.anymarket.com.br/v2", AllowHTTP: true, Token: some})
	require.NoError(t, err)
	c.CloseIdleConnections()
	require.Panics(t, func() { c.WithToken(nil) })
}

func TestOptionalHeaders(t *testing.T) {
	t.Parallel()
	c := newClient(t, transport(func(r *http.Request) (*http.Response, error) {
		require.Equal(t, "my-erp/1.0", r.Header.Get("User-Agent"))
		require.Equal(t, "my-erp", r.Header.Get("x-module-origin"))
		require.Empty(t, r.Header.Get("orderNewPattern"))
		return reply(200, `{"id":7}`), nil
	}), func(c *api.Config) {
		c.UserAgent, c.Origin, c.OmitOrderNewPattern = "my-erp/1.0", "my-erp", true
	})
	_, err := c.Orders().Get(t.Context(), 7)
	require.NoError(t, err)
}

func TestWithTokenLeavesTheClientAlone(t *testing.T) {
	t.Parallel()
	var got []string
	c := newClient(t, transport(func(r *http.Request) (*http.Response, error) {
		got = append(got, r.Header.Get("gumgaToken"))
		return reply(200, `[]`), nil
	}))
	other := c.WithToken(func(context.Context) (string, error) { return "other-account", nil })
	for _, c := range []*api.Client{c, other, c} {
		_, err := c.Stocks().Locations(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, []string{token, "other-account", token}, got)
}

func TestTokenSourceFailure(t *testing.T) {
	t.Parallel()
	cause := errors.New("vault sealed")
	c := newClient(t, always(200, `[]`), func(c *api.Config) {
		c.Token = func(context.Context) (string, error) { return "", cause }
	})
	_, err := c.Stocks().Locations(t.Context())
	require.ErrorIs(t, err, cause)
	require.EqualError(t, err, "no token: vault sealed")
	require.Equal(t, api.Outcome{Refused: true}, api.Classify(err))
}

func TestDo(t *testing.T) {
	t.Parallel()
	c := newClient(t, transport(func(r *http.Request) (*http.Response, error) {
		require.Equal(t, "POST /v2/printtag/PDF?file=TXT", r.Method+" "+r.URL.RequestURI())
		require.Equal(t, "application/pdf", r.Header.Get("Accept"))
		require.Equal(t, "text/plain", r.Header.Get("Content-Type"))
		require.Equal(t, "b", r.Header.Get("A"))
		return reply(200, "%PDF", "Content-Type: application/pdf", "ratelimit-remaining: 5, 5;w=60"), nil
	}))
	got, err := c.Do(t.Context(), api.Request{
		Method: "POST", Path: "/printtag/PDF", Query: url.Values{"file": {"TXT"}}, Body: []byte("x"), ContentType: "text/plain",
		Accept: "application/pdf", Header: http.Header{"A": {"b"}},
	})
	require.NoError(t, err)
	require.Equal(t, api.Answer{Status: 200, Body: []byte("%PDF"), ContentType: "application/pdf", RateLimit: api.RateLimit{Remaining: 5, RemainingKnown: true}}, got)
}

func TestDoRefusesWhatWouldNotArriveAsItIs(t *testing.T) {
	t.Parallel()
	c := newClient(t, transport(func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent %s", r.URL)
		return nil, errors.New("sent")
	}))
	for _, path := range []string{"", "x", "//evil.example/x", "/a/../b", "/a/%2e%2E/b", "/a/%2F../b", "/a?b", "/a#b", "/a b", "/a\nb", "/a%0ab", "/a%zz", `/a\b`, "/a%5c..%5cb", "/."} {
		_, err := c.Do(t.Context(), api.Request{Path: path})
		requireField(t, err, "Path")
	}
	for _, method := range []string{"get", "CONNECT", "GET /x", "PUT\r\n"} {
		_, err := c.Do(t.Context(), api.Request{Path: "/x", Method: method})
		requireField(t, err, "Method")
	}
	for _, header := range []string{"gumgatoken", "GumgaToken", "authorization", "Content-Type", "Host", "a b", "", "a:", "é"} {
		_, err := c.Do(t.Context(), api.Request{Path: "/x", Header: http.Header{header: {"1"}}})
		requireField(t, err, "Header")
	}
	_, err := c.Do(t.Context(), api.Request{Path: "/x", Header: http.Header{"A": {"1\r\nB: 2"}}})
	requireField(t, err, "Header")
	_, err = c.Do(t.Context(), api.Request{Path: "/x", Accept: "a\r\nB: 2"})
	requireField(t, err, "ContentType or Accept")
}

func TestCodesInPaths(t *testing.T) {
	t.Parallel()
	var path string
	c := newClient(t, transport(func(r *http.Request) (*http.Response, error) {
		path = r.URL.EscapedPath()
		return reply(404, `{"code":"404","message":"x"}`), nil
	}))
	for code, want := range map[string]string{
		"SKU-1": "SKU-1", "a/b": "a%2Fb", "a%2Fb": "a%252Fb", "ü": "%C3%BC", "a;b,c": "a%3Bb%2Cc", "...": "...", "a.b": "a.b",
		"+": "+", "a?b#c": "a%3Fb%23c", " a ": "%20a%20", ".a": ".a",
	} {
		_, err := c.SKUs().ByPartnerID(t.Context(), code)
		require.Equal(t, 404, api.Classify(err).Status)
		require.Equal(t, "/v2/skus/partnerId/"+want, path)
	}
	for _, code := range []string{"", " ", ".", "..", "a/../b", `a\..\b`, "/..", "a\nb", "a\x00", "a\u0085", "a\xff"} {
		_, err := c.SKUs().ByPartnerID(t.Context(), code)
		requireField(t, err, "partnerId")
	}
	for _, marketplace := range []string{"", "A B", "A/B", "..", "É", "A\n"} {
		_, err := c.Prices().PutMarketplace(t.Context(), 7, marketplace, api.MarketplacePrice{Price: api.Qty(1)})
		requireField(t, err, "marketplace")
	}
	for _, id := range []api.ID{0, -1} {
		_, err := c.Orders().Get(t.Context(), id)
		requireField(t, err, "id")
	}
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

func TestBodiesAreCapped(t *testing.T) {
	t.Parallel()
	capped := func(c *api.Config) { c.MaxResponse = 10 }
	const ten = `{"id":"7"}`
	for name, c := range map[string]struct {
		host  transport
		shape api.Shape
	}{
		"just fits":        {always(200, ten), api.ShapeNone},
		"one more":         {always(200, ten+" "), api.ShapeTooLarge},
		"fits, compressed": {always(200, zipped(t, ten), "Content-Encoding: gzip"), api.ShapeNone},
		"a bomb":           {always(200, zipped(t, strings.Repeat(" ", 10<<20)+ten), "Content-Encoding: gzip"), api.ShapeTooLarge},
		"no gzip at all":   {always(200, ten, "Content-Encoding: gzip"), api.ShapeCut},
		"gzip cut":         {always(200, zipped(t, ten)[:20], "Content-Encoding: gzip"), api.ShapeCut},
		"gzip of nothing":  {always(200, "", "Content-Encoding: gzip"), api.ShapeEmpty},
		"unknown coding":   {always(200, "\x1b\x01", "Content-Encoding: br"), api.ShapeText},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, c.host, capped).Orders().Get(t.Context(), 7)
			require.Equal(t, c.shape, api.Classify(err).Shape)
		})
	}
}

// counted counts what is read of it and whether it is closed.
type counted struct {
	io.Reader
	read   int
	closed bool
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.read += n
	return n, err
}

func (c *counted) Close() error {
	c.closed = true
	return nil
}

func TestBodiesAreClosedAndHardlyDrained(t *testing.T) {
	t.Parallel()
	body := &counted{Reader: strings.NewReader(strings.Repeat("x", 1<<20))}
	_, err := newClient(t, transport(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 500, Header: http.Header{}, Body: body}, nil
	})).Orders().Get(t.Context(), 7)
	require.Equal(t, api.ShapeTooLarge, api.Classify(err).Shape)
	require.True(t, body.closed)
	require.Less(t, body.read, 80<<10)
}

func TestWholeRequestHasADeadline(t *testing.T) {
	t.Parallel()
	hang := transport(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	hangInBody := transport(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(hanging{r.Context()})}, nil
	})
	hangInToken := func(c *api.Config) {
		c.Token = func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}
	}
	none := func(*api.Config) {}
	for name, c := range map[string]struct {
		host   transport
		change func(*api.Config)
		want   api.Outcome
	}{
		"no answer":        {hang, none, api.Outcome{Sent: true, Timeout: true}},
		"no end of answer": {hangInBody, none, api.Outcome{Sent: true, Status: 200, Shape: api.ShapeCut, Timeout: true}},
		"no token":         {hang, hangInToken, api.Outcome{Refused: true, Timeout: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				_, err := newClient(t, c.host, c.change).Orders().Get(t.Context(), 7)
				require.Equal(t, c.want, api.Classify(err))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, 30*time.Second, time.Since(start))
			})
			synctest.Test(t, func(t *testing.T) { // the caller's deadline wins
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				_, err := newClient(t, c.host, c.change).Orders().Get(ctx, 7)
				require.Equal(t, c.want, api.Classify(err))
				require.Equal(t, time.Second, time.Since(start))
			})
			synctest.Test(t, func(t *testing.T) { // being stopped is told apart
				ctx, cancel := context.WithCancel(t.Context())
				go func() {
					<-time.After(time.Second)
					cancel()
				}()
				_, err := newClient(t, c.host, c.change).Orders().Get(ctx, 7)
				want := c.want
				want.Timeout, want.Stopped = false, true
				require.Equal(t, want, api.Classify(err))
			})
		})
	}
}

type hanging struct{ ctx context.Context } //nolint:containedctx // a body has no other way to end

func (h hanging) Read([]byte) (int, error) {
	<-h.ctx.Done()
	return 0, h.ctx.Err()
}

func TestNothingIsSentAfterTheEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := newClient(t, transport(func(*http.Request) (*http.Response, error) {
		t.Error("sent")
		return nil, errors.New("sent")
	}))
	_, err := c.Orders().Get(ctx, 7)
	require.Equal(t, api.Outcome{Stopped: true}, api.Classify(err))
}

func TestObserve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen []api.Observation
		c := newClient(t, transport(func(*http.Request) (*http.Response, error) {
			<-time.After(2 * time.Second)
			return reply(503, "<html>", "ratelimit-limit: 60"), nil
		}), func(c *api.Config) {
			c.Observe = func(_ context.Context, o api.Observation) { seen = append(seen, o) }
		})
		err := c.Stocks().Put(t.Context(), api.StockItem{ID: 7, Quantity: api.Qty(1)})
		require.Error(t, err)
		require.Equal(t, []api.Observation{{
			Method: "PUT", Route: "/stocks", Status: 503, Duration: 2 * time.Second, SentBytes: len(`[{"id":7,"quantity":1}]`), ReceivedBytes: 6,
			RateLimit: api.RateLimit{Limit: 60}, Err: err,
		}}, seen)
	})
}
