package redact_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/internal/redact"
)

func TestTextMasksDocumentsAndAddresses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"document 12345678909 is invalid":                   "document *** is invalid",
		"document 123.456.789-00 is invalid":                "document *** is invalid",
		"CNPJ 11222333000181, CNPJ 11.222.333/0001-99":      "CNPJ ***, CNPJ ***",
		"mail ana.maria+x@example.com.br, joão@exemplo.com": "mail ***, ***",
		"order 12345678901 of 2024-07-28T04:00:00Z":         "order 12345678901 of 2024-07-28T04:00:00Z",
		"key 35240712345678000195550010000001231000001230":  "key 35240712345678000195550010000001231000001230",
		"11111111111 and 200 OK":                            "11111111111 and 200 OK",
		"":                                                  "",
	} {
		require.Equal(t, want, redact.Text(in), in)
	}
}
