package api_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

const (
	unavailableHTML = "<html><head><title>503 Service Temporarily\n Unavailable</title></head><body>…</body></html>"
	businessError   = `{"code":"422","message":"Campo inválido"}`
)

// Sources: error bodies and statuses of the OpenAPI v2 document and the official
// SDK; 415, limit below 5 and the gateway's words as measured or seen by third
// parties.
func TestEveryAnswerIsATypedError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  int
		body    string
		headers []string
		want    api.Error // Method, Route and Err are left out
		text    string    // after "GET /orders/{id}: "
	}{
		"400 malformed": {
			status: 400, body: `{"code":"400","message":"O limite mínimo por página é 5"}`,
			want: api.Error{Shape: api.ShapeAPI, Code: "400", Message: "O limite mínimo por página é 5"},
			text: "400 Bad Request: O limite mínimo por página é 5",
		},
		"401 no token": {
			status: 401, body: `{"response":"NO_TOKEN","operation":"geral"}`,
			want: api.Error{Shape: api.ShapeGateway, Code: "NO_TOKEN"},
			text: "401 Unauthorized: code NO_TOKEN",
		},
		"403 token expired": {
			status: 403, body: `{"response":"TOKEN_EXPIRED","operation":"geral"}`,
			want: api.Error{Shape: api.ShapeGateway, Code: "TOKEN_EXPIRED"},
			text: "403 Forbidden: code TOKEN_EXPIRED",
		},
		"403 of the API": {
			status: 403, body: `{"code":"403","message":"Acesso negado"}`,
			want: api.Error{Shape: api.ShapeAPI, Code: "403", Message: "Acesso negado"},
			text: "403 Forbidden: Acesso negado",
		},
		"403 of a firewall": {
			status: 403, body: "<html><title>Request blocked</title>",
			want: api.Error{Shape: api.ShapeHTML, Message: "Request blocked"},
			text: "403 Forbidden: HTML page: Request blocked",
		},
		"404 missing, code as integer": {
			status: 404, body: `{"code":404,"message":"Recurso com o id '7' não encontrado"}`,
			want: api.Error{Shape: api.ShapeAPI, Code: "404", Message: "Recurso com o id '7' não encontrado"},
			text: "404 Not Found: Recurso com o id '7' não encontrado",
		},
		"404 of a gateway": {
			status: 404, body: "<!doctype html><h1>Not\nFound</h1>",
			want: api.Error{Shape: api.ShapeHTML, Message: "<!doctype html><h1>Not Found</h1>"},
			text: "404 Not Found: HTML page: <!doctype html><h1>Not Found</h1>",
		},
		"408 empty":    {status: 408, want: api.Error{Shape: api.ShapeEmpty}, text: "408 Request Timeout: empty body"},
		"409 conflict": {status: 409, body: `{"code":"409","message":"x"}`, want: api.Error{Shape: api.ShapeAPI, Code: "409", Message: "x"}, text: "409 Conflict: x"},
		"413 HTML": {
			status: 413, body: "<html>", want: api.Error{Shape: api.ShapeHTML, Message: "<html>"},
			text: "413 Request Entity Too Large: HTML page: <html>",
		},
		"415 wrong media type": {
			status: 415, body: `{"code":"415","message":"Content type 'application/json' not supported"}`,
			want: api.Error{Shape: api.ShapeAPI, Code: "415", Message: "Content type 'application/json' not supported"},
			text: "415 Unsupported Media Type: Content type 'application/json' not supported",
		},
		"422 with everything": {
			status: 422, body: `{"code":"1042","httpStatus":422,"message":"Inválido","details":"mais","resources":{"id":[7]},"fieldErrors":[{"field":"total","message":"obrigatório"}],"new":1}`,
			want: api.Error{
				Shape: api.ShapeAPI, Code: "1042", Message: "Inválido", Details: "mais",
				Resources: map[string]json.RawMessage{"id": json.RawMessage("[7]")}, FieldErrors: []api.FieldProblem{{Field: "total", Message: "obrigatório"}},
			},
			text: "422 Unprocessable Entity: code 1042: Inválido; total: obrigatório",
		},
		"422 with httpStatus only": {
			status: 422, body: `{"httpStatus":422,"message":"Inválido"}`,
			want: api.Error{Shape: api.ShapeAPI, Code: "422", Message: "Inválido"}, text: "422 Unprocessable Entity: Inválido",
		},
		"422 with details of other types": {
			status: 422, body: `{"code":"422","message":7,"details":{"a":1},"resources":[1],"fieldErrors":{"field":1,"message":true}}`,
			want: api.Error{Shape: api.ShapeAPI, Code: "422", Message: "7", Details: `{"a":1}`, FieldErrors: []api.FieldProblem{{Field: "1", Message: "true"}}},
			text: "422 Unprocessable Entity: 7; 1: true",
		},
		"429 with seconds": {
			status: 429, body: `{"code":"429","message":"Too many requests"}`,
			headers: []string{"Retry-After: 53", "ratelimit-limit: 60", "ratelimit-remaining: 0", "ratelimit-reset: 53"},
			want: api.Error{
				Shape: api.ShapeAPI, Code: "429", Message: "Too many requests", RetryAfter: 53 * time.Second,
				RateLimit: api.RateLimit{Limit: 60, RemainingKnown: true, Reset: 53 * time.Second},
			},
			text: "429 Too Many Requests: Too many requests (retry after 53s)",
		},
		"429 with a date, by the host's clock": {
			status: 429, body: "slow down",
			headers: []string{"Date: Sun, 28 Jul 2024 04:00:00 GMT", "Retry-After: Sun, 28 Jul 2024 04:01:00 GMT"},
			want:    api.Error{Shape: api.ShapeText, Message: "slow down", RetryAfter: time.Minute},
			text:    "429 Too Many Requests: text where JSON belongs: slow down (retry after 1m0s)",
		},
		"429 with nonsense": {
			status: 429, headers: []string{"Retry-After: -1", "ratelimit-limit: -1", "ratelimit-remaining: 1e3", "ratelimit-reset: 1722139200"},
			want: api.Error{Shape: api.ShapeEmpty}, text: "429 Too Many Requests: empty body",
		},
		"500 that is a business refusal": {
			status: 500, body: `{"code":"500","message":"NF-e recusada"}`,
			want: api.Error{Shape: api.ShapeAPI, Code: "500", Message: "NF-e recusada"},
			text: "500 Internal Server Error: NF-e recusada",
		},
		"500 empty": {status: 500, body: " \n", want: api.Error{Shape: api.ShapeEmpty}, text: "500 Internal Server Error: empty body"},
		"500 JSON of another kind": {
			status: 500, body: `{"message":"Internal server error"}`,
			want: api.Error{Shape: api.ShapeJSON, Message: "Internal server error"},
			text: "500 Internal Server Error: JSON of another kind than expected: Internal server error",
		},
		"502 JSON array": {status: 502, body: `[1]`, want: api.Error{Shape: api.ShapeJSON, Message: "[1]"}, text: "502 Bad Gateway: JSON of another kind than expected: [1]"},
		"502 text":       {status: 502, body: "upstream\x1b[31m error\r\n", want: api.Error{Shape: api.ShapeText, Message: "upstream\x1b[31m error"}, text: `502 Bad Gateway: text where JSON belongs: upstream\x1b[31m error`},
		"503 maintenance": {
			status: 503, body: unavailableHTML, headers: []string{"Retry-After: 14400"},
			want: api.Error{Shape: api.ShapeHTML, Message: "503 Service Temporarily Unavailable", RetryAfter: 4 * time.Hour},
			text: "503 Service Unavailable: HTML page: 503 Service Temporarily Unavailable (retry after 4h0m0s)",
		},
		"504 HTML":  {status: 504, body: "<html>", want: api.Error{Shape: api.ShapeHTML, Message: "<html>"}, text: "504 Gateway Timeout: HTML page: <html>"},
		"505 empty": {status: 505, want: api.Error{Shape: api.ShapeEmpty}, text: "505 HTTP Version Not Supported: empty body"},
		"599":       {status: 599, body: businessError, want: api.Error{Shape: api.ShapeAPI, Code: "422", Message: "Campo inválido"}, text: "599: code 422: Campo inválido"},
		"maintenance as HTML with 200": {
			status: 200, body: unavailableHTML, want: api.Error{Shape: api.ShapeHTML, Message: "503 Service Temporarily Unavailable"},
			text: "200 OK: HTML page: 503 Service Temporarily Unavailable",
		},
		"200 empty":     {status: 200, want: api.Error{Shape: api.ShapeEmpty}, text: "200 OK: empty body"},
		"204 for a get": {status: 204, want: api.Error{Shape: api.ShapeEmpty}, text: "204 No Content: empty body"},
		"200 cut":       {status: 200, body: `{"id":7,"marketPla`, want: api.Error{Shape: api.ShapeCut, Message: `{"id":7,"marketPla`}, text: `200 OK: body cut short: {"id":7,"marketPla`},
		"200 array":     {status: 200, body: `[]`, want: api.Error{Shape: api.ShapeJSON, Message: "[]"}, text: "200 OK: JSON of another kind than expected: [] (the answer is not an object)"},
		"200 null":      {status: 200, body: `null`, want: api.Error{Shape: api.ShapeJSON}, text: "200 OK: JSON of another kind than expected (the answer is not an object)"},
		"200 without the essential": {
			status: 200, body: `{}`, want: api.Error{Shape: api.ShapeJSON}, text: "200 OK: JSON of another kind than expected (the answer has no id)",
		},
		"200 with an error in it": {
			status: 200, body: businessError, want: api.Error{Shape: api.ShapeJSON, Code: "422", Message: "Campo inválido"},
			text: "200 OK: JSON of another kind than expected: code 422: Campo inválido (the answer has no id)",
		},
		"redirect": {
			status: 302, body: "<html>", headers: []string{"Location: http://user:pw@login.example/orders?q=1"},
			want: api.Error{Shape: api.ShapeRedirect, Message: "to http://login.example"},
			text: "302 Found: redirect, not followed: to http://login.example",
		},
		"redirect to nowhere": {
			status: 301, headers: []string{"Location: http://[broken"},
			want: api.Error{Shape: api.ShapeRedirect}, text: "301 Moved Permanently: redirect, not followed",
		},
		"304": {status: 304, want: api.Error{Shape: api.ShapeRedirect}, text: "304 Not Modified: redirect, not followed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, always(c.status, c.body, c.headers...)).Orders().Get(t.Context(), 7)
			var got *api.Error
			require.ErrorAs(t, err, &got)
			require.Equal(t, "GET /orders/{id}: "+c.text, got.Error())
			c.want.Method, c.want.Route, c.want.Status, c.want.Err = "GET", "/orders/{id}", c.status, got.Err
			require.Equal(t, c.want, *got)
			require.Equal(t, api.Outcome{Sent: true, Status: c.status, Shape: c.want.Shape, RetryAfter: c.want.RetryAfter}, api.Classify(err))
		})
	}
}

