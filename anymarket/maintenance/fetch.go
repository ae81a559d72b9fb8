package maintenance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	// fetchTimeout bounds a look at a page, its redirects and its body included.
	fetchTimeout = 15 * time.Second
	// maxPage bounds the body in bytes, after decompression.
	maxPage = 1 << 20
	// maxRedirects bounds the redirects of a look.
	maxRedirects = 3
)

// ErrPrivateAddress says that a status page is in a private network. A page on
// the internet that leads there, by its name or by a redirect, is not to be
// trusted; for a page of one's own there is [WatcherConfig].AllowPrivate.
var ErrPrivateAddress = errors.New("is not a public address")

// newClient returns a client for the looks at a page. A transport of the
// caller's decides by itself what it dials.
func newClient(transport http.RoundTripper, allowPrivate bool) *http.Client {
	if transport == nil {
		dialer := &net.Dialer{}
		if !allowPrivate {
			dialer.Control = refusePrivate
		}
		// No proxy: the address that counts would be the proxy's to choose.
		transport = &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: 64 << 10,
			DisableKeepAlives: true, // minutes pass between looks
		}
	}
	return &http.Client{Transport: transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		switch {
		case len(via) > maxRedirects:
			return fmt.Errorf("more than %d redirects", maxRedirects)
		case r.URL.Scheme != "https" && !allowPrivate:
			return fmt.Errorf("redirected to %s, want https", r.URL.Scheme)
		}
		return nil
	}}
}

// fetch returns the body at url.
func fetch(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "anymarket-go")
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: answered %d, want 200", url, resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxPage+1))
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", url, err)
	}
	if len(data) > maxPage {
		return nil, fmt.Errorf("GET %s: more than %d bytes", url, maxPage)
	}
	return data, nil
}

// refusePrivate is a control function of [net.Dialer]. It sees the address that
// is about to be dialled, so that a name which resolves to a public address
// first and to a private one then gains nothing.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%s: %w", address, ErrPrivateAddress)
	}
	if !public(ap.Addr()) {
		return fmt.Errorf("%s: %w", ap.Addr(), ErrPrivateAddress)
	}
	return nil
}

// public says whether an address is one of the internet. It wants what is
// certain: IPv4 addresses wrapped in IPv6 for a gateway are not.
//
// Source: the IANA registries of special-purpose addresses.
func public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Zone() != "" {
		return false
	}
	special := []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	}
	if a.Is6() {
		if !netip.MustParsePrefix("2000::/3").Contains(a) { // all that was ever handed out
			return false
		}
		special = []string{"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"}
	}
	for _, p := range special {
		if netip.MustParsePrefix(p).Contains(a) {
			return false
		}
	}
	return true
}
