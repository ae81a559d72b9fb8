package api_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

// BenchmarkPut is what a call costs besides the network.
func BenchmarkPut(b *testing.B) {
	c, err := api.New(api.Config{Transport: always(204, ""), Token: func(context.Context) (string, error) { return token, nil }})
	require.NoError(b, err)
	item := api.StockItem{PartnerID: "SKU-1", Quantity: api.Qty(12)}
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Stocks().Put(b.Context(), item); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOrdersPage reads 100 orders, as documented and with other types.
func BenchmarkOrdersPage(b *testing.B) {
	for _, name := range []string{"document", "sdk"} {
		b.Run(name, func(b *testing.B) {
			data, err := os.ReadFile("testdata/order/" + name + ".json")
			require.NoError(b, err)
			order := string(data)
			body := `{"content":[` + strings.TrimSuffix(strings.Repeat(order+",", 100), ",") + `]}`
			host := transport(func(*http.Request) (*http.Response, error) { return reply(200, body), nil })
			c, err := api.New(api.Config{Transport: host, Token: func(context.Context) (string, error) { return token, nil }})
			require.NoError(b, err)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Orders().Page(b.Context(), api.OrderFilter{}, api.Paging{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
