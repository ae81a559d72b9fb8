package anymarkettest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/anymarket-go/sdk/internal/memnet"
)

// host is the name of the fake in its own network.
const host = "anymarket.test"

// maxRequest bounds a request in bytes.
const maxRequest = 64 << 20

// Server is a fake ANYMARKET. The embedded Account is the first one. It is safe
// for concurrent use.
type Server struct {
	*Account
	// URL is the base URL for clients that use the server's Transport.
	URL string

	o    Options
	net  *memnet.Network
	done chan struct{}  // closed by Close
	wg   sync.WaitGroup // handlers, serving, callbacks
	real atomic.Int64   // open connections to real ports

	mu         sync.Mutex // guards the fields below and those of accounts
	closed     bool
	changed    chan struct{} // closed and renewed when outages change
	rng        *rand.Rand
	accounts   []*Account
	tokens     map[string]*Account
	nextID     map[string]int64
	log        []*Request
	effects    []Effect
	faults     []Fault
	outages    []outage
	late       []late
	pushes     []Push
	fates      func(Push) Fate
	servers    []*http.Server
	transports []*http.Transport
	listening  bool // on a real port
}

// New starts a fake in memory. The caller closes it; [Run] does so by itself.
func New(o Options) *Server {
	o = o.withDefaults()
	s := &Server{
		URL:     "https://" + host + "/v2",
		o:       o,
		net:     memnet.New(),
		done:    make(chan struct{}),
		changed: make(chan struct{}),
		rng:     rand.New(rand.NewPCG(o.Seed, 0)),
		tokens:  map[string]*Account{},
		nextID:  map[string]int64{},
	}
	s.Account = s.For("shop")
	for port, plain := range map[string]bool{"443": false, "80": true} {
		s.serveMem(host, port, s.routes(plain))
	}
	return s
}

// serveMem serves a name of the fake's own network.
func (s *Server) serveMem(name, port string, h http.Handler) {
	l, err := s.net.Listen(net.JoinHostPort(name, port))
	if err != nil {
		panic(fmt.Sprintf("anymarkettest: %v", err)) // a name that is used twice
	}
	s.serve(l, &http.Server{Handler: h, ReadHeaderTimeout: time.Minute})
}

func (s *Server) serve(l net.Listener, srv *http.Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = l.Close()
		return
	}
	s.servers = append(s.servers, srv)
	s.wg.Go(func() { _ = srv.Serve(l) }) // ends by Close, with nothing to tell
}

// Host serves a name of the fake's own network, http and https, for receivers
// of callbacks: after s.Host("erp.test", h) a client registers
// https://erp.test/…. It panics if the name is taken.
func (s *Server) Host(name string, h http.Handler) {
	s.serveMem(name, "80", h)
	s.serveMem(name, "443", h)
}

// Transport returns a new transport into the fake's own network. It stands for
// TLS without making any: https works, and the log tells what came by http.
func (s *Server) Transport() *http.Transport {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if h, _, _ := net.SplitHostPort(address); h == host && s.refusing() {
			return nil, &net.OpError{Op: "dial", Net: "mem", Addr: memnet.Addr(address), Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}
		return s.net.DialContext(ctx, network, address)
	}
	t := &http.Transport{DialContext: dial, DialTLSContext: dial, MaxIdleConnsPerHost: 16, IdleConnTimeout: 90 * time.Second}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.transports = append(s.transports, t)
	return t
}

// Client returns a new client into the fake's own network. It follows no
// redirects.
func (s *Server) Client() *http.Client {
	return &http.Client{
		Transport:     s.Transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Break resets all connections to the fake in its own network.
func (s *Server) Break() {
	s.net.Break(host + ":443")
	s.net.Break(host + ":80")
}

// Conns is the number of open connections, in the fake's own network and on real
// ports. Requests of a client that died have had their effect, but for late
// ones, once its connections are gone.
func (s *Server) Conns() int { return s.net.Conns() + int(s.real.Load()) }

// Close ends all connections and callbacks and waits for them. It is safe to
// call twice.
func (s *Server) Close() error {
	s.mu.Lock()
	already := s.closed
	s.closed = true
	servers, transports := s.servers, s.transports
	s.mu.Unlock()
	if already {
		return nil
	}
	close(s.done)
	for _, srv := range servers {
		_ = srv.Close() // its only errors are those of listeners
	}
	s.wg.Wait()
	for _, t := range transports {
		t.CloseIdleConnections()
	}
	return s.net.Close()
}

// begin counts a handler in, unless the server closes.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.wg.Add(1)
	return true
}

// id returns the next id of a sort. Sorts start apart, so that a mixed-up id
// finds nothing.
func (s *Server) idLocked(sort string, wanted int64) int64 {
	if wanted > 0 {
		s.nextID[sort] = max(s.nextID[sort], wanted)
		return wanted
	}
	first := map[string]int64{"order": 70_000, "sku": 10_000, "product": 20_000, "ad": 30_000, "campaign": 40_000, "callback": 50_000, "item": 60_000}
	s.nextID[sort] = max(s.nextID[sort], first[sort]) + 1
	return s.nextID[sort]
}

// uuidLocked returns the next random token of a feed.
func (s *Server) uuidLocked() string {
	a, b := s.rng.Uint64(), s.rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
}
