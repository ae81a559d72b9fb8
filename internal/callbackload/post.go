package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// poster posts notifications, each of another order.
type poster struct {
	url    string
	rate   int
	client *http.Client

	mu       sync.Mutex // guards the fields below
	sent     int
	answered map[string]bool // lanes of those that were answered 200
	took     []time.Duration // of those
	failure  string          // the first
}

func newPoster(url string, s settings) *poster {
	return &poster{
		url: url, rate: s.rate, answered: map[string]bool{},
		client: &http.Client{
			Transport: &http.Transport{MaxConnsPerHost: s.conns, MaxIdleConnsPerHost: s.conns},
			Timeout:   30 * time.Second,
		},
	}
}

// post posts at the rate for so long, and returns when all were answered or
// failed.
func (p *poster) post(ctx context.Context, length time.Duration) {
	var wg sync.WaitGroup
	begin := time.Now()
	interval := time.Second / time.Duration(p.rate)
	for due := begin; due.Before(begin.Add(length)) && ctx.Err() == nil; due = due.Add(interval) {
		if wait := time.Until(due); wait > 0 {
			<-time.After(wait)
		}
		p.mu.Lock()
		p.sent++
		id := p.sent
		p.mu.Unlock()
		wg.Go(func() {
			err := p.one(ctx, id)
			p.mu.Lock()
			defer p.mu.Unlock()
			switch {
			case err == nil:
				p.answered[fmt.Sprint("ORDER ", id)] = true
				p.took = append(p.took, time.Since(due))
			case p.failure == "":
				p.failure = err.Error()
			}
		})
	}
	wg.Wait()
}

func (p *poster) one(ctx context.Context, id int) error {
	body := fmt.Sprintf(`{"type":"ORDER","event":"PENDING","content":{"id":"%d","oi":%q}}`, id, oi)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, strings.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, text)
	}
	return nil
}

func (p *poster) close() { p.client.CloseIdleConnections() }

// figures are what became of everything so far.
type figures struct {
	sent, ok             int
	median, p99, longest time.Duration
	failure              string
}

func (p *poster) figures() figures {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := figures{sent: p.sent, ok: len(p.answered), failure: p.failure}
	if n := len(p.took); n > 0 {
		sorted := slices.Sorted(slices.Values(p.took))
		f.median, f.p99, f.longest = sorted[n/2], sorted[n*99/100], sorted[n-1]
	}
	return f
}
