package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/anymarket-go/sdk/examples/anymarketctl/drill"
	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "anymarketctl",
		Short: "Deliver to ANYMARKET through its maintenance windows, and operate an outbox",
		Long: `Deliver stock, prices, orders and the sales of marketplaces to ANYMARKET through
its maintenance windows, and look at and operate the outbox that keeps what is not delivered yet.

Exit codes: 0 done, 1 error, 2 wrong usage, 3 something is left waiting,
4 something was refused, 5 alarm.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().Bool("json", false, "print JSON")
	root.AddCommand(
		sendCommand(), runCommand(),
		statusCommand(), listCommand(), showCommand(), whyCommand(),
		editCommand(), requeueCommand(), discardCommand(), pauseCommand(), resumeCommand(), readdressCommand(),
		checkCommand(), exportCommand(), eraseCommand(), resealCommand(),
		upcomingCommand(), campaignsCommand(), resendCommand(), recheckCommand(), reloadCommand(), reportCommand(),
		callbacksCommand(), callbackCommand(),
		windowsCommand(), fakeCommand(), drill.Command(),
	)
	markFailures(root)
	return root
}

// markFailures tells errors of commands that began from those of usage, which
// are all the others.
func markFailures(c *cobra.Command) {
	if begin := c.RunE; begin != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			err := begin(c, args)
			if marked := (*exit.Error)(nil); err == nil || errors.As(err, &marked) {
				return err
			}
			return &exit.Error{Code: exit.Failed, Err: err}
		}
	}
	for _, sub := range c.Commands() {
		markFailures(sub)
	}
}

// codeOf is the exit code for what the root command returned.
func codeOf(err error) int {
	if marked := (*exit.Error)(nil); err != nil && !errors.As(err, &marked) {
		return exit.Usage
	}
	return exit.Code(err)
}

// usage is an error in what the user typed.
func usage(format string, args ...any) error {
	return &exit.Error{Code: exit.Usage, Err: fmt.Errorf(format, args...)}
}

// asJSON says whether the user wants JSON.
func asJSON(c *cobra.Command) bool {
	on, err := c.Flags().GetBool("json")
	return err == nil && on
}
