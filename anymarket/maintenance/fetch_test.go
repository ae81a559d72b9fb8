package maintenance

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "177.54.144.1": true, "172.32.0.1": true, "100.128.0.1": true, "223.255.255.255": true,
		"2606:4700::1": true, "2800:3f0::1": true, "::ffff:8.8.8.8": true,

		"127.0.0.1": false, "127.255.0.1": false, "0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false,
		"192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "100.127.255.255": false, "192.0.0.8": false, "192.0.2.1": false,
		"192.88.99.1": false, "198.18.0.1": false, "198.19.255.255": false, "198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false,
		"240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::127.0.0.1": false, "fe80::1": false, "fe80::1%eth0": false,
		"fc00::1": false, "fd00:ec2::254": false, "ff02::1": false, "64:ff9b::7f00:1": false, "64:ff9b:1::1": false, "2001::1": false, "2001:db8::1": false,
		"2002:7f00:1::1": false, "3fff::1": false, "100::1": false, "2606:4700::1%eth0": false,
	} {
		require.Equal(t, want, public(netip.MustParseAddr(address)), address)
		err := refusePrivate("tcp", net.JoinHostPort(address, "443"), nil)
		require.Equal(t, want, err == nil, address)
		if !want {
			require.ErrorIs(t, err, ErrPrivateAddress)
		}
	}
	require.ErrorIs(t, refusePrivate("tcp", "somewhere", nil), ErrPrivateAddress)
}

// The address is looked at when it is dialled, whatever led there.
func TestPrivateAddressIsRefused(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 9)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.Host }))
	defer s.Close()
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	require.NoError(t, err)
	for _, page := range []string{"https://127.0.0.1:" + port, "https://localhost:" + port, "https://[::ffff:127.0.0.1]:" + port} {
		_, err := fetch(t.Context(), newClient(nil, false), page)
		require.ErrorIs(t, err, ErrPrivateAddress, page)
	}
	// A page that is trusted enough to be dialled leads to a private address.
	r := httptest.NewTLSServer(http.RedirectHandler("https://localhost:"+port, http.StatusFound))
	defer r.Close()
	client := newClient(nil, false)
	client.Transport = &redirected{first: r.Client().Transport, then: client.Transport}
	_, err = fetch(t.Context(), client, r.URL)
	require.ErrorIs(t, err, ErrPrivateAddress)
	require.Empty(t, asked)

	_, err = fetch(t.Context(), newClient(nil, true), s.URL)
	require.NoError(t, err, "unless told otherwise")
	require.Len(t, asked, 1)
}

// redirected sends the first request by one transport and the others by another.
type redirected struct {
	first, then http.RoundTripper
	sent        bool
}

func (r *redirected) RoundTrip(req *http.Request) (*http.Response, error) {
	if r.sent {
		return r.then.RoundTrip(req)
	}
	r.sent = true
	return r.first.RoundTrip(req)
}
