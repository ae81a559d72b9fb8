package main

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
)

// A token that was rotated is used without a restart.
func TestRotatedTokenIsUsed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in, input := io.Pipe()
	c := begin(t.Context(), in, r.args("send")...)
	put := func(sku string) {
		_, err := io.WriteString(input, stock(sku, "1"))
		require.NoError(t, err)
	}
	has := func(sku string) func() bool {
		return func() bool { _, ok := r.fake.Stock(sku, 0); return ok }
	}
	put("A")
	until(t, "A", has("A"))
	r.fake.SetToken("another")
	put("B")
	refused := func() bool {
		for _, q := range r.fake.Log() {
			if q.Status == 401 {
				return true
			}
		}
		return false
	}
	until(t, "the old token is refused", refused)
	require.False(t, has("B")())
	r.setTokens(map[string]string{"": "another"})
	until(t, "B", has("B"))
	require.NoError(t, input.Close())
	require.Equal(t, exit.Done, c.wait(t).code)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var told []error
	r.setTokens(map[string]string{"b": "of-b"})
	s, err := newTokens(r.tokenFile, "of-env", func(err error) { told = append(told, err) })
	require.NoError(t, err)
	want := func(account, token string) {
		t.Helper()
		got, err := s.token(context.Background(), account) //nolint:usetesting // what it is for is the account
		require.NoError(t, err)
		require.Equal(t, token, got)
	}
	want("", "of-env")
	want("b", "of-b")
	_, err = s.token(t.Context(), "c")
	require.ErrorContains(t, err, "add it to "+r.tokenFile)

	r.setTokens(map[string]string{"": "of-file", "c": "of-c"})
	want("", "of-file")
	want("c", "of-c")

	// While the file is wrong what it said before counts, and it is told once.
	for _, bad := range []string{`{"c":`, `{"c":""}`, `["of-c"]`} {
		told = nil
		require.NoError(t, os.WriteFile(r.tokenFile, []byte(bad), 0o600))
		want("c", "of-c")
		want("c", "of-c")
		require.Len(t, told, 1)
		require.NotContains(t, told[0].Error(), "of-c")
		r.setTokens(map[string]string{"c": "of-c"})
		want("c", "of-c")
	}
	require.NoError(t, os.Chmod(r.tokenFile, 0o640)) //nolint:gosec // that others may read it is the point
	told = nil
	want("c", "of-c")
	require.Len(t, told, 1)
	require.ErrorContains(t, told[0], "chmod 600")
	require.NoError(t, os.Remove(r.tokenFile))
	want("c", "of-c")
}
