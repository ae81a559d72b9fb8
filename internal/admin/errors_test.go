package admin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

func TestErrorsKeepTheirMeaningOnTheWay(t *testing.T) {
	t.Parallel()
	for code, sentinel := range map[admin.Code]error{
		admin.CodeNotFound: outbox.ErrNotFound, admin.CodeState: outbox.ErrState, admin.CodeInvalid: outbox.ErrInvalid,
		admin.CodeFull: outbox.ErrFull, admin.CodeClosed: outbox.ErrClosed, admin.CodeUnknown: outbox.ErrUnknown,
		admin.CodeFormat: outbox.ErrFormat,
	} {
		e := admin.ErrorOf(fmt.Errorf("why: %w", sentinel))
		require.Equal(t, code, e.Code)
		require.ErrorIs(t, e, sentinel)
		require.Equal(t, "why: "+sentinel.Error(), e.Error())
		require.Same(t, e, admin.ErrorOf(fmt.Errorf("again: %w", e)))
	}
	require.Equal(t, admin.CodeConflict, admin.ErrorOf(&outbox.ConflictError{}).Code)
	require.Equal(t, admin.CodeAddressing, admin.ErrorOf(&outbox.AddressingError{}).Code)
	require.Equal(t, admin.CodeTooLarge, admin.ErrorOf(&http.MaxBytesError{}).Code)
	require.ErrorIs(t, admin.ErrorOf(context.Canceled), outbox.ErrClosed)
	require.Equal(t, admin.CodeInternal, admin.ErrorOf(errors.New("odd")).Code)
	require.Equal(t, admin.CodeUnknown, admin.ErrorOf(fmt.Errorf("%w: %w", outbox.ErrUnknown, outbox.ErrFull)).Code)
}

// Each error over HTTP as another language would see it.
func TestErrorAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	waiting := r.put(t, outbox.Entry{Key: "a", Body: []byte("1")})
	taking := admin.NewHandler(r.o, admin.Delivery{Accept: func(context.Context, [][]byte, bool) []admin.Accepted { return nil }})
	h := admin.NewHandler(r.o, admin.Delivery{})
	gone := strings.TrimSuffix(waiting.String(), "1") + "77"
	for _, c := range []struct {
		handler      http.Handler
		method, path string
		body         string
		status       int
		code, field  string
	}{
		{h, "GET", "/v1/entries/" + gone, "", 404, "not_found", ""},
		{h, "GET", "/v1/entries/00000000-1/why", "", 404, "not_found", ""},
		{h, "GET", "/v1/entries/odd", "", 400, "invalid", "id"},
		{h, "POST", "/v1/erase", `{"account":"","key":"a"}`, 400, "invalid", "kind"},
		{h, "POST", "/v1/erase", `{"kind":"order","key":"a"}`, 400, "invalid", "account"},
		{h, "POST", "/v1/erase", `{"kind":"order","account":""}`, 400, "invalid", "key"},
		{h, "POST", "/v1/erase", `{"kind":"order","account":"","key":"o-2"}`, 404, "not_found", "key"},
		{h, "POST", "/v1/erase", `{"kind":"order","account":"","key":"a"}`, 404, "not_found", "kind"},
		{h, "POST", "/v1/erase", `{"kind":"stock","account":"","key":"a"}`, 400, "invalid", ""},
		{h, "POST", "/v1/reseal", "", 409, "state", ""},
		{h, "GET", "/v1/entries/" + waiting.String() + "?full=perhaps", "", 400, "invalid", "full"},
		{h, "GET", "/v1/entries?state=odd", "", 400, "invalid", "state"},
		{h, "GET", "/v1/entries?limit=0", "", 400, "invalid", "limit"},
		{h, "GET", "/v1/entries?acount=x", "", 400, "invalid", "acount"},
		{h, "POST", "/v1/entries/" + waiting.String() + "/requeue", "", 409, "state", ""},
		{h, "PUT", "/v1/entries/" + waiting.String() + "/body", "2", 409, "state", ""},
		{h, "PUT", "/v1/entries/" + waiting.String() + "/body", "", 400, "invalid", "body"},
		{h, "PUT", "/v1/entries/" + waiting.String() + "/body", strings.Repeat("x", 2<<20), 400, "invalid", ""},
		{h, "PUT", "/v1/entries/" + waiting.String() + "/body", strings.Repeat("x", 17<<20), 413, "too_large", ""},
		{h, "POST", "/v1/entries/" + waiting.String() + "/discard", `{"reson":"x"}`, 400, "invalid", "body"},
		{h, "POST", "/v1/entries/" + waiting.String() + "/discard", `{}{}`, 400, "invalid", "body"},
		{h, "POST", "/v1/pause", `{}`, 400, "invalid", "account"},
		{h, "POST", "/v1/pause", `{"all":true,"account":"x"}`, 400, "invalid", "account"},
		{h, "POST", "/v1/resume", `not json`, 400, "invalid", "body"},
		{h, "POST", "/v1/operations", "{}\n", 501, "unsupported", ""},
		{taking, "POST", "/v1/operations", "", 400, "invalid", "body"},
		{taking, "POST", "/v1/operations", strings.Repeat("x", 5<<20), 413, "too_large", ""},
		{h, "GET", "/v1/nothing", "", 501, "unsupported", ""},
		{h, "DELETE", "/v1/status", "", 501, "unsupported", ""},
	} {
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, httptest.NewRequest(c.method, c.path, strings.NewReader(c.body)))
		name := c.method + " " + c.path
		require.Equal(t, c.status, w.Code, name)
		require.Contains(t, w.Body.String(), `"code":"`+c.code+`"`, name)
		if c.field != "" {
			require.Contains(t, w.Body.String(), `"field":"`+c.field+`"`, name)
		}
	}
}

