package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/anymarket/callback"
)

const (
	secret = "loopback-and-nobody-else"
	oi     = "1."
)

func config(inbox string) callback.Config {
	return callback.Config{
		Inbox: inbox, Secrets: []string{secret}, Accounts: map[string]string{oi: "load"},
		// It hangs, as one does that waits for an ERP that does not answer.
		Handle: func(ctx context.Context, _ callback.Notification) error { <-ctx.Done(); return ctx.Err() },
	}
}

// status is what the receiver says of itself, a line of JSON.
type status struct {
	URL        string `json:"url,omitempty"`
	Goroutines int    `json:"goroutines,omitempty"`
	Memory     uint64 `json:"memory,omitempty"` // bytes taken from the system by the runtime
}

// serve is the receiver. It lives until it is killed or its input ends.
func serve(ctx context.Context, inbox string) error {
	r, err := callback.Open(config(inbox)) //nolint:contextcheck // it takes none: opening is one scan of the file
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: r, ReadHeaderTimeout: 5 * time.Second}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(l) }) // until it is closed below
	wg.Go(func() { _ = r.Run(ctx) })      // until the receiver is closed below
	wg.Go(func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // it ends with whoever started us
		stop()
	})
	out := json.NewEncoder(os.Stdout)
	err = out.Encode(status{URL: "http://" + l.Addr().String() + "/" + secret})
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for err == nil && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			err = out.Encode(status{Goroutines: runtime.NumGoroutine(), Memory: m.Sys})
		}
	}
	_ = server.Close() // an orderly end is not what is tested
	stop()
	err = errors.Join(err, r.Close()) //nolint:contextcheck // ctx has ended
	wg.Wait()
	return err
}

// child is the receiver as the one who started it sees it.
type child struct {
	url  string
	most status

	cmd    *exec.Cmd
	killed sync.Once
	read   sync.WaitGroup
}

func start(ctx context.Context, inbox string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r := &child{cmd: exec.CommandContext(ctx, self, "-serve", "-inbox", inbox)}
	r.cmd.Stderr = os.Stderr
	if _, err := r.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	var first status
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &first) != nil || !strings.HasPrefix(first.URL, "http://") {
		r.kill()
		return nil, fmt.Errorf("the receiver said %q and not where it is", lines.Text())
	}
	r.url = first.URL
	r.read.Go(func() {
		for lines.Scan() {
			var s status
			if json.Unmarshal(lines.Bytes(), &s) == nil { // the last line may be cut
				r.most.Goroutines = max(r.most.Goroutines, s.Goroutines)
				r.most.Memory = max(r.most.Memory, s.Memory)
			}
		}
	})
	return r, nil
}

// kill sends SIGKILL, and returns when the receiver is dead.
func (r *child) kill() {
	r.killed.Do(func() {
		_ = r.cmd.Process.Kill()
		r.read.Wait()
		_ = r.cmd.Wait() // it says that it was killed
	})
}

// missing opens the inbox of a dead receiver, and counts what is in it and which
// of the answered notifications are not.
func missing(ctx context.Context, inbox string, answered map[string]bool) (found, lost int, err error) {
	r, err := callback.Open(config(inbox)) //nolint:contextcheck // it takes none: opening is one scan of the file
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }() //nolint:contextcheck // closing is not to be given up
	if err := r.Inbox().Check(ctx); err != nil {
		return 0, 0, err
	}
	stored := map[string]bool{}
	for rec, err := range r.Inbox().Waiting() {
		if err != nil {
			return 0, 0, err
		}
		stored[rec.Key] = true
	}
	for key := range answered {
		if !stored[key] {
			lost++
		}
	}
	return len(stored), lost, nil
}
