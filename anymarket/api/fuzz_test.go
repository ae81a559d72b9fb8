package api_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// seed adds the files of a folder of testdata.
func seed(f *testing.F, folder string) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*"))
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte(`{}`))
	f.Add([]byte(`null`))
}

// fuzzModel decodes objects of any content: it may not fail for an object, keeps
// it, and what it encodes decodes to the same. What stood for a number and is none
// is null then, and nothing in the end.
func fuzzModel[T any](f *testing.F, folder string, raw func(T) json.RawMessage) {
	f.Helper()
	seed(f, folder)
	f.Fuzz(func(t *testing.T, data []byte) {
		var v T
		err := json.Unmarshal(data, &v)
		if !json.Valid(data) {
			require.Error(t, err)
			return
		}
		if data = []byte(strings.TrimSpace(string(data))); data[0] != '{' {
			return
		}
		require.NoError(t, err)
		if raw != nil {
			require.Equal(t, string(data), string(raw(v)))
		}
		_, v = encoded(t, v)
		first, again := encoded(t, v)
		second, _ := encoded(t, again)
		require.Equal(t, first, second)
	})
}

// encoded is v as JSON, and what that decodes to.
func encoded[T any](t *testing.T, v T) (text string, again T) {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &again))
	return string(data), again
}

func FuzzOrder(f *testing.F) {
	fuzzModel(f, "order", func(v api.Order) json.RawMessage { return v.Raw })
}

func FuzzStockRow(f *testing.F) {
	fuzzModel(f, "stockrow", func(v api.StockRow) json.RawMessage { return v.Raw })
}

func FuzzStockLocation(f *testing.F) {
	fuzzModel(f, "location", func(v api.StockLocation) json.RawMessage { return v.Raw })
}

func FuzzSKU(f *testing.F) { fuzzModel(f, "sku", func(v api.SKU) json.RawMessage { return v.Raw }) }

func FuzzAd(f *testing.F) { fuzzModel(f, "ad", func(v api.Ad) json.RawMessage { return v.Raw }) }

func FuzzProduct(f *testing.F) {
	fuzzModel(f, "product", func(v api.Product) json.RawMessage { return v.Raw })
}

func FuzzFeedEntry(f *testing.F) { fuzzModel[api.FeedEntry](f, "feed", nil) }

func FuzzCallback(f *testing.F) {
	fuzzModel(f, "callback", func(v api.Callback) json.RawMessage { return v.Raw })
}

func FuzzCampaign(f *testing.F) {
	fuzzModel(f, "campaign", func(v api.Campaign) json.RawMessage { return v.Raw })
}

func FuzzAdPriceResult(f *testing.F) {
	fuzzModel(f, "adprice", func(v api.AdPriceResult) json.RawMessage { return v.Raw })
}

// FuzzAnswers sends any status and body through a page, an object and a call
// without an answer.
func FuzzAnswers(f *testing.F) {
	for _, folder := range []string{"error", "page", "order"} {
		files, err := filepath.Glob(filepath.Join("testdata", folder, "*"))
		require.NoError(f, err)
		for _, file := range files {
			data, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(uint16(422), data)
			f.Add(uint16(200), data)
		}
	}
	f.Add(uint16(503), []byte(token))
	f.Fuzz(func(t *testing.T, status uint16, body []byte) {
		status = 200 + status%400
		c := newClient(t, always(int(status), string(body), "Location: "+string(body), "Retry-After: "+string(body), "ratelimit-reset: "+string(body)))
		_, pageErr := c.Orders().Page(t.Context(), api.OrderFilter{}, api.Paging{})
		_, getErr := c.Orders().Get(t.Context(), 7)
		_, feedErr := c.Feeds().Orders(t.Context(), 5)
		sendErr := c.Stocks().Put(t.Context(), api.StockItem{ID: 1, Quantity: api.Qty(1)})
		for _, err := range []error{pageErr, getErr, feedErr, sendErr} {
			if err == nil {
				require.Less(t, status, uint16(300))
				continue
			}
			var e *api.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, int(status), e.Status)
			require.NotEqual(t, api.ShapeNone, e.Shape)
			text := err.Error()
			require.Less(t, len(text), 8<<10)
			require.NotContains(t, text, token)
			require.False(t, strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }), "%q", text)
		}
	})
}

