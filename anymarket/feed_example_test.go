package anymarket_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
)

// Each order that changes is handed over, and acknowledged when it is safe.
func ExampleOrderService_Feed() {
	fake := anymarkettest.New(anymarkettest.Options{})
	defer fake.Close()
	fake.AddOrder(`{"marketPlace":"AMAZON","marketPlaceId":"A-1","status":"PAID_WAITING_SHIP"}`)
	dir, err := os.MkdirTemp("", "anymarket")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := anymarket.Open(ctx, anymarket.Config{
		Outbox: filepath.Join(dir, "anymarket.db"), BaseURL: fake.URL, Transport: fake.Transport(), Token: fake.Token(),
	})
	if err != nil {
		panic(err)
	}
	defer c.Close()

	err = c.Orders.Feed(ctx, anymarket.Feed{
		Handle: func(_ context.Context, o api.Order) error {
			fmt.Println(o.Marketplace, o.MarketplaceID, o.Status) // store it
			cancel()                                              // a program goes on until it ends
			return nil
		},
	})
	fmt.Println(err)
	// Output:
	// AMAZON A-1 PAID_WAITING_SHIP
	// <nil>
}
