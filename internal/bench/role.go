package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
)

// serveArg is the first argument of a worker.
const serveArg = "serve"

// role is what a worker is for.
type role string

const (
	accepting  role = "accept"
	settling   role = "settle"
	filling    role = "fill"
	backlogged role = "backlog"
	calling    role = "call"
)

// stage is what a worker has open, and what it can be asked to do with it.
type stage struct {
	acts  map[string]act
	close func() error
}

// act does something with the arguments that came with the order.
type act func(with json.RawMessage) (any, error)

// acting makes an act of a function that knows its arguments.
func acting[A, T any](f func(A) (T, error)) act {
	return func(with json.RawMessage) (any, error) {
		var a A
		if err := json.Unmarshal(with, &a); err != nil {
			return nil, err
		}
		return f(a)
	}
}

// open opens the stage of a role. What name means is up to the role; profiles is
// how the files of profiles begin, if they are wanted.
func (r role) open(ctx context.Context, name, dir, profiles string) (stage, error) {
	switch r {
	case accepting:
		return acceptStage(ctx, name, dir)
	case settling:
		return settleStage(ctx, name, dir)
	case filling:
		return fillStage(ctx, dir)
	case backlogged:
		return backlogStage(ctx, dir)
	case calling:
		return callStage(ctx, name, dir, profiles)
	}
	return stage{}, fmt.Errorf("no role is called %q", r)
}

// serve is the life of a worker: it carries out the orders that come on standard
// input until that ends.
func serve(ctx context.Context, args []string) (err error) {
	if len(args) != 4 {
		return errors.New("a worker takes a role, a name, a folder and where profiles go; it is started by the parts")
	}
	st, err := role(args[0]).open(ctx, args[1], args[2], args[3])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	if args[3] != "" && role(args[0]) != calling { // that one profiles itself
		stop, err := profile(args[3])
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var o order
		if err := json.Unmarshal(line, &o); err != nil {
			return err
		}
		said, err := json.Marshal(st.carryOut(o))
		if err != nil {
			return err
		}
		if _, err := os.Stdout.Write(append(said, '\n')); err != nil {
			return err
		}
	}
}

func (st stage) carryOut(o order) answer {
	do := st.acts[o.Do]
	if do == nil {
		return answer{Err: "it cannot do that"}
	}
	said, err := do(o.With)
	if err != nil {
		return answer{Err: err.Error()}
	}
	encoded, err := json.Marshal(said)
	if err != nil {
		return answer{Err: err.Error()}
	}
	return answer{Said: encoded}
}

// profile profiles the process until stop is called. The files begin with prefix.
func profile(prefix string) (stop func() error, err error) {
	cpu, err := os.Create(prefix + ".cpu.prof")
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return nil, errors.Join(err, cpu.Close())
	}
	runtime.SetBlockProfileRate(100_000) // one sample for each 100 µs blocked
	runtime.SetMutexProfileFraction(100)
	return func() error {
		pprof.StopCPUProfile()
		err := cpu.Close()
		for _, name := range []string{"allocs", "block", "mutex"} {
			err = errors.Join(err, writeProfile(name, prefix+"."+name+".prof"))
		}
		return err
	}, nil
}

func writeProfile(name, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup(name).WriteTo(f, 0), f.Close())
}
