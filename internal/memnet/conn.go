package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// window is how many bytes of a direction wait for their reader before the
// writer does; the order of what kernels buffer.
const window = 64 << 10

// Pipe returns the two ends of a buffered connection that is on no network.
func Pipe() (net.Conn, net.Conn) {
	a, b := newLink(Fault{}, "a", "b", nil)
	return a, b
}

// link is a connection: two directions under one mutex, so that a reset takes
// both at once.
type link struct {
	forget func(*link) // called once, without the mutex

	mu        sync.Mutex // guards the fields below and the directions
	wake      sync.Cond  // on mu; broadcast at every change
	broken    bool       // reset: by a side, a fault, or the network
	stalled   bool
	orderly   bool
	forgotten bool
	dirs      [2]direction // 0: from the dialling side, 1: to it
}

// direction is what one side writes and the other reads.
type direction struct {
	buf          []byte
	left         int64 // bytes until the cut; negative is no limit
	writerClosed bool
	readerClosed bool
	cut          bool // as if the writer had closed
	read, write  deadline
}

// conn is one end of a link.
type conn struct {
	*link
	in, out       *direction
	local, remote Addr
	abrupt        bool // guarded by link.mu: Close resets
}

func newLink(f Fault, dialler, listener Addr, forget func(*link)) (client, server *conn) {
	l := &link{forget: forget, stalled: f.Stall, orderly: f.Orderly}
	l.wake.L = &l.mu
	l.dirs[0].left, l.dirs[1].left = -1, -1
	if f.Sent > 0 {
		l.dirs[0].left = f.Sent
	}
	if f.Received > 0 {
		l.dirs[1].left = f.Received
	}
	client = &conn{link: l, out: &l.dirs[0], in: &l.dirs[1], local: dialler, remote: listener}
	server = &conn{link: l, out: &l.dirs[1], in: &l.dirs[0], local: listener, remote: dialler}
	return client, server
}

// Read returns what has arrived, then how the direction ended.
func (c *conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch d := c.in; {
		case d.readerClosed:
			return 0, c.fail("read", net.ErrClosed)
		case d.read.expired:
			return 0, c.fail("read", os.ErrDeadlineExceeded)
		case len(p) == 0:
			return 0, nil
		case len(d.buf) > 0 && !c.stalled:
			n := copy(p, d.buf)
			d.buf = d.buf[n:]
			c.wake.Broadcast()
			return n, nil
		case c.broken:
			return 0, c.fail("read", os.NewSyscallError("read", syscall.ECONNRESET))
		case d.cut || d.writerClosed && !c.stalled:
			return 0, io.EOF
		}
		c.wake.Wait()
	}
}

// Write returns once all bytes are buffered.
func (c *conn) Write(p []byte) (int, error) {
	n, ended, err := c.write(p)
	if ended {
		c.end()
	}
	return n, err
}

func (c *conn) write(p []byte) (n int, ended bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		d := c.out
		switch {
		case d.writerClosed:
			return n, false, c.fail("write", net.ErrClosed)
		case d.write.expired:
			return n, false, c.fail("write", os.ErrDeadlineExceeded)
		case c.broken:
			return n, ended, c.fail("write", os.NewSyscallError("write", syscall.ECONNRESET))
		case d.cut || d.readerClosed:
			return n, ended, c.fail("write", os.NewSyscallError("write", syscall.EPIPE))
		case n == len(p):
			return n, false, nil
		}
		k := min(len(p)-n, window-len(d.buf))
		if d.left >= 0 {
			k = int(min(int64(k), d.left))
			d.left -= int64(k)
		}
		if k == 0 {
			c.wake.Wait()
			continue
		}
		d.buf = append(d.buf, p[n:n+k]...)
		n += k
		c.wake.Broadcast()
		if d.left == 0 { // the last byte that passes ends it, so that a reader need not wait for more
			c.cutLocked()
			ended = true
			if n == len(p) {
				return n, ended, nil
			}
		}
	}
}

// cutLocked ends the connection as its fault says.
func (c *conn) cutLocked() {
	if c.orderly {
		c.dirs[0].cut, c.dirs[1].cut = true, true
	} else {
		c.broken = true
	}
	c.wake.Broadcast()
}

// Close ends both directions: the other side reads what is buffered, then EOF.
func (c *conn) Close() error {
	c.mu.Lock()
	already := c.in.readerClosed
	c.in.readerClosed, c.out.writerClosed = true, true
	c.in.buf = nil
	c.in.read.stop()
	c.out.write.stop()
	if c.abrupt && !already {
		c.broken = true
	}
	over := c.broken || c.out.readerClosed
	c.wake.Broadcast()
	c.mu.Unlock()
	if over {
		c.end()
	}
	if already {
		return c.fail("close", net.ErrClosed)
	}
	return nil
}

// SetLinger works as that of [net.TCPConn]: with 0, Close resets.
func (c *conn) SetLinger(sec int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.abrupt = sec == 0
	return nil
}

// CloseWrite works as that of [net.TCPConn]: the other side reads EOF, this
// one may go on reading.
func (c *conn) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.writerClosed = true
	c.wake.Broadcast()
	return nil
}

func (c *conn) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: "mem", Source: c.local, Addr: c.remote, Err: err}
}

// LocalAddr is the address of this side.
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is the address of the other side.
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets both deadlines.
func (c *conn) SetDeadline(t time.Time) error {
	c.set(&c.in.read, t)
	c.set(&c.out.write, t)
	return nil
}

// SetReadDeadline wakes a blocked Read too.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.set(&c.in.read, t)
	return nil
}

// SetWriteDeadline wakes a blocked Write too.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.set(&c.out.write, t)
	return nil
}

func (l *link) reset() {
	l.mu.Lock()
	l.broken = true
	l.wake.Broadcast()
	l.mu.Unlock()
	l.end()
}

// end forgets the link, once.
func (l *link) end() {
	l.mu.Lock()
	done := l.forgotten || l.forget == nil
	l.forgotten = true
	l.mu.Unlock()
	if !done {
		l.forget(l)
	}
}

// deadline is guarded by the mutex of its link.
type deadline struct {
	timer   *time.Timer
	set     int // counts settings, so that a timer that was too late to stop does nothing
	expired bool
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.set++
}

func (l *link) set(d *deadline, t time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d.stop()
	d.expired = false
	if !t.IsZero() {
		wait := time.Until(t)
		d.expired = wait <= 0
		if !d.expired {
			set := d.set
			d.timer = time.AfterFunc(wait, func() {
				l.mu.Lock()
				defer l.mu.Unlock()
				if d.set == set {
					d.expired = true
					l.wake.Broadcast()
				}
			})
		}
	}
	l.wake.Broadcast()
}
