package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"syscall"
	"time"

	"github.com/anymarket-go/sdk/anymarket/callback"
	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

// notificationJSON is what a command or a URL is given.
type notificationJSON struct {
	Account    string          `json:"account"`
	OI         string          `json:"oi"`
	Type       callback.Type   `json:"type"`
	ID         string          `json:"id"`
	Events     []string        `json:"events,omitempty"`
	Metadata   json.RawMessage `json:"metadata,omitempty"`
	ReceivedAt time.Time       `json:"receivedAt"`
	Attempt    int             `json:"attempt"`
}

func encodeNotification(n callback.Notification) ([]byte, error) {
	said, err := json.Marshal(notificationJSON(n))
	return append(said, '\n'), err
}

// toCommand hands a notification over to a command, on its input. What it says
// goes to out. It is interrupted when ctx ends, and killed if it takes no notice.
func toCommand(args []string, out io.Writer) func(context.Context, callback.Notification) error {
	const patience = 5 * time.Second
	return func(ctx context.Context, n callback.Notification) error {
		said, err := encodeNotification(n)
		if err != nil {
			return err
		}
		child := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // it is what the user wants to run
		child.Stdin, child.Stdout, child.Stderr = bytes.NewReader(said), out, out
		child.Cancel = func() error { return child.Process.Signal(syscall.SIGTERM) }
		child.WaitDelay = patience
		err = child.Run()
		var ended *exec.ExitError
		switch {
		case ctx.Err() != nil && err != nil:
			return ctx.Err()
		case errors.As(err, &ended) && ended.ExitCode() == exit.Refused:
			return fmt.Errorf("the command refused it: %w", callback.ErrRejected)
		default:
			return err // such as "exit status 1"
		}
	}
}

// toURL posts a notification. Any success is a success.
func toURL(client *http.Client, address string) func(context.Context, callback.Notification) error {
	const mostRead = 64 << 10 // of an answer that nobody looks at
	return func(ctx context.Context, n callback.Notification) error {
		said, err := encodeNotification(n)
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(said))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		var failed *url.Error
		switch {
		case errors.As(err, &failed):
			return failed.Err // without the address, which may have a secret
		case err != nil:
			return err
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, mostRead)) // so that the connection is kept
		_ = resp.Body.Close()
		switch {
		case resp.StatusCode >= 200 && resp.StatusCode <= 299:
			return nil
		case resp.StatusCode == http.StatusUnprocessableEntity:
			return fmt.Errorf("answered with %d: %w", resp.StatusCode, callback.ErrRejected)
		default:
			return fmt.Errorf("answered with %d", resp.StatusCode)
		}
	}
}

// handOverClient posts to a URL: it follows nobody elsewhere.
func handOverClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
