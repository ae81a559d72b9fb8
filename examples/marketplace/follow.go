package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/anymarket-go/sdk/anymarket/marketplace"
	"github.com/anymarket-go/sdk/outbox"
)

// maxLine is the longest line in bytes.
const maxLine = 1 << 20

// follow stores each event and waits until all are delivered, or ctx ends.
func follow(ctx context.Context, c *marketplace.Client, in io.Reader, out io.Writer) error {
	lines, failed := read(ctx, in)
	for n := 1; ; n++ {
		var line string
		more := false
		select {
		case line, more = <-lines:
		case <-ctx.Done():
		}
		if !more {
			break
		}
		if line == "" {
			continue
		}
		if err := take(ctx, c, n, line, out); err != nil {
			return err
		}
	}
	select {
	case err := <-failed:
		return fmt.Errorf("read events: %w", err)
	default:
	}
	if err := c.Outbox().Drain(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	return report(c, out)
}

// read hands out the lines of the input, and why it failed. A read that waits
// for input cannot be interrupted, so it has a goroutine of its own, which ends
// with the program at the latest.
func read(ctx context.Context, in io.Reader) (<-chan string, <-chan error) {
	lines, failed := make(chan string), make(chan error, 1)
	go func() {
		defer close(lines)
		s := bufio.NewScanner(in)
		s.Buffer(nil, maxLine)
		for s.Scan() {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
		if err := s.Err(); err != nil {
			failed <- err
		}
	}()
	return lines, failed
}

// take stores the event of a line and says so. What is wrong with one event is
// told, and the others go on; an error is what stops them all.
func take(ctx context.Context, c *marketplace.Client, n int, line string, out io.Writer) error {
	e, err := parse(line)
	if err != nil {
		say(out, "line %d: %v", n, err)
		return nil
	}
	r, err := e.store(ctx, c)
	var conflict *outbox.ConflictError
	switch {
	case errors.As(err, &conflict):
		// The sale was made known already, with other content. The first counts.
		say(out, "line %d: this sale was stored before, with other %v: see %s", n, conflict.Fields, conflict.ID)
	case errors.Is(err, outbox.ErrFull), errors.Is(err, outbox.ErrUnknown), errors.Is(err, outbox.ErrClosed), ctx.Err() != nil:
		return fmt.Errorf("line %d is not known to be stored, hand it over again: %w", n, err)
	case err != nil:
		say(out, "line %d: %v", n, err)
	default:
		say(out, "line %d: stored as %s", n, r.ID())
		for _, w := range r.Warnings {
			say(out, "line %d: ANYMARKET may refuse it: %s", n, w)
		}
	}
	return nil
}

// report says what became of everything, and names what needs a person.
func report(c *marketplace.Client, out io.Writer) error {
	s := c.Outbox().Stats()
	say(out, "accepted %d = delivered %d + refused %d + discarded %d + waiting %d",
		s.Accepted, s.Delivered, s.Dead, s.Cancelled, s.Waiting)
	for r, err := range c.Outbox().DeadLetters() {
		if err != nil {
			return err
		}
		say(out, "refused: sale %s of %s (%s): %s", r.Key, r.Account, r.Kind, r.Reason)
	}
	for r, err := range c.Outbox().Waiting() {
		if err != nil {
			return err
		}
		if r.State == outbox.Parked {
			say(out, "needs a person: sale %s of %s (%s): %s", r.Key, r.Account, r.Kind, r.Reason)
		}
	}
	return nil
}

// say writes a line. An output that is gone stops no delivery.
func say(out io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(out, format+"\n", args...)
}
