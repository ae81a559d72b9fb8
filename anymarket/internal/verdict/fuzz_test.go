package verdict

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

type answering func() *http.Response

func (a answering) RoundTrip(*http.Request) (*http.Response, error) { return a(), nil }

// FuzzVerdict judges any answer. Only ANYMARKET itself refuses an entry for good,
// only a success delivers one, and a write that may have taken effect is never
// said not to have.
func FuzzVerdict(f *testing.F) {
	for _, body := range []string{"", "<html>", `{"code":"422","message":"no"}`, `{"response":"NO_TOKEN","operation":"x"}`, `{"cut`, `{"id":7}`, `[]`, `{"code":"200","message":"ok"}`} {
		for _, status := range []uint16{200, 204, 302, 400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 504, 599} {
			f.Add(status, []byte(body), "7")
		}
	}
	f.Fuzz(func(t *testing.T, status uint16, body []byte, wait string) {
		const token = "s3cr3t-t0ken-of-the-shop"
		code := 200 + int(status)%400
		c, err := api.New(api.Config{
			Token: func(context.Context) (string, error) { return token, nil },
			Transport: answering(func() *http.Response {
				return &http.Response{StatusCode: code, Header: http.Header{"Retry-After": {wait}}, Body: io.NopCloser(strings.NewReader(string(body)))}
			}),
		})
		require.NoError(t, err)
		err = c.Stocks().Put(t.Context(), api.StockItem{ID: 1, Quantity: api.Qty(1)})
		for _, class := range []outbox.Class{Read, outbox.Absolute, outbox.Once, outbox.Step} {
			a := Of(class, err)
			require.NotZero(t, a.Verdict)
			require.Equal(t, err == nil, a.Verdict == outbox.Delivered)
			require.True(t, a.Verdict != outbox.Delivered || code < 300)
			if a.Verdict == outbox.Rejected && code != http.StatusRequestEntityTooLarge {
				require.True(t, code >= 400 && code < 500 && api.Classify(err).Shape.FromAPI(), "%d %q", code, body)
			}
			if code >= 500 && (class == outbox.Once || class == outbox.Step) {
				require.Equal(t, outbox.Unknown, a.Verdict)
			}
			require.NotEqual(t, outbox.Unknown, Of(Read, err).Verdict)
			require.LessOrEqual(t, a.RetryAfter, 24*time.Hour)
			require.GreaterOrEqual(t, a.RetryAfter, time.Duration(0))
			require.NotContains(t, a.Reason, token)
			require.False(t, strings.ContainsFunc(a.Reason, func(r rune) bool { return !unicode.IsPrint(r) }), "%q", a.Reason)
			require.Less(t, len(a.Reason), 8<<10)
			for _, other := range []outbox.Answer{OfEntry(class, err), OfCreation(err, wait), OfStep(err, nil, time.Time{}, 0), OfRead(err), OfLookUp(err), OfCanary(err)} {
				require.NotZero(t, other.Verdict)
			}
		}
	})
}
