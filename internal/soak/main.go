package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/anymarket-go/sdk/anymarket/anymarkettest"
)

type settings struct {
	length  time.Duration
	outage  time.Duration // between the begins of two
	restart time.Duration // between two of the client
	// Of the client.
	outbox, url, token string
}

func main() {
	var s settings
	client := flag.Bool("client", false, "be the client")
	flag.DurationVar(&s.length, "for", time.Hour, "how long the load lasts")
	flag.DurationVar(&s.outage, "outage-every", 3*time.Minute, "time between two outages, which last a quarter of it")
	flag.DurationVar(&s.restart, "restart-every", 7*time.Minute, "time between two restarts of the client")
	flag.StringVar(&s.outbox, "outbox", "", "file of the outbox; defaults to a temporary one")
	flag.StringVar(&s.url, "url", "", "of the fake, for the client")
	flag.StringVar(&s.token, "token", "", "of the fake, for the client")
	flag.Parse()
	run := play
	if *client {
		run = load
	}
	if err := run(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// play is the whole test; its error names every bound that was broken.
func play(ctx context.Context, s settings) (err error) {
	if s.outbox == "" {
		dir, mkErr := os.MkdirTemp("", "soak-")
		if mkErr != nil {
			return mkErr
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		s.outbox = filepath.Join(dir, "anymarket.db")
	}
	fake := anymarkettest.New(anymarkettest.Options{})
	defer func() { err = errors.Join(err, fake.Close()) }()
	if s.url, err = fake.Listen(ctx, "127.0.0.1:0"); err != nil {
		return err
	}
	s.token = fake.Token()
	for i := range skus {
		fake.AddSKU(anymarkettest.SKU{PartnerID: sku(i), Title: sku(i)})
	}
	outages := s.plan(fake)
	samples, last, err := s.runClient(ctx)
	if err != nil {
		return err
	}
	report("%s, %d outages, %d restarts, %d changes of stock, %d orders", s.length, outages, last.Restarts, last.Changes, len(last.Orders))
	return errors.Join(append(flat(samples), last.compare(fake)...)...)
}

// plan plans the outages, the last of which ends before the load does.
func (s settings) plan(fake *anymarkettest.Server) (n int) {
	modes := anymarkettest.Outages()
	lasts := s.outage / 4
	for at := s.outage / 2; at+lasts < s.length; at += s.outage {
		fake.DownAt(time.Now().Add(at), lasts, modes[rand.IntN(len(modes))]) //nolint:gosec // chance, no secret
		n++
	}
	return n
}

// runClient starts the client and reads what it says.
func (s settings) runClient(ctx context.Context) (samples []sample, last end, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, last, err
	}
	cmd := exec.CommandContext(ctx, self, "-client", "-for", s.length.String(), "-restart-every", s.restart.String(), //nolint:gosec // itself
		"-outbox", s.outbox, "-url", s.url, "-token", s.token)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, last, err
	}
	if err := cmd.Start(); err != nil {
		return nil, last, err
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		said := struct {
			Sample *sample `json:"sample"`
			End    *end    `json:"end"`
		}{}
		if err := json.Unmarshal(lines.Bytes(), &said); err != nil {
			return nil, last, errors.Join(fmt.Errorf("the client said %q: %w", lines.Text(), err), cmd.Process.Kill(), cmd.Wait())
		}
		if said.End != nil {
			last = *said.End
		}
		if said.Sample != nil {
			samples = append(samples, *said.Sample)
			report("%s", said.Sample)
		}
	}
	return samples, last, errors.Join(lines.Err(), cmd.Wait())
}

const maxLine = 16 << 20 // the last line has every order

func report(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stdout, format+"\n", args...) // nobody to tell otherwise
}
