package marketplace_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/marketplace"
)

// A sale, that it was shipped, and what ANYMARKET has of it then.
func Example() {
	s := anymarkettest.New(anymarkettest.Options{}) // a fake, which has its own transport
	defer s.Close()
	dir, err := os.MkdirTemp("", "marketplace")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	c, err := marketplace.Open(ctx, marketplace.Config{
		Outbox:  filepath.Join(dir, "sales.db"),
		BaseURL: s.MarketplaceURL(), Transport: s.Transport(), // else: marketplace.ProductionURL
		AppID:  s.AppID(),
		Tokens: func(_ context.Context, seller string) (string, error) { return s.For(seller).Token(), nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	seller := c.For("seller-42")
	sold, err := seller.Sales.Notify(ctx, marketplace.NewSale{
		MarketplaceID: "S-1", MarketplaceNumber: "1001", CreatedAt: api.At(time.Now()), Status: marketplace.StatusPaid,
		ProductNet: api.Qty(90), Freight: api.Qty(10), Total: api.Qty(101),
		Buyer: api.Buyer{Name: "Ana"},
		Items: []marketplace.Item{{SKU: api.OrderSKU{PartnerID: "AD-1"}, Amount: api.Qty(1), Unit: api.Qty(90)}},
	})
	if err != nil {
		fmt.Println(err) // nothing was stored, or outbox.ErrUnknown
		return
	}
	fmt.Println(sold.Warnings)
	shipped, err := seller.Sales.MarkShipped(ctx, "S-1", marketplace.Shipped{ShippedDate: api.At(time.Now()), Number: "BR1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := shipped.Wait(ctx); err != nil { // optional
		fmt.Println(err)
		return
	}
	sale, err := seller.Sales.Get(ctx, "S-1")
	fmt.Println(sale.Status, err)
	// Output:
	// [total is 101, but productNet 90 + freight 10 + interestValue 0 - discount 0 = 100]
	// SHIPPED <nil>
}
