package report_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/anymarket-go/sdk/anymarket/report"
	"github.com/anymarket-go/sdk/outbox"
)

func ExampleWrite() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "report")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	deliver := func(context.Context, []outbox.Lease) outbox.Answer {
		return outbox.Answer{Result: outbox.Result{Verdict: outbox.Rejected, Reason: "no such SKU"}}
	}
	o, err := outbox.Open(filepath.Join(dir, "outbox.db"), outbox.Options{
		Kinds: []outbox.Kind{{Name: "stock.set", Class: outbox.Absolute, Deliver: deliver}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer o.Close()

	start := time.Now()
	if _, err := o.Accept(ctx, outbox.Entry{Kind: "stock.set", Key: "SKU-1", Body: []byte(`{"quantity":12}`)}); err != nil {
		fmt.Println(err)
		return
	}
	go o.Run(ctx)
	if err := o.Drain(ctx); err != nil {
		fmt.Println(err)
		return
	}

	page := io.Discard // a file, or the answer to a request
	summary, err := report.Write(ctx, page, report.Of(o), report.Options{
		Name: "maintenance of July", From: start, To: start.Add(4 * time.Hour), Format: report.HTML, Language: report.Spanish,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("accepted", summary.Accepted.Entries)
	for _, task := range summary.ToDo {
		fmt.Println("to do:", task.Code, task.Number)
	}
	// Output:
	// accepted 1
	// to do: dead 1
}
