package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// A checker judges a directory, given a file with what the program had said on
// its standard output before the crash.
//
// One-shot: CMD DIR FILE; exit status 0 is a pass, the output says why not.
// Server:   CMD reads "DIR\tFILE\n" lines and answers each with "ok\n" or
// "fail WHY\n". A server that dies while judging has failed that image and is
// started again; so is one that failed an image.
//
// It is for one goroutine.
type checker struct {
	args    []string
	server  bool
	timeout time.Duration // for one image
	cmd     *exec.Cmd     // the running server, or nil
	in      io.WriteCloser
	out     *bufio.Reader
	stderr  *bytes.Buffer
}

// errDied is in the chain of a verdict that the checker did not live to give.
var errDied = errors.New("checker died or took too long")

func newChecker(cmd string, server bool, timeout time.Duration) *checker {
	return &checker{args: strings.Fields(cmd), server: server, timeout: timeout}
}

// check returns nil if the checker passes dir.
func (c *checker) check(ctx context.Context, dir, said string) error {
	if !c.server {
		return c.once(ctx, dir, said)
	}
	if c.cmd == nil {
		if err := c.start(ctx); err != nil {
			return err
		}
	}
	cmd := c.cmd
	kill := time.AfterFunc(c.timeout, func() {
		_ = cmd.Process.Kill() // it may just have ended by itself
	})
	defer kill.Stop()
	// A server that is gone is noticed by the read.
	_, _ = fmt.Fprintf(c.in, "%s\t%s\n", dir, said)
	line, err := c.out.ReadString('\n')
	if err != nil {
		c.cmd = nil
		return fmt.Errorf("%w (%w): %s", errDied, c.wait(cmd), firstLines(c.stderr.String(), 3))
	}
	if line = strings.TrimSpace(line); line != "ok" {
		// What a bad image left behind in the server must not judge the next.
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // says that it was killed
		c.cmd = nil
		return errors.New(strings.TrimPrefix(line, "fail "))
	}
	return nil
}

func (c *checker) once(ctx context.Context, dir, said string) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	args := append(c.args[1:len(c.args):len(c.args)], dir, said)
	out, err := exec.CommandContext(ctx, c.args[0], args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, firstLines(string(out), 3))
	}
	return nil
}

func (c *checker) start(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	c.stderr = &bytes.Buffer{}
	cmd.Stderr = c.stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start checker: %w", err)
	}
	c.cmd, c.in, c.out = cmd, in, bufio.NewReader(out)
	return nil
}

// wait names the end of a server that ended without an answer.
func (c *checker) wait(cmd *exec.Cmd) error {
	if err := cmd.Wait(); err != nil {
		return err
	}
	return errors.New("exit status 0")
}

func (c *checker) close() {
	if c.cmd != nil {
		_ = c.in.Close() // the server ends at the end of its input
		_ = c.cmd.Wait()
		c.cmd = nil
	}
}

// firstLines returns the first n lines of s as one.
func firstLines(s string, n int) string {
	l := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(l[:min(n, len(l))], " | ")
}
