package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// shown is everything that people may come to see of v.
func shown(v any) string {
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", slog.Any("v", v))
	text := fmt.Sprintf("%v %+v %#v %s", v, v, v, &log)
	if err, ok := v.(error); ok {
		for ; err != nil; err = errors.Unwrap(err) {
			text += fmt.Sprintf("%v %+v", err, err)
		}
	}
	return text
}

func TestTokenIsNeverShown(t *testing.T) {
	t.Parallel()
	fixed, err := api.StaticToken(token)
	require.NoError(t, err)
	config := api.Config{Token: fixed}
	require.NotContains(t, shown(config), token)
	hosts := map[string]transport{
		"repeats it in a message": always(422, `{"code":"422","message":"token `+token+` inválido","details":"`+token+`","fieldErrors":[{"field":"`+token+`","message":"`+token+`"}],"resources":{"t":"`+token+`"}}`),
		"repeats it in a page":    always(200, "<html><title>"+token+"</title>"+token),
		"repeats it in text":      always(502, "bad header "+token),
		"repeats it in the code":  always(401, `{"response":"`+token+`","operation":"geral"}`),
		"redirects":               always(302, "", "Location: https://h.example/?gumgaToken="+token),
		"a transport that shows the request": func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: errors.New("reset")}
		},
	}
	for name, host := range hosts {
		var seen string
		c := newClient(t, host, func(c *api.Config) {
			c.Token = fixed
			c.Observe = func(_ context.Context, o api.Observation) { seen += shown(o) }
		})
		require.NotContains(t, shown(c), token, name)
		_, err := c.Orders().Page(t.Context(), api.OrderFilter{PartnerID: "buyer-maria"}, api.Paging{})
		require.Error(t, err)
		require.NotContains(t, shown(err), token, name)
		require.NotContains(t, shown(err), "buyer-maria", name)
		require.NotContains(t, seen, token, name)
		require.NotEmpty(t, seen)
	}
}

func TestTokenStaysOutOfTheAddress(t *testing.T) {
	t.Parallel()
	c := newClient(t, transport(func(r *http.Request) (*http.Response, error) {
		require.NotContains(t, r.URL.String(), token)
		require.Equal(t, []string{token}, r.Header["Gumgatoken"])
		return reply(200, `[]`), nil
	}))
	_, err := c.Stocks().Locations(t.Context())
	require.NoError(t, err)
}

func TestUnusableTokensAreRefusedWithoutShowingThem(t *testing.T) {
	t.Parallel()
	for bad, reason := range map[string]string{
		"": "empty", "abc-secret\n": "line break", "abc-secret\r\nX-Evil: 1": "line break", "abc secret": "space",
		"abc-secret\x00": "control", "abc-secret\x7f": "control", "abc-secreté": "non-ASCII", "abc-secret\t": "control",
	} {
		_, err := api.StaticToken(bad)
		require.ErrorContains(t, err, reason)
		require.NotContains(t, err.Error(), "abc")
		c := newClient(t, transport(func(*http.Request) (*http.Response, error) {
			t.Error("sent")
			return nil, errors.New("sent")
		}), func(c *api.Config) {
			c.Token = func(context.Context) (string, error) { return bad, nil }
		})
		_, err = c.Stocks().Locations(t.Context())
		var e *api.TokenError
		require.ErrorAs(t, err, &e)
		require.NotContains(t, shown(err), "abc")
		require.Equal(t, api.Outcome{Refused: true}, api.Classify(err))
	}
}

func TestBuyersAreMaskedInErrorTexts(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"CPF 529.982.247-25 inválido":             "CPF ***7-25 inválido",
		"CNPJ 11.222.333/0001-81":                 "CNPJ ***1-81",
		"cartão 4111 1111 1111 1111 recusado":     "cartão ***1111 recusado",
		"contato maria@example.com, obrigado":     "contato ***@example.com, obrigado",
		"fone (44) 99876-5432":                    "fone (***5432",
		"pedido 1234567890 e SKU 42":              "pedido 1234567890 e SKU 42",
		"linha\n2\x1b[0m\u202e":                   `linha 2\x1b[0m\u202e`,
		"aspas \"x\" e \\":                        `aspas "x" e \`,
		"[ID Anymarket: 4711]":                    "[ID Anymarket: 4711]",
		strings.Repeat("a@b.c ", 100):             strings.TrimSpace(strings.Repeat("***@b.c ", 25)) + "…",
		"total 10.00, frete 5.00, desconto 15.00": "total 10.00, frete 5.00, desconto 15.00",
	} {
		err := &api.Error{Method: "GET", Route: "/x", Status: 422, Shape: api.ShapeAPI, Message: message}
		require.Equal(t, "GET /x: 422 Unprocessable Entity: "+want, err.Error())
	}
}

func TestSecretsOfCallbacksAreHidden(t *testing.T) {
	t.Parallel()
	b := api.Callback{URL: "https://x.example", Token: token}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s %q", b, b, b, b.Token, b.Token), token)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", slog.Any("token", b.Token))
	require.NotContains(t, log.String(), token)
	sent, err := json.Marshal(b)
	require.NoError(t, err)
	require.Contains(t, string(sent), token)
	require.Empty(t, api.Secret("").String())
}