func TestAnyStatusOfSuccessWill(t *testing.T) {
	t.Parallel()
	item := api.StockItem{ID: 7, Quantity: api.Qty(1)}
	for _, status := range []int{200, 201, 202, 204, 207} {
		c := newClient(t, always(status, ""))
		require.NoError(t, c.Stocks().Put(t.Context(), item), status)
		require.NoError(t, c.Orders().PutNFe(t.Context(), 7, []byte("<a/>")), status)
	}
	for _, body := range []string{`{}`, `[]`, `{"message":"ok"}`, `{"code":"200","message":"ok"}`, `null`} {
		require.NoError(t, newClient(t, always(200, body)).Stocks().Put(t.Context(), item), body)
	}
	// 204 has no body to answer with, so what was written is written.
	c := newClient(t, always(204, ""))
	_, err := c.Prices().PutAds(t.Context(), api.AdPrice{ID: 1, Price: api.Qty(2), DiscountPrice: api.Qty(1)})
	require.NoError(t, err)
	_, err = c.Orders().Update(t.Context(), 7, api.OrderUpdate{Status: api.StatusPaid})
	require.NoError(t, err)
	// But a creation has to tell the id.
	_, err = c.Orders().Create(t.Context(), newOrder())
	require.Equal(t, api.ShapeEmpty, api.Classify(err).Shape)
	_, err = newClient(t, always(200, "")).Orders().Update(t.Context(), 7, api.OrderUpdate{Status: api.StatusPaid})
	require.Equal(t, api.ShapeEmpty, api.Classify(err).Shape)
}

