package callback

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/outbox"
)

// FuzzBody parses any two bodies. What is taken is JSON, has a key that people can
// read, is handed over as it was stored, and can be merged with any other.
func FuzzBody(f *testing.F) {
	seeds := []string{
		`{"type":"ORDER","event":"CREATE","content":{"id":"70001","oi":"1."}}`,
		`{"type":"ORDER","content":{"id":70001,"oi":"1.","metadata":{"a":["<b>"]}}}`,
		`{"type":"TRANSMISSION","event":null,"content":{"id":"1","oi":1}}`,
		`{"type":"NEW","content":{"id":1e3,"oi":"1."},"content":{"id":"2","oi":"1."}}`,
		`{"TYPE":"ORDER","Content":{"ID":"1","OI":"1"}}`,
		`{"type":"ORDER","event":["CREATE"],"content":{"id":{"a":1},"oi":"1."}}`,
		`{"type":"OR DER","content":{"id":"1\u0000","oi":"1."}}`,
		`{"type":" ORDER ","event":"é","content":{"id":" 7 ","oi":"\ud800"}}`,
		`{"type":7}`, `{"content":null,"type":"ORDER"}`, `[]`, `null`, `"`, ``, `{}{}`, `<html>`, "\xff\xfe", strings.Repeat("[", 20000),
	}
	for i, seed := range seeds {
		f.Add([]byte(seed), []byte(seeds[(i+1)%len(seeds)]))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		older, ok := taken(t, first)
		if newer, also := taken(t, second); ok && also {
			n, err := notification(outbox.Lease{Body: merge(older, newer)})
			require.NoError(t, err)
			was, err := notification(outbox.Lease{Body: older})
			require.NoError(t, err)
			is, err := notification(outbox.Lease{Body: newer})
			require.NoError(t, err)
			require.Equal(t, is.ID, n.ID)
			require.Subset(t, n.Events, append(was.Events, is.Events...))
			require.LessOrEqual(t, len(n.Events), 2)
		}
	})
}

// taken is what is stored of a body, if anything is.
func taken(t *testing.T, body []byte) ([]byte, bool) {
	t.Helper()
	n, err := parse(body)
	if err != nil {
		require.NotContains(t, err.Error(), "\n")
		return nil, false
	}
	require.True(t, json.Valid(body))
	e, err := n.entry("shop")
	require.NoError(t, err)
	require.True(t, utf8.ValidString(e.Key))
	require.Equal(t, 1, strings.Count(e.Key, " "), "%q", e.Key)
	require.LessOrEqual(t, len(e.Key), 2*longestWord+1)
	const names = 1 << 10
	require.LessOrEqual(t, len(e.Body), growth*len(body)+names)
	given, err := notification(outbox.Lease{Account: "shop", Body: e.Body})
	require.NoError(t, err)
	require.Equal(t, n.Type, given.Type)
	require.Equal(t, n.ID, given.ID)
	require.Equal(t, n.Events, given.Events)
	require.GreaterOrEqual(t, int64(given.ResourceID()), int64(0))
	return e.Body, true
}

func TestMergedEventsAreBounded(t *testing.T) {
	t.Parallel()
	body := []byte(`{"type":"ORDER","id":"1","oi":"1"}`)
	for i := range 2 * mostEvents {
		newer, err := json.Marshal(notice{Type: TypeOrder, ID: "1", OI: "1", Events: []string{strings.Repeat("x", i+1)}})
		require.NoError(t, err)
		body = merge(body, newer)
	}
	var n notice
	require.NoError(t, json.Unmarshal(body, &n))
	require.Len(t, n.Events, mostEvents)
	require.Len(t, n.Events[mostEvents-1], 2*mostEvents, "the newest is the last")

	require.JSONEq(t, string(body), string(merge(body, body)))
	require.Equal(t, body, merge([]byte("not JSON"), body))
}
