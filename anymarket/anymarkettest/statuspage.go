package anymarkettest

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/anymarket-go/sdk/internal/memnet"
)

// statusHost is the name of a status page in its own network.
const statusHost = "status.anymarket.test"

// StatusPage is a fake status page with the Statuspage v2 API. It says what a
// test tells it to, true or not, and does nothing by itself: a maintenance that
// no [StatusPage.Mark] completes stays as it is for ever. It is safe for
// concurrent use.
//
// It is down apart from the [Server], and can be seen with
//
//	page := anymarkettest.NewStatusPage()
//	defer page.Close()
//	watcher, err := maintenance.NewWatcher(calendar, maintenance.WatcherConfig{Page: page.URL, Transport: page.Transport()})
type StatusPage struct {
	// URL is the address of the page for clients that use its Transport.
	URL string

	net  *memnet.Network
	done chan struct{}  // closed by Close
	wg   sync.WaitGroup // handlers and serving

	mu           sync.Mutex // guards the fields below
	closed       bool
	nextID       int
	maintenances []*maintenance
	incidents    []*incident
	zone         *time.Location
	mode         PageMode
	redirect     string
	looks        []time.Time
	servers      []*http.Server
	transports   []*http.Transport
}

// NewStatusPage starts a status page in memory on which nothing is planned. The
// caller closes it.
func NewStatusPage() *StatusPage {
	p := &StatusPage{URL: "https://" + statusHost, net: memnet.New(), done: make(chan struct{}), zone: time.UTC}
	l, err := p.net.Listen(statusHost + ":443")
	if err != nil {
		panic("anymarkettest: " + err.Error()) // the network is new
	}
	p.serve(l)
	return p
}

func (p *StatusPage) serve(l net.Listener) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = l.Close()
		return
	}
	srv := &http.Server{Handler: http.HandlerFunc(p.handle), ReadHeaderTimeout: time.Minute}
	p.servers = append(p.servers, srv)
	p.wg.Go(func() { _ = srv.Serve(l) }) // ends by Close, with nothing to tell
}

// Transport returns a new transport into the page's own network. It stands for
// TLS without making any.
func (p *StatusPage) Transport() *http.Transport {
	t := &http.Transport{DialContext: p.net.DialContext, DialTLSContext: p.net.DialContext}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.transports = append(p.transports, t)
	return t
}

// Listen serves the page on a real address too, such as "127.0.0.1:0", until
// Close, and returns its URL, which has http. Ctx bounds the opening only. Not
// for bubbles: a real socket stops their clock.
func (p *StatusPage) Listen(ctx context.Context, address string) (url string, err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	p.serve(l)
	return "http://" + l.Addr().String(), nil
}

// Close ends all connections and waits for them. It is safe to call twice.
func (p *StatusPage) Close() error {
	p.mu.Lock()
	already := p.closed
	p.closed = true
	servers, transports := p.servers, p.transports
	p.mu.Unlock()
	if already {
		return nil
	}
	close(p.done)
	for _, srv := range servers {
		_ = srv.Close() // its only errors are those of listeners
	}
	p.wg.Wait()
	for _, t := range transports {
		t.CloseIdleConnections()
	}
	return p.net.Close()
}

// Looks returns when the page was asked for something.
func (p *StatusPage) Looks() []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]time.Time(nil), p.looks...)
}

// look notes a request and counts its handler in, unless the page closes.
func (p *StatusPage) look() (mode PageMode, redirect string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, "", false
	}
	p.wg.Add(1)
	p.looks = append(p.looks, time.Now())
	return p.mode, p.redirect, true
}
