package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/anymarket-go/sdk/anymarket"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "store:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("store", flag.ContinueOnError)
	journalPath := flags.String("journal", "sales.ndjson", "`file` to which the shop appends what happens")
	outboxPath := flags.String("outbox", "anymarket.db", "`file` that keeps what was not delivered yet")
	if err := flags.Parse(args); err != nil {
		return err
	}
	token := os.Getenv("ANYMARKET_TOKEN")
	if token == "" {
		return runDemo(ctx, out)
	}
	s := shop{
		config:  anymarket.Config{Outbox: *outboxPath, BaseURL: os.Getenv("ANYMARKET_BASE_URL"), Token: token},
		journal: journal(*journalPath), every: time.Second, checkout: 2 * time.Second, patience: 10 * time.Second, out: out,
	}
	return s.run(ctx)
}

// say writes a line. Where nobody can hear it there is nobody to tell either.
func say(out io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
