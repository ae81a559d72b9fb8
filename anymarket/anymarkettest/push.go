package anymarkettest

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"
)

// callbackAttempts is how often ANYMARKET tries before it uses the feed.
const callbackAttempts = 3

// Push is one attempt of a callback.
type Push struct {
	At      time.Time
	Account string
	URL     string
	Body    string
	Attempt int    // from 1
	Status  int    // 0 if no answer came
	Err     string // why
}

// Fate is what becomes of one attempt of a callback. The zero Fate is that it
// goes out now.
type Fate struct {
	// Lost attempts reach nobody. After three the change goes into the feed.
	Lost bool
	// After delays the attempt, so that later ones overtake it.
	After time.Duration
}

// SetFates has a function decide on each attempt of a callback from here on,
// before it goes out: At, Status and Err are not known then. It is called by many
// goroutines. nil is the zero Fate for all.
func (s *Server) SetFates(decide func(Push) Fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fates = decide
}

// fate asks what becomes of an attempt.
func (s *Server) fate(p Push) Fate {
	s.mu.Lock()
	decide := s.fates
	s.mu.Unlock()
	if decide == nil {
		return Fate{}
	}
	return decide(p)
}

// Pushes returns the attempts of callbacks so far, in order.
func (s *Server) Pushes() []Push {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Push(nil), s.pushes...)
}

// change is an event on its way to a registration.
type change struct {
	a                   *Account
	reg                 *registration
	kind, event, status string
	id                  int64
}

func (s *Server) body(e change) ([]byte, error) {
	if s.o.OtherSpelling {
		return json.Marshal(map[string]any{"type": e.kind, "content": map[string]any{"id": e.id, "oi": e.a.oi, "metadata": map[string]any{}}})
	}
	return json.Marshal(map[string]any{"type": e.kind, "event": e.event, "content": map[string]any{"id": itoa(e.id), "oi": e.a.oi}})
}

// push tries to tell of a change, then puts it into the feed. It ends when the
// server closes.
func (s *Server) push(e change) {
	body, err := s.body(e)
	if err != nil {
		panic(err) // numbers and text
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.wg.Go(func() { // Close ends the attempt
		select {
		case <-s.done:
			cancel()
		case <-ctx.Done():
		}
	})
	client := &http.Client{
		Transport:     s.outgoing(),
		Timeout:       s.o.CallbackTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for n := 1; n <= callbackAttempts; n++ {
		if n > 1 && !s.pause(s.o.CallbackGap) || !s.service() {
			return
		}
		if s.attempt(ctx, client, e, body, n) {
			s.mu.Lock()
			e.reg.failures = 0
			s.mu.Unlock()
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e.reg.failures++
	if m := s.o.CallbackDisableAfter; m > 0 && e.reg.failures >= m {
		e.reg.Disabled = true
	}
	e.a.toFeed(e.kind, e.id, e.status, time.Now())
}

// attempt is one try; the answer wanted is 200 or 201.
func (s *Server) attempt(ctx context.Context, client *http.Client, e change, body []byte, n int) bool {
	p := Push{Account: e.a.name, URL: e.reg.URL, Body: string(body), Attempt: n}
	f := s.fate(p)
	if f.After > 0 && !s.pause(f.After) {
		return false
	}
	p.At = time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.reg.URL, bytes.NewReader(body))
	switch {
	case f.Lost:
		err = errLost
	case err == nil:
		req.Header.Set("Content-Type", "application/json")
		var resp *http.Response
		if resp, err = client.Do(req); err == nil {
			p.Status = resp.StatusCode
			_ = resp.Body.Close()
		}
	}
	if err != nil {
		p.Err = err.Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pushes = append(s.pushes, p)
	return p.Status == http.StatusOK || p.Status == http.StatusCreated
}

var errLost = errors.New("lost on the way")

// pause waits; false means that the server closes.
func (s *Server) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.done:
		return false
	}
}

// service waits while there is maintenance; false means that the server closes.
func (s *Server) service() bool {
	for {
		s.mu.Lock()
		o, down := s.outageLocked(time.Now())
		changed := s.changed
		s.mu.Unlock()
		if !down {
			return true
		}
		t := time.NewTimer(time.Until(o.end))
		select {
		case <-t.C:
		case <-changed:
		case <-s.done:
			t.Stop()
			return false
		}
		t.Stop()
	}
}

// outgoing is the way to receivers: names of the fake's own network, where
// https needs no TLS, and real ones once it listens on a real port.
func (s *Server) outgoing() *http.Transport {
	dial := func(outside func(ctx context.Context, network, address string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := s.net.DialContext(ctx, network, address)
			if err != nil && s.onRealPort() {
				return outside(ctx, network, address)
			}
			return conn, err
		}
	}
	return &http.Transport{
		DialContext:       dial((&net.Dialer{}).DialContext),
		DialTLSContext:    dial((&tls.Dialer{}).DialContext),
		DisableKeepAlives: true,
	}
}

func (s *Server) onRealPort() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listening
}
