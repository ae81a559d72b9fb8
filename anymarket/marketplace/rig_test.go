package marketplace_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
	"github.com/anymarket-go/sdk/outbox"
	"github.com/anymarket-go/sdk/outbox/outboxtest"
)

// Routes of the fake.
const (
	create = "POST /marketplace/api/orders"
	lookUp = "GET /marketplace/api/orders/{id}"
)

// config is that of a client of the fake's first account.
func config(t *testing.T, s *anymarkettest.Server) marketplace.Config {
	t.Helper()
	return marketplace.Config{
		Outbox: filepath.Join(t.TempDir(), "sales.db"), AppID: s.AppID(), Token: s.Token(),
		BaseURL: s.MarketplaceURL(), Transport: s.Transport(),
	}
}

// TestMain fails if a goroutine, or a client, of any test is left at the end.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(outboxtest.Exit)) }

// open opens a client that is checked and closed at the end of the test.
func open(t *testing.T, c marketplace.Config) *marketplace.Client {
	t.Helper()
	client, err := marketplace.Open(t.Context(), c)
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

func num(text string) api.Decimal {
	d, err := api.ParseDecimal(text)
	if err != nil {
		panic(err)
	}
	return d
}

// sale is a whole sale, made so much later than the file that no earlier file
// can have sent it.
func sale(id string) marketplace.NewSale {
	return marketplace.NewSale{
		MarketplaceID: id, MarketplaceNumber: id, CreatedAt: api.At(time.Now().Add(2 * time.Hour)),
		Status: marketplace.StatusPending, MarketplaceStatus: "new",
		ProductNet: api.Qty(90), Freight: num("10.50"), Discount: num("0.50"), Total: num("100.00"),
		Buyer:    api.Buyer{Name: "Ana", DocumentType: "CPF", Document: "12345678909", Email: "ana@example.com", Phone: "11999999999"},
		Payments: []api.Payment{{Method: "PIX", Value: api.Qty(40)}, {Method: "CARD", Value: api.Qty(60)}},
		Items: []marketplace.Item{{
			SKU: api.OrderSKU{PartnerID: "AD-1", Title: "Shirt"}, Amount: api.Qty(1), Unit: api.Qty(90), Gross: api.Qty(90), Total: api.Qty(90),
			Shippings: api.ItemShippings{{ShippingType: "PAC"}},
		}},
	}
}

// notify stores a sale and waits for its end.
func notify(t *testing.T, c *marketplace.Client, s marketplace.NewSale) error {
	t.Helper()
	r, err := c.Sales.Notify(t.Context(), s)
	require.NoError(t, err)
	return r.Wait(t.Context())
}

// there is the sale as the fake has it.
func there(t *testing.T, s *anymarkettest.Server, id string) anymarkettest.Order {
	t.Helper()
	o, ok := s.Order(s.Marketplace(), id)
	require.True(t, ok, "sale %s is not there", id)
	return o
}

func state(t *testing.T, r marketplace.Receipt) outbox.State {
	t.Helper()
	s, err := r.State()
	require.NoError(t, err)
	return s
}
