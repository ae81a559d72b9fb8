package anymarket_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// A value of unknown outcome goes again; a creation or a step is parked.
func TestSendFollowsItsClass(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		s.Fail(anymarkettest.Fault{Route: "PUT /stocks", Mode: anymarkettest.Reset})
		value := anymarket.Call{
			Class: outbox.Absolute, Key: "A", Method: "PUT", Path: "/stocks", Body: []byte(`[{"partnerId":"A","quantity":3}]`),
			Query: url.Values{"x": {"1"}},
		}
		r, err := c.Send(t.Context(), value)
		require.NoError(t, err)
		require.NoError(t, r.Wait(t.Context()))
		require.Equal(t, 2, s.Count("PUT /stocks"))
		require.Equal(t, "1", s.Log()[0].Query.Get("x"))
		stock, _ := s.Stock("A", 0)
		require.Equal(t, "3", stock.Quantity)

		creation := anymarket.Call{Class: outbox.Once, Key: "place 2", Method: "POST", Path: "/stocks/locals", Body: []byte(`{"name":"2"}`)}
		s.Fail(anymarkettest.Fault{Route: "POST /stocks/locals", Mode: anymarkettest.Reset})
		r, err = c.Send(t.Context(), creation)
		require.NoError(t, err)
		var parked *outbox.ParkedError
		require.ErrorAs(t, r.Wait(t.Context()), &parked)
		time.Sleep(time.Hour)
		require.Equal(t, 1, s.Count("POST /stocks/locals"), "never repeated blindly")
		again, err := c.Send(t.Context(), creation)
		require.NoError(t, err)
		require.True(t, again.Duplicate)
		step, err := c.Send(t.Context(), anymarket.Call{Class: outbox.Step, Key: "place 2", Method: "DELETE", Path: "/stocks/locals/2"})
		require.NoError(t, err)
		require.ErrorAs(t, step.Wait(t.Context()), &parked, "it waits for the creation")

		answer, err := c.Fetch(t.Context(), api.Request{Path: "/stocks/locals"})
		require.NoError(t, err)
		require.Contains(t, string(answer.Body), "defaultLocal")
	})
}

func TestSendAndFetchRefuseWhatCannotBeRight(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		var bad *api.FieldError
		for field, call := range map[string]anymarket.Call{
			"Class":  {Key: "A", Method: "PUT", Path: "/stocks"},
			"Method": {Class: outbox.Absolute, Key: "A", Path: "/stocks"},
			"Path":   {Class: outbox.Absolute, Key: "A", Method: "PUT", Path: "stocks"},
			"Key":    {Class: outbox.Absolute, Method: "PUT", Path: "/stocks"},
		} {
			_, err := c.Send(t.Context(), call)
			require.ErrorAs(t, err, &bad)
			require.Equal(t, field, bad.Field)
		}
		_, err := c.Fetch(t.Context(), api.Request{Method: "PUT", Path: "/stocks"})
		require.ErrorAs(t, err, &bad)
	})
}
