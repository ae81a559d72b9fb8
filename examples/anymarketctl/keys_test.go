package main

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
	"github.com/anymarket-go/sdk/outbox"
)

// Two keys in hexadecimal.
const (
	firstKey  = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
	secondKey = "FFeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
)

func keyFileWith(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600))
	return path
}

// shows says whether the outbox's file shows a text.
func (r *rig) shows(text string) bool {
	r.t.Helper()
	b, err := os.ReadFile(r.outbox)
	require.NoError(r.t, err)
	return bytes.Contains(b, []byte(text))
}

func TestKeyInEitherWay(t *testing.T) {
	t.Parallel()
	want := bytes.Repeat([]byte{0xfb, 0xff, 1, 2}, outbox.KeySize/4)
	for _, text := range []string{
		strings.Repeat("fbff0102", 8), strings.Repeat("FBFF0102", 8),
		base64.StdEncoding.EncodeToString(want), base64.RawStdEncoding.EncodeToString(want),
		base64.URLEncoding.EncodeToString(want), base64.RawURLEncoding.EncodeToString(want),
	} {
		got, err := (&keyFile{keyFileWith(t, "# of 2024", "", " "+text+"\r", firstKey)}).read()
		require.NoError(t, err, text)
		require.Len(t, got, 2)
		require.Equal(t, want, got[0])
	}
}

func TestKeyFilesThatCannotBeRight(t *testing.T) {
	t.Parallel()
	shared := keyFileWith(t, firstKey)
	require.NoError(t, os.Chmod(shared, 0o640)) //nolint:gosec // that others may read it is the point
	for path, says := range map[string]string{
		shared:                                     "chmod 600 " + shared,
		shared + ".not":                            "no such file",
		keyFileWith(t):                             "no key",
		keyFileWith(t, "# none", ""):               "no key",
		keyFileWith(t, "", firstKey[:62]):          "line 2 is no key",
		keyFileWith(t, firstKey+firstKey):          "line 1 is no key",
		keyFileWith(t, firstKey, "!"+firstKey[1:]): "line 2 is no key",
		keyFileWith(t, firstKey, secondKey, strings.ToUpper(firstKey), ""): "line 3 has the key of line 1 again",
		keyFileWith(t, strings.Repeat("#\n", maxKeyFile)):                  "more than",
	} {
		r := newRig(t)
		for _, got := range []result{r.send(stock("A", "1"), "--keys", path), r.on("status", "--keys", path)} {
			require.Equal(t, exit.Failed, got.code, got)
			require.Contains(t, got.errors, "key file")
			require.Contains(t, got.errors, says)
			require.NotContains(t, strings.ToLower(got.errors), firstKey[1:16])
		}
		require.NoFileExists(t, r.outbox)
	}
}

// A wrong key is named by its id, and changes nothing.
func TestSealedFileWantsItsKey(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.Maintenance(time.Hour)
	keys := keyFileWith(t, firstKey)
	got := r.send(saleOfAna, "--drain", "0", "--keys", keys)
	require.Equal(t, exit.Waiting, got.code, got)
	id := receipts(t, got.out)[0].ID.String()
	require.False(t, r.shows("Ana Silva"))
	before, err := os.ReadFile(r.outbox)
	require.NoError(t, err)
	for _, with := range [][]string{nil, {"--keys", keyFileWith(t, secondKey)}} {
		for _, got := range []result{
			r.on(append([]string{"show", id, "--full"}, with...)...),
			r.on(append([]string{"reseal"}, with...)...),
			r.on(append([]string{"report", "--from", at(time.Now().Add(-time.Hour)), "--to", at(time.Now())}, with...)...),
			r.send("", with...),
			ctl(t, "", r.args("run", append(with, "--until-empty")...)...),
		} {
			require.Equal(t, exit.Failed, got.code, got)
			require.Contains(t, got.errors, "sealed with another key")
			require.Regexp(t, `key with id [0-9a-f]{16}`, got.errors)
			require.Contains(t, got.errors, "--keys")
			require.Contains(t, got.errors, keysVariable)
			require.NotContains(t, strings.ToLower(got.errors), firstKey[:8])
			require.NotContains(t, got.out, "Ana")
		}
	}
	after, err := os.ReadFile(r.outbox)
	require.NoError(t, err)
	require.Equal(t, before, after)

	require.Contains(t, r.on("show", id, "--full", "--keys", keyFileWith(t, firstKey, secondKey)).out, "Ana Silva")
	require.NotContains(t, r.on("show", id, "--keys", keys).out, "Ana")
	r.fake.EndMaintenance()
	got = r.send("", "--keys", keys)
	require.Equal(t, exit.Done, got.code, got)
	require.Len(t, r.fake.Orders(), 1)
}

