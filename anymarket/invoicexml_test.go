package anymarket_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

const (
	nfe      = "\uFEFF<?xml version=\"1.0\"?>\n<nfeProc><chave>ç &amp; \x3c/chave></nfeProc>\n"
	nfeRoute = "PUT /orders/{id}/{what}"
)

// The document goes out byte for byte, behind the creation and the steps that
// were stored before it, whatever is lost on the way.
func TestInvoiceXMLKeepsItsPlace(t *testing.T) {
	in(t, anymarkettest.Options{Duplicate: 201}, func(t *testing.T, s *anymarkettest.Server) {
		cfg := config(t, s)
		c := open(t, cfg)
		key := anymarket.OrderKey{Marketplace: "ecommerce", MarketplaceID: "S-1"}
		require.NoError(t, c.Outbox().PauseAll(t.Context(), "test"))
		_, err := c.Orders.Create(t.Context(), order("S-1"))
		require.NoError(t, err)
		_, err = c.Orders.SetStatus(t.Context(), key, invoiced(accessKey))
		require.NoError(t, err)
		r, err := c.Orders.SendInvoiceXML(t.Context(), key, []byte(nfe))
		require.NoError(t, err)
		last, err := c.Orders.SetStatus(t.Context(), key, api.OrderUpdate{Status: api.StatusCancelled})
		require.NoError(t, err)
		s.Fail(
			anymarkettest.Fault{Route: nfeRoute, Mode: anymarkettest.Reset, Applied: true},
			anymarkettest.Fault{Route: nfeRoute, Mode: anymarkettest.BadGateway},
		)
		c.Abort()
		c = open(t, cfg)
		require.NoError(t, c.Outbox().ResumeAll(t.Context()))
		require.NoError(t, c.Receipt(r.ID()).Wait(t.Context()))
		require.NoError(t, c.Receipt(last.ID()).Wait(t.Context()))
		there, _ := s.Order("ECOMMERCE", "S-1")
		require.Equal(t, nfe, string(s.Fiscal()[there.ID]))
		var got []string
		for _, e := range s.Effects() {
			got = append(got, string(e.Kind))
		}
		require.Equal(t, "order created, order changed, fiscal document, fiscal document, order changed", strings.Join(got, ", "))
	})
}

// A 500 with the marketplace's words is a refusal: others go on, and what
// follows of the order waits for a person.
func TestInvoiceXMLThatTheMarketplaceRefuses(t *testing.T) {
	in(t, anymarkettest.Options{NFeRefusal: "Nota rejeitada: CFOP 5102"}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		key := anymarket.OrderKey{ID: anymarket.ID(s.AddOrder(`{"marketPlace":"AMAZON","marketPlaceId":"A-1"}`))}
		r, err := c.Orders.SendInvoiceXML(t.Context(), key, []byte(nfe))
		require.NoError(t, err)
		var dead *outbox.DeadError
		require.ErrorAs(t, r.Wait(t.Context()), &dead)
		require.Contains(t, dead.Reason, "CFOP 5102")
		require.Equal(t, 1, s.Count(nfeRoute))
		step, err := c.Orders.SetStatus(t.Context(), key, api.OrderUpdate{Status: api.StatusPaid})
		require.NoError(t, err)
		var parked *outbox.ParkedError
		require.ErrorAs(t, step.Wait(t.Context()), &parked)
		for _, g := range c.Outbox().Gate() {
			require.True(t, g.Open, g.Reason)
		}
		other, err := c.Orders.SetStatus(t.Context(), anymarket.OrderKey{ID: anymarket.ID(s.AddOrder(`{}`))}, api.OrderUpdate{Status: api.StatusPaid})
		require.NoError(t, err)
		require.NoError(t, other.Wait(t.Context()))
	})
}

// A 500 that says nothing is an outage and costs nothing.
func TestInvoiceXMLInAnOutage(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		key := anymarket.OrderKey{ID: anymarket.ID(s.AddOrder(`{}`))}
		s.Fail(anymarkettest.Fault{Mode: anymarkettest.EmptyError, Times: -1})
		r, err := c.Orders.SendInvoiceXML(t.Context(), key, []byte(nfe))
		require.NoError(t, err)
		time.Sleep(6 * time.Hour)
		require.Equal(t, outbox.Waiting, state(t, r))
		s.Heal()
		require.NoError(t, r.Wait(t.Context()))
	})
}

func TestInvoiceXMLThatCannotBeRight(t *testing.T) {
	in(t, anymarkettest.Options{}, func(t *testing.T, s *anymarkettest.Server) {
		c := open(t, config(t, s))
		var bad *api.FieldError
		for _, xml := range []string{"", "  ", "%PDF-1.4", `{"a":1}`, "<" + strings.Repeat("x", 700_000)} {
			_, err := c.Orders.SendInvoiceXML(t.Context(), anymarket.OrderKey{ID: 1}, []byte(xml))
			require.ErrorAs(t, err, &bad)
			require.Equal(t, "xml", bad.Field)
		}
		_, err := c.Orders.SendInvoiceXML(t.Context(), anymarket.OrderKey{}, []byte(nfe))
		require.ErrorAs(t, err, &bad)
		require.Zero(t, c.Outbox().Stats().Accepted)
		largest := "<" + strings.Repeat("x", 699_999)
		r, err := c.Orders.SendInvoiceXML(t.Context(), anymarket.OrderKey{ID: anymarket.ID(s.AddOrder(`{}`))}, []byte(largest))
		require.NoError(t, err)
		require.NoError(t, r.Wait(t.Context()))
	})
}
