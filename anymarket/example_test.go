package anymarket_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/outbox"
)

// A test of a program that uses the client, through a maintenance of four
// hours. It takes milliseconds. It is no Example, since those have no testing.T.
func TestShopThroughAMaintenance(t *testing.T) {
	anymarkettest.Run(t, func(t *testing.T, s *anymarkettest.Server) {
		c, err := anymarket.Open(t.Context(), anymarket.Config{
			Outbox: filepath.Join(t.TempDir(), "anymarket.db"), Token: s.Token(), BaseURL: s.URL, Transport: s.Transport(),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		s.Maintenance(4 * time.Hour)
		for n := range 100 {
			if _, err := c.Stock.Set(t.Context(), anymarket.Stock{PartnerID: "SKU-1", Quantity: anymarket.Qty(int64(n))}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(5 * time.Hour)
		if stock, _ := s.Stock("SKU-1", 0); stock.Quantity != "99" || stock.Writes != 1 {
			t.Errorf("%s left after %d writes, want 99 after 1", stock.Quantity, stock.Writes)
		}
	})
}

// setStock is the program of the README.
func setStock(ctx context.Context, config anymarket.Config) error {
	c, err := anymarket.Open(ctx, config)
	if err != nil {
		return err
	}
	defer c.Close()
	r, err := c.Stock.Set(ctx, anymarket.Stock{PartnerID: "SKU-1", Quantity: anymarket.Qty(12)})
	if err != nil {
		return err // nothing was stored, or outbox.ErrUnknown
	}
	return r.Wait(ctx) // optional. nil: delivered, or a newer value took its place
}

// fake stands for ANYMARKET in the examples.
func fake() (config anymarket.Config, stop func()) {
	s := anymarkettest.New(anymarkettest.Options{})
	dir, err := os.MkdirTemp("", "anymarket")
	if err != nil {
		panic(err)
	}
	config = anymarket.Config{Outbox: filepath.Join(dir, "anymarket.db"), Token: s.Token(), BaseURL: s.URL, Transport: s.Transport()}
	return config, func() {
		_ = s.Close()
		_ = os.RemoveAll(dir)
	}
}

// A stock is durable when Set returns; waiting for its delivery is optional.
func ExampleOpen() {
	config, stop := fake() // else: Outbox: "anymarket.db", Token: os.Getenv("ANYMARKET_TOKEN")
	defer stop()
	ctx := context.Background()
	fmt.Println(setStock(ctx, config))

	c, err := anymarket.Open(ctx, config)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	_, err = c.Stock.Set(ctx, anymarket.Stock{PartnerID: "SKU-1"})
	fmt.Println(err)
	// Output:
	// <nil>
	// quantity is missing; zero has to be said
}

// An order and a step of it. The step waits for the order's creation.
func ExampleOrderService_Create() {
	config, stop := fake()
	defer stop()
	ctx := context.Background()
	c, err := anymarket.Open(ctx, config)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	sale := api.NewOrder{Marketplace: "ECOMMERCE", MarketplaceID: "S-1"} // and what belongs to it
	if _, err := c.Orders.Create(ctx, sale); err != nil {
		fmt.Println(err)
		return
	}
	key := anymarket.OrderKey{Marketplace: "ECOMMERCE", MarketplaceID: "S-1"}
	paid, err := c.Orders.SetStatus(ctx, key, api.OrderUpdate{Status: api.StatusPaid})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(paid.Wait(ctx))
	sale.Total = anymarket.Qty(5)
	_, err = c.Orders.Create(ctx, sale)
	var conflict *outbox.ConflictError
	fmt.Println(errors.As(err, &conflict), conflict.Fields)
	// Output:
	// <nil>
	// true [total]
}
