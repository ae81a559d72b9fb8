package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/anymarket-go/sdk/anymarket"
)

// status is what a loader says of itself, a line of JSON.
type status struct {
	// First are the rows that an earlier run had stored, Rows those until now.
	First int `json:"first"`
	Rows  int `json:"rows"`
	// Start and Most are bytes that the runtime took from the system: at the
	// start and at most.
	Start uint64 `json:"start"`
	Most  uint64 `json:"most"`
	Done  bool   `json:"done"`
}

// sku is the code of a row, and its key.
func sku(i int) string { return fmt.Sprintf("SKU-%09d", i) }

// quantityOf is that of a row.
func quantityOf(i int) int { return 1 + i%1000 }

// snapshot yields the rows after a key, and says which is the first.
func snapshot(rows int, from *int) func(context.Context, string) iter.Seq2[anymarket.Row, error] {
	return func(_ context.Context, after string) iter.Seq2[anymarket.Row, error] {
		return func(yield func(anymarket.Row, error) bool) {
			*from = 0
			if after != "" {
				last, err := strconv.Atoi(after[len("SKU-"):])
				if err != nil {
					yield(anymarket.Row{}, err)
					return
				}
				*from = last + 1
			}
			for i := *from; i < rows; i++ {
				row := anymarket.Row{Key: sku(i), Stock: anymarket.Stock{PartnerID: sku(i), Quantity: anymarket.Qty(int64(quantityOf(i)))}}
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// load is the loader.
func load(ctx context.Context, s settings) (err error) {
	const rate = 10_000 // calls a second: no limit
	c, err := anymarket.Open(ctx, anymarket.Config{
		Outbox: s.outbox, BaseURL: s.url, Token: s.token, Admin: true, StartRate: rate, MaxRate: rate,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }() //nolint:contextcheck // closing is not to be given up
	runtime.GC()
	start := memory()
	most := &atomic.Uint64{}
	measuring, end := context.WithCancel(ctx)
	measured := make(chan struct{})
	go func() {
		defer close(measured)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for measuring.Err() == nil {
			most.Store(max(most.Load(), memory()))
			select {
			case <-measuring.Done():
			case <-tick.C:
			}
		}
	}()
	out := json.NewEncoder(os.Stdout)
	first := 0
	say := func(sums anymarket.Reloaded, done bool) error {
		return out.Encode(status{First: first, Rows: sums.Rows, Start: start, Most: most.Load(), Done: done})
	}
	sums, err := c.Stock.Reload(ctx, anymarket.Reload{
		Source: snapshot(s.rows, &first), AsOf: s.asOf, Name: "night",
		Progress: func(sums anymarket.Reloaded) { _ = say(sums, false) }, // nobody to tell otherwise
	})
	end()
	<-measured
	if err == nil {
		err = c.Outbox().Drain(ctx)
	}
	if err == nil && (sums.Refused > 0 || sums.Stored+sums.GaveWay != s.rows) {
		err = fmt.Errorf("the sums are wrong: %+v", sums)
	}
	return errors.Join(err, say(sums, err == nil))
}

// memory is what the runtime has from the system, in bytes.
func memory() uint64 {
	m := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(m)
	return m[0].Value.Uint64() - m[1].Value.Uint64()
}

// runLoader starts a loader, kills it when it has stored so many rows, or lets it
// come to its end if that is negative, and returns what it said last.
func runLoader(ctx context.Context, s settings, until int) (last status, err error) {
	self, err := os.Executable()
	if err != nil {
		return last, err
	}
	asOf, err := s.asOf.MarshalText()
	if err != nil {
		return last, err
	}
	cmd := exec.CommandContext(ctx, self, "-load", "-rows", strconv.Itoa(s.rows), "-outbox", s.outbox, "-url", s.url, "-token", s.token, "-as-of", string(asOf))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return last, err
	}
	if err := cmd.Start(); err != nil {
		return last, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && (until < 0 || last.Rows < until) {
		if err := json.Unmarshal(lines.Bytes(), &last); err != nil {
			return last, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
		}
	}
	if until < 0 {
		return last, cmd.Wait()
	}
	if err := cmd.Process.Kill(); err != nil {
		return last, errors.Join(err, cmd.Wait())
	}
	// What it says until it is dead counts: it had stored that.
	for lines.Scan() {
		var s status
		if json.Unmarshal(lines.Bytes(), &s) == nil { // the last line may be cut
			last = s
		}
	}
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait() // it says that it was killed
	return last, nil
}
