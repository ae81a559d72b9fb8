package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/anymarket-go/sdk/anymarket/marketplace"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "marketplace:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("marketplace", flag.ContinueOnError)
	outboxPath := flags.String("outbox", "sales.db", "`file` that keeps what was not delivered yet")
	if err := flags.Parse(args); err != nil {
		return err
	}
	app := os.Getenv("ANYMARKET_APP_ID")
	if app == "" {
		return runDemo(ctx, out)
	}
	baseURL := os.Getenv("ANYMARKET_BASE_URL")
	if baseURL == "" {
		baseURL = marketplace.ProductionURL
	}
	return deliver(ctx, marketplace.Config{Outbox: *outboxPath, BaseURL: baseURL, AppID: app, Tokens: tokenOf}, in, out)
}

// deliver hands over all events and waits until they are delivered.
func deliver(ctx context.Context, config marketplace.Config, in io.Reader, out io.Writer) (err error) {
	c, err := marketplace.Open(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }() //nolint:contextcheck // closing has its own patience
	return follow(ctx, c, in, out)
}

// tokenOf takes a seller's token from the environment. A seller that has none
// is suspended, and the others go on.
func tokenOf(_ context.Context, seller string) (string, error) {
	name := "ANYMARKET_TOKEN_" + strings.ToUpper(seller)
	token := os.Getenv(name)
	if token == "" {
		return "", fmt.Errorf("set %s to the token of seller %q", name, seller)
	}
	return token, nil
}
