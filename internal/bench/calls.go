package main

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/api"

	"github.com/anymarket-go/sdk/internal/bench/contender"
	"github.com/anymarket-go/sdk/internal/bench/measure"
)

// cost is what a round of calls took.
type cost struct {
	measure.Round

	// Allocations and Commits are those of one call.
	Allocations, Commits float64
	// Spent says where the CPU time went; of rounds that are profiled only.
	Spent shares
	// AllocatedBy says by whom the allocations were made; where all are counted
	// only.
	AllocatedBy shares
}

// callOrder is a round of calls.
type callOrder struct {
	measure.Plan

	Profiled bool
}

// countAllocations is the name of a worker that counts each allocation, which
// takes too much time for one that is timed.
const countAllocations = "allocations"

const (
	stubToken = "benchmark"
	stubBody  = `[{"id":1,"name":"Main","virtual":false,"defaultLocal":true}]`
)

// stub answers each request at once.
type stub struct{}

func (stub) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
	}
	if r.Method == http.MethodGet {
		answer.ContentLength, answer.Body = int64(len(stubBody)), io.NopCloser(strings.NewReader(stubBody))
		return answer, nil
	}
	answer.StatusCode, answer.Body = http.StatusNoContent, http.NoBody
	_, err := io.Copy(io.Discard, r.Body)
	return answer, errors.Join(err, r.Body.Close())
}

// caller makes the same calls in several ways.
type caller struct {
	path   string
	plain  *http.Client
	api    *api.Client
	client *anymarket.Client
	keys   []string
	next   atomic.Int64
	count  bool
	// profiles is how the file of a CPU profile begins; empty if none is kept.
	profiles string
}

func callStage(ctx context.Context, name, dir, profiles string) (stage, error) {
	c := &caller{
		path: filepath.Join(dir, "anymarket.db"), plain: &http.Client{Transport: stub{}}, keys: contender.Keys(50_000),
		count: name == countAllocations, profiles: profiles,
	}
	if c.count {
		runtime.MemProfileRate = 1
	}
	var err error
	c.api, err = api.New(api.Config{Transport: stub{}, Token: func(context.Context) (string, error) { return stubToken, nil }})
	if err != nil {
		return stage{}, err
	}
	c.client, err = anymarket.Open(ctx, anymarket.Config{
		Outbox: c.path, Token: stubToken, Transport: stub{}, MaxBatch: 1, StartRate: unpaced, MaxRate: unpaced,
	})
	if err != nil {
		return stage{}, err
	}
	acts := map[string]act{}
	for name, call := range map[string]func(context.Context) error{
		"net/http read": c.plainRead, "api read": c.apiRead, "gated read": c.gatedRead, "api put": c.apiPut, "set": c.set,
	} {
		acts[name] = acting(func(o callOrder) (cost, error) {
			return c.measure(o, func() error { return call(ctx) })
		})
	}
	return stage{acts: acts, close: c.client.Close}, nil
}

func (c *caller) plainRead(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, api.DefaultBaseURL+"/stocks/locals", nil)
	if err != nil {
		return err
	}
	r.Header.Set("gumgaToken", stubToken)
	answer, err := c.plain.Do(r)
	if err != nil {
		return err
	}
	_, err = io.ReadAll(answer.Body)
	return errors.Join(err, answer.Body.Close())
}

func (c *caller) apiRead(ctx context.Context) error {
	_, err := c.api.Do(ctx, api.Request{Path: "/stocks/locals"})
	return err
}

func (c *caller) gatedRead(ctx context.Context) error {
	_, err := c.client.Fetch(ctx, api.Request{Path: "/stocks/locals"})
	return err
}

func (c *caller) key() string { return c.keys[int(c.next.Add(1))%len(c.keys)] }

func (c *caller) apiPut(ctx context.Context) error {
	return c.api.Stocks().Put(ctx, api.StockItem{PartnerID: c.key(), Quantity: api.Qty(12)})
}

// set sets a stock and waits until it is delivered.
func (c *caller) set(ctx context.Context) error {
	r, err := c.client.Stock.Set(ctx, anymarket.Stock{PartnerID: c.key(), Quantity: anymarket.Qty(12)})
	if err != nil {
		return err
	}
	return r.Wait(ctx)
}

func (c *caller) measure(o callOrder, call func() error) (done cost, err error) {
	commits, err := commitsOf(c.path)
	if err != nil {
		return done, err
	}
	var allocated shares
	if c.count {
		allocated = allocations()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	round := func() (err error) {
		done.Round, err = measure.Run(o.Plan, func(int) error { return call() })
		return err
	}
	if o.Profiled {
		done.Spent, err = profiled(round, c.profiles)
	} else {
		err = round()
	}
	if err != nil {
		return done, err
	}
	runtime.ReadMemStats(&after)
	done.Allocations = float64(after.Mallocs-before.Mallocs) / float64(done.Ops)
	if c.count {
		done.AllocatedBy = allocations().less(allocated).scaled(1 / float64(done.Ops))
	}
	since, err := commitsOf(c.path)
	done.Commits = float64(since-commits) / float64(done.Ops)
	return done, err
}

const (
	boltMagic      = 0xED0CDAED
	boltPageHeader = 16 // bytes before the meta data of a page
	boltCommitAt   = 48 // in the meta data: the number of the transaction
)

// commitsOf counts the transactions that a bbolt file has seen: the higher number
// of its two meta pages.
func commitsOf(path string) (n uint64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	for page := range int64(2) {
		meta := make([]byte, boltCommitAt+8)
		if _, err := f.ReadAt(meta, page*int64(os.Getpagesize())+boltPageHeader); err != nil {
			return 0, err
		}
		if binary.NativeEndian.Uint32(meta) != boltMagic {
			return 0, errors.New("not a bbolt file with pages of this system's size")
		}
		n = max(n, binary.NativeEndian.Uint64(meta[boltCommitAt:]))
	}
	return n, nil
}
