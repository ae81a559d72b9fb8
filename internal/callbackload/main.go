package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

type settings struct {
	rate   int
	length time.Duration
	p99    time.Duration
	inbox  string
	memory uint64 // bytes that the runtime may take from the system
	conns  int
}

func main() {
	var s settings
	serving := flag.Bool("serve", false, "be the receiver")
	flag.IntVar(&s.rate, "rate", 1000, "notifications a second")
	flag.DurationVar(&s.length, "for", 30*time.Second, "how long")
	flag.DurationVar(&s.p99, "p99", 500*time.Millisecond, "bound of the 99th percentile of latency")
	flag.StringVar(&s.inbox, "inbox", "", "file of the inbox; defaults to a temporary one")
	flag.Uint64Var(&s.memory, "memory", 256<<20, "bound of the receiver's memory in bytes")
	flag.IntVar(&s.conns, "conns", 128, "most connections")
	flag.Parse()
	run := func() error { return load(context.Background(), s) }
	if *serving {
		run = func() error { return serve(context.Background(), s.inbox) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "callbackload:", err)
		os.Exit(1)
	}
}

// load is the whole test; its error names every bound that was broken.
func load(ctx context.Context, s settings) (err error) {
	if s.inbox == "" {
		dir, mkErr := os.MkdirTemp("", "callbackload-")
		if mkErr != nil {
			return mkErr
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		s.inbox = filepath.Join(dir, "callbacks.db")
	}
	r, err := start(ctx, s.inbox)
	if err != nil {
		return err
	}
	defer r.kill()
	p := newPoster(r.url, s)
	p.post(ctx, s.length)
	steady := p.figures()
	report("%d notifications in %s: %d answered 200, %d others", steady.sent, s.length, steady.ok, steady.sent-steady.ok)
	report("latency: median %s, p99 %s, longest %s", steady.median, steady.p99, steady.longest)

	const beforeKill = time.Second
	killed := time.AfterFunc(beforeKill, r.kill)
	defer killed.Stop()
	p.post(ctx, 2*beforeKill)
	r.kill()
	p.close()
	all := p.figures()
	report("killed after %d more were answered", all.ok-steady.ok)
	report("receiver: at most %d goroutines, %d MiB of memory", r.most.Goroutines, r.most.Memory>>20)

	found, lost, err := missing(ctx, s.inbox, p.answered)
	if err != nil {
		return err
	}
	report("inbox: %d of %d answered notifications, %d stored ones were not answered", all.ok-lost, all.ok, found-(all.ok-lost))
	goroutines := 2*s.conns + 100 // two a connection, those that handle, and some of the runtime and the inbox
	var broken []error
	bound := func(ok bool, format string, args ...any) {
		if !ok {
			broken = append(broken, fmt.Errorf(format, args...))
		}
	}
	bound(steady.sent >= s.rate*int(s.length.Seconds())*99/100, "only %d were sent", steady.sent)
	bound(steady.ok == steady.sent, "%d were not answered 200, the first: %s", steady.sent-steady.ok, steady.failure)
	bound(steady.p99 <= s.p99, "p99 of %s is above %s", steady.p99, s.p99)
	bound(all.ok > steady.ok, "none was answered before the kill")
	bound(lost == 0, "%d notifications were answered 200 and lost", lost)
	bound(r.most.Goroutines > 0 && r.most.Goroutines <= goroutines, "%d goroutines, at most %d are allowed", r.most.Goroutines, goroutines)
	bound(r.most.Memory <= s.memory, "%d bytes of memory, at most %d are allowed", r.most.Memory, s.memory)
	return errors.Join(broken...)
}

func report(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stdout, format+"\n", args...) // nobody to tell otherwise
}
