package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/anymarket-go/sdk/outbox"
)

// sendStock is the program of the README.
func sendStock(ctx context.Context, path string) (err error) {
	putStock := func(ctx context.Context, batch []outbox.Lease) outbox.Answer {
		for _, l := range batch {
			fmt.Printf("PUT %s %s\n", l.Key, l.Body) // the call to the other side
		}
		return outbox.Answer{Result: outbox.Result{Verdict: outbox.Delivered}}
	}
	o, err := outbox.Open(path, outbox.Options{Kinds: []outbox.Kind{
		{Name: "stock.set", Class: outbox.Absolute, MaxBatch: 50, Deliver: putStock},
	}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	receipt, err := o.Accept(ctx, outbox.Entry{Kind: "stock.set", Account: "shop", Key: "SKU-1", Body: []byte("12")})
	if err != nil {
		return err // nothing was stored, or outbox.ErrUnknown
	}
	go o.Run(ctx)            // delivers until ctx ends or o is closed
	return receipt.Wait(ctx) // nil: delivered, or a newer value took its place
}

func Example() {
	dir, err := os.MkdirTemp("", "outbox-example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	fmt.Println(sendStock(context.Background(), filepath.Join(dir, "shop.db")))
	// Output:
	// PUT SKU-1 12
	// <nil>
}

// A creation that was accepted before gives the same receipt; with other
// content it is a conflict that names what differs.
func ExampleConflictError() {
	dir, err := os.MkdirTemp("", "outbox-example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	o, err := outbox.Open(filepath.Join(dir, "shop.db"), outbox.Options{Kinds: []outbox.Kind{{
		Name: "order.create", Class: outbox.Once,
		Deliver: func(context.Context, []outbox.Lease) outbox.Answer { return outbox.Answer{} },
		Fields: func(body []byte) (map[string][]byte, error) {
			return map[string][]byte{"total": body}, nil
		},
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer o.Close()
	order := outbox.Entry{Kind: "order.create", Key: "ML-1", Once: "ML-1", Body: []byte("10.00")}
	first, _ := o.Accept(context.Background(), order)
	again, _ := o.Accept(context.Background(), order)
	fmt.Println(again.ID() == first.ID(), again.Duplicate)
	order.Body = []byte("11.00")
	_, err = o.Accept(context.Background(), order)
	var conflict *outbox.ConflictError
	fmt.Println(errors.As(err, &conflict), conflict.Fields)
	// Output:
	// true true
	// true [total]
}
