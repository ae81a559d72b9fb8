package admin_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// A program looks at a file that nobody holds.
func Example() {
	folder, err := os.MkdirTemp("", "example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	deliver := func(context.Context, []outbox.Lease) outbox.Answer { return outbox.Answer{} }
	o, err := outbox.Open(filepath.Join(folder, "shop.db"), outbox.Options{
		Kinds: []outbox.Kind{{Name: "stock.set", Class: outbox.Absolute, Deliver: deliver}},
	})
	if err != nil {
		panic(err)
	}
	defer o.Close()
	ctx := context.Background()
	receipt, err := o.Accept(ctx, outbox.Entry{Kind: "stock.set", Key: "SKU-1", Body: []byte(`{"quantity":7}`)})
	if err != nil {
		panic(err)
	}

	c := admin.Local(admin.NewHandler(o, admin.Delivery{}))
	for entry, err := range c.List(ctx, admin.Filter{}) {
		fmt.Println(entry.State, entry.Kind, entry.Key, string(entry.Body), err)
	}
	why, err := c.Why(ctx, receipt.ID())
	fmt.Println(why.Because, why.Next, err)
	// Output:
	// waiting stock.set SKU-1 {"quantity":7} <nil>
	// [nobody delivers: the outbox is open, but not running] [a process must run it] <nil>
}
