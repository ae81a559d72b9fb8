// Command crashkit tests what a program's files look like after a crash.
// See README.md beside go.mod.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/anymarket-go/sdk/internal/crash"
)

const usage = "usage: crashkit record|explore|kill|fault|powerfail|rot|target [flags] [-- command]"

func main() {
	// Also on an interrupt file systems are unmounted and scratch is removed.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := mainCode(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func mainCode(ctx context.Context, args []string) int {
	cmds := map[string]func(context.Context, []string) error{
		"record": record, "explore": explore, "kill": killLoop,
		"fault": fault, "powerfail": powerfail, "rot": rot, "target": target,
	}
	if len(args) == 0 || cmds[args[0]] == nil {
		fmt.Fprintln(os.Stderr, usage)
		return 2
	}
	if err := cmds[args[0]](ctx, args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "crashkit %s: %v\n", args[0], err)
		return 1
	}
	return 0
}

// target prints the names of package crash as lines of NAME WRITER CHECKER BUGS_TAG
// for the scripts.
func target(context.Context, []string) error {
	all := crash.Targets()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if _, err := fmt.Println(name, all[name].Writer, all[name].Checker, crash.BugsTag); err != nil {
			return err
		}
	}
	return nil
}