// The others go through the process that has the file, and need no key.
func TestKeysOfTheProcessThatHasTheFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.Maintenance(time.Hour)
	r.holder("--keys", keyFileWith(t, firstKey))
	sent := receipts(t, r.send(saleOfAna, "--drain", "0", "--keys", filepath.Join(t.TempDir(), "none")).out)
	require.Empty(t, sent[0].Error)
	require.Contains(t, r.on("show", sent[0].ID.String(), "--full").out, "Ana Silva")
	got := r.on("reseal", "--json")
	require.Equal(t, exit.Done, got.code, got)
	require.JSONEq(t, `{"resealed":true}`, got.out)
	require.False(t, r.shows("Ana Silva"))
}

func TestResealChangesKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.Maintenance(time.Hour)
	plain := receipts(t, r.send(saleOfAna, "--drain", "0").out)[0].ID.String()
	require.True(t, r.shows("Ana Silva"), "else what is tested here proves nothing")
	got := r.on("reseal")
	require.Equal(t, exit.Failed, got.code)
	require.Contains(t, got.errors, "--keys")
	got = r.on("reseal", "--keys", keyFileWith(t, firstKey))
	require.Equal(t, exit.Done, got.code, got)
	require.Equal(t, "all bodies are sealed with the first key\n", got.out)
	require.False(t, r.shows("Ana Silva"))
	require.Equal(t, exit.Done, r.on("reseal", "--keys", keyFileWith(t, secondKey, firstKey)).code)
	require.Equal(t, exit.Failed, r.on("status", "--keys", keyFileWith(t, firstKey)).code)
	got = r.on("show", plain, "--full", "--keys", keyFileWith(t, secondKey))
	require.Contains(t, got.out, "Ana Silva", got)
	require.Equal(t, "the file is whole\n", r.on("check", "--keys", keyFileWith(t, secondKey)).out)
}

func TestKeysByTheEnvironment(t *testing.T) {
	t.Setenv(keysVariable, keyFileWith(t, firstKey))
	t.Setenv(secretVariable, serveSecret)
	r := newRig(t)
	r.fake.Maintenance(time.Hour)
	id := receipts(t, r.send(saleOfAna, "--drain", "0").out)[0].ID.String()
	require.False(t, r.shows("Ana Silva"))
	require.Contains(t, r.on("show", id, "--full").out, "Ana Silva")
	require.Equal(t, exit.Failed, r.on("show", id, "--keys", keyFileWith(t, secondKey)).code, "the flag comes first")

	args, _ := shell(t, `echo not now >&2; exit 1`)
	s := r.serve(args...)
	require.Equal(t, http.StatusOK, s.post("/"+serveSecret, r.fake.OI(), 4711))
	s.end()
	t.Setenv(keysVariable, "")
	got := ctl(t, "", "list", "--outbox", s.inbox)
	require.Contains(t, got.errors, "sealed with another key")
	got = ctl(t, "", r.serveArgs(s.inbox, args...)...)
	require.Equal(t, exit.Failed, got.code)
	require.Contains(t, got.errors, keysVariable)
	require.Len(t, decoded[admin.Entry](t, ctl(t, "", "list", "--json", "--outbox", s.inbox, "--keys", keyFileWith(t, firstKey))), 1)
}
