package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
)

func TestDemo(t *testing.T) {
	t.Setenv("ANYMARKET_APP_ID", "")
	var out strings.Builder
	require.NoError(t, run(t.Context(), nil, nil, &out))
	require.Contains(t, out.String(), "refused 0 + discarded 0 + waiting 0")
	require.Contains(t, out.String(), fmt.Sprintf("ANYMARKET has %d of %d sales, each once and shipped", demoSales, demoSales))
}

// It finds its way by the environment, and says what is wrong with which line.
func TestEvents(t *testing.T) {
	s := anymarkettest.New(anymarkettest.Options{})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	url, err := s.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	t.Setenv("ANYMARKET_APP_ID", s.AppID())
	t.Setenv("ANYMARKET_BASE_URL", strings.TrimSuffix(url, "/v2")+anymarkettest.MarketplacePath)
	t.Setenv("ANYMARKET_TOKEN_ANA", s.For("ana").Token())
	in := strings.Join([]string{
		`{"seller":"ana","sold":{"marketPlaceId":"S-1","status":"PENDING","total":10,"productNet":9}}`,
		`{"seller":"ana","sold":{"marketPlaceId":"S-1","status":"PENDING","total":10,"productNet":9}}`,
		`{"seller":"ana","sold":{"marketPlaceId":"S-1","status":"PAID","total":10,"productNet":9}}`,
		`{"seller":"ana","sold":{"marketPlaceId":"S-2","status":"PAID_WAITING_SHIP"}}`,
		``,
		`{"seller":"ana","sale":"S-1","paid":{"date":"2024-07-28T10:00:00-03:00"}}`,
		`{"seller":"ana","sale":"S-1","canceled":{}}`,
		`{"seller":"ana","sale":"S-1"}`,
		`{"sold":{}}`,
		`{"seller":"ana","solt":{}}`,
		`{"seller":"ana","sale":"S-3","delivered":{"deliveredDate":"2024-07-28T10:00:00-03:00"}}`,
	}, "\n")
	var out strings.Builder
	require.NoError(t, run(t.Context(), []string{"-outbox", t.TempDir() + "/sales.db"}, strings.NewReader(in), &out))
	for _, want := range []string{
		"line 1: ANYMARKET may refuse it: total is 10, but productNet 9",
		"line 2: stored as ", "line 3: this sale was stored before, with other [status]", "line 4: status is an order's word", "line 6: stored as",
		"line 7: date is missing", "line 8: nothing happened", "line 9: seller is missing", `line 10: json: unknown field "solt"`,
		"accepted 3 = delivered 2 + refused 1 + discarded 0 + waiting 0", "refused: sale S-3 of ana (sale.mark)",
	} {
		require.Contains(t, out.String(), want)
	}
	o, ok := s.For("ana").Order(s.Marketplace(), "S-1")
	require.True(t, ok)
	require.Equal(t, "PAID_WAITING_SHIP", o.Status)
}

// An interruption ends it although more input may come; what was stored waits.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	anymarkettest.Run(t, func(t *testing.T, s *anymarkettest.Server) {
		s.Maintenance(4 * time.Hour)
		config := marketplace.Config{
			Outbox: t.TempDir() + "/sales.db", BaseURL: s.MarketplaceURL(), Transport: s.Transport(), AppID: s.AppID(), Token: s.Token(),
		}
		in, w := io.Pipe()
		ctx, interrupt := context.WithCancel(t.Context())
		ended := make(chan error)
		var out strings.Builder
		go func() { ended <- deliver(ctx, config, in, &out) }()
		_, err := io.WriteString(w, `{"seller":"ana","sold":{"marketPlaceId":"S-1"}}`+"\n\n")
		require.NoError(t, err)
		time.Sleep(time.Hour)
		interrupt()
		require.NoError(t, <-ended)
		require.NoError(t, w.Close())
		require.Contains(t, out.String(), "waiting 1")
	})
}

// A seller without a token waits in the file, the rest is delivered.
func TestSellerWithoutToken(t *testing.T) {
	t.Parallel()
	anymarkettest.Run(t, func(t *testing.T, s *anymarkettest.Server) {
		config := marketplace.Config{
			Outbox: t.TempDir() + "/sales.db", BaseURL: s.MarketplaceURL(), Transport: s.Transport(), AppID: s.AppID(), Tokens: tokenOf,
		}
		in := `{"seller":"nobody","sold":{"marketPlaceId":"S-1"}}`
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var out strings.Builder
		require.NoError(t, deliver(ctx, config, strings.NewReader(in), &out))
		require.Contains(t, out.String(), "waiting 1")
	})
}
