package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/internal/admin"
)

func pauseCommand() *cobra.Command {
	var scope admin.Scope
	var reason string
	c := onOutbox(&cobra.Command{
		Use:   "pause --account NAME|--all",
		Short: "Stop the calls of an account, or all, until resume; beyond a restart too",
		Args:  cobra.NoArgs,
	}, func(c *cobra.Command, o *admin.Client, _ []string) error {
		if err := o.Pause(c.Context(), scope, reason); err != nil {
			return err
		}
		return printScope(c, "paused", scope)
	})
	bindScope(c, &scope)
	c.Flags().StringVar(&reason, "reason", "", "why, for those who look")
	return c
}

func resumeCommand() *cobra.Command {
	var scope admin.Scope
	c := onOutbox(&cobra.Command{
		Use:   "resume --account NAME|--all",
		Short: "End what pause began with the same flag",
		Args:  cobra.NoArgs,
	}, func(c *cobra.Command, o *admin.Client, _ []string) error {
		before, err := o.Status(c.Context())
		if err != nil {
			return err
		}
		if err := o.Resume(c.Context(), scope); err != nil {
			return err
		}
		return printScope(c, "resumed", scope, resumedNotes(before.Pauses, scope)...)
	})
	bindScope(c, &scope)
	return c
}

func bindScope(c *cobra.Command, s *admin.Scope) {
	c.Flags().StringVar(&s.Account, "account", "", "the account of this `NAME`; '' is the default one")
	c.Flags().BoolVar(&s.All, "all", false, "all accounts")
	c.MarkFlagsOneRequired("account", "all")
	c.MarkFlagsMutuallyExclusive("account", "all")
}

// resumedNotes say what somebody who resumes may not expect.
func resumedNotes(before []admin.Pause, s admin.Scope) (notes []string) {
	if !slices.ContainsFunc(before, func(p admin.Pause) bool { return p.Scope == s }) {
		notes = append(notes, scopeText(s)+" was not paused")
	}
	for _, p := range before {
		switch {
		case p.All && !s.All:
			notes = append(notes, scopeText(s)+" is still paused with all accounts")
		case s.All && !p.All:
			notes = append(notes, scopeText(p.Scope)+" is still paused by itself")
		}
	}
	return notes
}

// scopeJSON tells what was done to whom.
type scopeJSON struct {
	admin.Scope
	Done  string   `json:"done"`
	Notes []string `json:"notes,omitempty"`
}

func printScope(c *cobra.Command, done string, s admin.Scope, notes ...string) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), scopeJSON{s, done, notes})
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), strings.Join(append([]string{done + " " + scopeText(s)}, notes...), "; "))
	return err
}

func scopeText(s admin.Scope) string {
	if s.All {
		return "all accounts"
	}
	return "account " + accountName(s.Account)
}
