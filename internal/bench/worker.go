package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// worker is a process that measures. It is for one goroutine.
type worker struct {
	name string
	dir  string // its own; empty if it was given one
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
}

// order is what a worker is asked for; the rest of the line is for the act.
type order struct {
	Do   string
	With json.RawMessage
}

// answer is what it says.
type answer struct {
	Err  string
	Said json.RawMessage
}

// start starts a worker in a role, in a directory that is its own if dir is
// empty. What is in before runs it, such as strace.
func (s *session) start(ctx context.Context, r role, name, dir string, before ...string) (*worker, error) {
	w := &worker{name: string(r) + " " + name}
	if dir == "" {
		own, err := os.MkdirTemp(s.dir, "worker-")
		if err != nil {
			return nil, err
		}
		dir, w.dir = own, own
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := append(before, self, serveArg, string(r), name, dir, s.profile(w.name))
	w.cmd = exec.CommandContext(ctx, args[0], args[1:]...)
	w.cmd.Stderr = s.err
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.out = bufio.NewReader(out)
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	return w, nil
}

// profile is how the profiles of a worker's files begin; empty if none are wanted.
func (s *session) profile(name string) string {
	if s.profiles == "" {
		return ""
	}
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" ,+/", r) {
			return '-'
		}
		return r
	}, name)
	for n := 1; ; n++ {
		prefix := filepath.Join(s.profiles, plain+"-"+strconv.Itoa(n))
		if _, err := os.Stat(prefix + ".cpu.prof"); errors.Is(err, os.ErrNotExist) {
			return prefix
		}
	}
}

// ask has a worker do something and returns what came of it.
func ask[T any](w *worker, do string, with any) (said T, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %s: %w", w.name, do, err)
		}
	}()
	args, err := json.Marshal(with)
	if err != nil {
		return said, err
	}
	line, err := json.Marshal(order{Do: do, With: args})
	if err != nil {
		return said, err
	}
	if _, err := w.in.Write(append(line, '\n')); err != nil {
		return said, err
	}
	line, err = w.out.ReadBytes('\n')
	if err != nil {
		return said, fmt.Errorf("the worker ended: %w", err)
	}
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		return said, err
	}
	if a.Err != "" {
		return said, errors.New(a.Err)
	}
	return said, json.Unmarshal(a.Said, &said)
}

// end has the worker close what it has open, and removes a directory that was
// its own.
func (w *worker) end() error {
	err := errors.Join(w.in.Close(), w.cmd.Wait())
	if w.dir != "" {
		err = errors.Join(err, os.RemoveAll(w.dir))
	}
	if err != nil {
		return fmt.Errorf("%s: end: %w", w.name, err)
	}
	return nil
}

// endAll ends workers and adds what went wrong to err.
func endAll(workers []*worker, err error) error {
	for _, w := range workers {
		err = errors.Join(err, w.end())
	}
	return err
}
