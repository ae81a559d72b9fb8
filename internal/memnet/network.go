package memnet

import (
	"context"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// Network connects who listens with who dials. It is safe for concurrent use.
// Create one with [New].
type Network struct {
	done chan struct{} // closed by Close

	mu        sync.Mutex // guards the fields below
	closed    bool
	listeners map[string]*listener
	faults    map[string]Fault
	links     map[*link]string // open connections and the address dialled
	nextPort  int
}

// Fault is what is wrong with an address. The zero Fault is nothing.
type Fault struct {
	// Refuse makes dialling fail with [syscall.ECONNREFUSED].
	Refuse bool
	// Hang makes dialling block until its context ends.
	Hang bool
	// Stall lets connections be made, and carry no byte in either direction.
	Stall bool
	// Sent and Received cut a connection once the dialling side has sent or
	// received so many bytes; these arrive, the next do not. Zero is never.
	Sent, Received int64
	// Orderly makes the cut look like a close by the other side, not a reset.
	Orderly bool
}

// New returns a network on which nobody listens.
func New() *Network {
	return &Network{
		done:      make(chan struct{}),
		listeners: map[string]*listener{},
		faults:    map[string]Fault{},
		links:     map[*link]string{},
		nextPort:  49152, // the first dynamic port
	}
}

// Listen takes connections for an address, "name:port". Port 0 picks a free one.
func (n *Network) Listen(address string) (net.Listener, error) {
	fail := func(err error) (net.Listener, error) {
		return nil, &net.OpError{Op: "listen", Net: "mem", Addr: Addr(address), Err: err}
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fail(err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return fail(net.ErrClosed)
	}
	for port == "0" {
		p := net.JoinHostPort(host, strconv.Itoa(n.nextPort))
		n.nextPort++
		if n.listeners[p] == nil {
			address, port = p, ""
		}
	}
	if n.listeners[address] != nil {
		return fail(os.NewSyscallError("bind", syscall.EADDRINUSE))
	}
	l := &listener{n: n, addr: Addr(address)}
	l.wake.L = &l.mu
	n.listeners[address] = l
	return l, nil
}

// DialContext connects to an address; it fits [net/http.Transport]. The name
// of the network is ignored.
func (n *Network) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	c, err := n.dial(ctx, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "mem", Addr: Addr(address), Err: err}
	}
	return c, nil
}

func (n *Network) dial(ctx context.Context, address string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n.mu.Lock()
	f, l, closed := n.faults[address], n.listeners[address], n.closed
	n.mu.Unlock()
	switch {
	case closed:
		return nil, net.ErrClosed
	case f.Hang:
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-n.done:
			return nil, net.ErrClosed
		}
	case f.Refuse || l == nil:
		return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	}
	client, server := newLink(f, Addr("client"), l.addr, n.forget)
	n.mu.Lock()
	n.links[client.link] = address
	closed = n.closed
	n.mu.Unlock()
	if closed || !l.offer(server) {
		client.reset()
		return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	}
	return client, nil
}

// SetFault changes what is wrong with an address. Connections that exist keep
// the fault they were made with; see [Network.Break].
func (n *Network) SetFault(address string, f Fault) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults[address] = f
}

// Break resets all connections to an address.
func (n *Network) Break(address string) {
	n.resetIf(func(a string) bool { return a == address })
}

// Conns is the number of connections that at least one side has not closed and
// that were not reset.
func (n *Network) Conns() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.links)
}

// Close closes all listeners, resets all connections, and ends dialling that
// hangs. It is safe to call twice.
func (n *Network) Close() error {
	n.mu.Lock()
	already := n.closed
	n.closed = true
	ls := n.listeners
	n.listeners = map[string]*listener{}
	n.mu.Unlock()
	if already {
		return nil
	}
	close(n.done)
	for _, l := range ls {
		l.shut()
	}
	n.resetIf(func(string) bool { return true })
	return nil
}

func (n *Network) resetIf(hit func(address string) bool) {
	n.mu.Lock()
	var ls []*link
	for l, a := range n.links {
		if hit(a) {
			ls = append(ls, l)
		}
	}
	n.mu.Unlock()
	for _, l := range ls { // outside the lock: reset calls forget
		l.reset()
	}
}

func (n *Network) forget(l *link) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.links, l)
}

// Addr is an address in memory.
type Addr string

// Network returns "mem".
func (Addr) Network() string { return "mem" }

// String returns the address as it was given.
func (a Addr) String() string { return string(a) }

// listener queues without bound: dialling never waits for Accept.
type listener struct {
	n    *Network
	addr Addr

	mu     sync.Mutex // guards the fields below
	wake   sync.Cond  // on mu; signalled when queue or closed changes
	queue  []*conn
	closed bool
}

func (l *listener) offer(c *conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.queue = append(l.queue, c)
	l.wake.Signal()
	return true
}

// Accept returns the next connection, or [net.ErrClosed].
func (l *listener) Accept() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue) == 0 && !l.closed {
		l.wake.Wait()
	}
	if l.closed {
		return nil, &net.OpError{Op: "accept", Net: "mem", Addr: l.addr, Err: net.ErrClosed}
	}
	c := l.queue[0]
	l.queue = l.queue[1:]
	return c, nil
}

// Close stops listening and resets what was not yet accepted.
func (l *listener) Close() error {
	l.n.mu.Lock()
	if l.n.listeners[string(l.addr)] == l {
		delete(l.n.listeners, string(l.addr))
	}
	l.n.mu.Unlock()
	l.shut()
	return nil
}

func (l *listener) shut() {
	l.mu.Lock()
	queue := l.queue
	l.queue, l.closed = nil, true
	l.wake.Broadcast()
	l.mu.Unlock()
	for _, c := range queue {
		c.reset()
	}
}

// Addr is the address listened on.
func (l *listener) Addr() net.Addr { return l.addr }
