package outbox

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A body that somebody put elsewhere, or changed, is noticed although the
// checksum is right.
func TestSealedBodyOpensInItsPlaceAlone(t *testing.T) {
	g, err := newSeals([][]byte{make([]byte, KeySize)})
	require.NoError(t, err)
	s := &stored{seq: 7, group: 1, kind: "stock", account: "north", key: "sku", body: []byte("body"), merged: []byte("merged")}
	sealed := g.seal(s)
	require.Equal(t, "body", string(s.body), "what is in use stays as it is")
	for name, change := range map[string]func(*stored){
		"lane":    func(s *stored) { s.key = "sku2" },
		"account": func(s *stored) { s.account, s.key = "northsku", "" },
		"kind":    func(s *stored) { s.kind = "price" },
		"part":    func(s *stored) { s.body = s.merged },
		"bit":     func(s *stored) { s.body[len(s.body)-1] ^= 1 },
		"short":   func(s *stored) { s.body = s.body[:10] },
		"key":     func(s *stored) { s.body[0] ^= 1 },
	} {
		key, value := seqKey(7), sealed.encode()
		got, err := g.decode(key, value)
		require.NoError(t, err)
		require.Equal(t, *s, got)
		raw, err := decodeStored(key, value)
		require.NoError(t, err)
		change(&raw)
		_, err = g.decode(key, raw.encode())
		require.ErrorIs(t, err, errUnreadable, name)
	}
	var none *seals
	_, err = none.decode(seqKey(7), sealed.encode())
	require.ErrorIs(t, err, errUnreadable)
}
