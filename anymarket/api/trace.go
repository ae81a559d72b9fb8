package api

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptrace"
	"sync"
	"syscall"
)

// trace learns from the transport how far a request got.
//
//	GetConn ──► dial, TLS ──► GotConn ──► WroteHeaders ──► body ──► answer
//	'------- not a byte of the request ------'   '---- may have arrived ----'
//
// Headers that were not written in full are no request to any server. HTTP/1
// reports them before it flushes them; HTTP/2 reports afterwards, possibly after
// the call was given up, so there a connection is enough to have sent. A transport
// that begins again, which it does for a write only if nothing of it was
// written, starts over with GetConn.
type trace struct {
	mu sync.Mutex // the transport's goroutines write, the caller's reads
	// asked: the transport reports its progress; others than the standard one
	// may not.
	asked, wrote bool
}

// follow returns a context that reports to t.
func (t *trace) follow(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { t.set(false) },
		GotConn: func(got httptrace.GotConnInfo) {
			if c, ok := got.Conn.(*tls.Conn); ok && c.ConnectionState().NegotiatedProtocol == "h2" {
				t.set(true)
			}
		},
		WroteHeaders: func() { t.set(true) },
	})
}

func (t *trace) set(wrote bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked, t.wrote = true, wrote
}

// maySent says whether the request may have reached the host although there was
// no answer. In doubt it says yes.
func (t *trace) maySent(err error) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asked {
		return t.wrote
	}
	return !neverConnected(err)
}

// neverConnected recognizes errors that come from before a connection was
// usable, for transports that do not report their progress.
func neverConnected(err error) bool {
	var dns *net.DNSError
	if errors.As(err, &dns) || errors.Is(err, syscall.ECONNREFUSED) {
		return true
	}
	if op := (*net.OpError)(nil); errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	var (
		record   tls.RecordHeaderError
		verify   *tls.CertificateVerificationError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
	)
	return errors.As(err, &record) || errors.As(err, &verify) || errors.As(err, &unknown) ||
		errors.As(err, &hostname) || errors.As(err, &invalid)
}
