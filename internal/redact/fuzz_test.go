package redact_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/redact"
)

// FuzzJSON masks any document: what comes out is JSON of the same shape, masking
// it again changes nothing, and none of its texts is new.
func FuzzJSON(f *testing.F) {
	for _, in := range []string{order, `{"id":1e400,"x":[{"buyer":{"id":1}}]}`, `"\ud800"`, `{"a":1,"a":{"buyer":{}}}`, "[[[[]]]]", " 7 ", `{"buyer":[{"status":"x"}]}`, "{"} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		masked, ok := redact.JSON(in)
		require.Equal(t, json.Valid(in), ok)
		if !ok {
			require.Nil(t, masked)
			return
		}
		require.True(t, json.Valid(masked))
		again, ok := redact.JSON(masked)
		require.True(t, ok)
		require.Equal(t, string(masked), string(again))
		require.Equal(t, strings.Count(structure(t, in), ""), strings.Count(structure(t, masked), ""))
	})
}

// structure are the brackets of a document, in order.
func structure(t *testing.T, doc []byte) string {
	t.Helper()
	var b strings.Builder
	d := json.NewDecoder(strings.NewReader(string(doc)))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return b.String()
		}
		if bracket, ok := token.(json.Delim); ok {
			b.WriteRune(rune(bracket))
		}
	}
}

// FuzzText masks any text: no mail address and no document is left in it.
func FuzzText(f *testing.F) {
	for _, s := range []string{"CPF 529.982.247-25", "52998224725", "ana@example.com, x", "a@b@c.d", "1.1.1-1", "\xff@x.y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		masked := redact.Text("mail ana@example.com cpf 529.982.247-25 or 52998224725 says " + s)
		require.NotContains(t, masked, "ana@example.com")
		require.NotContains(t, masked, "529.982.247-25 or")
		require.NotContains(t, masked, " 52998224725 says")
		require.LessOrEqual(t, len(redact.Text(s)), len(s)+3*len(s))
	})
}
