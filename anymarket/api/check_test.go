package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

func TestCheckNamesThePlace(t *testing.T) {
	t.Parallel()
	type inner struct {
		Value api.Decimal `json:"value,omitzero"`
		Name  string      `json:"name,omitempty"`
	}
	type outer struct {
		At     api.Time          `json:"at,omitzero"`
		Total  api.Decimal       `json:"total,omitzero"`
		List   []inner           `json:"list,omitempty"`
		One    *inner            `json:"one,omitempty"`
		Meta   map[string]string `json:"meta,omitempty"`
		Hidden inner             `json:"-"`
		Silent string
	}
	var odd api.Decimal
	require.NoError(t, json.Unmarshal([]byte(`"1,5"`), &odd))
	var never api.Time
	require.NoError(t, json.Unmarshal([]byte(`"tomorrow"`), &never))
	minus := api.Qty(-1)
	for place, v := range map[string]any{
		"at": outer{At: never}, "total": &outer{Total: odd}, "list[1].value": outer{List: []inner{{}, {Value: minus}}},
		"one.name": outer{One: &inner{Name: "\xff"}}, "meta.k": outer{Meta: map[string]string{"k": "\xff"}}, "[0]": []api.Decimal{minus},
	} {
		requireField(t, api.Check(v), place)
	}
	require.NoError(t, api.Check(outer{Total: api.Qty(0), Hidden: inner{Value: minus}, Silent: "\xff", One: &inner{Name: "ç"}}))
	require.NoError(t, api.Check(nil))
}

// Marketplaces have headers of their own.
func TestAppID(t *testing.T) {
	t.Parallel()
	var got http.Header
	host := transport(func(r *http.Request) (*http.Response, error) {
		got = r.Header
		return reply(200, "{}"), nil
	})
	c := newClient(t, host, func(c *api.Config) { c.AppID = "app-1" })
	_, err := c.Do(t.Context(), api.Request{Path: "/orders"})
	require.NoError(t, err)
	require.Equal(t, "app-1", got.Get("appId"))
	require.Equal(t, token, got.Get("token"))
	require.Empty(t, got.Get("gumgaToken"))
	for _, name := range []string{"appid", "Token", "gumgaToken"} {
		_, err = c.Do(t.Context(), api.Request{Path: "/orders", Header: http.Header{name: {"x"}}})
		requireField(t, err, "Header")
	}
	_, err = api.New(api.Config{AppID: "a\nb", Token: func(context.Context) (string, error) { return token, nil }})
	requireField(t, err, "AppID")
}

// What typed methods are made of works for models of others.
func TestEndpointsOfOthers(t *testing.T) {
	t.Parallel()
	type thing struct {
		Name string `json:"name"`
	}
	unnamed := func(v thing) string {
		if v.Name == "" {
			return "name"
		}
		return ""
	}
	parse := func(body []byte) (v thing, err error) {
		if err = api.Unmarshal(body, &v); err == nil && unnamed(v) != "" {
			err = errors.New("no name")
		}
		return v, err
	}
	segment, err := api.PathSegment("code", "a/b")
	require.NoError(t, err)
	r := api.Request{Path: "/things/" + segment, Route: "/things/{code}"}
	v, err := api.Fetch(t.Context(), newClient(t, always(200, `{"name":7}`)), r, parse)
	require.NoError(t, err)
	require.Equal(t, "7", v.Name, "read leniently")
	for body, shape := range map[string]api.Shape{"": api.ShapeEmpty, "{}": api.ShapeJSON, "<html>": api.ShapeHTML} {
		_, err = api.Fetch(t.Context(), newClient(t, always(200, body)), r, parse)
		var bad *api.Error
		require.ErrorAs(t, err, &bad)
		require.Equal(t, shape, bad.Shape, body)
		require.Equal(t, "/things/{code}", bad.Route)
	}

	var query string
	host := transport(func(r *http.Request) (*http.Response, error) {
		query = r.URL.RawQuery
		return reply(200, `{"content":[{"name":"a"}],"links":[{"rel":"next"}]}`), nil
	})
	asked := url.Values{"status": {"X"}}
	page, err := api.FetchPage(t.Context(), newClient(t, host), api.Request{Path: "/things", Query: asked}, api.Paging{Offset: 5}, unnamed)
	require.NoError(t, err)
	require.Equal(t, []thing{{"a"}}, page.Items)
	require.True(t, page.Next)
	require.Equal(t, "limit=100&offset=5&status=X", query)
	require.Len(t, asked, 1, "left alone")
	_, err = api.FetchPage(t.Context(), newClient(t, always(200, `{"content":[{}]}`)), api.Request{Path: "/things"}, api.Paging{}, unnamed)
	require.ErrorContains(t, err, "name")
	put := api.Request{Method: http.MethodPut, Path: "/things"}
	_, err = api.Change(t.Context(), newClient(t, always(204, "")), put, parse)
	require.NoError(t, err)
	_, err = api.Change(t.Context(), newClient(t, always(200, "")), put, parse)
	require.Equal(t, api.ShapeEmpty, api.Classify(err).Shape)
}
