package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// run starts the program in a process group of its own, has it ended by end and
// returns what it said. end runs beside the program; its context ends with the
// program, and the program is killed if end returns an error.
func run(ctx context.Context, argv []string, end func(context.Context, *os.Process) error) (said []byte, stderr string, err error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { killGroup(cmd.Process); return nil }
	var o, e bytes.Buffer // read to the end: what was written before the kill counts
	cmd.Stdout, cmd.Stderr = &o, &e
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	ctx, gone := context.WithCancel(ctx)
	defer gone()
	var ending sync.WaitGroup
	var endErr error
	ending.Go(func() {
		if endErr = end(ctx, cmd.Process); endErr != nil {
			killGroup(cmd.Process)
		}
	})
	werr := cmd.Wait()
	gone()
	ending.Wait()
	if endErr != nil {
		werr = endErr
	}
	return o.Bytes(), e.String(), werr
}

// killGroup kills -9 the program and all it started. That they are gone already
// is all right.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

// sleep waits for d or, shorter, until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// wholeLines cuts a last line without its end: a kill came between, it says
// nothing.
func wholeLines(b []byte) []byte {
	n := bytes.LastIndexByte(b, '\n') + 1
	return b[:n:n]
}
