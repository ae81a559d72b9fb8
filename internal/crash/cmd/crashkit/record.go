package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/anymarket-go/sdk/internal/crash/trace"
)

// Names of the files of a recording.
const (
	recBase   = "base"      // the root before the run
	recTrace  = "trace.log" // strace's log
	recRoot   = "root"      // the root's path
	recBefore = "before"    // promises from before the run
	recDirs   = "dirs"      // the directories below the root after the run
	recStdout = "stdout"
	recStderr = "stderr"
)

// straceArgs is how every traced program is run.
func straceArgs(log, inject, syscalls string) []string {
	a := []string{"-f", "-y", "-xx", "-s", "67108864", "--seccomp-bpf", "-o", log, "-e", "trace=" + syscalls, "-e", "signal=none"}
	for i := range strings.SplitSeq(inject, ";") {
		if i != "" {
			a = append(a, "-e", "inject="+i)
		}
	}
	return append(a, "--")
}

type recordFlags struct {
	root, out, inject, said string
	timeout                 time.Duration
	argv                    []string
}

func parseRecord(args []string) (f recordFlags, err error) {
	fl := flag.NewFlagSet("record", flag.ExitOnError)
	fl.StringVar(&f.root, "root", "", "directory the program keeps its files in")
	fl.StringVar(&f.out, "o", "", "directory for the recording")
	fl.StringVar(&f.inject, "inject", "", "strace inject expressions, split by ';', e.g. fdatasync:error=EIO:when=7; the program may fail then")
	fl.StringVar(&f.said, "said", "", "file with promises made before this run, which hold on")
	fl.DurationVar(&f.timeout, "timeout", 2*time.Minute, "kill the program after this long")
	if err := fl.Parse(args); err != nil {
		return f, err
	}
	f.argv = fl.Args()
	if f.root == "" || f.out == "" || len(f.argv) == 0 {
		return f, errors.New("need -root, -o and a command")
	}
	f.root, err = filepath.Abs(f.root)
	return f, err
}

// record runs a program under strace and keeps its storage calls.
func record(ctx context.Context, args []string) error {
	f, err := parseRecord(args)
	if err != nil {
		return err
	}
	if err := f.prepare(); err != nil {
		return err
	}
	t0 := time.Now()
	runErr, err := f.run(ctx)
	if err != nil {
		return err
	}
	if err := f.keepDirs(); err != nil {
		return err
	}
	fi, err := os.Stat(filepath.Join(f.out, recTrace))
	if err != nil {
		return fmt.Errorf("strace left no log: %w", errors.Join(runErr, err))
	}
	ended := "ended well"
	if runErr != nil {
		ended = runErr.Error()
	}
	fmt.Printf("recorded in %v, trace %d KiB, program %s\n", time.Since(t0).Round(time.Millisecond), fi.Size()>>10, ended)
	if runErr != nil && f.inject == "" {
		se, err := os.ReadFile(filepath.Join(f.out, recStderr))
		return errors.Join(fmt.Errorf("the program failed by itself: %w: %s", runErr, firstLines(string(se), 3)), err)
	}
	return nil
}

// prepare makes the recording's directory and keeps in it what was there before.
func (f recordFlags) prepare() error {
	if err := os.MkdirAll(f.root, 0o700); err != nil {
		return err
	}
	if err := os.RemoveAll(f.out); err != nil {
		return err
	}
	files, err := readTree(f.root)
	if err != nil {
		return err
	}
	if err := writeTree(filepath.Join(f.out, recBase), f.root, files); err != nil {
		return err
	}
	var before []byte
	if f.said != "" {
		if before, err = os.ReadFile(f.said); err != nil {
			return err
		}
	}
	return errors.Join(
		os.WriteFile(filepath.Join(f.out, recBefore), before, 0o600),
		os.WriteFile(filepath.Join(f.out, recRoot), []byte(f.root), 0o600))
}

// keepDirs notes which paths are directories: the log of an fsync does not say.
func (f recordFlags) keepDirs() error {
	var dirs strings.Builder
	err := filepath.WalkDir(f.root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs.WriteString(p + "\n")
		}
		return err
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(f.out, recDirs), []byte(dirs.String()), 0o600)
}

// run returns how the program ended, apart from why it could not be run.
func (f recordFlags) run(ctx context.Context) (runErr, err error) {
	stdout, err := os.Create(filepath.Join(f.out, recStdout))
	if err != nil {
		return nil, err
	}
	stderr, err := os.Create(filepath.Join(f.out, recStderr))
	if err != nil {
		return nil, errors.Join(err, stdout.Close())
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	argv := append(straceArgs(filepath.Join(f.out, recTrace), f.inject, trace.Syscalls), f.argv...)
	cmd := exec.CommandContext(ctx, "strace", argv...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	// Killing strace alone would set the program free.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { killGroup(cmd.Process); return nil }
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, stdout.Close(), stderr.Close())
	}
	runErr = cmd.Wait()
	if ctx.Err() != nil {
		return nil, errors.Join(fmt.Errorf("the program did not end within %v", f.timeout), stdout.Close(), stderr.Close())
	}
	return runErr, errors.Join(stdout.Close(), stderr.Close())
}