func TestClosedOutboxSaysSo(t *testing.T) {
	t.Parallel()
	both(t, nil, func(t *testing.T, r *rig, c *admin.Client) {
		id := r.put(t, outbox.Entry{Key: "a", Body: []byte("1")})
		require.NoError(t, r.o.Close())
		require.ErrorIs(t, c.Discard(t.Context(), id, ""), outbox.ErrClosed)
		require.ErrorIs(t, c.Check(t.Context()), outbox.ErrClosed)
		_, err := c.Show(t.Context(), id)
		require.ErrorIs(t, err, outbox.ErrClosed)
		last := error(nil)
		for _, err := range c.List(t.Context(), admin.Filter{}) {
			last = err
		}
		require.ErrorIs(t, last, outbox.ErrClosed)
	})
}

func TestOperationsAreHandedOverInOrder(t *testing.T) {
	t.Parallel()
	var requests, lines int
	var wasStrict bool
	accept := func(_ context.Context, group [][]byte, strict bool) []admin.Accepted {
		requests++
		wasStrict = strict
		out := make([]admin.Accepted, len(group))
		for i, line := range group {
			lines++
			switch {
			case len(line) == 0:
				out[i] = admin.NotAccepted(&admin.Error{Code: admin.CodeInvalid, Message: "empty", Field: "op"})
			case bytes.HasPrefix(line, []byte("conflict")):
				out[i] = admin.NotAccepted(&outbox.ConflictError{Fields: []string{"total"}})
			default:
				out[i] = admin.Accepted{Warnings: []string{string(line[:min(len(line), 9)])}}
			}
		}
		return out
	}
	r := newRig(t)
	c := dial(t, r.o, accept)
	got, err := c.Accept(t.Context(), [][]byte{[]byte("one"), {}, []byte("two\n2"), bytes.Repeat([]byte("x"), admin.MaxLine+1), []byte("conflict"), {}})
	require.NoError(t, err)
	require.Len(t, got, 6)
	require.Equal(t, []string{"one"}, got[0].Warnings)
	require.Equal(t, admin.Accepted{Error: "empty", Code: admin.CodeInvalid, Field: "op"}, got[1])
	require.True(t, got[1].Refused())
	require.Equal(t, []string{"two 2"}, got[2].Warnings)
	require.Equal(t, admin.CodeTooLarge, got[3].Code)
	require.Equal(t, admin.CodeConflict, got[4].Code)
	require.Contains(t, got[4].Error, "total")
	require.Equal(t, got[1], got[5])

	requests, lines = 0, 0
	large := make([][]byte, 12) // more than one request may have
	for i := range large {
		large[i] = append([]byte(fmt.Sprintf("large %2d ", i)), bytes.Repeat([]byte("x"), 1<<20)...)
	}
	got, err = c.Accept(t.Context(), large)
	require.NoError(t, err)
	require.Len(t, got, len(large))
	for i := range got {
		require.Equal(t, []string{fmt.Sprintf("large %2d ", i)}, got[i].Warnings)
	}
	require.Equal(t, len(large), lines)
	require.Equal(t, 4, requests)
	require.False(t, wasStrict)
	_, err = c.AcceptStrict(t.Context(), [][]byte{[]byte("one")})
	require.NoError(t, err)
	require.True(t, wasStrict)
	got, err = c.Accept(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, got)
}

// An answer that is missing or short is not taken for success.
func TestAnswersThatAreNotWhole(t *testing.T) {
	t.Parallel()
	answer := func(h http.HandlerFunc) error {
		got, err := admin.Local(h).Accept(t.Context(), [][]byte{[]byte("1"), []byte("2")})
		require.LessOrEqual(t, len(got), 2)
		return err
	}
	require.ErrorContains(t, answer(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}\n") }), "1 answers")
	require.ErrorContains(t, answer(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}\n{}\n{}\n") }), "3 answers")
	require.ErrorContains(t, answer(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "{}\n")
		panic(http.ErrAbortHandler)
	}), "broke off")
	require.ErrorContains(t, answer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }), "502")
	require.Error(t, answer(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }))
}