func TestSuccessStatusWithAnErrorIsNoSuccess(t *testing.T) {
	t.Parallel()
	for _, body := range []string{businessError, `{"response":"TOKEN_EXPIRED","operation":"geral"}`, unavailableHTML, `{"cut`, "text"} {
		err := newClient(t, always(200, body)).Stocks().Put(t.Context(), api.StockItem{ID: 7, Quantity: api.Qty(1)})
		var e *api.Error
		require.ErrorAs(t, err, &e, body)
		require.False(t, e.Shape.FromAPI(), body)
	}
}

func TestBodiesThatEndEarly(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 422, 503} {
		body := io.MultiReader(strings.NewReader(`{"code":"422","message":"x"}`), failing{io.ErrUnexpectedEOF})
		_, err := newClient(t, transport(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(body)}, nil
		})).Orders().Get(t.Context(), 7)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Equal(t, api.Outcome{Sent: true, Status: status, Shape: api.ShapeCut}, api.Classify(err))
	}
}

// failing fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestLongErrorsKeepTheirBegin(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 70<<10)
	for body, want := range map[string]api.Outcome{
		`{"code":"422","message":"m","details":"` + long + `"}`: {Sent: true, Status: 422, Shape: api.ShapeAPI},
		`{"details":"` + long + `","code":"422","message":"m"}`: {Sent: true, Status: 422, Shape: api.ShapeTooLarge},
		`[` + strings.Repeat("1,", 40<<10) + `1]`:               {Sent: true, Status: 422, Shape: api.ShapeTooLarge},
		`<html>` + long: {Sent: true, Status: 422, Shape: api.ShapeHTML},
	} {
		_, err := newClient(t, always(422, body)).Orders().Get(t.Context(), 7)
		require.Equal(t, want, api.Classify(err), body[:20])
		require.Less(t, len(err.Error()), 500)
	}
	_, err := newClient(t, always(422, `{"code":"422","message":"`+long[:50<<10]+`"}`)).Orders().Get(t.Context(), 7)
	var e *api.Error
	require.ErrorAs(t, err, &e)
	require.Len(t, e.Message, 4<<10)
}

