package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// FuzzRequest makes any request of the handler: it is answered with JSON, an
// error says what is wrong in its own form, and buyer data is shown only where
// it was asked for.
func FuzzRequest(f *testing.F) {
	const id = "/v1/entries/00000001-1"
	for _, r := range [][3]string{
		{"GET", "/v1/status", ""},
		{"GET", "/v1/entries?state=dead&limit=1&full=true", ""},
		{"GET", "/v1/entries?account=&kind=stock&key=%00&limit=-1&full=maybe", ""},
		{"GET", id, ""},
		{"GET", id + "/why", ""},
		{"PUT", id + "/body", "{}"},
		{"POST", id + "/requeue", ""},
		{"POST", id + "/discard", `{"reason":"x"}`},
		{"POST", "/v1/pause", `{"all":true,"reason":"x"}`},
		{"POST", "/v1/resume", `{"account":"a"}`},
		{"POST", "/v1/readdress", `{"account":"a","family":"stock"}`},
		{"POST", "/v1/check", ""},
		{"GET", "/v1/history", ""},
		{"GET", "/v1/lives", ""},
		{"GET", "/v1/gate", ""},
		{"POST", "/v1/operations?strict=true", "{}\n{}\n"},
		{"POST", "/v1/resend", `{"from":"2024-07-28T04:00:00Z","to":"2024-07-28T08:00:00Z"}`},
		{"POST", "/v1/recheck", "{}\n[[["},
		{"POST", "/v1/reload", `{"account":"a"}` + "\n" + `{"line":1,"stock":{}}`},
		{"POST", "/v1/repush", `{"order":` + strings.Repeat("[", 20_000)},
		{"BREW", "//v1/../status", ""},
	} {
		f.Add(r[0], r[1], []byte(r[2]))
	}
	const buyer = "Maria-da-Silva"
	deliver := func(context.Context, []outbox.Lease) outbox.Answer {
		return outbox.Answer{Result: outbox.Result{Verdict: outbox.Delivered}}
	}
	o, err := outbox.Open(filepath.Join(f.TempDir(), "outbox.db"), outbox.Options{
		Kinds: []outbox.Kind{{Name: "stock", Class: outbox.Absolute, Deliver: deliver}}, MinFree: -1,
	})
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, o.Close()) })
	_, err = o.Accept(context.Background(), outbox.Entry{Kind: "stock", Key: "k", Body: []byte(`{"buyer":{"name":"` + buyer + `"}}`)})
	require.NoError(f, err)
	h := admin.NewHandler(o, admin.Delivery{
		Accept: func(_ context.Context, lines [][]byte, _ bool) []admin.Accepted {
			return make([]admin.Accepted, len(lines))
		},
		Repush: func(context.Context, admin.Repush) admin.Accepted { return admin.Accepted{} },
	})
	f.Fuzz(func(t *testing.T, method, target string, body []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, method, "http://outbox"+target, bytes.NewReader(body))
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if !strings.Contains(req.URL.RawQuery, "full") && !bytes.Contains(body, []byte(buyer)) {
			require.NotContains(t, w.Body.String(), buyer)
		}
		if w.Code >= http.StatusBadRequest && w.Header().Get("Content-Type") == "application/json" {
			var e struct{ Error *admin.Error }
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &e))
			require.NotEmpty(t, e.Error.Code)
			require.NotEmpty(t, e.Error.Message)
			return
		}
		if w.Code == http.StatusOK {
			for line := range bytes.Lines(w.Body.Bytes()) {
				require.True(t, len(bytes.TrimSpace(line)) == 0 || json.Valid(line), "%q", line)
			}
		}
	})
}

// FuzzAnswer lets whoever listens at the socket answer anything: the client
// returns it, or an error.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		"", "{}", "[]", "null", `{"error":{"code":"full","message":"x"}}`, `{"error":"text"}`, `{"id":"00000001-1","state":"dead","events":[{"type":"dead"}]}`,
		`{"id":"x"}`, `{"id":"00000001-1"}` + "\n\n" + `{"cut`, strings.Repeat("[", 20_000), `{"state":"of another version","events":[{"type":"","entry":{}}]}`,
	} {
		f.Add(uint16(200), []byte(body))
		f.Add(uint16(400), []byte(body))
	}
	f.Fuzz(func(t *testing.T, status uint16, body []byte) {
		c := admin.Local(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(200 + int(status)%400)
			_, _ = w.Write(body)
		}))
		defer c.Close()
		ctx := t.Context()
		id, err := outbox.ParseID("00000001-1")
		require.NoError(t, err)
		_, _ = c.Status(ctx)
		_, _ = c.Why(ctx, id)
		_, _ = c.Edit(ctx, id, []byte("{}"))
		_ = c.Check(ctx)
		most := bytes.Count(body, []byte("{")) + len(body) + 1
		count := 0
		for range c.List(ctx, admin.Filter{}) {
			count++
		}
		for range c.Lives(ctx) {
			count++
		}
		for range c.GateChanges(ctx) {
			count++
		}
		require.LessOrEqual(t, count, 3*most)
		done, err := c.Accept(ctx, [][]byte{[]byte("{}")})
		require.True(t, err != nil || len(done) == 1)
		if status%400 >= 200 {
			require.Error(t, c.Check(ctx))
		}
	})
}