// FuzzRateLimit reads any headers about limits: what is taken from them can be
// meant.
func FuzzRateLimit(f *testing.F) {
	for _, value := range []string{"100", "100, 100;w=60", "-1", "1e3", "99999999999999999999", "0", " 7 ;", "٧", "86401"} {
		f.Add(value, value, value, value)
	}
	f.Fuzz(func(t *testing.T, limit, remaining, reset, wait string) {
		var seen api.RateLimit
		c := newClient(t, always(429, `{"code":"429","message":"slow down"}`,
			"Ratelimit-Limit: "+limit, "X-Ratelimit-Remaining: "+remaining, "Ratelimit-Reset: "+reset, "Retry-After: "+wait), func(c *api.Config) {
			c.Observe = func(_ context.Context, o api.Observation) { seen = o.RateLimit }
		})
		_, err := c.Orders().Get(t.Context(), 7)
		var e *api.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, seen, e.RateLimit)
		require.GreaterOrEqual(t, seen.Limit, 0)
		require.LessOrEqual(t, max(seen.Limit, seen.Remaining), 1_000_000)
		require.GreaterOrEqual(t, seen.Remaining, 0)
		require.True(t, seen.RemainingKnown || seen.Remaining == 0)
		for _, d := range []time.Duration{seen.Reset, e.RetryAfter} {
			require.GreaterOrEqual(t, d, time.Duration(0))
			require.LessOrEqual(t, d, 24*time.Hour)
		}
	})
}

// FuzzEndpoints answers every method with the same success: it makes what it
// can of it, or says what is wrong with it.
func FuzzEndpoints(f *testing.F) {
	for _, e := range endpoints() {
		f.Add([]byte(e.answer))
	}
	for _, odd := range []string{`[[[`, `{"content":[7],"page":{"totalElements":1e99}}`, `[{"id":1e400}]`, `{"id":-9223372036854775809}`, `{"success":{"a":{}},"errors":[[]]}`} {
		f.Add([]byte(odd))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, e := range endpoints() {
			c := newClient(t, always(200, string(body)), func(c *api.Config) { c.MaxPages = 3 })
			_, err := e.call(t.Context(), c)
			require.False(t, api.Classify(err).Refused, e.method)
			if err != nil {
				require.Less(t, len(err.Error()), 8<<10, e.method)
				require.False(t, strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }), "%s: %q", e.method, err)
			}
		}
	})
}

func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "99.90", `"99.90"`, "0E-8", "1e41", `"1,5"`, "null", "NaN", "-0.0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := api.ParseDecimal(text); err == nil {
			again, err := api.ParseDecimal(d.String())
			require.NoError(t, err)
			require.True(t, d.Equal(again))
		}
		var d, again api.Decimal
		require.NoError(t, d.UnmarshalJSON([]byte(text)))
		out, err := json.Marshal(d)
		require.NoError(t, err)
		require.NotContains(t, strings.ToLower(string(out)), "e")
		require.LessOrEqual(t, len(out), 128)
		require.NoError(t, json.Unmarshal(out, &again))
		require.True(t, d.Equal(again), "%s: %s, %s", text, d, again)
	})
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{`"2024-07-28T01:00:00-03:00"`, `"2024-07-28T01:00:00.000Z"`, `"2024-07-28"`, "1722139200000", `"0000-01-01T00:00:00Z"`, `"1900-01-01T00:00"`, `"9999-12-31T23:59:59+24:00"`, "null"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var at, again api.Time
		require.NoError(t, at.UnmarshalJSON([]byte(text)))
		require.LessOrEqual(t, len(at.Text), 64)
		out, err := json.Marshal(at)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(out, &again))
		require.True(t, at.Truncate(1e9).Equal(again.Time) || at.Nanosecond() != 0, "%s: %s, %s", text, at, again)
		require.False(t, again.ZoneAssumed)
	})
}
