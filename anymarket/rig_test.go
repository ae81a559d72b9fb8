package anymarket_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// config is that of a client of the fake's first account.
func config(t *testing.T, s *anymarkettest.Server) anymarket.Config {
	t.Helper()
	return anymarket.Config{
		Outbox: filepath.Join(t.TempDir(), "anymarket.db"), Token: s.Token(),
		BaseURL: s.URL, Transport: s.Transport(),
	}
}

// open opens a client that is checked and closed at the end of the test, and
// leaves no file open then. Goroutines that outlive a test fail its bubble.
func open(t *testing.T, c anymarket.Config) *anymarket.Client {
	t.Helper()
	client, err := anymarket.Open(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() {
		// The context of the test has ended when it is cleaned up.
		if err := client.Outbox().Check(context.WithoutCancel(t.Context())); !errors.Is(err, outbox.ErrClosed) {
			require.NoError(t, err)
		}
		require.NoError(t, client.Close())
		outboxtest.Released(t, client.Outbox())
	})
	return client
}

// in runs a test in a bubble of its own.
func in(t *testing.T, o anymarkettest.Options, f func(t *testing.T, s *anymarkettest.Server)) {
	t.Helper()
	t.Parallel()
	anymarkettest.RunWith(t, o, f)
}

// order is a whole order.
func order(id string) api.NewOrder {
	return api.NewOrder{
		Marketplace: "ECOMMERCE", MarketplaceID: id, MarketplaceNumber: id, CreatedAt: api.At(time.Now()),
		Status: api.StatusPending, TransmissionStatus: api.TransmissionOK, MarketplaceStatus: "new", Total: api.Qty(10),
		Buyer: api.Buyer{Name: "Ana", DocumentType: "CPF", Document: "12345678909", Email: "ana@example.com", Phone: "11999999999"},
		Items: []api.OrderItem{{
			SKU: api.OrderSKU{PartnerID: "SKU-1", Title: "Shirt"}, Product: api.ProductRef{Title: "Shirt"},
			Amount: api.Qty(1), Unit: api.Qty(10), Gross: api.Qty(10), Total: api.Qty(10), Shippings: api.ItemShippings{{ShippingType: "PAC"}},
		}},
	}
}

const accessKey = "35240712345678000195550010000001231000001230"

func invoiced(key string) api.OrderUpdate {
	return api.OrderUpdate{Status: api.StatusInvoiced, Invoice: &api.Invoice{AccessKey: key, Number: "1", Series: "1", Date: api.At(time.Now())}}
}

func state(t *testing.T, r anymarket.Receipt) outbox.State {
	t.Helper()
	s, err := r.State()
	require.NoError(t, err)
	return s
}
