package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/anymarket-go/sdk/anymarket/api"
)

func TestAccessKeyOfAnInvoice(t *testing.T) {
	t.Parallel()
	const right = "52060433009911002506550120000007800267301615" // the manual's example
	update := func(key string) api.OrderUpdate {
		return api.OrderUpdate{Status: api.StatusInvoiced, Invoice: &api.Invoice{AccessKey: key}}
	}
	require.NoError(t, update(right).Validate())
	for i := range right {
		for _, digit := range "0123456789" {
			if key := right[:i] + string(digit) + right[i+1:]; key != right {
				requireField(t, update(key).Validate(), "invoice.accessKey")
			}
		}
	}
	for _, zero := range []string{ // remainders of 0 and 1
		"52060433009911002506550120000007800267300090", "52060433009911002506550120000007800267300040",
	} {
		require.NoError(t, update(zero).Validate())
	}
	for _, other := range []string{"12", right[1:], right + "0", strings.Replace(right, "5", "X", 1), "FT 2024/1"} {
		require.NoError(t, update(other).Validate(), other)
	}
}