func TestClassify(t *testing.T) {
	t.Parallel()
	require.Equal(t, api.Outcome{OK: true, Sent: true, Status: 200}, api.Classify(nil))
	require.Equal(t, api.Outcome{Sent: true}, api.Classify(errors.New("other")))
	wrapped := errors.Join(errors.New("x"), &api.PageError{Err: &api.Error{Status: 503, Shape: api.ShapeHTML}})
	require.Equal(t, api.Outcome{Sent: true, Status: 503, Shape: api.ShapeHTML}, api.Classify(wrapped))
	// A token source may call somebody itself; its trouble is not the host's.
	require.True(t, api.Classify(&api.TokenError{Err: &api.Error{Status: 503}}).Refused)
}

func TestDuplicateOrderID(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]api.ID{
		"Já existe uma venda do ECOMMERCE com o código 1 [ID Anymarket: 4711]": 4711,
		"[ID Anymarket:8]": 8, "[ID Anymarket: x]": 0, "[ID Anymarket: 12": 0, "12": 0,
	} {
		id, ok := api.DuplicateOrderID(&api.Error{Message: message})
		require.Equal(t, want, id, message)
		require.Equal(t, want != 0, ok, message)
	}
	_, ok := api.DuplicateOrderID(errors.New("[ID Anymarket: 4711]"))
	require.False(t, ok)
}
