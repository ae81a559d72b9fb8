package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

func fakeCommand() *cobra.Command {
	var addr string
	var accounts []string
	c := &cobra.Command{
		Use:   "fake",
		Short: "Serve a fake ANYMARKET for tests by hand, until interrupted",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			s := anymarkettest.New(anymarkettest.Options{})
			defer func() { err = errors.Join(err, s.Close()) }()
			base, err := s.Listen(c.Context(), addr)
			if err != nil {
				return err
			}
			root := strings.TrimSuffix(base, "/v2")
			said := fakeJSON{
				BaseURL: base, MaintenanceURL: root + anymarkettest.AdminPath + "maintenance", Tokens: map[string]string{"": s.Token()},
				MarketplaceURL: root + anymarkettest.MarketplacePath, AppID: s.AppID(),
			}
			for _, name := range accounts {
				said.Tokens[name] = s.For(name).Token()
			}
			if err := printFake(c, said, accounts); err != nil {
				return err
			}
			<-c.Context().Done()
			return nil
		},
	}
	c.Flags().StringVar(&addr, "addr", "127.0.0.1:0", "`ADDRESS` to listen on; keep to this machine, its admin path asks for no token")
	c.Flags().StringArrayVar(&accounts, "account", nil, "`NAME` of a further account; may be given again")
	return c
}

// fakeJSON is what fake says once it serves.
type fakeJSON struct {
	BaseURL        string            `json:"base_url"`
	MarketplaceURL string            `json:"marketplace_url"` // base URL of the API for marketplaces
	AppID          string            `json:"app_id"`          // wanted there
	MaintenanceURL string            `json:"maintenance_url"`
	Tokens         map[string]string `json:"tokens"` // by account
}

func printFake(c *cobra.Command, f fakeJSON, accounts []string) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), f)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "base URL           %s\n", f.BaseURL)
	fmt.Fprintf(&b, "token              %s\n", f.Tokens[""])
	for _, name := range accounts {
		fmt.Fprintf(&b, "token of %-9s %s\n", printable(name), f.Tokens[name])
	}
	fmt.Fprintf(&b, "for marketplaces   %s, with app id %s\n", f.MarketplaceURL, f.AppID)
	fmt.Fprintf(&b, "begin maintenance  curl -X POST '%s?for=4h'\n", f.MaintenanceURL)
	fmt.Fprintf(&b, "end maintenance    curl -X DELETE %s\n", f.MaintenanceURL)
	fmt.Fprintf(&b, "\nserving until interrupted; to send to it:\n")
	fmt.Fprintf(&b, "ANYMARKET_TOKEN=%s anymarketctl send --outbox fake.db --base-url %s\n", f.Tokens[""], f.BaseURL)
	_, err := fmt.Fprint(c.OutOrStdout(), b.String())
	return err
}
