package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // windows are given in zones that the system may not know

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot() //nolint:contextcheck // commands get ctx from cobra; what is closed must be, whatever became of it
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err != nil && err.Error() != "" {
		_, _ = fmt.Fprintln(stderr, "anymarketctl: "+printableLines(err.Error())) // nobody is left to tell
	}
	code := codeOf(err)
	if code == exit.Usage {
		_, _ = fmt.Fprintln(stderr, "Use --help with the command to see how it is used.") // likewise
	}
	return code
}
