package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/maintenance"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "erp:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("erp", flag.ContinueOnError)
	sheetPath := flags.String("sheet", "stock.csv", "CSV `file` that the ERP exports")
	outboxPath := flags.String("outbox", "anymarket.db", "`file` that keeps what was not delivered yet")
	windowsPath := flags.String("windows", "", "JSON `file` of announced maintenance windows")
	every := flags.Duration("every", 5*time.Second, "how often to look for changes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if !hasToken() {
		return runDemo(ctx, logger, out)
	}
	config := anymarket.Config{
		Outbox: *outboxPath, BaseURL: os.Getenv("ANYMARKET_BASE_URL"), Tokens: tokenOf,
	}
	if *windowsPath != "" {
		calendar, err := maintenance.FromFile(*windowsPath)
		if err != nil {
			return err
		}
		config.Windows = calendar
	}
	f := follower{config: config, erp: sheet(*sheetPath), every: *every, patience: 10 * time.Second, log: logger, out: out}
	return f.run(ctx)
}

const tokenVariable = "ANYMARKET_TOKEN"

// tokenOf takes an account's token from the environment. An account that has
// none is suspended, and the others go on.
func tokenOf(_ context.Context, account string) (string, error) {
	name := tokenVariable
	if account != "" {
		name += "_" + strings.ToUpper(account)
	}
	token := os.Getenv(name)
	if token == "" {
		return "", fmt.Errorf("set %s to the token of account %q", name, account)
	}
	return token, nil
}

func hasToken() bool {
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, tokenVariable) {
			return true
		}
	}
	return false
}

// say writes a line. Where nobody can hear it there is nobody to tell either.
func say(out io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
