package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

// direct is how a command calls ANYMARKET itself, without an outbox.
type direct struct {
	baseURL, tokens string
	allowHTTP       bool
	timeout         time.Duration
}

func (d *direct) bind(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&d.baseURL, "base-url", "", "the `URL` of ANYMARKET's API, such as "+api.DefaultBaseURL)
	f.BoolVar(&d.allowHTTP, "allow-http", false, "allow http to other machines, which shows the token to the network")
	f.StringVar(&d.tokens, "tokens", "", "a `FILE` of mode 0600 with the tokens of accounts, {\"account\":\"token\"}; the default account's is in "+tokenVariable)
	f.DurationVar(&d.timeout, "timeout", 30*time.Second, "how long a request may take")
}

// clients make the client of an account. All have one way to ANYMARKET.
func (d *direct) clients(log *slog.Logger) (of func(account string) *api.Client, err error) {
	if d.timeout <= 0 {
		return nil, usage("--timeout: %s, want more than 0", d.timeout)
	}
	t, err := newTokens(d.tokens, os.Getenv(tokenVariable), func(err error) {
		log.Warn("the tokens from before are used", slog.String("error", err.Error()))
	})
	if err != nil {
		return nil, err
	}
	if t.none() {
		return nil, usage("%w", errNoToken)
	}
	token := func(account string) api.TokenFunc {
		return func(ctx context.Context) (string, error) { return t.token(ctx, account) }
	}
	c, err := api.New(api.Config{BaseURL: d.baseURL, AllowHTTP: d.allowHTTP, Timeout: d.timeout, Token: token("")})
	if err != nil {
		return nil, usage("%w", err)
	}
	return func(account string) *api.Client { return c.WithToken(token(account)) }, nil
}

func callbacksCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "callbacks",
		Short: "Look after the registered callbacks of an account",
		Long: `Look after the registered callbacks of an account. Remember them while all is
well; after a window, or now and then, check that they are registered as they were,
or repair it. The commands call ANYMARKET by themselves and need no outbox.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return usage("callbacks: want remember, check or repair") },
	}
	c.AddCommand(rememberCallbacksCommand(), checkCallbacksCommand(), repairCallbacksCommand())
	return c
}

// onCallbacks is a command with the guardian of an account's callbacks.
func onCallbacks(c *cobra.Command, act func(c *cobra.Command, g *callback.Guardian) error) *cobra.Command {
	var d direct
	var memory, account string
	d.bind(c)
	must(c.MarkFlagRequired("base-url"))
	c.Flags().StringVar(&memory, "memory", "", "the `FILE` that keeps what was registered: one for each account; it has the secrets of addresses in it")
	must(c.MarkFlagRequired("memory"))
	c.Flags().StringVar(&account, "account", "", "the `ACCOUNT` whose callbacks they are")
	c.Args = cobra.NoArgs
	c.RunE = func(c *cobra.Command, _ []string) error {
		log := newLogger(c)
		of, err := d.clients(log)
		if err != nil {
			return err
		}
		client := of(account)
		defer client.CloseIdleConnections()
		g, err := callback.NewGuardian(callback.GuardianConfig{Registry: client.Callbacks(), Memory: memory, Logger: log})
		if err != nil {
			return usage("%w", err)
		}
		return act(c, g)
	}
	return c
}

func rememberCallbacksCommand() *cobra.Command {
	var ids []int64
	c := onCallbacks(&cobra.Command{
		Use:   "remember --memory FILE --base-url URL",
		Short: "Make what is registered now what check and repair compare with",
	}, func(c *cobra.Command, g *callback.Guardian) error {
		given := make([]api.ID, len(ids))
		for i, id := range ids {
			if given[i] = api.ID(id); id <= 0 {
				return usage("--id: %d is no id", id)
			}
		}
		n, err := g.Remember(c.Context(), given...)
		if err != nil {
			return err
		}
		if asJSON(c) {
			return printJSON(c.OutOrStdout(), rememberedJSON{n})
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "callbacks remembered: %d\n", n)
		return err
	})
	c.Flags().Int64SliceVar(&ids, "id", nil, "the `ID` of a callback, where ANYMARKET does not list them; may be given again")
	return c
}

// rememberedJSON is what remember says.
type rememberedJSON struct {
	Remembered int `json:"remembered"`
}

func checkCallbacksCommand() *cobra.Command {
	return onCallbacks(&cobra.Command{
		Use:   "check --memory FILE --base-url URL",
		Short: "Compare what is registered with what is remembered; exit code 5 if something is wrong",
	}, func(c *cobra.Command, g *callback.Guardian) error { return compareCallbacks(c, g.Check) })
}

func repairCallbacksCommand() *cobra.Command {
	var dryRun bool
	c := onCallbacks(&cobra.Command{
		Use:   "repair --memory FILE --base-url URL",
		Short: "Compare, and put right what can be; exit code 5 if something is left wrong",
		Long: `Compare what is registered with what is remembered, register again what is
missing, and change back what was changed. An address is never registered twice:
where it cannot be known whether it is, nothing is done, and the reason says what to
do. What ANYMARKET told nobody meanwhile is in its feeds, see "callback serve".`,
	}, func(c *cobra.Command, g *callback.Guardian) error {
		if dryRun {
			return compareCallbacks(c, g.Check)
		}
		return compareCallbacks(c, g.Repair)
	})
	c.Flags().BoolVar(&dryRun, "dry-run", false, "change nothing at ANYMARKET, as check does")
	return c
}

func compareCallbacks(c *cobra.Command, compare func(context.Context) (callback.Comparison, error)) error {
	found, err := compare(c.Context())
	if !found.At.IsZero() { // what was done before an error is told too
		err = errors.Join(printComparison(c, found), err)
	}
	if err == nil && !found.OK() {
		err = &exit.Error{Code: exit.Alarm}
	}
	return err
}

func printComparison(c *cobra.Command, found callback.Comparison) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), found)
	}
	for _, d := range found.Differences {
		kind := string(d.Kind)
		if d.Repaired {
			kind = "repaired"
		}
		name := d.Address
		if d.ID != 0 {
			name += " (" + d.ID.String() + ")"
		}
		if _, err := fmt.Fprintf(c.OutOrStdout(), "%-8s %s: %s\n", kind, printable(name), printable(d.Reason)); err != nil {
			return err
		}
	}
	words := fmt.Sprintf("callbacks remembered: %d, differences: %d", found.Remembered, len(found.Differences))
	if !found.Listed {
		words += "; ANYMARKET does not list them, so they were asked for by their ids"
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), words)
	return err
}
